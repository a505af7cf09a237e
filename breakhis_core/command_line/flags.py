"""``flags export FILE`` and ``flags import FILE``: the list of flagged images as CSV or JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from breakhis_core.command_line.answer import AsJson, answering

app = typer.Typer(help="Export and import the list of flagged images.", no_args_is_help=True)

FlagFile = Annotated[Path, typer.Argument(metavar="FILE", help="A .csv or .json file.")]


@app.command("export")
def export_flags(file: FlagFile, as_json: AsJson = False) -> None:
    """Write the flagged images to a CSV or JSON file, by its ending."""
    with answering(as_json) as answer:
        from breakhis_core.errors import InputError
        from breakhis_core.exchange import export_csv, export_json
        from breakhis_core.reviews import flagged
        from breakhis_core.workspace import Workspace

        writers = {".csv": export_csv, ".json": export_json}
        writer = writers.get(file.suffix.lower())
        if writer is None:
            raise InputError(f"{file}: give a file name that ends in .csv or .json.")
        frame = flagged(Workspace.open())
        file.write_bytes(writer(frame))
        images = int(frame["hash"].nunique())
        answer.give(
            {"file": str(file), "flags": len(frame), "images": images},
            f"{file}: {_counted(len(frame), 'flag')} of {_counted(images, 'image')}.",
        )


@app.command("import")
def import_flags(
    file: FlagFile,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be imported.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read flags from a CSV or JSON file; a bad row gets its sentence and the others go on."""
    with answering(as_json) as answer:
        from breakhis_core.exchange import apply_import, check_import, read_flags
        from breakhis_core.workspace import Workspace

        workspace = Workspace.open()
        plan = read_flags(file, file.name)
        check = (check_import if dry_run else apply_import)(workspace, plan)
        new, known, refused = len(check.new), len(check.known), list(check.refused)
        answer.bad_input = bool(refused)
        value = {
            "file": str(file),
            "dry_run": dry_run,
            "imported": 0 if dry_run else new,
            "new": new,
            "known": known,
            "errors": refused,
        }
        done = "to import" if dry_run else "imported"
        answer.give(value, f"{file}: {_counted(new, 'flag')} {done}, {known} here already.", *refused)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
