"""``catalogue DIR``: read a folder of BreakHis into the workspace and list what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from breakhis_core.command_line.terminal.answer import AsJson, answering, shown_path, table
from breakhis_core.wording import PHANTOMS

if TYPE_CHECKING:
    from breakhis_core.workspace import Workspace

BAD_FILES = ("unreadable", "misnamed", "misplaced")
"""Problems that somebody should mend. The published archive itself has duplicates and a conflict."""
LISTED = 5


def catalogue(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder that holds BreaKHis_v1.")],
    as_json: AsJson = False,
) -> None:
    """Catalogue a folder of BreakHis: counts against the published table, and every problem.

    Example: catalogue BreaKHis_v1
    """
    with answering(as_json) as answer:
        from breakhis_core.workspace import Workspace

        _, counted = catalogued(Workspace.open(), folder)
        answer.bad_input = any(kind in counted["problem_counts"] for kind in BAD_FILES)
        answer.give(counted, *_tables(counted))


def catalogued(workspace: Workspace, folder: Path) -> tuple[int, dict[str, Any]]:
    """Catalogue a folder with a progress bar, as the job does: its thumbnails and measurements too.

    Returns:
        Number of the data set in the workspace, and the catalogue's summary.
    """
    from breakhis_core.command_line.terminal.console import Foreground
    from breakhis_core.images.cataloguing import catalogue_folder

    with Foreground(workspace.root) as context:
        found = catalogue_folder(workspace, {"root": str(folder)}, context)
    return found.pop("dataset"), found


def _tables(counted: dict[str, Any]) -> list[RenderableType]:
    # Phantoms are not the published images, so how many those were says nothing about them.
    against = not (counted["phantom"] or counted["complete"])
    cells = {(row["subtype"], str(row["magnification"])): row for row in counted["published"]}
    powers = list(counted["magnifications"])
    held = {row["subtype"]: row for row in counted["groups"]}
    rows = [
        [
            code,
            *(
                _cell(cells[code, power]["found"], cells[code, power]["published"], against)
                for power in powers
            ),
            images,
            *(
                _cell(held[code][what], held[code][f"published_{what}"], against)
                for what in ("slides", "cases")
            ),
        ]
        for code, images in counted["subtypes"].items()
    ]
    rows.append(["all", *_totals(counted, against)])
    kind = f", {PHANTOMS}," if counted["phantom"] else ""
    headline = (
        f"{shown_path(Path(counted['root']))}: {counted['images']} images{kind} of {counted['cases']} cases "
        f"on {counted['slides']} slides, {counted['quarantined']} quarantined"
    )
    compared = "found (published)" if against else "as published" if counted["complete"] else "found"
    columns = [compared, *(f"{power}X" for power in powers), "all", "slides", "cases"]
    return [headline, table(None, columns, rows), *_problems(counted)]


def _totals(counted: dict[str, Any], against: bool) -> list[str]:
    """Return the counts over all sub-types: of each magnification, of images, slides and cases."""
    published = counted["published"]
    cells = [
        (
            sum(row["found"] for row in published if str(row["magnification"]) == power),
            sum(row["published"] for row in published if str(row["magnification"]) == power),
        )
        for power in counted["magnifications"]
    ]
    cells.append((sum(a for a, _ in cells), sum(b for _, b in cells)))
    cells.append((counted["slides"], sum(row["published_slides"] for row in counted["groups"])))
    # A case may be published under two sub-types, so that their sum is no number of cases.
    return [*(_cell(found, published, against) for found, published in cells), str(counted["cases"])]


def _problems(counted: dict[str, Any]) -> list[RenderableType]:
    if not counted["problems"]:
        return []
    number = len(counted["problems"])
    kinds = ", ".join(f"{count} {kind}" for kind, count in counted["problem_counts"].items())
    lines = [f"\n{number} {'problem' if number == 1 else 'problems'}: {kinds}"]
    lines += [f"  {problem['reason']}" for problem in counted["problems"][:LISTED]]
    return [*lines, f"  and {number - LISTED} more; --json lists all"] if number > LISTED else [*lines]


def _cell(found: int, published: int, against: bool) -> str:
    return f"{found} ({published})" if against and found != published else str(found)
