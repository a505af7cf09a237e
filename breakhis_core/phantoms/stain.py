"""From dye to light: the colours of a case's stain and of its microscope.

Changing any pixel invalidates the run that ships with the demo.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from breakhis_core.images.pixels import Pixels
from breakhis_core.phantoms.noise import TILE, Dice, Floats, fibre_tile

_STEPS = 1024


def _transmission() -> Floats:
    """Return the share of light left after optical densities of 0 to 4 in steps of 1/256, base e."""
    shares, light = [], 1.0
    for _ in range(_STEPS):
        shares.append(light)
        light *= (
            0.9961013694701175  # e to the power -1/256, multiplied up because exp differs between platforms
        )
    return np.array(shares, np.float32)


_LIGHT = _transmission()


@dataclass(frozen=True)
class Stain:
    """How the slides of one case are stained and lit.

    Attributes:
        blue: optical density of much haematoxylin in red, green and blue light.
        pink: optical density of much eosin, likewise.
        glass: colour of the empty slide.
    """

    blue: tuple[float, float, float]
    pink: tuple[float, float, float]
    glass: tuple[float, float, float]


def stain_of(dice: Dice) -> Stain:
    """Draw the stain of a case."""
    strength = dice.uniform(0.8, 1.3)
    violet = dice.uniform(0.0, 1.0)
    blue = (1.45 - 0.45 * violet, 1.6 + 0.25 * violet, 0.72 - 0.12 * violet)
    warm = dice.uniform(0.0, 1.0)
    eosin = dice.uniform(0.75, 1.45)
    pink = (0.16 + 0.1 * (1 - warm), 1.35 + 0.2 * warm, 0.45 + 0.4 * warm)
    tint = dice.uniform(-1.0, 1.0)
    light = dice.uniform(226, 248)
    glass = (light + 4 * tint, light + 3 - 4 * abs(tint), light - 3 * tint)
    return Stain(
        (blue[0] * strength, blue[1] * strength, blue[2] * strength),
        (pink[0] * eosin, pink[1] * eosin, pink[2] * eosin),
        glass,
    )


def develop(blue: Floats, pink: Floats, stain: Stain, dice: Dice) -> Pixels:
    """Turn dye into the picture that a camera takes of it.

    Args:
        blue: haematoxylin at each pixel, shape (height, width).
        pink: eosin, likewise.
        stain: colours of the case.
        dice: where the camera's noise and the lamp's position come from.

    Returns:
        Array of shape (height, width, 3), uint8.
    """
    height, width = blue.shape
    top, left = dice.integer(0, TILE - height), dice.integer(0, TILE - width)
    grain = np.float32(2.2) * fibre_tile(1, 1)[top : top + height, left : left + width]
    lamp = _lamp(dice, height, width)
    channels = []
    for of_blue, of_pink, glass in zip(stain.blue, stain.pink, stain.glass, strict=True):
        density = blue * np.float32(of_blue) + pink * np.float32(of_pink)
        step = np.clip((density * np.float32(256)).astype(np.int32), 0, _STEPS - 1)
        light = _LIGHT[step] * np.float32(glass) * lamp + grain
        channels.append(np.clip(light, 0, 255).astype(np.uint8))
    return np.stack(channels, axis=2)


def _lamp(dice: Dice, height: int, width: int) -> Floats:
    """Return the share of light at each pixel: a lamp a little off the centre."""
    row, column = dice.uniform(0.3, 0.7), dice.uniform(0.3, 0.7)
    down = np.arange(height, dtype=np.float32)[:, None] / np.float32(height) - np.float32(row)
    across = np.arange(width, dtype=np.float32)[None, :] / np.float32(width) - np.float32(column)
    fall = np.float32(dice.uniform(0.05, 0.22))
    return 1 - fall * (down * down + across * across)
