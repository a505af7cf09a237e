"""Pass over many pictures as model inputs: decoded in parallel, in order, in bounded memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

from breakhis_core.images.input_form import InputForm
from breakhis_core.images.kept_inputs import KeptInputs, stamp_of
from breakhis_core.images.pixels import BadImageError, Pixels, decode, pixel_hash

Answer = TypeVar("Answer")
Begun = TypeVar("Begun")

_MOST_WORKERS = 8
_AREA_AT_ONCE = 8 * 224 * 224


def read_inputs(
    hashes: Sequence[str],
    files: Mapping[str, Path],
    form: InputForm,
    batch: int = 16,
    kept: Path | None = None,
) -> Iterator[tuple[Sequence[str], Pixels]]:
    """Yield model inputs in batches, in order, while the next batches are decoded by threads.

    Args:
        hashes: identities of the wanted images.
        files: where each picture lies.
        form: how a picture becomes a model input.
        batch: images in a batch; the last may be smaller.
        kept: folder of what passes keep, as ``Workspace.features``; without it every picture is decoded.

    Yields:
        The hashes of a batch and their inputs, (N, *form.shape) uint8.

    Raises:
        BadImageError: a picture cannot be read, or is no longer the one that was catalogued.
    """
    read = _reading(files, form, kept)
    # Decoders let go of the interpreter, so threads are enough.
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:

        def begin(some: Sequence[str]) -> list[Future[Pixels]]:
            return [pool.submit(read, image) for image in some]

        for some, pictures in _in_order(pool, hashes, batch, 3, begin):
            yield some, np.stack([picture.result() for picture in pictures])


def work_through(
    work: Callable[[Pixels], Answer],
    hashes: Sequence[str],
    files: Mapping[str, Path],
    form: InputForm,
    kept: Path | None = None,
) -> Iterator[tuple[Sequence[str], Answer]]:
    """Yield what some work says of model inputs, in small batches, in order.

    Each thread reads a batch and works on it, so reading and working keep all cores busy side by side. The
    work should use one core itself: threads within it would wait for those of the other batches.

    Args:
        work: called with (N, *form.shape) uint8, in several threads at once; it should let go of the
            interpreter.
        hashes: identities of the wanted images.
        files: where each picture lies.
        form: how a picture becomes a model input.
        kept: as for `read_inputs`.

    Yields:
        The hashes of a batch and what the work says of it.

    Raises:
        BadImageError: a picture cannot be read, or is no longer the one that was catalogued.
    """
    read = _reading(files, form, kept)
    workers = min(os.cpu_count() or 1, _MOST_WORKERS)
    batch = images_at_once(form.shape)
    with ThreadPoolExecutor(workers) as pool:

        def begin(some: Sequence[str]) -> Future[Answer]:
            return pool.submit(lambda: work(np.stack([read(image) for image in some])))

        for some, answer in _in_order(pool, hashes, batch, 2 * workers, begin):
            yield some, answer.result()


def images_at_once(shape: tuple[int, int, int]) -> int:
    """Return how many model inputs one core should work on: what layers hand on stays in its cache.

    Args:
        shape: of a model input, (height, width, 3).

    >>> images_at_once((224, 224, 3)), images_at_once((336, 512, 3))
    (8, 2)
    """
    height, width, _ = shape
    return max(1, _AREA_AT_ONCE // (height * width))


def shown(pictures: Pixels, variant: int) -> Pixels:
    """Return pictures the way a number of ``Recipe.variants`` says.

    Args:
        pictures: (N, H, W, 3).
        variant: 0 as they are, 1 left and right swapped, 2 top and bottom swapped, 3 both: half a turn.

    >>> shown(np.array([[[[1], [2]], [[3], [4]]]], np.uint8), 3).ravel().tolist()
    [4, 3, 2, 1]
    """
    if variant & 1:
        pictures = pictures[:, :, ::-1]
    return pictures[:, ::-1] if variant & 2 else pictures


def _in_order(
    pool: ThreadPoolExecutor,
    hashes: Sequence[str],
    batch: int,
    ahead: int,
    begin: Callable[[Sequence[str]], Begun],
) -> Iterator[tuple[Sequence[str], Begun]]:
    """Begin batches before they are asked for, so many ahead, and drop them when nobody asks any more."""
    waiting: deque[tuple[Sequence[str], Begun]] = deque()
    try:
        for at in range(0, len(hashes), batch):
            some = hashes[at : at + batch]
            waiting.append((some, begin(some)))
            if len(waiting) > ahead:
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _reading(files: Mapping[str, Path], form: InputForm, kept: Path | None) -> Callable[[str], Pixels]:
    """Return what makes the model input of an image, or finds it made."""
    store = None if kept is None else KeptInputs(kept, form)

    def read(image: str) -> Pixels:
        file = files.get(image)
        if file is None:
            raise BadImageError(
                f"The image {image} is in no catalogued folder; catalogue the folder it came from."
            )
        if store is None:
            return form.of(_decoded(image, file))
        stamp = stamp_of(file)
        found = store.get(image, stamp)
        if found is None:
            found = form.of(_decoded(image, file))
            store.add(image, stamp, found)
        return found

    return read


def _decoded(image: str, file: Path) -> Pixels:
    pixels = decode(file)
    if pixel_hash(pixels) != image:
        raise BadImageError(f"{file.name}: the picture changed since it was catalogued; catalogue again.")
    return pixels
