"""The address that sends flags while they are written: a ZIP of hundreds of pictures is never in memory."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from breakhis_core import flag_lists
from breakhis_core.flag_formats import FORMATS
from breakhis_core.runs import RunRefusedError, open_run
from pages.parts.frame import workspace

PATH = "/export/flags"


async def download(request: Request) -> Response:
    """Send the flags that the query's facets keep, in the format that it names."""
    return await run_in_threadpool(_answer, request)


def _answer(request: Request) -> Response:
    asked = request.query_params
    how = next((one for one in FORMATS if one.code == asked.get("format", "zip")), None)
    if how is None:
        return PlainTextResponse("There is no such format.", 404)
    # "run" is the run whose maps stand in; it filters nothing.
    facets = [name for name in flag_lists.FACETS if name != "run"]
    chosen = {name: asked.getlist(name) for name in facets}
    flags = flag_lists.matching(flag_lists.listed(workspace()), chosen)
    models, name = workspace().models, asked.get("run", "")
    try:
        run = open_run(models / name) if name and (models / name).parent == models else None
    except RunRefusedError:
        run = None
    return StreamingResponse(
        how.write(workspace(), flags, run),
        media_type=how.mime,
        headers={"Content-Disposition": f'attachment; filename="flags{how.ending}"'},
    )
