"""The addresses that send a run's report and its card."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from breakhis_core.runs import Run, RunRefusedError, run_named
from pages.parts.shared.frame import workspace

PATH = "/export/run/{what}"
KINDS = {"report": ("text/html", ".html"), "card": ("text/markdown", ".md")}


def address(what: str, run: Run) -> str:
    """Return the address that sends a run's report or card.

    Args:
        what: a key of ``KINDS``.
        run: the run.
    """
    return f"{PATH.format(what=what)}?{urlencode({'run': run.name})}"


async def download(request: Request) -> Response:
    """Send a run's report or card as a file."""
    return await run_in_threadpool(_answer, request)


def _answer(request: Request) -> Response:
    # Here, and not above: the report brings charts, which would delay the server's start.
    from breakhis_core.reports.run_report import run_report
    from breakhis_core.worth.words import card_section

    what = request.path_params["what"]
    if what not in KINDS:
        return PlainTextResponse("There is no such file of a run.", 404)
    try:
        run = run_named(workspace().models, request.query_params.get("run", ""))
    except RunRefusedError as error:
        return PlainTextResponse(str(error), 404)
    mime, ending = KINDS[what]
    return Response(
        run_report(workspace(), run) if what == "report" else run.card() + card_section(workspace(), run),
        media_type=f"{mime}; charset=utf-8",
        # Kept and not opened: a page of ours is no place for what a folder's card may say.
        headers={"Content-Disposition": f'attachment; filename="{run.name}-{what}{ending}"'},
    )
