"""Bring the stain of a picture to that of a reference, so that laboratories look alike to a model.

Source: Macenko et al., "A method for normalizing histology slides for quantitative analysis", ISBI 2009,
doi 10.1109/ISBI.2009.5193250. White stays white, since what is changed is how much light the two dyes take.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from breakhis_core.errors import InputError
from breakhis_core.images.pixels import Pixels

Floats = npt.NDArray[np.float32]

_DENSITY = -np.log((np.arange(256, dtype=np.float64) + 1) / 256).astype(np.float32)
"""Optical density of each grey level; 255 takes no light, and 0 takes what one level more than it would."""
_CLEAR = 0.15
"""Density below which a place is glass in one of the colours, and says nothing of the dyes."""
_LEAST_TISSUE = 0.02
"""Share of a picture that must be stained before its dyes can be told."""
_ROBUST = 1.0
"""Percentile at both ends of the angles, and of the amounts, that is left to dirt and noise."""


@dataclass(frozen=True)
class StainReference:
    """What the two dyes of a laboratory look like.

    Attributes:
        dyes: density of haematoxylin and of eosin in red, green and blue, each of length 1.
        amounts: how much of each dye the strongest places hold, as optical density.
    """

    dyes: tuple[tuple[float, float, float], tuple[float, float, float]]
    amounts: tuple[float, float]

    @classmethod
    def said(cls, said: Mapping[str, Any]) -> StainReference:
        """Return the reference that a manifest keeps, see ``in_json``.

        Raises:
            InputError: it says something else.
        """
        try:
            dyes = np.array(said["dyes"], float)
            amounts = np.array(said["amounts"], float)
            if dyes.shape != (2, 3) or amounts.shape != (2,) or not np.isfinite(dyes).all():
                raise ValueError
            if not (amounts > 0).all() or np.linalg.matrix_rank(dyes, 1e-3) < 2:
                raise ValueError
        except (KeyError, TypeError, ValueError) as error:
            raise InputError("The run's stain reference cannot be used; copy the run again.") from error
        haematoxylin, eosin = dyes.tolist()
        return cls((tuple(haematoxylin), tuple(eosin)), tuple(amounts.tolist()))

    @classmethod
    def of(cls, pictures: Sequence[Pixels]) -> StainReference | None:
        """Return the median of several pictures, or None where none of them is stained.

        Args:
            pictures: (H, W, 3) uint8 each.
        """
        found = [stain for stain in map(_stain_of, pictures) if stain is not None]
        if not found:
            return None
        dyes = np.median([dyes for dyes, _ in found], axis=0)
        dyes /= np.linalg.norm(dyes, axis=1, keepdims=True)
        amounts = np.median([amounts for _, amounts in found], axis=0)
        # Rounded as they are kept: what is trained with must be what is read back.
        said = {"dyes": np.round(dyes, 5).tolist(), "amounts": np.round(amounts, 5).tolist()}
        return cls.said(said)

    @property
    def key(self) -> str:
        """What names the reference in folders of kept inputs and outputs."""
        return hashlib.sha256(json.dumps(self.in_json()).encode()).hexdigest()[:8]

    def in_json(self) -> dict[str, Any]:
        """Return what a manifest keeps of it."""
        return {"dyes": [list(dye) for dye in self.dyes], "amounts": list(self.amounts)}

    def normalised(self, picture: Pixels) -> Pixels:
        """Return a picture with these dyes in place of its own; one without stained tissue as it is.

        Args:
            picture: (H, W, 3) uint8.
        """
        stain = _stain_of(picture)
        if stain is None:
            return picture
        dyes, amounts = stain
        # From densities to amounts of the dyes, scaled, and back: one matrix of three by three.
        scale = np.array(self.amounts) / amounts
        change = np.linalg.pinv(dyes) @ (scale[:, None] * np.array(self.dyes))
        densities = _DENSITY[picture].reshape(-1, 3) @ change.astype(np.float32)
        light = np.clip(np.round(256 * np.exp(-densities) - 1), 0, 255)
        return np.asarray(light, np.uint8).reshape(picture.shape)


def _stain_of(picture: Pixels) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None:
    """Return the dyes (2, 3) and their amounts (2,) of a picture, None where it holds too little tissue."""
    # Every second place each way tells the same in a quarter of the time.
    densities = _DENSITY[picture[::2, ::2]].reshape(-1, 3)
    tissue = densities[(densities > _CLEAR).all(axis=1)]
    if len(tissue) < max(3, _LEAST_TISSUE * len(densities)):
        return None
    _, axes = np.linalg.eigh(np.cov(tissue.T))
    # The plane of the two dyes; both take light, so both point into the positive corner.
    plane = axes[:, 1:]
    plane *= np.where(plane.sum(axis=0) < 0, -1, 1)
    flat = tissue @ plane
    angles = np.arctan2(flat[:, 0], flat[:, 1])
    ends = np.percentile(angles, [_ROBUST, 100 - _ROBUST])
    dyes = (plane @ np.array([np.sin(ends), np.cos(ends)])).T
    dyes = np.maximum(dyes, 0)
    lengths = np.linalg.norm(dyes, axis=1, keepdims=True)
    if lengths.min() == 0:
        return None
    dyes /= lengths
    if np.linalg.matrix_rank(dyes, 0.05) < 2:
        return None
    # Haematoxylin is blue: of the two it takes more of the red light.
    dyes = dyes[np.argsort(-dyes[:, 0], kind="stable")]
    amounts = np.percentile(densities @ np.linalg.pinv(dyes), 100 - _ROBUST, axis=0).astype(float)
    return None if amounts.min() <= 0 else (dyes, amounts)
