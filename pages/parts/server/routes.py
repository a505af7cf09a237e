"""What the server answers besides Streamlit: pictures, thumbnails, the viewer's script, the pages' shell.

Pictures go by hash and never change, so a browser may keep them for ever; that is what makes Next fast.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from breakhis_core.errors import InputError, UnavailableError
from breakhis_core.images.datasets import picture_path, picture_trouble
from breakhis_core.images.thumbnails import thumbnail_file
from breakhis_core.maps.methods import CODES as METHODS
from pages.parts.components.common import assets
from pages.parts.flags import download_address
from pages.parts.server import flag_download, image_about, kept_maps, run_download
from pages.parts.shared.frame import HERE, workspace

# A link to a screen answers with the app: each file in pages/ is one.
SCREENS = ("", *sorted(file.stem for file in assets.PARTS.parent.glob("*.py") if file.stem != "home"))
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
AT_EACH_VISIT = {"Cache-Control": "no-cache"}
_HASH = re.compile(r"[0-9a-f]{32}")
_KEY = re.compile(r"[0-9a-f]{16}")


async def picture(request: Request) -> Response:
    """Send the picture with this hash, as it lies on disk."""
    return await run_in_threadpool(_file, request.path_params["hash"], False)


async def thumbnail(request: Request) -> Response:
    """Send the small copy of the picture with this hash, made when first asked for."""
    return await run_in_threadpool(_file, request.path_params["hash"], True)


def _file(image: str, small: bool) -> Response:
    if not _HASH.fullmatch(image):
        return PlainTextResponse("This is not the hash of an image.", 404)
    try:
        path = thumbnail_file(workspace(), image) if small else picture_path(workspace(), image)
    except UnavailableError:
        raise
    except InputError as error:
        return PlainTextResponse(str(error), 404)
    if path is None or not path.is_file():
        return PlainTextResponse(picture_trouble(workspace(), image), 404)
    return FileResponse(path, headers=FOR_EVER)


async def other_maps(request: Request) -> Response:
    """Send an image's maps by one method, or how far they are; 200 either way keeps the console quiet."""
    key, method = request.path_params["key"], request.path_params["method"]
    image = request.query_params.get("image", "")
    if not (_KEY.fullmatch(key) and method in METHODS and _HASH.fullmatch(image)):
        return PlainTextResponse("There are no such maps.", 404)
    found = await run_in_threadpool(kept_maps.answer, workspace(), key, method, image)
    return JSONResponse(found, headers={"Cache-Control": "no-store"})


async def asset(request: Request) -> Response:
    """Send one of the few files that our components load; a page of an earlier version gets today's."""
    name = request.path_params["name"]
    if name not in assets.FILES:
        return PlainTextResponse("There is no such file.", 404)
    headers = FOR_EVER if request.path_params["version"] == assets.VERSION else AT_EACH_VISIT
    return FileResponse(assets.PARTS / name, media_type=assets.FILES[name], headers=headers)


async def icon(request: Request) -> Response:
    """Send the icon of the browser's tab."""
    return FileResponse(HERE / "favicon.svg", media_type="image/svg+xml", headers=AT_EACH_VISIT)


async def shell(request: Request) -> Response:
    """Send the page that loads Streamlit's frontend."""
    return HTMLResponse(_shell(), headers=AT_EACH_VISIT)


@functools.cache
def _shell() -> str:
    """Return Streamlit's own page, told where its server is.

    Opened at ``/review`` it would first look for the server below ``/review`` and leave two errors in the
    console; and it would show Streamlit's name and icon until ours arrive.
    """
    page = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    told = "<script>window.__streamlit = { BACKEND_BASE_URL: location.origin + '/' }</script>"
    page = page.replace('<meta charset="UTF-8" />', f'<meta charset="UTF-8" />{told}', 1)
    page = page.replace("<title>Streamlit</title>", "<title>BreakHis Review</title>", 1)
    return page.replace("./favicon.png", "/favicon.svg", 1)


ROUTES = [
    Route("/picture/{hash}", picture),
    Route("/thumbnail/{hash}", thumbnail),
    Route("/maps/{key}/{method}", other_maps),
    Route("/assets/{version}/{name:path}", asset),
    Route("/favicon.svg", icon),
    Route(download_address.PATH, flag_download.download),
    Route(run_download.PATH, run_download.download),
    Route(image_about.PATH, image_about.about),
    *(Route(f"/{screen}", shell) for screen in SCREENS),
]
