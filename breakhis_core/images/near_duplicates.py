"""Pictures that show the same field though their pixels differ: photographed twice, flipped, or saved again.

Equal pixels are found by the catalogue, through their hash. Here each picture gets a fingerprint of 256 bits
that survives small changes, and pairs with nearly equal fingerprints are listed.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from breakhis_core.images.pixels import Pixels

Bits = npt.NDArray[np.uint64]

SIDE = 16
MAX_DISTANCE = 40
"""Bits in which two fingerprints of one field may differ; unrelated fields differ in about 128 of 256."""

PAIR_COLUMNS: tuple[str, ...] = ("first", "second", "distance", "turned")
TURNS: dict[str, tuple[int, ...]] = {
    "": (),
    "mirrored": (1,),
    "upside down": (0,),
    "turned by 180 degrees": (0, 1),
}
"""How the second picture lies to the first, and the axes to flip for it."""

_BLOCK = 512


def turned_fingerprints(pixels: Pixels) -> Bits:
    """Return the fingerprints of a picture in the four positions of ``TURNS``.

    A fingerprint is 256 bits: whether each of 16 x 16 patches is brighter than its right neighbour. The
    picture is averaged over patches first, so noise, compression and brightness hardly matter (the difference
    hash of Neal Krawetz, 2013).

    Args:
        pixels: array of shape (height, width, 3), uint8.

    Returns:
        Array of shape (4, 4), uint64.
    """
    patches = _patches(pixels)
    return np.stack([_pack(np.flip(patches, axes)) for axes in TURNS.values()])


def near_fingerprints(fingerprints: Mapping[str, Bits], max_distance: int = MAX_DISTANCE) -> pd.DataFrame:
    """Find pairs of pictures that show the same field, also mirrored or turned.

    Args:
        fingerprints: what ``turned_fingerprints`` returned, by hash.
        max_distance: bits in which fingerprints may differ.

    Returns:
        One row per pair, the most alike first: columns ``PAIR_COLUMNS``; ``turned`` is a key of ``TURNS``.
    """
    names = sorted(fingerprints)
    rows: list[tuple[str, str, int, str]] = []
    if len(names) > 1:
        bits = np.stack([fingerprints[name] for name in names])
        for start in range(0, len(names), _BLOCK):
            rows += _near_block(names, bits, start, max_distance)
    table = pd.DataFrame(rows, columns=list(PAIR_COLUMNS))
    return table.sort_values(["distance", "first", "second"], ignore_index=True)


def _near_block(names: list[str], bits: Bits, start: int, limit: int) -> list[tuple[str, str, int, str]]:
    """Compare some pictures with all that follow them."""
    block = bits[start : start + _BLOCK, 0]
    distances = np.stack(
        [
            sum(
                np.bitwise_count(block[:, None, word] ^ bits[None, start:, turn, word]).astype(np.int16)
                for word in range(bits.shape[2])
            )
            for turn in range(len(TURNS))
        ]
    )
    best = distances.min(axis=0)
    rows = []
    for here, there in np.argwhere(best <= limit):
        if there > here:
            turn = list(TURNS)[int(distances[:, here, there].argmin())]
            rows.append((names[start + here], names[start + there], int(best[here, there]), turn))
    return rows


def _patches(pixels: Pixels) -> npt.NDArray[np.uint8]:
    """Return the mean brightness of 16 x 17 patches; the odd column is for the last difference."""
    grey = Image.fromarray(pixels).convert("L")
    return np.asarray(grey.resize((SIDE + 1, SIDE), Image.Resampling.BOX))


def _pack(patches: npt.NDArray[np.uint8]) -> Bits:
    brighter = patches[:, :-1] > patches[:, 1:]
    return np.packbits(brighter).view(np.uint64)
