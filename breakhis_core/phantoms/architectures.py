"""The eight architectures that stand for the eight sub-types.

Each borrows from its sub-type only what a glance tells apart and is not pathology. Neighbours share structure
on purpose (adenosis and tubular adenoma, fibroadenoma and phyllodes tumor, ductal and lobular carcinoma), so
that a model makes mistakes. Changing any pixel invalidates the run that ships with the demo.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from breakhis_core.phantoms.noise import SHAPE, Dice, Floats, cloud
from breakhis_core.phantoms.tissue import Tissue, soft


def _lumen(tissue: Tissue, mask: Floats) -> None:
    """Empty a space; some hold a little secretion."""
    secretion = tissue.dice.uniform(0.0, 0.07)
    tissue.lay(mask, 0.0, secretion, 0.3)


def _tubules(tissue: Tissue, distance: Floats, open_to: float, dark: float) -> None:
    """Turn distances to gland centres into rings of epithelium around a lumen."""
    tissue.lay(soft(np.float32(1.16) - distance, 0.1), 0.02, 0.2)
    tissue.lay(soft(np.float32(1.03) - distance, 0.1), 0.27, 0.3)
    _lumen(tissue, soft(np.float32(open_to) - distance, 0.1))
    ring = ((distance > open_to + 0.14) & (distance < 0.97)).astype(np.float32)
    tissue.scatter(ring * np.float32(0.96), 0.98, 0.92, 0.12, (1.1, 1.7), dark, distance)


def adenosis(tissue: Tissue) -> None:
    """Small round glands in loose lobules, pink stroma between."""
    dice = tissue.dice
    tissue.stroma(0.06, dice.uniform(0.34, 0.5), dice.uniform(0.1, 0.35))
    tissue.spindles(0.3)
    lobule = tissue.cloud(24) + np.float32(dice.uniform(0.1, 0.5))
    distance = tissue.glands(dice.uniform(6.2, 7.6), (1.9, 3.2), lobule, 1.5)
    _tubules(tissue, distance, dice.uniform(0.25, 0.45), dice.uniform(0.55, 0.75))


def fibroadenoma(tissue: Tissue) -> None:
    """Much pale stroma that presses ducts into winding slits."""
    dice = tissue.dice
    tissue.stroma(dice.uniform(0.1, 0.16), dice.uniform(0.22, 0.34), dice.uniform(0.05, 0.25), 8)
    tissue.spindles(dice.uniform(0.4, 0.65), 0.5)
    distance = np.abs(tissue.ridge(dice.uniform(19, 27)))
    distance = distance + np.float32(0.6) * tissue.cloud(6)
    closed = soft(-tissue.cloud(16) - np.float32(0.35), 0.2)
    _ducts(tissue, distance + np.float32(4) * closed, dice.uniform(0.2, 0.7))


def phyllodes_tumor(tissue: Tissue) -> None:
    """Broad fronds of crowded spindle cells in wide clefts."""
    dice = tissue.dice
    tissue.stroma(dice.uniform(0.12, 0.2), dice.uniform(0.26, 0.38), dice.uniform(0.05, 0.2), 8)
    tissue.spindles(dice.uniform(0.7, 1.0), 0.6, 1.15)
    distance = np.abs(tissue.ridge(dice.uniform(26, 36)))
    distance = distance + np.float32(1.6) * tissue.cloud(9)
    _ducts(tissue, distance, dice.uniform(0.9, 3.2))


def _ducts(tissue: Tissue, distance: Floats, half_width: float) -> None:
    """Line a winding cleft with two rows of epithelium."""
    lining = half_width + 1.9
    tissue.lay(soft(np.float32(lining) - distance, 0.25), 0.26, 0.28)
    _lumen(tissue, soft(np.float32(half_width) - distance, 0.25))
    row = ((distance > half_width + 0.35) & (distance < lining - 0.25)).astype(np.float32)
    tissue.scatter(row, 0.95, 0.95, 0.12, (1.1, 1.7), 0.68, distance)


def tubular_adenoma(tissue: Tissue) -> None:
    """Uniform small tubules, back to back."""
    dice = tissue.dice
    tissue.stroma(0.07, dice.uniform(0.3, 0.42), dice.uniform(0.1, 0.3))
    tissue.spindles(0.35)
    packed = tissue.cloud(30) + np.float32(dice.uniform(0.6, 1.2))
    distance = tissue.glands(dice.uniform(4.9, 5.5), (1.95, 2.45), packed, 1.2)
    _tubules(tissue, distance, dice.uniform(0.2, 0.36), dice.uniform(0.55, 0.75))


def ductal_carcinoma(tissue: Tissue) -> None:
    """Solid nests and sheets of large uneven nuclei, with holes punched out and dying centres."""
    dice = tissue.dice
    tissue.stroma(0.08, dice.uniform(0.36, 0.52), dice.uniform(0.1, 0.35))
    tissue.spindles(0.45)
    nest = tissue.cloud(dice.uniform(9, 16)) + np.float32(dice.uniform(-0.05, 0.35))
    mask = soft(nest, 0.12)
    if dice.uniform(0, 1) < 0.45:
        holes = soft(tissue.glands(7.5, (0.8, 1.7)) - np.float32(1.05), 0.15)
        tissue.lay(mask * (1 - holes) * soft(nest - np.float32(0.15), 0.1), 0.0, 0.1)
        mask = mask * holes
    tissue.lay(mask, 0.24, 0.3)
    dying = soft(nest - np.float32(dice.uniform(0.6, 1.1)), 0.15)
    tissue.lay(dying, 0.05, 0.45, 0.3)
    crowd = mask * (1 - np.float32(0.85) * dying) * (nest > 0.05)
    tissue.scatter(crowd, 1.3, dice.uniform(1.15, 1.4), 0.26, (1.0, 1.7), dice.uniform(0.5, 0.75))


def lobular_carcinoma(tissue: Tissue) -> None:
    """Small even cells in single file through fibrous stroma, and a few loose groups."""
    dice = tissue.dice
    tissue.stroma(0.06, dice.uniform(0.36, 0.52), dice.uniform(0.15, 0.4), 6)
    tissue.spindles(0.2)
    near = tissue.stripes(dice.uniform(3.0, 4.2))
    here = soft(tissue.cloud(7) + np.float32(dice.uniform(0.1, 0.4)), 0.2)
    row = soft(np.float32(0.55) - near, 0.2) * here
    tissue.lay(row * np.float32(0.8), 0.16, 0.3)
    dark = dice.uniform(0.58, 0.78)
    tissue.scatter(row, 0.82, 0.95, 0.1, (1.0, 1.4), dark)
    group = soft(tissue.cloud(6) - np.float32(dice.uniform(0.55, 0.8)), 0.1)
    tissue.lay(group, 0.15, 0.3)
    tissue.scatter(group * np.float32(0.8), 1.25, 0.98, 0.1, (1.0, 1.4), dark)


def mucinous_carcinoma(tissue: Tissue) -> None:
    """Islands of cells that float in pale pools, parted by thin pink walls."""
    dice = tissue.dice
    tissue.stroma(0.08, dice.uniform(0.36, 0.5), dice.uniform(0.1, 0.3))
    tissue.spindles(0.4)
    wall = np.abs(tissue.ridge(dice.uniform(24, 34)))
    pool = soft(wall - np.float32(dice.uniform(1.2, 2.4)), 0.5)
    streaks = np.float32(0.5) + np.float32(0.5) * tissue.cloud(2.5)
    tissue.lay(pool, dice.uniform(0.09, 0.15), dice.uniform(0.05, 0.1), 0.5)
    tissue.blue += pool * streaks * np.float32(0.09)
    afloat = wall - np.float32(4)
    distance = tissue.glands(dice.uniform(8.5, 11), (1.8, 3.8), afloat, 2.0)
    island = soft(np.float32(1) - distance, 0.12)
    tissue.lay(soft(np.float32(1.2) - distance, 0.1) * pool, 0.0, 0.03)
    tissue.lay(island, 0.26, 0.32)
    tissue.scatter((distance < 0.93).astype(np.float32), 1.12, 1.02, 0.16, (1.0, 1.5), 0.68)


def papillary_carcinoma(tissue: Tissue) -> None:
    """Branching stalks with a thin pink core, covered by crowded nuclei, in open space."""
    dice = tissue.dice
    tissue.stroma(0.06, dice.uniform(0.36, 0.5), 0.1)
    tissue.spindles(0.4)
    distance = np.abs(tissue.ridge(dice.uniform(11, 15)))
    core = dice.uniform(0.5, 1.0)
    cover = core + dice.uniform(1.9, 2.7)
    edge = np.float32(0.5) * tissue.cloud(1.8)
    _lumen(tissue, soft(distance - np.float32(cover) + edge, 0.25))
    epithelium = soft(distance - np.float32(core), 0.2) * soft(np.float32(cover) - edge - distance, 0.25)
    tissue.lay(epithelium, 0.26, 0.28)
    crowd = ((distance > core + 0.25) & (distance + edge < cover - 0.3)).astype(np.float32)
    tissue.scatter(crowd, 0.98, 1.0, 0.16, (1.1, 1.8), 0.68, distance)


ARCHITECTURES: dict[str, Callable[[Tissue], None]] = {
    "A": adenosis,
    "F": fibroadenoma,
    "PT": phyllodes_tumor,
    "TA": tubular_adenoma,
    "DC": ductal_carcinoma,
    "LC": lobular_carcinoma,
    "MC": mucinous_carcinoma,
    "PC": papillary_carcinoma,
}


NEIGHBOURS: dict[str, str] = {
    "A": "TA",
    "F": "PT",
    "PT": "F",
    "TA": "A",
    "DC": "LC",
    "LC": "DC",
    "MC": "DC",
    "PC": "A",
}
"""What else may show in a corner of the field of each sub-type."""


_CORNERS = 0.32
"""Chance of other tissue in a corner of the field."""


def has_corner(dice: Dice) -> bool:
    """Tell whether `paint_tissue` would paint other tissue into a corner with these dice, yet unthrown."""
    return dice.uniform(0, 1) <= _CORNERS


def paint_tissue(code: str, dice: Dice, magnification: int) -> tuple[Floats, Floats, Floats]:
    """Paint one field of view of a sub-type's architecture.

    Args:
        code: code of the sub-type.
        dice: where the numbers come from.
        magnification: 40, 100, 200 or 400.

    Returns:
        Haematoxylin and eosin at each pixel, 0 for none, and the share of it that is the sub-type's own
        tissue, 1 but in a corner of some fields; each of shape (460, 700).
    """
    chance = dice.uniform(0, 1)
    blue, pink = _paint(ARCHITECTURES[code], dice, magnification)
    if chance > _CORNERS:
        return blue, pink, np.ones(SHAPE, np.float32)
    beside = _fibrous if chance < 0.12 else ARCHITECTURES[NEIGHBOURS[code]]
    other_blue, other_pink = _paint(beside, dice, magnification)
    corner = cloud(dice, 280, SHAPE)
    # The other tissue never gets more than half of the field, or the sub-type would be a lie.
    if int((corner > 0).sum()) * 2 > corner.size:
        corner = -corner
    mask = soft(corner, 0.08)
    return blue + mask * (other_blue - blue), pink + mask * (other_pink - pink), 1 - mask


def _paint(architecture: Callable[[Tissue], None], dice: Dice, magnification: int) -> tuple[Floats, Floats]:
    tissue = Tissue(dice, magnification)
    architecture(tissue)
    _passers_by(tissue)
    return tissue.finish()


def _fibrous(tissue: Tissue) -> None:
    """Fill the field with stroma alone."""
    tissue.stroma(0.07, tissue.dice.uniform(0.3, 0.5), 0.3)
    tissue.spindles(0.3)


def _passers_by(tissue: Tissue) -> None:
    """Add what any breast tissue may show and no sub-type owns: lymphocytes and fat cells, here and there."""
    if tissue.dice.uniform(0, 1) < 0.3:
        crowd = soft(tissue.cloud(9) - np.float32(0.6), 0.3) * (tissue.pink > 0.12)
        tissue.scatter(crowd * np.float32(0.7), 1.0, 0.75, 0.08, (1.0, 1.2), 0.8)
    if tissue.dice.uniform(0, 1) < 0.2:
        where = (tissue.cloud(18) - np.float32(0.45)) * (tissue.pink > 0.12)
        distance = tissue.glands(7, (2.6, 3.6), where, 1.2)
        tissue.lay(soft(np.float32(1.12) - distance, 0.08), 0.05, 0.3)
        tissue.lay(soft(np.float32(1.02) - distance, 0.06), 0.0, 0.02)
