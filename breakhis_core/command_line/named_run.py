"""The run that a command is about, and what every number of it rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from breakhis_core.wording import NO_DEVICE, PHANTOMS

if TYPE_CHECKING:
    from breakhis_core.runs import Run


def named_run(name: str) -> Run:
    """Open a run by its folder, or by its name under the models folder.

    Raises:
        InputError: there is no such run, or it is damaged or foreign.
    """
    from breakhis_core.runs import open_run

    return open_run(name)


def foot(phantom: bool) -> str:
    """Return what stands below every answer for people about a run."""
    return f"{PHANTOMS.capitalize()}. {NO_DEVICE}" if phantom else NO_DEVICE


def about_run(run: Run) -> dict[str, Any]:
    """Return what every answer for machines says of a run: its name, and on what its numbers rest."""
    from breakhis_core.runs.table import parts_in_words

    return {
        "run": run.name,
        "phantom": run.phantom,
        "rests_on": f"{parts_in_words(run)} images, {run.split_in_words}",
    }
