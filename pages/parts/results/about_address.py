"""The address that says what an image of a run is, made here and read by the server."""

from __future__ import annotations

from urllib.parse import urlencode

from breakhis_core.runs import Run

PATH = "/about/image"


def address(run: Run) -> str:
    """Return the address that tells of an image of a run, less its row in the predictions at the end."""
    return f"{PATH}?{urlencode({'run': run.name})}&row="
