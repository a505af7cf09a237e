"""Random numbers and fields that come out bit for bit the same on every platform.

Only what IEEE 754 and integers fix is used: raw PCG64 output, integer sums, and numpy's element-wise + - * /
and square root. Sines, exponentials, matrix products and float sums may differ between processors in the last
bit, and one bit is another phantom. Changing anything here invalidates the run that ships with the demo.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Item = TypeVar("Item")

TILE = 1024
HEIGHT, WIDTH = 460, 700
SHAPE = (HEIGHT, WIDTH)
ANGLES = 16


def _directions() -> Floats:
    """Return unit vectors at multiples of pi / 16, shape (16, 2), by repeated rotation."""
    cosine, sine = 0.9807852804032304, 0.19509032201612825  # of pi / 16
    vectors, x, y = [], 1.0, 0.0
    for _ in range(ANGLES):
        vectors.append((x, y))
        # In Python, not in complex numbers: a C compiler may fuse the products and round differently.
        x, y = x * cosine - y * sine, x * sine + y * cosine
    return np.array(vectors, np.float32)


DIRECTIONS = _directions()
"""Unit vectors (x, y) over half a turn; a nucleus has no front and no back."""


class Dice:
    """A stream of random numbers that is named by words, so that every phantom has its own.

    Args:
        key: the words; equal words give equal streams.
    """

    def __init__(self, *key: object) -> None:
        digest = hashlib.sha256("|".join(map(str, key)).encode()).digest()
        self._bits = np.random.PCG64(int.from_bytes(digest[:16], "big"))

    def uniform(self, low: float, high: float) -> float:
        """Return a number between low and high."""
        return low + (high - low) * ((int(self._bits.random_raw()) >> 11) * 2.0**-53)

    def uniforms(self, low: float, high: float, count: int) -> Floats:
        """Return ``count`` numbers between low and high."""
        share = (self._bits.random_raw(count) >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-24)
        return np.float32(low) + np.float32(high - low) * share

    def integer(self, low: int, high: int) -> int:
        """Return an integer from low to high, both included."""
        return low + int(self._bits.random_raw()) % (high - low + 1)

    def integers(self, bound: int, count: int) -> Integers:
        """Return ``count`` integers from 0 to bound - 1."""
        return (self._bits.random_raw(count) % np.uint64(bound)).astype(np.int64)

    def pick(self, items: Sequence[Item]) -> Item:
        """Return one of the items."""
        return items[self.integer(0, len(items) - 1)]


def box_sum(values: Integers, radius: int, axis: int) -> Integers:
    """Sum each value with its neighbours along an axis, the ends joined to a ring; exact in integers."""
    if radius < 1:
        return values
    width = [(radius + 1, radius) if each == axis else (0, 0) for each in range(values.ndim)]
    running = np.cumsum(np.pad(values, width, mode="wrap"), axis=axis)
    upper = np.take(running, range(2 * radius + 1, running.shape[axis]), axis=axis)
    lower = np.take(running, range(running.shape[axis] - 2 * radius - 1), axis=axis)
    return upper - lower


def _blurred(dice: Dice, shape: tuple[int, int], radii: tuple[int, int]) -> Floats:
    """Return white noise blurred three times along each axis, mean 0, mean deviation 0.4, within -1 to 1."""
    noise = dice.integers(256, shape[0] * shape[1]).reshape(shape)
    for axis, radius in enumerate(radii):
        for _ in range(3):
            noise = box_sum(noise, radius, axis)
        noise >>= np.int64(max(0, int(noise.max()).bit_length() - 30))
    noise = noise - int(noise.sum()) // noise.size
    deviation = max(1, int(np.abs(noise).sum()) // noise.size)
    scaled: Floats = noise.astype(np.float32) * np.float32(0.4 / deviation)
    return np.clip(scaled, np.float32(-1), np.float32(1), out=scaled)


def cloud(dice: Dice, grain: float, shape: tuple[int, int]) -> Floats:
    """Return a smooth random field between -1 and 1.

    Args:
        dice: where the numbers come from.
        grain: size of a typical patch in pixels.
        shape: height and width in pixels.
    """
    step = max(1, int(grain / 6))
    radius = max(1, int(grain / (2.5 * step) + 0.5))
    margin = 4 * radius + 2
    small = (shape[0] // step + 2, shape[1] // step + 2)
    noise = _blurred(dice, (small[0] + margin, small[1] + margin), (radius, radius))
    return enlarge(noise[: small[0], : small[1]], step, shape)


def enlarge(values: Floats, step: int, shape: tuple[int, int]) -> Floats:
    """Enlarge a field ``step`` times by linear interpolation and cut it to a shape."""
    for axis in (0, 1):
        at = np.arange(shape[axis])
        share = ((at % step).astype(np.float32) / np.float32(step)).reshape((-1, 1) if axis == 0 else (1, -1))
        before = np.take(values, at // step, axis=axis)
        after = np.take(values, at // step + 1, axis=axis)
        values = before + share * (after - before)
    return values


@lru_cache(maxsize=32)
def fibre_tile(thickness: int, length: int) -> Floats:
    """Return an endless texture of streaks along the second axis, shape (1024, 1024), -1 to 1.

    Args:
        thickness: half the width of a streak in pixels.
        length: half the length of a streak in pixels.
    """
    return _blurred(Dice("fibre", thickness, length), (TILE, TILE), (thickness, length))


def level_distance(field: Floats, cap: float) -> Floats:
    """Return about how many pixels each point lies from the zero line of a smooth field, with its sign."""
    padded = np.pad(field, 1, mode="edge")
    down = padded[2:, 1:-1] - padded[:-2, 1:-1]
    across = padded[1:-1, 2:] - padded[1:-1, :-2]
    slope = np.sqrt(down * down + across * across) * np.float32(0.5)
    distance: Floats = field / (slope + np.float32(1e-4))
    return np.clip(distance, np.float32(-cap), np.float32(cap), out=distance)
