"""The address of flags as a file, made here and read by the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from breakhis_core.runs import Run

if TYPE_CHECKING:  # The writers bring charts and spreadsheets, which would delay the server's start.
    from breakhis_core.flags.formats import Format

PATH = "/export/flags"
IN_ADDRESS = {"run": "seen"}
"""Facets whose column has another name in the address: ``run`` there is the run that the screen shows."""


def address(how: Format, run: Run | None, chosen: Mapping[str, Sequence[str]]) -> str:
    """Return the address that sends the flags that facets keep.

    Args:
        how: the format.
        run: of whose data set, and whose maps stand in where a flag names no run.
        chosen: values by facet.
    """
    wishes = {IN_ADDRESS.get(facet, facet): values for facet, values in chosen.items()}
    return f"{PATH}?{urlencode({'format': how.code, 'run': run.name if run else [], **wishes}, doseq=True)}"
