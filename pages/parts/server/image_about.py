"""What an image of a run is, for who points at it."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from breakhis_core.images.taxonomy import subtype
from breakhis_core.runs import Run, RunRefusedError, run_named
from breakhis_core.suspects.reading import suspects_of
from breakhis_core.wording import part_in_words
from pages.parts.results import about_address
from pages.parts.shared.frame import workspace

PATH = about_address.PATH


async def about(request: Request) -> Response:
    """Send the hash, the name and what is known of the image in a row of a run's predictions."""
    asked = request.query_params
    return await run_in_threadpool(_answer, asked.get("run", ""), asked.get("row", ""))


def _answer(name: str, row: str) -> Response:
    try:
        run = run_named(workspace().models, name)
    except RunRefusedError as error:
        return PlainTextResponse(str(error), 404)
    if not row.isdecimal() or len(row) > 9 or int(row) >= len(run.predictions()):
        return PlainTextResponse("The run has no such image.", 404)
    return JSONResponse(_told(run, int(row)), headers={"Cache-Control": "no-store"})


def _told(run: Run, row: int) -> dict[str, Any]:
    image = run.predictions().iloc[row]
    lines = [
        f"Label: {subtype(image['subtype']).name}",
        f"Predicted: {subtype(image['predicted']).name}, {100 * image['confidence']:.0f} %",
    ]
    suspects = suspects_of(run)
    if suspects is not None and isinstance(suspects.table["suggested"].iat[row], str):
        said = suspects.table.iloc[row]
        if said["suggested"] != said["given"]:
            lines.append(f"Suggested: {subtype(said['suggested']).name}")
        lines.append(f"Suspicion {said['score']:.2f}")
    lines.append(f"{part_in_words(image['part']).capitalize()} · case {image['case']}")
    return {"hash": image["hash"], "name": image["name"], "lines": lines}
