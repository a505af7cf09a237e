"""The words of BreakHis: sub-types, sides, magnifications, and what a file name says.

Source: Spanhol, Oliveira, Petitjean, Heutte, "A Dataset for Breast Cancer Histopathological Image
Classification", IEEE TBME 63(7):1455-1462, 2016, doi 10.1109/TBME.2015.2496264.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Side = Literal["benign", "malignant"]


@dataclass(frozen=True)
class Subtype:
    """One of the eight tumour sub-types.

    Attributes:
        code: short code as it stands in file names, such as ``"DC"``.
        name: the name in words, such as ``"ductal carcinoma"``.
        folder: the folder of the official archive.
        side: ``"benign"`` or ``"malignant"``.
    """

    code: str
    name: str
    folder: str
    side: Side


SUBTYPES: tuple[Subtype, ...] = (
    Subtype("A", "adenosis", "adenosis", "benign"),
    Subtype("F", "fibroadenoma", "fibroadenoma", "benign"),
    Subtype("PT", "phyllodes tumor", "phyllodes_tumor", "benign"),
    Subtype("TA", "tubular adenoma", "tubular_adenoma", "benign"),
    Subtype("DC", "ductal carcinoma", "ductal_carcinoma", "malignant"),
    Subtype("LC", "lobular carcinoma", "lobular_carcinoma", "malignant"),
    Subtype("MC", "mucinous carcinoma", "mucinous_carcinoma", "malignant"),
    Subtype("PC", "papillary carcinoma", "papillary_carcinoma", "malignant"),
)
"""The eight sub-types. Their order is the order of every probability vector, matrix and class map."""

CODES: tuple[str, ...] = tuple(subtype.code for subtype in SUBTYPES)
SIDES: tuple[Side, ...] = ("benign", "malignant")
MALIGNANT: tuple[bool, ...] = tuple(subtype.side == "malignant" for subtype in SUBTYPES)
MAGNIFICATIONS: tuple[int, ...] = (40, 100, 200, 400)
PIXEL_SIZES: dict[int, float] = {40: 0.49, 100: 0.20, 200: 0.10, 400: 0.05}
"""Micrometres from pixel to pixel of BreakHis' full pictures (Spanhol et al. 2016, table 1)."""

PUBLISHED_IMAGES: dict[str, tuple[int, int, int, int]] = {
    "A": (114, 113, 111, 106),
    "F": (253, 260, 264, 237),
    "PT": (109, 121, 108, 115),
    "TA": (149, 150, 140, 130),
    "DC": (864, 903, 896, 788),
    "LC": (156, 170, 163, 137),
    "MC": (205, 222, 196, 169),
    "PC": (145, 142, 135, 138),
}
"""Published number of images of each sub-type at 40, 100, 200 and 400."""

PUBLISHED_SLIDES: dict[str, int] = {"A": 4, "F": 10, "PT": 3, "TA": 7, "DC": 38, "LC": 5, "MC": 9, "PC": 6}
PUBLISHED_CASES: dict[str, int] = {"A": 2, "F": 7, "PT": 3, "TA": 6, "DC": 38, "LC": 4, "MC": 7, "PC": 6}

_BY_CODE = {subtype.code: subtype for subtype in SUBTYPES}
_NAME = re.compile(
    r"SOB_(?P<side>[BM])_(?P<code>A|F|PT|TA|DC|LC|MC|PC)-"
    r"(?P<year>\d{2})-(?P<slide>\d+[A-Z]*)-(?P<magnification>40|100|200|400)-(?P<sequence>\d+)\.png"
)


class MisnamedImageError(ValueError):
    """A file name does not follow BreakHis' scheme; the message says how."""


@dataclass(frozen=True)
class ImageName:
    """What a BreakHis file name says.

    Attributes:
        subtype: code of the sub-type.
        slide: id of the slide folder, year included, such as ``"14-22549AB"``.
        case: the base slide, such as ``"14-22549"``: the unit that a split must not cut.
        magnification: 40, 100, 200 or 400.
        sequence: number of the field of view.
    """

    subtype: str
    slide: str
    case: str
    magnification: int
    sequence: int

    @property
    def side(self) -> Side:
        """Benign or malignant."""
        return side_of(self.subtype)


def subtype(code: str) -> Subtype:
    """Return the sub-type of a code.

    Raises:
        KeyError: the code is none of the eight.

    >>> subtype("DC").name
    'ductal carcinoma'
    """
    return _BY_CODE[code]


def side_of(code: str) -> Side:
    """Return the side of a sub-type's code.

    >>> side_of("PT"), side_of("LC")
    ('benign', 'malignant')
    """
    return _BY_CODE[code].side


def case_of(slide: str) -> str:
    """Return the base slide of a slide id: letters at its end name blocks of one case.

    >>> case_of("14-22549AB"), case_of("14-3909")
    ('14-22549', '14-3909')
    """
    return slide.rstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def parse_image_name(name: str) -> ImageName:
    """Read sub-type, slide, case, magnification and sequence from a file name.

    Args:
        name: file name without folders.

    Raises:
        MisnamedImageError: the name does not follow the scheme, or its side contradicts its sub-type.

    >>> parse_image_name("SOB_B_A-14-22549AB-100-001.png")
    ImageName(subtype='A', slide='14-22549AB', case='14-22549', magnification=100, sequence=1)
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise MisnamedImageError(
            f"{name}: the name does not read "
            "SOB_<B|M>_<sub-type>-<year>-<slide>-<magnification>-<sequence>.png"
        )
    code = match["code"]
    if match["side"] != side_of(code)[0].upper():
        raise MisnamedImageError(
            f"{name}: the side {match['side']} contradicts the sub-type {code}, which is {side_of(code)}"
        )
    slide = f"{match['year']}-{match['slide']}"
    return ImageName(code, slide, case_of(slide), int(match["magnification"]), int(match["sequence"]))
