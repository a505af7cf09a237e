"""Ways to spoil a phantom, as slides and cameras spoil real images.

The kinds carry the codes of the reviewers' reasons, so that the demo can tell how many of the spoiled images
a reviewer or a quality score has found. Changing any pixel invalidates the run that ships with the demo.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from breakhis_core.images.pixels import Pixels
from breakhis_core.phantoms.noise import DIRECTIONS, HEIGHT, SHAPE, WIDTH, Dice, Floats, cloud, fibre_tile
from breakhis_core.phantoms.tissue import soft

KINDS: tuple[str, ...] = (
    "out_of_focus",
    "fold_or_tear",
    "staining",
    "too_little_tissue",
    "artefact",
    "wrong_label",
)
"""A wrong label is none of the picture's: it is painted as another sub-type and stays as it is."""

_ROWS = np.arange(HEIGHT, dtype=np.float32)[:, None]
_COLUMNS = np.arange(WIDTH, dtype=np.float32)[None, :]
_INKS = ((30, 60, 150), (20, 110, 70), (35, 35, 45))


def spoil_dye(kind: str, blue: Floats, pink: Floats, dice: Dice) -> tuple[Floats, Floats]:
    """Spoil the tissue itself: fold or tear it, stain it badly, leave little of it.

    Args:
        kind: one of ``KINDS``; others than these three leave the tissue alone.
        blue: haematoxylin at each pixel, shape (460, 700).
        pink: eosin, likewise.
        dice: where the numbers come from.
    """
    if kind == "fold_or_tear":
        return _fold(blue, pink, dice) if dice.uniform(0, 1) < 0.6 else _tear(blue, pink, dice)
    if kind == "staining":
        return _stain_badly(blue, pink, dice)
    if kind == "too_little_tissue":
        return _leave_little(blue, pink, dice)
    return blue, pink


def spoil_light(kind: str, pixels: Pixels, dice: Dice) -> Pixels:
    """Spoil the photograph: out of focus, or with ink or a bubble in the way.

    Args:
        kind: one of ``KINDS``; others than these two leave the photograph alone.
        pixels: array of shape (460, 700, 3), uint8.
        dice: where the numbers come from.
    """
    if kind == "out_of_focus":
        return _blur(pixels, dice.integer(5, 8))
    if kind == "artefact":
        return _mark_with_pen(pixels, dice) if dice.uniform(0, 1) < 0.5 else _add_bubble(pixels, dice)
    return pixels


def _blur(pixels: Pixels, radius: int) -> Pixels:
    picture = Image.fromarray(pixels)
    for _ in range(3):  # Whole radii only: Pillow's box blur is then integer arithmetic.
        picture = picture.filter(ImageFilter.BoxBlur(radius))
    return np.asarray(picture)


def _line(dice: Dice, waves: float) -> tuple[Floats, tuple[float, float]]:
    """Return the distance in pixels from a wavy line through the field, with a sign, and its normal."""
    cosine, sine = (float(part) for part in dice.pick(list(DIRECTIONS)))
    row, column = dice.uniform(0.3, 0.7) * HEIGHT, dice.uniform(0.3, 0.7) * WIDTH
    distance = (_COLUMNS - np.float32(column)) * np.float32(cosine)
    distance = distance + (_ROWS - np.float32(row)) * np.float32(sine)
    return distance + np.float32(waves) * cloud(dice, 150, SHAPE), (cosine, sine)


def _fold(blue: Floats, pink: Floats, dice: Dice) -> tuple[Floats, Floats]:
    """Lay the tissue over itself along a band: twice and three times the dye, with a bright gap beside it."""
    distance, (cosine, sine) = _line(dice, 45)
    half = dice.uniform(28, 60)
    shift = (int(2 * half * sine), int(2 * half * cosine))
    band = soft(np.float32(half) - np.abs(distance), 4)
    crest = soft(np.float32(half * 0.4) - np.abs(distance - np.float32(half * 0.5)), 5)
    gap = soft(np.float32(half * 0.22) - np.abs(distance + np.float32(half * 1.22)), 5)
    folded = []
    for dye in (blue, pink):
        upper = np.roll(dye, shift, axis=(0, 1))
        doubled = dye + band * (np.float32(0.9) * upper + np.float32(0.25)) + crest * np.float32(0.35)
        folded.append(doubled * (1 - np.float32(0.95) * gap))
    return folded[0], folded[1]


