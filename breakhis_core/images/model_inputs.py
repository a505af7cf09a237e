"""Read many pictures as model inputs, decoded in parallel, in bounded memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from breakhis_core.images.input_form import InputForm
from breakhis_core.images.pixels import BadImageError, Pixels, decode, pixel_hash


def read_inputs(
    hashes: Sequence[str], files: Mapping[str, Path], form: InputForm, batch: int = 16
) -> Iterator[tuple[Sequence[str], Pixels]]:
    """Yield model inputs in batches, in order, while the next batches are decoded by threads.

    Args:
        hashes: identities of the wanted images.
        files: where each picture lies.
        form: how a picture becomes a model input.
        batch: images in a batch; the last may be smaller.

    Yields:
        The hashes of a batch and their inputs, (N, *form.shape) uint8.

    Raises:
        BadImageError: a picture cannot be read, or is no longer the one that was catalogued.
    """
    # Pillow lets go of the interpreter while it decodes, so threads are enough.
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        waiting: deque[tuple[Sequence[str], list[Future[Pixels]]]] = deque()
        try:
            for at in range(0, len(hashes), batch):
                some = hashes[at : at + batch]
                waiting.append((some, [pool.submit(_read, image, files, form) for image in some]))
                if len(waiting) > 3:
                    yield _collect(waiting.popleft())
            while waiting:
                yield _collect(waiting.popleft())
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


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


def _collect(batch: tuple[Sequence[str], list[Future[Pixels]]]) -> tuple[Sequence[str], Pixels]:
    return batch[0], np.stack([future.result() for future in batch[1]])


def _read(image: str, files: Mapping[str, Path], form: InputForm) -> Pixels:
    file = files.get(image)
    if file is None:
        raise BadImageError(
            f"The image {image} is in no catalogued folder; catalogue the folder it came from."
        )
    pixels = decode(file)
    if pixel_hash(pixels) != image:
        raise BadImageError(f"{file.name}: the picture changed since it was catalogued; catalogue again.")
    return form.of(pixels)
