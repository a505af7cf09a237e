"""Nuclei of phantoms: where they lie, what each looks like, and how thousands are drawn at once.

Changing any pixel invalidates the run that ships with the demo.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from breakhis_core.phantoms.noise import ANGLES, DIRECTIONS, HEIGHT, WIDTH, Dice, Floats, Integers

_PAD = 144
"""Margin around the field, wider than half of the largest nucleus, so that none needs clipping."""


@dataclass(frozen=True)
class Look:
    """What each of some nuclei looks like; the arguments of ``nucleus``, one number each.

    Attributes:
        sizes: mean diameters in quarter pixels.
        stretches: length over width in quarters.
        angles: indices into ``DIRECTIONS``.
        variants: 0 to 3.
        darkness: 256 for as dark as the layer goes.
    """

    sizes: Integers
    stretches: Integers
    angles: Integers
    variants: Integers
    darkness: Integers


class NucleusLayer:
    """The darkness of nuclei at each pixel of a field."""

    def __init__(self) -> None:
        self._canvas: Integers = np.zeros((HEIGHT + 2 * _PAD, WIDTH + 2 * _PAD), np.int64)

    def draw(self, row: Integers, column: Integers, look: Look) -> None:
        """Draw nuclei shape by shape, all of one shape at once; the darker one wins where two overlap.

        Args:
            row: rows of their centres.
            column: columns of their centres.
            look: what each looks like.
        """
        if not len(row):
            return
        canvas, wide = self._canvas.reshape(-1), self._canvas.shape[1]
        code = ((look.sizes * 64 + look.stretches) * ANGLES + look.angles) * 4 + look.variants
        order = np.argsort(code, kind="stable")
        edges = np.flatnonzero(np.diff(code[order])) + 1
        at_row, at_column = np.clip(row, -48, HEIGHT + 47) + _PAD, np.clip(column, -48, WIDTH + 47) + _PAD
        centres = at_row * wide + at_column
        for group in np.split(order, edges):
            one = int(group[0])
            of_group = (look.sizes[one], look.stretches[one], look.angles[one], look.variants[one])
            shape = nucleus(*(int(value) for value in of_group))
            half = shape.shape[0] // 2
            offset = np.arange(-half, half + 1)
            spots = (offset[:, None] * wide + offset[None, :]).reshape(-1)
            value = shape.reshape(-1)[None, :] * look.darkness[group][:, None] >> 8
            np.maximum.at(canvas, (centres[group][:, None] + spots[None, :]).reshape(-1), value.reshape(-1))

    def fade(self, mask: Floats) -> None:
        """Take away what is drawn where the mask is 1."""
        field = self._field()
        field[:] = field * (256 - (mask * np.float32(256)).astype(np.int64)) >> 8

    def darkness(self) -> Floats:
        """Return the darkness at each pixel, shape (460, 700), 0 for no nucleus, about 1 for a dark one."""
        return self._field().astype(np.float32) / np.float32(256)

    def _field(self) -> Integers:
        return self._canvas[_PAD : _PAD + HEIGHT, _PAD : _PAD + WIDTH]


def shaken_grid(dice: Dice, step: float, density: Floats) -> tuple[Integers, Integers]:
    """Choose places on a shaken grid.

    Args:
        dice: where the numbers come from.
        step: distance of grid points in pixels.
        density: chance that a point is kept, at each pixel.

    Returns:
        Rows and columns; some lie a little outside the field.
    """
    rows, columns = int(HEIGHT / step) + 3, int(WIDTH / step) + 3
    count = rows * columns
    line, place = np.arange(count) // columns, np.arange(count) % columns
    shift = np.float32(0.5) * (line % 2).astype(np.float32)
    x = place.astype(np.float32) + shift - 1 + dice.uniforms(-0.32, 0.32, count)
    y = line.astype(np.float32) - 1 + dice.uniforms(-0.32, 0.32, count)
    column = (x * np.float32(step)).astype(np.int64)
    row = (y * np.float32(step)).astype(np.int64)
    kept = dice.uniforms(0, 1, count) < density[_inner(row, HEIGHT), _inner(column, WIDTH)]
    return row[kept], column[kept]


def steepest(field: Floats, row: Integers, column: Integers, turned: bool) -> Integers:
    """Return the index of the direction nearest to the steepest one of a field at some points.

    Args:
        field: shape (460, 700).
        row: rows of the points.
        column: columns of the points.
        turned: give the direction of the level line instead.
    """
    row, column = _inner(row, HEIGHT), _inner(column, WIDTH)
    down = field[row + 1, column] - field[row - 1, column]
    across = field[row, column + 1] - field[row, column - 1]
    if turned:
        down, across = across, -down
    match = np.abs(across[:, None] * DIRECTIONS[None, :, 0] + down[:, None] * DIRECTIONS[None, :, 1])
    nearest: Integers = np.argmax(match, axis=1).astype(np.int64)
    return nearest


@lru_cache(maxsize=4096)
def nucleus(size: int, stretch: int, angle: int, variant: int) -> npt.NDArray[np.int16]:
    """Return the darkness of one nucleus, 0 to 256, on a square with an odd side.

    Args:
        size: mean diameter in quarter pixels.
        stretch: length over width in quarters; 4 is round.
        angle: index into ``DIRECTIONS`` of its long axis.
        variant: 0 to 3, which outline.
    """
    mean = size / 8.0
    ratio = stretch / 4.0
    long, short = mean * (1 + ratio) / 2, mean * (1 + 1 / ratio) / 2
    half = int(max(long, short) * 1.25) + 2
    axis = np.arange(-half, half + 1, dtype=np.float64)
    cosine, sine = (float(part) for part in DIRECTIONS[angle])
    along = (axis[None, :] * cosine + axis[:, None] * sine) / long
    beside = (axis[:, None] * cosine - axis[None, :] * sine) / short
    reach = np.sqrt(along * along + beside * beside)
    lobes = (along * along - 3 * beside * beside) * along / (reach * reach + 0.2)
    outline = reach + (variant - 1.5) * 0.05 * lobes
    inside = np.clip((1 - outline) * short / 1.1 + 0.5, 0, 1)
    # The membrane takes more stain than what it encloses.
    rim = 1 - 0.25 * np.clip((0.85 - outline) * 2.5, 0, 1)
    return (inside * rim * 256).astype(np.int16)


def _inner(place: Integers, size: int) -> Integers:
    """Move places outside the field, or on its very edge, to the nearest one that has neighbours."""
    return np.clip(place, 1, size - 2)
