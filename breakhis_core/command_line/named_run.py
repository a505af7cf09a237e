"""The run that a command is about, and what every number of it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from breakhis_core.runs import Run


def named_run(name: str) -> Run:
    """Open a run by its folder, or by its name under the models folder.

    Raises:
        InputError: there is no such run, or it is damaged or foreign.
    """
    from breakhis_core.runs import open_run

    return open_run(name)


def about_run(run: Run) -> dict[str, Any]:
    """Return what every answer for machines says of a run: its name, and on what its numbers rest."""
    from breakhis_core.runs.table import parts_in_words

    return {
        "run": run.name,
        "phantom": run.phantom,
        "rests_on": f"{parts_in_words(run)} images, {run.split_in_words}",
    }
