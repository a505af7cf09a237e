"""The address that sends flags as they are written: a ZIP of hundreds of pictures is never in memory.

Streamlit keeps the file of its own button only until the screen is drawn again, as it is while a training
goes on: one that takes a second to write was gone before the browser asked for it.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from breakhis_core.flags import listing
from breakhis_core.flags.statements import statements
from breakhis_core.runs import RunRefusedError, run_named
from pages.parts.flags.download_address import IN_ADDRESS
from pages.parts.shared.frame import workspace


async def download(request: Request) -> Response:
    """Send the flags that the query's facets keep, in the format that it names."""
    return await run_in_threadpool(_answer, request)


def _answer(request: Request) -> Response:
    # Here, and not above: the writers bring charts and spreadsheets, which would delay the server's start.
    from breakhis_core.flags.formats import FORMATS

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
