"""Scores that tell what may be wrong with an image before anyone looks at it.

A score alone says little: fibrous tissue has few edges and looks blurred, and H&E is bright by nature. So a
score is only ever compared with those of other images of the same magnification. To add a check, write a
function of pixels and add a row to ``CHECKS``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from breakhis_core.pixels import BadImageError, Pixels, decode

Direction = Literal["low", "high", "either"]

SUSPECT_COLUMNS: tuple[str, ...] = ("hash", "check", "reason", "score", "typical", "deviation")
DEVIATION = 3.5
"""Robust standard deviations from which a score counts as odd (Iglewicz and Hoaglin, 1993)."""

_NORMAL = 1.4826  # Median absolute deviation times this estimates a standard deviation.


def sharpness(pixels: Pixels) -> float:
    """Return how hard the hardest edges are: log2(1 + 99th percentile of brightness' Laplacian), 0 to 10.

    A percentile instead of the usual variance, so that a field with few edges but sharp ones passes; a
    logarithm, because a lens out of focus divides it.

    >>> sharpness(np.full((9, 9, 3), 128, np.uint8))
    0.0
    """
    grey = _brightness(pixels)
    if min(grey.shape) < 3:
        return 0.0
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    edges = np.abs(4 * grey[1:-1, 1:-1] - around)
    return float(np.log2(1 + np.percentile(edges, 99)))


def brightness(pixels: Pixels) -> float:
    """Return the mean brightness, 0 for black, 1 for white.

    >>> brightness(np.full((2, 2, 3), 255, np.uint8))
    1.0
    """
    return float(_brightness(pixels).mean()) / 255


def tissue_share(pixels: Pixels) -> float:
    """Return the share of pixels that hold tissue: green light, which both dyes swallow, is clearly dimmed.

    >>> tissue_share(np.full((2, 2, 3), 240, np.uint8))
    0.0
    """
    return float((pixels[:, :, 1] < 200).mean())


def saturation(pixels: Pixels) -> float:
    """Return the mean saturation of colour, 0 for grey, 1 for pure colours.

    >>> saturation(np.full((2, 2, 3), 90, np.uint8))
    0.0
    """
    highest = pixels.max(axis=2).astype(np.float32)
    lowest = pixels.min(axis=2).astype(np.float32)
    return float(((highest - lowest) / np.maximum(highest, 1)).mean())


def foreign_share(pixels: Pixels) -> float:
    """Return the share of pixels in colours that neither dye has: green over red, or nearly black.

    >>> foreign_share(np.full((2, 2, 3), (20, 110, 70), np.uint8))
    1.0
    """
    red, green, blue = (pixels[:, :, channel].astype(np.int16) for channel in range(3))
    ink = (green - red > 15) & (np.maximum(red, blue) < 190)
    black = np.maximum(np.maximum(red, green), blue) < 60
    return float((ink | black).mean())


@dataclass(frozen=True)
class Check:
    """A score, and which of its values are suspicious.

    Attributes:
        code: name of the score, as in tables.
        label: name on screen.
        reason: code of the reviewer's reason that an odd score hints at.
        suspicious: which end of the scale is odd.
        matters: differences below this are never odd, however alike all other images are.
        score: function of pixels.
    """

    code: str
    label: str
    reason: str
    suspicious: Direction
    matters: float
    score: Callable[[Pixels], float]


CHECKS: tuple[Check, ...] = (
    Check("sharpness", "Sharpness", "out_of_focus", "low", 1.5, sharpness),
    Check("brightness", "Brightness", "staining", "either", 0.15, brightness),
    Check("tissue_share", "Tissue", "too_little_tissue", "low", 0.65, tissue_share),
    Check("saturation", "Saturation", "staining", "either", 0.15, saturation),
    Check("foreign_share", "Foreign colours", "artefact", "high", 0.03, foreign_share),
)


def measure(pixels: Pixels) -> dict[str, float]:
    """Return every score of one image, by code of the check."""
    return {check.code: check.score(pixels) for check in CHECKS}


def measure_files(
    files: Iterable[tuple[str, Path]], progress: Callable[[int, int], None] | None = None
) -> pd.DataFrame:
    """Score many pictures in parallel; one that cannot be read has no row.

    Args:
        files: hash and path of each picture.
        progress: called with the number of pictures done and of all.

    Returns:
        One row per picture: hash and one column per check.
    """
    listed = list(files)
    rows = []
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        try:
            for done, row in enumerate(pool.map(_measure_file, listed), start=1):
                rows += [row] if row is not None else []
                if progress is not None:
                    progress(done, len(listed))
        except BaseException:  # Progress may raise to stop; without this the rest would be measured first.
            pool.shutdown(cancel_futures=True)
            raise
    return pd.DataFrame(rows, columns=["hash", *(check.code for check in CHECKS)])


def suspects(scores: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Find images whose scores are odd among those of their magnification.

    The deviation of a score is its distance from the median in robust standard deviations (1.4826 times the
    median absolute deviation), both within one magnification.

    Args:
        scores: as ``measure_files`` returns them.
        images: hash and magnification of the images.

    Returns:
        One row per odd score, the oddest first: columns ``SUSPECT_COLUMNS``; ``typical`` is the median.
    """
    joined = scores.merge(images[["hash", "magnification"]].drop_duplicates("hash"), on="hash")
    found = []
    for check in CHECKS:
        groups = joined.groupby("magnification")[check.code]
        typical = groups.transform("median")
        distance = joined[check.code] - typical
        spread = _NORMAL * distance.abs().groupby(joined["magnification"]).transform("median")
        deviation = distance / spread.clip(lower=check.matters / DEVIATION)
        odd = {"low": -deviation, "high": deviation, "either": deviation.abs()}[check.suspicious] > DEVIATION
        table = pd.DataFrame(
            {"hash": joined["hash"], "score": joined[check.code], "typical": typical, "deviation": deviation}
        )[odd]
        found.append(table.assign(check=check.code, reason=check.reason))
    table = pd.concat(found)[list(SUSPECT_COLUMNS)]
    return table.sort_values("deviation", key=np.abs, ascending=False, ignore_index=True)


def _measure_file(file: tuple[str, Path]) -> dict[str, object] | None:
    identity, path = file
    try:
        return {"hash": identity, **measure(decode(path))}
    except BadImageError:
        return None


def _brightness(pixels: Pixels) -> npt.NDArray[np.float32]:
    return np.asarray(Image.fromarray(pixels).convert("L"), np.float32)