def _tear(blue: Floats, pink: Floats, dice: Dice) -> tuple[Floats, Floats]:
    """Pull the tissue apart along a ragged line; its edges curl and darken."""
    distance, _ = _line(dice, 60)
    ragged = np.float32(14) * cloud(dice, 26, SHAPE) + np.float32(5) * cloud(dice, 7, SHAPE)
    from_edge = np.abs(distance) + ragged - np.float32(dice.uniform(30, 65)) * (1 + cloud(dice, 200, SHAPE))
    left = soft(from_edge, 3)
    curl = 1 + soft(np.float32(12) - from_edge, 10) * np.float32(0.7)
    return blue * left * curl, pink * left * curl


def _stain_badly(blue: Floats, pink: Floats, dice: Dice) -> tuple[Floats, Floats]:
    """Leave the slide too long in one dye, or far too short in both."""
    uneven = 1 + np.float32(0.25) * cloud(dice, 220, SHAPE)
    kind = dice.integer(0, 2)
    if kind == 0:
        return (blue * np.float32(2.2) + np.float32(0.35)) * uneven, pink * np.float32(1.5) * uneven
    if kind == 1:
        return blue * np.float32(1.2), (pink * np.float32(2.3) + np.float32(0.5)) * uneven
    return blue * np.float32(0.3) * uneven, pink * np.float32(0.28) * uneven


def _leave_little(blue: Floats, pink: Floats, dice: Dice) -> tuple[Floats, Floats]:
    """Keep 4 to 12 % of the tissue, in shreds."""
    field = cloud(dice, 190, SHAPE) + np.float32(0.25) * cloud(dice, 30, SHAPE)
    share = dice.uniform(0.04, 0.12)
    rank = int((1 - share) * field.size)
    least = np.partition(field.reshape(-1), rank)[rank]
    left = soft(field - least, 0.05)
    return blue * left, pink * left


def _mark_with_pen(pixels: Pixels, dice: Dice) -> Pixels:
    """Draw a felt pen's stroke across the field."""
    distance, (cosine, sine) = _line(dice, 35)
    ink = dice.pick(_INKS)
    edge = np.float32(6) * cloud(dice, 14, SHAPE)
    stroke = soft(np.float32(dice.uniform(38, 75)) + edge - np.abs(distance), 5)
    along = (_COLUMNS * np.float32(-sine) + _ROWS * np.float32(cosine)).astype(np.int32) & 1023
    streak = fibre_tile(3, 60)[distance.astype(np.int32) & 1023, along]
    cover = stroke * (np.float32(0.82) + np.float32(0.14) * streak)
    colour = np.array(ink, np.float32)
    mixed: Floats = pixels + cover[:, :, None] * (colour - pixels)
    return _to_bytes(mixed)


def _add_bubble(pixels: Pixels, dice: Dice) -> Pixels:
    """Trap one to three bubbles of air under the cover slip: dark rims, blurred and pale inside."""
    result: Floats = pixels.astype(np.float32)
    blurred: Floats = _blur(pixels, 3).astype(np.float32)
    for _ in range(dice.integer(1, 3)):
        radius = np.float32(dice.uniform(70, 150))
        down = _ROWS - np.float32(dice.uniform(0.1, 0.9) * HEIGHT)
        across = _COLUMNS - np.float32(dice.uniform(0.1, 0.9) * WIDTH)
        distance = np.sqrt(down * down + across * across)
        inside = soft(radius - distance, 3)[:, :, None]
        pale: Floats = blurred + np.float32(0.45) * (np.float32(238) - blurred)
        result = result + inside * (pale - result)
        rim = np.float32(0.85) * soft(np.float32(7) - np.abs(distance - radius), 6)[:, :, None]
        result = result - rim * result
        glint = soft(np.float32(2.5) - np.abs(distance - radius + np.float32(15)), 3)[:, :, None]
        result = result + glint * (np.float32(150) - np.float32(0.6) * result)
    return _to_bytes(result)


def _to_bytes(picture: Floats) -> Pixels:
    return np.clip(picture, 0, 255).astype(np.uint8)
