"""Eight architectures of synthetic tissue: how much haematoxylin and eosin lies at each pixel.

They borrow from the eight sub-types only what a glance tells apart (tubules, slits, fronds, sheets, files,
pools, papillae) and are not pathology. Changing any pixel invalidates the run that ships with the demo.
"""

from __future__ import annotations

import numpy as np

from breakhis_core.phantoms.noise import (
    ANGLES,
    DIRECTIONS,
    HEIGHT,
    SHAPE,
    TILE,
    WIDTH,
    Dice,
    Floats,
    cloud,
    enlarge,
    fibre_tile,
    level_distance,
)
from breakhis_core.phantoms.nuclei import Look, NucleusLayer, shaken_grid, steepest

NUCLEUS: dict[int, int] = {40: 4, 100: 9, 200: 17, 400: 34}
"""Diameter of an ordinary nucleus in pixels at each magnification; every other length is a multiple of it."""

_CLOSER = {4: 1.0, 9: 1.0, 17: 0.85, 34: 0.65}
"""Structures shrink a little at high magnification, or most fields would show none."""

_ROWS = np.arange(HEIGHT, dtype=np.float32)[:, None]
_COLUMNS = np.arange(WIDTH, dtype=np.float32)[None, :]


class Tissue:
    """One field of view while it is being painted.

    Attributes:
        unit: diameter of an ordinary nucleus in pixels.
        blue: haematoxylin outside nuclei, shape (460, 700), 0 for none, 1 for much.
        pink: eosin, likewise.
    """

    def __init__(self, dice: Dice, magnification: int) -> None:
        self.dice = dice
        self.unit = NUCLEUS[magnification]
        self.blue: Floats = np.zeros(SHAPE, np.float32)
        self.pink: Floats = np.zeros(SHAPE, np.float32)
        self._nuclei = NucleusLayer()
        self._across: Floats = np.zeros(SHAPE, np.float32)

    def cloud(self, grain: float) -> Floats:
        """Return a smooth random field with patches of ``grain`` nuclei, -1 to 1."""
        size = grain * self.unit
        if size > 20:
            return cloud(self.dice, size, SHAPE)
        # Fine grain looks the same wherever it is cut out, so one texture serves all phantoms.
        radius = max(1, int(size / 2.5 + 0.5))
        top, left = self.dice.integer(0, TILE - HEIGHT), self.dice.integer(0, TILE - WIDTH)
        return fibre_tile(radius, radius)[top : top + HEIGHT, left : left + WIDTH]

    def lay(self, mask: Floats, blue: float, pink: float, texture: float = 0.12) -> None:
        """Cover what is there with another material where the mask is 1."""
        uneven = 1 + np.float32(texture) * self.cloud(0.9)
        self.blue += mask * (np.float32(blue) * uneven - self.blue)
        self.pink += mask * (np.float32(pink) * uneven - self.pink)
        self._nuclei.fade(mask)

    def stroma(self, blue: float, pink: float, clefts: float, waves: float = 5.0) -> None:
        """Fill the field with wavy fibres.

        Args:
            blue: haematoxylin of the fibres.
            pink: eosin of the fibres.
            clefts: share of white gaps between fibres, 0 to 1.
            waves: how far fibres swing, in nuclei.
        """
        cosine, sine = (float(part) for part in self.dice.pick(list(DIRECTIONS)))
        swing = np.float32(waves * self.unit)
        across = _ROWS * np.float32(cosine) - _COLUMNS * np.float32(sine) + swing * self.cloud(16)
        along = _COLUMNS * np.float32(cosine) + _ROWS * np.float32(sine) + swing * self.cloud(22)
        self._across = across
        coarse = _sample(fibre_tile(max(1, int(self.unit * 0.3)), self.unit * 3), across, along)
        fine = _sample(fibre_tile(max(1, int(self.unit * 0.1)), int(self.unit * 1.5)), across, along)
        fibres = np.float32(0.65) * coarse + np.float32(0.35) * fine
        thick = 1 + np.float32(0.35) * self.cloud(14)
        self.blue = np.float32(blue) * (1 + np.float32(0.5) * fibres)
        self.pink = np.float32(pink) * thick * (1 + np.float32(0.45) * fibres)
        speckle = 1 + np.float32(0.2) * self.cloud(0.5)
        self.pink *= speckle
        gap = soft(np.float32(clefts) - 1 + np.float32(0.25) * self.cloud(10) - fibres * 1, 0.12)
        self.blue *= 1 - gap
        self.pink *= 1 - np.float32(0.93) * gap

    def scatter(
        self,
        density: Floats,
        spacing: float,
        size: float,
        spread: float = 0.15,
        stretch: tuple[float, float] = (1.0, 1.4),
        dark: float = 0.66,
        along: Floats | None = None,
        turned: bool = False,
    ) -> None:
        """Put nuclei on a shaken grid.

        Args:
            density: chance of a nucleus at each pixel, 0 to 1.
            spacing: distance of grid points in nuclei.
            size: mean diameter in nuclei.
            spread: how much diameters vary around it, as a share.
            stretch: least and greatest length over width.
            dark: mean darkness of a nucleus, 0 to 1.
            along: field whose steepest direction the long axes follow; none for any direction.
            turned: follow its level lines instead.
        """
        row, column = shaken_grid(self.dice, spacing * self.unit, density)
        number = len(row)
        diameters = size * 4 * self.unit * (1 + np.float32(spread) * _bell(self.dice, number))
        stretches = (self.dice.uniforms(stretch[0], stretch[1], number) * 4).astype(np.int64)
        angles = self.dice.integers(ANGLES, number) if along is None else steepest(along, row, column, turned)
        variants = self.dice.integers(4, number)
        if self.unit < 12:  # So small a nucleus shows neither; fewer shapes are drawn faster.
            angles, variants, stretches = angles & ~1, variants & 2, stretches | 1
        darkness = np.float32(256 * dark) * (1 + np.float32(0.22) * _bell(self.dice, number))
        coarse = max(2, self.unit // 4)
        sizes = np.clip((diameters / coarse).astype(np.int64) * coarse, 8, 4 * 60)
        look = Look(sizes, stretches, angles, variants, darkness.astype(np.int64))
        self._nuclei.draw(row, column, look)

    def spindles(self, density: float, dark: float = 0.55, plump: float = 1.0) -> None:
        """Put slender nuclei between the fibres, along them."""
        chance = np.float32(density) * (np.float32(0.6) + np.float32(0.5) * self.cloud(10))
        chance = chance * (self.pink > 0.12)
        self.scatter(chance, 1.5, 0.85 * plump, 0.2, (2.2, 3.6), dark, self._across, True)

    def stripes(self, gap: float) -> Floats:
        """Return the distance to the nearest of many lines along the fibres, in nuclei.

        Args:
            gap: distance between lines in nuclei.
        """
        turns = self._across / np.float32(gap * self.unit)
        distance: Floats = np.abs(turns - np.floor(turns) - np.float32(0.5)) * np.float32(gap)
        return distance

    def glands(
        self, gap: float, radius: tuple[float, float], where: Floats | None = None, oval: float = 1.3
    ) -> Floats:
        """Return the distance to the nearest of many round glands: 0 in a centre, 1 at the outer border.

        Args:
            gap: distance between centres in nuclei.
            radius: least and greatest radius in nuclei.
            where: centres are kept where this field is positive.
            oval: greatest length over width.
        """
        step = gap * self.unit
        nearest: Floats = np.full(SHAPE, 3, np.float32)
        wobble = np.float32(0.17) * self.cloud(3)
        for line in range(-1, int(HEIGHT / (step * 0.87)) + 2):
            for place in range(-1, int(WIDTH / step) + 2):
                x = step * (place + 0.5 * (line % 2) + self.dice.uniform(-0.27, 0.27))
                y = step * 0.87 * (line + self.dice.uniform(-0.27, 0.27))
                size = self.dice.uniform(*radius) * self.unit
                stretch = self.dice.uniform(1.0, oval)
                cosine, sine = (float(part) for part in self.dice.pick(list(DIRECTIONS)))
                if where is not None and where[_inside(y, HEIGHT), _inside(x, WIDTH)] <= 0:
                    continue
                reach = int(size * stretch * 1.6) + 2
                top, bottom = max(0, int(y) - reach), min(HEIGHT, int(y) + reach)
                left, right = max(0, int(x) - reach), min(WIDTH, int(x) + reach)
                if top >= bottom or left >= right:
                    continue
                down = _ROWS[top:bottom] - np.float32(y)
                right_of = _COLUMNS[:, left:right] - np.float32(x)
                long = (right_of * np.float32(cosine) + down * np.float32(sine)) / np.float32(size * stretch)
                short = (down * np.float32(cosine) - right_of * np.float32(sine)) / np.float32(size)
                window = (slice(top, bottom), slice(left, right))
                distance = np.sqrt(long * long + short * short) + wobble[window]
                nearest[window] = np.minimum(nearest[window], distance)
        return nearest

    def ridge(self, grain: float) -> Floats:
        """Return the distance to winding lines, in nuclei and with a sign, at most 12."""
        step = max(1, self.unit // 4)
        small = (HEIGHT // step + 2, WIDTH // step + 2)
        field = cloud(self.dice, grain * _CLOSER[self.unit] * self.unit / step, small)
        distance = level_distance(field, 12 * self.unit / step) * np.float32(step / self.unit)
        return enlarge(distance, step, SHAPE)

    def finish(self) -> tuple[Floats, Floats]:
        """Return haematoxylin with nuclei, and eosin."""
        nuclei = self._nuclei.darkness()
        chromatin = np.float32(0.86) + np.float32(0.4) * self.cloud(0.2) * np.float32(self.unit > 6)
        blue = np.maximum(self.blue + nuclei * (chromatin - self.blue * np.float32(0.6)), 0)
        pink = np.maximum(self.pink * (1 - np.float32(0.25) * nuclei), 0)
        for _ in range(self.unit // 12):  # The higher the lens, the softer its edges.
            blue, pink = _soften(blue), _soften(pink)
        return blue, pink


def soft(field: Floats, width: float) -> Floats:
    """Return 1 where a field is well above 0 and 0 where it is well below, with an edge of ``width``."""
    mask: Floats = field / np.float32(width) + np.float32(0.5)
    return np.clip(mask, 0, 1, out=mask)


def _sample(tile: Floats, row: Floats, column: Floats) -> Floats:
    mask = np.int32(TILE - 1)
    sample: Floats = tile[row.astype(np.int32) & mask, column.astype(np.int32) & mask]
    return sample


def _soften(field: Floats) -> Floats:
    """Mix each pixel with its neighbours, 1 2 1 in both directions."""
    padded = np.pad(field, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] * np.float32(2) + padded[2:]
    both = rows[:, :-2] + rows[:, 1:-1] * np.float32(2) + rows[:, 2:]
    mixed: Floats = both * np.float32(1 / 16)
    return mixed


def _bell(dice: Dice, count: int) -> Floats:
    return dice.uniforms(-1, 1, count) + dice.uniforms(-1, 1, count)


def _inside(place: float, size: int) -> int:
    return min(size - 1, max(0, int(place)))
