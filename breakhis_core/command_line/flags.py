"""``flags``: export and import the list, measure agreement, settle, and choose the rule of exclusions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from breakhis_core.command_line.answer import AsJson, answering, table

if TYPE_CHECKING:
    from breakhis_core.runs import Run
    from breakhis_core.workspace import Workspace

app = typer.Typer(
    help="Export and import flags, measure agreement, settle, choose what leaves the training.",
    no_args_is_help=True,
)

Which = Annotated[
    str | None,
    typer.Option(
        "--policy",
        help="Which images: those that leave when any, the majority, or a steward (settled) says so; or "
        "every flag. By default the workspace's rule.",
    ),
]
RunName = Annotated[
    str | None,
    typer.Option("--run", help="Only images of this run's data set; its test images never leave."),
]
DataSet = Annotated[
    str | None,
    typer.Option("--data", help="Only images of this data set: its folder, or the folder's name."),
]
Person = Annotated[str, typer.Option("--reviewer", help="In whose name.")]
EVERY = "every"


@app.command("export")
def export_flags(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Its ending says the format.")],
    format: Annotated[
        str | None,
        typer.Option("--format", help="csv, excel, json, coco, zip or report, whatever the file is called."),
    ] = None,
    policy: Which = None,
    run: RunName = None,
    data: DataSet = None,
    as_json: AsJson = False,
) -> None:
    """Write flags to a .csv, .xlsx, .json, .coco.json, .zip with pictures, or .html to print.

    The first three and the list in the ZIP hold keeps and settlements too. In a ZIP the heat maps of --run
    stand in where a flag names no run.

    Example: flags export flags.csv --run demo
    """
    with answering(as_json) as answer:
        from breakhis_core.flags.formats import format_of, write_file
        from breakhis_core.flags.listing import exported, flags_of
        from breakhis_core.flags.statements import LEAVING, statements
        from breakhis_core.workspace import Workspace

        how = format_of(file, format)
        workspace = Workspace.open()
        which = _chosen(workspace, run, data)
        rule = None if policy == EVERY else _policy(policy)
        said = statements(workspace, which.run, policy=rule, images=which.images)
        said = exported(said, {} if policy == EVERY else {"outcome": LEAVING})
        write_file(file, how.write(workspace, said, which.run))
        flags = flags_of(said)
        images = int(flags["hash"].nunique())
        keeps = int(said["action"].eq("keep").sum()) if how.lossless else 0
        settled = int(said.loc[said["settled"].ne(""), "hash"].nunique()) if how.lossless else 0
        counts = {"flags": len(flags), "images": images, "keeps": keeps, "settled": settled}
        words = f"{file}: {_counted(len(flags), 'flag')} of {_counted(images, 'image')}"
        words += f", {_counted(keeps, 'keep')}" if keeps else ""
        words += f", {settled} settled" if settled else ""
        value = {"file": str(file), "format": how.code, "of": which.name, **counts}
        answer.give(value, f"{words}, in {which.name}.")


@app.command("import")
def import_flags(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Our CSV, JSON, Excel or ZIP, a list of file names, or issues of cleanvision or cleanlab.",
        ),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be imported.")] = False,
    reviewer: Person = "import",
    run: Annotated[
        str | None,
        typer.Option("--run", help="Run whose predictions the rows of a table without file names are."),
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", help="Reason of flags that the file gives none, as in a plain list.")
    ] = "other",
    as_json: AsJson = False,
) -> None:
    """Read flags, keeps and settlements from a file; a bad row gets its sentence and the others go on.

    Example: flags import flags.csv --dry-run
    """
    with answering(as_json) as answer:
        from collections import Counter

        from breakhis_core.flags.importing import apply_import, check_import
        from breakhis_core.flags.reading import read_flags
        from breakhis_core.runs import open_run
        from breakhis_core.workspace import Workspace

        workspace = Workspace.open()
        rows = None if run is None else open_run(workspace.models / run).predictions()["hash"].tolist()
        plan = read_flags(file, file.name, rows, reason)
        check = (check_import if dry_run else apply_import)(workspace, plan, reviewer)
        new, known, refused = len(check.new), len(check.known), list(check.refused)
        answer.bad_input = bool(refused)
        reasons = Counter(row["reason"] for row in check.new)
        reviewers = Counter(row["reviewer"] for row in (*check.new, *check.keeps))
        stewards = Counter(row["steward"] for row in check.settlements)
        value = {
            "file": str(file),
            "dry_run": dry_run,
            "imported": 0 if dry_run else new,
            "new": new,
            "known": known,
            "keeps": len(check.keeps),
            "settlements": len(check.settlements),
            "reasons": dict(reasons.most_common()),
            "reviewers": dict(reviewers.most_common()),
            "stewards": dict(stewards.most_common()),
            "errors": refused,
        }
        done = "to import" if dry_run else "imported"
        lines = [f"{file}: {check.in_words} {done}, {known} here already."]
        if plan.is_empty:
            lines = [f"{file} names no image: there is nothing to import."]
        for title, many in (
            ("by reason", reasons),
            ("in the name of", reviewers),
            ("settled in the name of", stewards),
        ):
            if many:
                lines.append(f"{title}: {', '.join(f'{word} {count}' for word, count in many.most_common())}")
        answer.give(value, *lines, *refused)


@app.command("agreement")
def agreement(
    reason: Annotated[bool, typer.Option("--reason", help="Compare reasons, not only flag or keep.")] = False,
    run: RunName = None,
    data: DataSet = None,
    as_json: AsJson = False,
) -> None:
    """Say how far reviewers agree beyond chance, with 95 % intervals, and on how many images they do not.

    Example: flags agreement --run demo
    """
    with answering(as_json) as answer:
        from dataclasses import asdict

        from breakhis_core.reviews import agreement as measures
        from breakhis_core.reviews import standing
        from breakhis_core.reviews.agreement_words import meaning
        from breakhis_core.workspace import Workspace

        workspace = Workspace.open()
        which = _chosen(workspace, run, data)
        said = measures.of_people(standing(workspace))
        if which.images is not None:
            said = said[said["hash"].isin(which.images)]
        subject: measures.Subject = "reason" if reason else "flag"
        found = {
            "krippendorff_alpha": measures.across(said, subject),
            "fleiss_kappa": measures.overall(said, subject),
        }
        pairs = measures.pairwise(said, subject)
        differing = measures.disagreeing(said, subject)
        answered = int(said["hash"].nunique())
        value = {
            "subject": subject,
            "of": which.name,
            "images": answered,
            **{name: None if one is None else asdict(one) for name, one in found.items()},
            "cohen_kappa": [asdict(one) for one in pairs],
            "disagreeing": list(differing),
        }
        named = {
            "Krippendorff's alpha, all": found["krippendorff_alpha"],
            "Fleiss' kappa, all": found["fleiss_kappa"],
        }
        rows = [(name, one) for name, one in named.items() if one is not None]
        rows += [(f"Cohen's kappa, {' and '.join(one.reviewers)}", one) for one in pairs]
        shown = table(
            None,
            ("measure", "images", "not used", "equal", "value", "95 % interval", "meaning"),
            [
                (
                    name,
                    one.images,
                    one.left_out,
                    f"{one.observed:.0%}",
                    _number(one.kappa),
                    _span(one),
                    meaning(one),
                )
                for name, one in rows
            ],
        )
        words = (
            f"{_counted(answered, 'image')} of {which.name} answered, {len(differing)} where answers differ."
        )
        answer.give(value, words, *([shown] if rows else ["No image has two answers yet."]))


@app.command("settle")
def settle(
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="File names or hashes.")],
    exclude: Annotated[
        bool, typer.Option("--exclude/--include", help="It leaves the training, or stays whatever was said.")
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why it leaves.")] = "other",
    note: Annotated[str, typer.Option("--note", help="In a few words; the reason other needs one.")] = "",
    steward: Annotated[str, typer.Option("--reviewer", help="In whose name.")] = "command line",
    as_json: AsJson = False,
) -> None:
    """Decide for everybody whether images leave the training; an earlier decision is revised.

    Example: flags settle --exclude --reason out_of_focus SOB_M_DC-14-2523-100-001.png
    """
    with answering(as_json) as answer:
        from breakhis_core.flags.importing import matched_hashes
        from breakhis_core.flags.reading import ImportPlan, read_flags
        from breakhis_core.reviews import settle_many
        from breakhis_core.workspace import Workspace

        workspace = Workspace.open()
        plan: ImportPlan = read_flags("\n".join(images).encode(), "images.txt")
        hashes, refused = matched_hashes(workspace, plan)
        if hashes:
            settle_many(workspace, steward, hashes, exclude=exclude, reason=reason, note=note)
        answer.bad_input = bool(refused)
        sentences = [sentence.removeprefix("images.txt: ") for sentence in refused]
        done = "leave" if exclude else "stay in"
        answer.give(
            {"settled": list(hashes), "exclude": exclude, "errors": sentences},
            f"{_counted(len(hashes), 'image')} settled to {done} the training.",
            *sentences,
        )


@app.command("policy")
def policy(
    code: Annotated[
        str | None, typer.Argument(help="any, majority or settled; without it, say which.")
    ] = None,
    run: RunName = None,
    data: DataSet = None,
    reviewer: Person = "command line",
    as_json: AsJson = False,
) -> None:
    """Say, or choose, what makes a flagged image leave the training, in the app as well as here.

    Example: flags policy majority --run demo
    """
    with answering(as_json) as answer:
        from breakhis_core.jobs.retraining import plans
        from breakhis_core.reviews import excluded_hashes
        from breakhis_core.reviews.policy import choose_policy, chosen_policy
        from breakhis_core.reviews.terms import POLICIES
        from breakhis_core.workspace import Workspace

        workspace = Workspace.open()
        if code is not None:
            choose_policy(workspace, reviewer, code)
        chosen = chosen_policy(workspace)
        which = _chosen(workspace, run, data)
        effects = {}
        if which.run is None:
            for one in POLICIES:
                images = [image for image in excluded_hashes(workspace, one) if which.holds(image)]
                effects[one] = {"images": len(images)}
        else:
            for one, what in plans(workspace, which.run).items():
                effects[one] = {
                    "images": len(what.excluded),
                    "train": what.train,
                    "validation": what.validation,
                    "test": what.test,
                    "already": what.already,
                }
        value = {
            "policy": chosen.code,
            "by": chosen.by,
            "at": chosen.at,
            "of": which.name,
            "excludes": effects,
        }
        heads = (
            "policy",
            "images",
            *(() if run is None else ("train", "validation", "test, stay", "left out before")),
        )
        rows = [(one, *effect.values()) for one, effect in effects.items()]
        words = f"An image leaves the training when {chosen.words}. Images of {which.name}:"
        answer.give(value, words, table(None, heads, rows))


@dataclass(frozen=True)
class _Chosen:
    """Whose images a command is about: those of a run's data set, of a data set, or all (``None``)."""

    name: str
    run: Run | None
    images: frozenset[str] | None

    def holds(self, image: str) -> bool:
        """Whether it is about an image."""
        return self.images is None or image in self.images


def _chosen(workspace: Workspace, run: str | None, data: str | None) -> _Chosen:
    from breakhis_core.images.datasets import dataset_named, load_images
    from breakhis_core.runs import run_named
    from breakhis_core.runs.scope import scope_of

    opened = None if run is None else run_named(workspace.models, run)
    if data is not None:
        found = dataset_named(workspace, data)
        images = frozenset(load_images(workspace, found.id)["hash"])
        return _Chosen(found.root.name, opened, images)
    if opened is None:
        return _Chosen("all data sets", None, None)
    scope = scope_of(workspace, opened)
    return _Chosen(scope.name, opened, scope.hashes)


def _policy(code: str | None) -> str | None:
    from breakhis_core.errors import InputError
    from breakhis_core.reviews.terms import POLICIES

    if code is not None and code not in POLICIES:
        raise InputError(f"{code!r} is no policy; say {', '.join(POLICIES)} or {EVERY}.")
    return code


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"


def _span(found: object) -> str | None:
    low, high = getattr(found, "low", None), getattr(found, "high", None)
    return None if low is None or high is None else f"{low:.3f} to {high:.3f}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
