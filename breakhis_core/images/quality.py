"""Scores that tell what may be wrong with an image before anyone looks at it.

A score alone says little: fibrous tissue has few edges and looks blurred, and H&E is bright by nature. So a
score is only ever compared with those of other images of the same magnification. To add a check, write a
function of pixels and add a row to ``CHECKS``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from breakhis_core.images.pixels import Pixels

Direction = Literal["low", "high", "either"]

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
    red, green, blue = (pixels[:, :, channel] for channel in range(3))
    highest = np.maximum(np.maximum(red, green), blue)
    spread = highest - np.minimum(np.minimum(red, green), blue)
    return float((spread / np.maximum(highest, 1).astype(np.float32)).mean())


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

    def suspect(self, deviation: pd.Series) -> pd.Series:
        """Turn deviations so that the more suspicious ones are the higher ones."""
        if self.suspicious == "either":
            return deviation.abs()
        return -deviation if self.suspicious == "low" else deviation


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


def deviations(scores: pd.DataFrame, groups: Sequence[pd.Series]) -> pd.DataFrame:
    """Return how far each score lies from those of its group.

    The deviation of a score is its distance from the group's median in robust standard deviations (1.4826
    times the median absolute deviation).

    Args:
        scores: one column per check, by its code.
        groups: what makes images comparable, such as their magnification; rows as in scores.

    Returns:
        A frame like scores; below 0 for a score lower than the median.
    """
    found = {}
    for check in CHECKS:
        values = scores[check.code]
        distance = values - values.groupby(list(groups)).transform("median")
        spread = _NORMAL * distance.abs().groupby(list(groups)).transform("median")
        found[check.code] = distance / spread.clip(lower=check.matters / DEVIATION)
    return pd.DataFrame(found, index=scores.index)


def _brightness(pixels: Pixels) -> npt.NDArray[np.float32]:
    return np.asarray(Image.fromarray(pixels).convert("L"), np.float32)
