"""Suspects in words: how far heads that never saw an image can be relied upon, and what they cannot see."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from breakhis_core.suspects.reading import Reliance, Suspects
from breakhis_core.wording import counted, interval, number

DEAD_ZONE = 1 / 3
"""Share of the spread of a run's values within which the sign of one says nothing: about a fifth of them."""


def value_words(suspects: Suspects, row: int) -> str:
    """Say what leaving out the image of a row would do to the images of other cases that are like it.

    Nothing where folds by case tell nothing: a neighbour of another case knows no label then.
    """
    if not suspects.by_case.tells:
        return ""
    value = suspects.table["value"].array[row]
    if abs(value) < DEAD_ZONE * _spread(suspects):
        return "leaving it out hardly matters"
    return f"leaving it out would {'help' if value < 0 else 'hurt'}"


# Suspects are kept where they are read, and asked for each image that comes on screen.
@lru_cache(maxsize=16)
def _spread(suspects: Suspects) -> float:
    return float(np.nanstd(suspects.table["value"].to_numpy(float)))


def reliance_words(suspects: Suspects) -> list[str]:
    """Return a sentence of each way to draw folds: what it is right in, and whether it can be used."""
    by_image, by_case = suspects.by_image, suspects.by_case
    told = "" if by_image.tells else ": too little to doubt a label by"
    words = [
        f"Folds by image are right in {_figures(by_image)}{told}. They cannot see a case that is wrong as a "
        "whole: its other images vouch for it."
    ]
    use = "could tell of whole cases too" if by_case.tells else "tell nothing here, and are not used"
    return [*words, f"Folds by case are right in {_figures(by_case)}: they {use}."]


def _figures(reliance: Reliance) -> str:
    limits = None if reliance.limits is None else list(reliance.limits)
    return (
        f"{number(reliance.accuracy)} ({interval(limits)}) of {counted(reliance.images, 'image')} of "
        f"{counted(reliance.cases, 'case')}, always the commonest sub-type in {number(reliance.baseline)}"
    )
