"""How the images of a run are coloured where each is a point: by what groups, in which colours."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from breakhis_core.charts.colours import NEUTRAL, RIGHT, SUBTYPE_COLOURS, WRONG
from breakhis_core.images.taxonomy import CODES, subtype
from breakhis_core.runs import PARTS

COLOURINGS: dict[str, str] = {
    "subtype": "Sub-type",
    "part": "Part",
    "case": "Case",
    "flag": "Flag",
    "suspicion": "Suspicion",
}
"""What images can be coloured by, in the address and in words."""
_PART_COLOURS = ("#0E7EC2", "#B87F00", "#00855F", "#9A57C9", "#C9487A")
_SHADES = 10


@dataclass(frozen=True, eq=False)
class Colouring:
    """A group for each image, and a colour for each group.

    Attributes:
        labels: the groups in words.
        colours: of each, ``#RRGGBB``.
        group: place of each image's group, shape ``(N,)``.
    """

    labels: tuple[str, ...]
    colours: tuple[str, ...]
    group: npt.NDArray[np.uint16]

    @property
    def counts(self) -> list[int]:
        """How many images each group has."""
        return [int(count) for count in np.bincount(self.group, minlength=len(self.labels))]


def by_subtype(predictions: pd.DataFrame) -> Colouring:
    """Colour images by their label."""
    labels = {code: subtype(code).name for code in CODES}
    return _by_value(predictions["subtype"], labels, [SUBTYPE_COLOURS[code] for code in CODES])


def by_part(predictions: pd.DataFrame) -> Colouring:
    """Colour images by the part of the run that they are in."""
    present = set(predictions["part"])
    labels = {part: part.replace("_", " ").capitalize() for part in PARTS if part in present}
    return _by_value(predictions["part"], labels, _PART_COLOURS)


def by_case(predictions: pd.DataFrame) -> Colouring:
    """Colour images by their case, the cases of a sub-type beside each other."""
    first = predictions.drop_duplicates("case")[["case", "subtype"]]
    order = first.assign(place=first["subtype"].map(CODES.index)).sort_values(["place", "case"])
    labels = {
        str(case): f"{case} · {code}" for case, code in zip(order["case"], order["subtype"], strict=True)
    }
    # The golden angle: cases beside each other get hues far apart.
    hues = [place * 137.508 for place in range(len(labels))]
    shades = [oklab_colour((0.62, 0.52, 0.7)[place % 3], 0.13, hue) for place, hue in enumerate(hues)]
    return _by_value(predictions["case"].astype(str), labels, shades)


def by_flag(predictions: pd.DataFrame, answers: Mapping[str, str]) -> Colouring:
    """Colour images by what reviewers answered.

    Args:
        predictions: of the run.
        answers: ``"flag"`` or ``"keep"`` of each image that has an answer that stands.
    """
    labels = {"": "No answer", "keep": "Kept", "flag": "Flagged"}
    return _by_value(predictions["hash"].map(answers).fillna(""), labels, (NEUTRAL, RIGHT, WRONG))


def by_suspicion(scores: npt.NDArray[np.floating]) -> Colouring:
    """Colour images by how doubtful their label is.

    Args:
        scores: from 0 to 1, shape ``(N,)``; nan where an image has none.
    """
    shade = np.floor(np.nan_to_num(np.asarray(scores, np.float64), nan=-1 / _SHADES) * _SHADES)
    group = np.clip(shade, -1, _SHADES - 1).astype(np.int64) + 1
    labels = ("No score", *(f"{low / _SHADES:.1f} to {(low + 1) / _SHADES:.1f}" for low in range(_SHADES)))
    # A straight line through OKLab: equal steps look equal, and what is beyond doubt recedes.
    along = [step / (_SHADES - 1) for step in range(_SHADES)]
    shades = [oklab_colour(0.72 - 0.17 * far, 0.02 + 0.2 * far, 15) for far in along]
    return Colouring(labels, ("#7E92A8", *shades), group.astype(np.uint16))


def _by_value(values: pd.Series, labels: Mapping[str, str], colours: Sequence[str]) -> Colouring:
    place = {value: number for number, value in enumerate(labels)}
    group = values.map(place).to_numpy(np.uint16)
    return Colouring(tuple(labels.values()), tuple(colours[: len(labels)]), group)


def oklab_colour(lightness: float, chroma: float, hue: float) -> str:
    """Return a colour of OKLab (Ottosson 2020), where equal distances look equal, as screens show it.

    >>> oklab_colour(1, 0, 0), oklab_colour(0.6279, 0.2577, 29.23)
    ('#FFFFFF', '#FF0000')
    """
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return "#" + "".join(f"{round(255 * _gamma(min(max(one, 0.0), 1.0))):02X}" for one in linear)


def _gamma(linear: float) -> float:
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
