"""The run that a training improves on, as its curves show it."""

from __future__ import annotations

from breakhis_core.charts.training_curves import Parent
from breakhis_core.errors import InputError
from breakhis_core.runs import run_named
from pages.parts.shared.frame import workspace


def parent_of(improves: str | None) -> Parent | None:
    """Return the curves of the run that a training improves on; None where there is none any more."""
    if not improves:
        return None
    try:
        return Parent(improves, run_named(workspace().models, improves).history())
    except InputError:
        return None
