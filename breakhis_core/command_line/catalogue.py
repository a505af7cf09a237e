"""``catalogue DIR``: read a folder of BreakHis into the workspace and list what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from breakhis_core.command_line.answer import AsJson, answering, table

if TYPE_CHECKING:
    from breakhis_core.workspace import Workspace

BAD_FILES = ("unreadable", "misnamed", "misplaced")
"""Problems that somebody should mend. The published archive itself has duplicates and a conflict."""
LISTED = 20


def catalogue(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that holds BreaKHis_v1.")],
    as_json: AsJson = False,
) -> None:
    """Catalogue a folder of BreakHis: counts against the published table, and every problem."""
    with answering(as_json) as answer:
        from breakhis_core.workspace import Workspace

        _, counted = catalogued(Workspace.open(), folder)
        answer.bad_input = any(kind in counted["problem_counts"] for kind in BAD_FILES)
        answer.give(counted, *_tables(counted))


def catalogued(workspace: Workspace, folder: Path) -> tuple[int, dict[str, Any]]:
    """Scan a folder with a progress bar and save its catalogue.

    Returns:
        Number of the data set in the workspace, and the catalogue's summary.
    """
    from breakhis_core.catalogue import scan, summary
    from breakhis_core.command_line.console import ConsoleContext
    from breakhis_core.datasets import save_catalogue

    with ConsoleContext(workspace.root) as context:
        found = scan(folder, lambda done, total: context.count("Reading pictures", done, total))
    return save_catalogue(workspace, found), summary(found)


def _tables(counted: dict[str, Any]) -> list[RenderableType]:
    powers = list(counted["magnifications"])
    cells = {(row["subtype"], str(row["magnification"])): row for row in counted["published"]}
    rows = [
        [code, *(_against_published(cells[code, power]) for power in powers), images]
        for code, images in counted["subtypes"].items()
    ]
    rows.append(["all", *counted["magnifications"].values(), counted["images"]])
    kind = "synthetic phantoms, not tissue" if counted["phantom"] else "real images"
    headline = (
        f"{counted['root']}: {counted['images']} images ({kind}) of {counted['cases']} cases on "
        f"{counted['slides']} slides, {counted['quarantined']} quarantined"
    )
    complete = "the published table exactly" if counted["complete"] else "found (published)"
    parts: list[RenderableType] = [
        headline,
        table(None, [f"{complete}", *(f"{power}X" for power in powers), "all"], rows),
    ]
    if counted["problems"]:
        total = len(counted["problems"])
        kinds = ", ".join(f"{number} {kind}" for kind, number in counted["problem_counts"].items())
        parts.append(f"\n{total} {'problem' if total == 1 else 'problems'}: {kinds}")
        parts += [f"  {problem['reason']}" for problem in counted["problems"][:LISTED]]
        if total > LISTED:
            parts.append(f"  and {total - LISTED} more; --json lists all")
    return parts


def _against_published(cell: dict[str, Any]) -> str:
    if cell["difference"] == 0:
        return str(cell["found"])
    return f"{cell['found']} ({cell['published']})"
