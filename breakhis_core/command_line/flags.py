"""``flags``: export and import the list, measure agreement, settle, and choose the rule of exclusions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from breakhis_core.command_line.answer import AsJson, answering, table

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
RunName = Annotated[str | None, typer.Option("--run", help="A run's name.")]
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
    run: Annotated[
        str | None, typer.Option("--run", help="Run whose heat maps a ZIP shows where a flag names none.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write flagged images to a .csv, .xlsx, .json, .coco.json, .zip with pictures, or .html to print."""
    with answering(as_json) as answer:
        from breakhis_core import flag_lists
        from breakhis_core.flag_formats import format_of, write_file
        from breakhis_core.reviews import excluded_hashes
        from breakhis_core.runs import open_run
        from breakhis_core.workspace import Workspace

        how = format_of(file, format)
        workspace = Workspace.open()
        flags = flag_lists.listed(workspace)
        if policy != EVERY:
            flags = flags[flags["hash"].isin(excluded_hashes(workspace, _policy(policy)))]
        maps = None if run is None else open_run(workspace.models / run)
        write_file(file, how.write(workspace, flags, maps))
        images = int(flags["hash"].nunique())
        answer.give(
            {"file": str(file), "format": how.code, "flags": len(flags), "images": images},
            f"{file}: {_counted(len(flags), 'flag')} of {_counted(images, 'image')}.",
        )


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
    as_json: AsJson = False,
) -> None:
    """Read flags from a file; a bad row gets its sentence and the others go on."""
    with answering(as_json) as answer:
        from collections import Counter

        from breakhis_core.exchange import apply_import, check_import, read_flags
        from breakhis_core.runs import open_run
        from breakhis_core.workspace import Workspace

        workspace = Workspace.open()
        rows = None if run is None else open_run(workspace.models / run).predictions()["hash"].tolist()
        plan = read_flags(file, file.name, rows)
        check = (check_import if dry_run else apply_import)(workspace, plan, reviewer)
        new, known, refused = len(check.new), len(check.known), list(check.refused)
        answer.bad_input = bool(refused)
        reasons = Counter(row["reason"] for row in check.new)
        reviewers = Counter(row["reviewer"] for row in check.new)
        value = {
            "file": str(file),
            "dry_run": dry_run,
            "imported": 0 if dry_run else new,
            "new": new,
            "known": known,
            "reasons": dict(reasons.most_common()),
            "reviewers": dict(reviewers.most_common()),
            "errors": refused,
        }
        done = "to import" if dry_run else "imported"
        lines = [f"{file}: {_counted(new, 'flag')} {done}, {known} here already."]
        if new:
            lines.append("by reason: " + ", ".join(f"{code} {many}" for code, many in reasons.most_common()))
            lines.append("in the name of: " + ", ".join(f"{who} {n}" for who, n in reviewers.most_common()))
        answer.give(value, *lines, *refused)


@app.command("agreement")
def agreement(
    reason: Annotated[bool, typer.Option("--reason", help="Compare reasons, not only flag or keep.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say how far reviewers agree beyond chance, with 95 % intervals, and on how many images they do not."""
    with answering(as_json) as answer:
        from dataclasses import asdict

        from breakhis_core import agreement as measures
        from breakhis_core.agreement_words import meaning
        from breakhis_core.reviews import standing
        from breakhis_core.workspace import Workspace

        said = measures.of_people(standing(Workspace.open()))
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
        words = f"{_counted(answered, 'image')} answered, {len(differing)} where answers differ."
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
    """Decide for everybody whether images leave the training; an earlier decision is revised."""
    with answering(as_json) as answer:
        from breakhis_core.exchange import ImportPlan, matched_hashes, read_flags
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
    reviewer: Person = "command line",
    as_json: AsJson = False,
) -> None:
    """Say, or choose, what makes a flagged image leave the training, in the app as well as here."""
    with answering(as_json) as answer:
        from breakhis_core.policy import choose_policy, chosen_policy
        from breakhis_core.retraining import plans
        from breakhis_core.review_terms import POLICIES
        from breakhis_core.reviews import excluded_hashes
        from breakhis_core.runs import open_run
        from breakhis_core.workspace import Workspace

        workspace = Workspace.open()
        if code is not None:
            choose_policy(workspace, reviewer, code)
        chosen = chosen_policy(workspace)
        effects = {}
        if run is None:
            effects = {one: {"images": len(excluded_hashes(workspace, one))} for one in POLICIES}
        else:
            for one, what in plans(workspace, open_run(workspace.models / run)).items():
                effects[one] = {
                    "images": len(what.excluded),
                    "train": what.train,
                    "validation": what.validation,
                    "test": what.test,
                    "already": what.already,
                }
        value = {"policy": chosen.code, "by": chosen.by, "at": chosen.at, "excludes": effects}
        heads = (
            "policy",
            "images",
            *(() if run is None else ("train", "validation", "test, stay", "left out before")),
        )
        rows = [(one, *effect.values()) for one, effect in effects.items()]
        answer.give(value, f"An image leaves the training when {chosen.words}.", table(None, heads, rows))


def _policy(code: str | None) -> str | None:
    from breakhis_core.errors import InputError
    from breakhis_core.review_terms import POLICIES

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
