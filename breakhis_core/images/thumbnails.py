"""Small pictures of the catalogued images, made when first asked for and kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from breakhis_core.errors import InputError
from breakhis_core.images import datasets, pixels
from breakhis_core.storage.whole_files import write_atomically
from breakhis_core.workspace import Workspace


def thumbnail_file(workspace: Workspace, image: str) -> Path:
    """Return the JPEG thumbnail of an image, making it if need be.

    Raises:
        InputError: the image is not catalogued, or its picture cannot be read; the message says which.
    """
    kept = _kept(workspace, image)
    if kept.exists():
        return kept
    picture = datasets.picture_path(workspace, image)
    if picture is None:
        raise InputError(datasets.picture_trouble(workspace, image))
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(kept, pixels.thumbnail(pixels.decode(picture)))
    return kept


def make_all(
    workspace: Workspace, images: Sequence[str], progress: Callable[[int, int], None] | None = None
) -> int:
    """Make the thumbnails that are missing.

    Args:
        workspace: where they are kept.
        images: hashes.
        progress: called with how many are done and how many there are.

    Returns:
        How many could not be made; their pictures cannot be read any more.
    """
    failed = 0
    # Decoding and scaling happen outside Python's lock: threads use all cores.
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for done, made in enumerate(pool.map(lambda image: _try(workspace, image), images), start=1):
            failed += not made
            if progress is not None:
                try:
                    progress(done, len(images))
                except BaseException:
                    pool.shutdown(cancel_futures=True)
                    raise
    return failed


def _kept(workspace: Workspace, image: str) -> Path:
    # The hash becomes a file name, and may come from an address that somebody typed.
    if len(image) != 32 or not set(image) <= set("0123456789abcdef"):
        raise InputError("This is no image's hash.")
    return workspace.thumbnails / image[:2] / f"{image}.jpg"


def _try(workspace: Workspace, image: str) -> bool:
    try:
        thumbnail_file(workspace, image)
    except (InputError, OSError):
        return False
    return True
