"""The address that sends flags as they are written: a ZIP of hundreds of pictures is never in memory.

Streamlit keeps the file of its own button only until the screen is drawn again, as it is while a training
goes on: one that takes a second to write was gone before the browser asked for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from breakhis_core.flags import listing
from breakhis_core.flags.statements import statements
from breakhis_core.runs import Run, RunRefusedError, run_named
from pages.parts.shared.frame import workspace

if TYPE_CHECKING:
    from breakhis_core.flags.formats import Format

PATH = "/export/flags"


def address(how: Format, run: Run | None, chosen: Mapping[str, Sequence[str]]) -> str:
    """Return the address that sends the flags that facets keep.

    Args:
        how: the format.
        run: of whose data set, and whose maps stand in where a flag names no run.
        chosen: values by facet.
    """
    from pages.parts.flags.listing import IN_ADDRESS

    wishes = {IN_ADDRESS.get(facet, facet): values for facet, values in chosen.items()}
    return f"{PATH}?{urlencode({'format': how.code, 'run': run.name if run else [], **wishes}, doseq=True)}"


async def download(request: Request) -> Response:
    """Send the flags that the query's facets keep, in the format that it names."""
    return await run_in_threadpool(_answer, request)


def _answer(request: Request) -> Response:
    # Here, and not above: the writers bring charts and spreadsheets, which would delay the server's start.
    from breakhis_core.flags.formats import FORMATS
    from pages.parts.flags.listing import IN_ADDRESS

    asked = request.query_params
    how = next((one for one in FORMATS if one.code == asked.get("format", "zip")), None)
    if how is None:
        return PlainTextResponse("There is no such format.", 404)
    name = asked.get("run", "")
    try:
        run = run_named(workspace().models, name) if name else None
    except RunRefusedError as error:
        return PlainTextResponse(str(error), 404)
    chosen = {facet: asked.getlist(IN_ADDRESS.get(facet, facet)) for facet in listing.FACETS}
    said = listing.exported(statements(workspace(), run), chosen)
    return StreamingResponse(
        how.write(workspace(), said, run),
        media_type=how.mime,
        headers={"Content-Disposition": f'attachment; filename="flags{how.ending}"'},
    )
