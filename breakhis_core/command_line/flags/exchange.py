"""``flags export`` and ``flags import``: the list out, and back in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from breakhis_core.command_line.flags.scope import DataSet, Person, RunName, chosen_images
from breakhis_core.command_line.terminal.answer import AsJson, answering
from breakhis_core.wording import counted

Which = Annotated[
    str | None,
    typer.Option(
        "--policy",
        help="Which images: those that leave when any, the majority, or a steward (settled) says so; or "
        "every flag. By default the workspace's rule.",
    ),
]
EVERY = "every"


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
        which = chosen_images(workspace, run, data)
        rule = None if policy == EVERY else _policy(policy)
        said = statements(workspace, which.run, policy=rule, images=which.images)
        said = exported(said, {} if policy == EVERY else {"outcome": LEAVING})
        write_file(file, how.write(workspace, said, which.run))
        flags = flags_of(said)
        images = int(flags["hash"].nunique())
        keeps = int(said["action"].eq("keep").sum()) if how.lossless else 0
        settled = int(said.loc[said["settled"].ne(""), "hash"].nunique()) if how.lossless else 0
        counts = {"flags": len(flags), "images": images, "keeps": keeps, "settled": settled}
        words = f"{file}: {counted(len(flags), 'flag')} of {counted(images, 'image')}"
        words += f", {counted(keeps, 'keep')}" if keeps else ""
        words += f", {settled} settled" if settled else ""
        value = {"file": str(file), "format": how.code, **which.about, **counts}
        answer.give(value, f"{words}, in {which.name}.")


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
        from breakhis_core.flags.parsing import read_flags
        from breakhis_core.runs import open_run
        from breakhis_core.workspace import Workspace

        workspace = Workspace.open()
        rows = None if run is None else open_run(workspace.models / run).predictions()["hash"].tolist()
        plan = read_flags(file, file.name, rows, reason)
        check = (check_import if dry_run else apply_import)(workspace, plan, reviewer)
        new, known, refused = len(check.new), len(check.known), list(check.refused)
        answer.bad_input = bool(refused)
        reasons = Counter(row["reason"] for row in check.new)
        said = (*check.new, *check.settlements)
        corrections = Counter(row["correction"] for row in said if row["correction"])
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
            "corrections": dict(corrections.most_common()),
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
            ("right sub-type", corrections),
            ("in the name of", reviewers),
            ("settled in the name of", stewards),
        ):
            if many:
                lines.append(f"{title}: {', '.join(f'{word} {count}' for word, count in many.most_common())}")
        answer.give(value, *lines, *refused)


def _policy(code: str | None) -> str | None:
    from breakhis_core.errors import InputError
    from breakhis_core.reviews.terms import POLICIES

    if code is not None and code not in POLICIES:
        raise InputError(f"{code!r} is no policy; say {', '.join(POLICIES)} or {EVERY}.")
    return code
