"""Stain normalisation on pictures whose dyes are known."""

from __future__ import annotations

import numpy as np
import pytest

from breakhis_core.errors import InputError
from breakhis_core.images.input_form import InputForm
from breakhis_core.images.stain_normalisation import StainReference

HAEMATOXYLIN = (0.65, 0.70, 0.29)
EOSIN = (0.07, 0.99, 0.11)


def painted(dyes: np.ndarray, strength: float = 1.0, seed: int = 0) -> np.ndarray:
    """Paint nuclei, stroma and glass with two dyes whose densities are given."""
    draw = np.random.default_rng(seed)
    amounts = draw.gamma(2.0, 0.25, (96, 128, 2)) * strength
    amounts[:, :20] = 0
    amounts[:48, 20:60, 1] *= 0.02
    amounts[48:, 60:, 0] *= 0.02
    light = 256 * np.exp(-(amounts @ dyes)) - 1
    return np.clip(np.round(light), 0, 255).astype(np.uint8)


def unit(*dyes: tuple[float, float, float]) -> np.ndarray:
    found = np.array(dyes)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


OURS = unit(HAEMATOXYLIN, EOSIN)
THEIRS = unit((0.55, 0.75, 0.40), (0.25, 0.90, 0.35))


def test_the_dyes_of_a_picture_are_found() -> None:
    reference = StainReference.of([painted(OURS)])
    assert reference is not None
    cosines = (np.array(reference.dyes) * OURS).sum(axis=1)
    assert cosines.min() > 0.98


def test_two_laboratories_become_alike() -> None:
    ours, theirs = painted(OURS), painted(THEIRS, strength=1.4)
    reference = StainReference.of([ours])
    assert reference is not None
    brought = reference.normalised(theirs).astype(int)
    before = np.abs(theirs.astype(int) - ours).mean()
    assert np.abs(brought - ours).mean() < before / 3
    assert np.abs(reference.normalised(ours).astype(int) - ours).max() <= 2
    # Glass stays white.
    assert (brought[:, :20] == 255).all()


@pytest.mark.parametrize(
    "picture",
    [
        np.full((50, 60, 3), 255, np.uint8),
        np.zeros((50, 60, 3), np.uint8),
        np.full((50, 60, 3), (150, 60, 120), np.uint8),
        np.repeat(np.random.default_rng(0).integers(0, 256, (50, 60, 1), dtype=np.uint8), 3, axis=2),
        np.full((1, 1, 3), 90, np.uint8),
    ],
    ids=["white", "black", "one colour", "grey", "one pixel"],
)
def test_pictures_without_two_dyes_stay_as_they_are(picture: np.ndarray) -> None:
    reference = StainReference.of([painted(OURS)])
    assert reference is not None
    assert np.array_equal(reference.normalised(picture), picture)
    assert StainReference.of([picture]) is None


def test_noise_gives_a_picture() -> None:
    reference = StainReference.of([painted(OURS)])
    assert reference is not None
    noise = np.random.default_rng(3).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert reference.normalised(noise).shape == noise.shape


def test_what_is_kept_is_what_was_used() -> None:
    reference = StainReference.of([painted(OURS), painted(THEIRS)])
    assert reference is not None
    assert StainReference.said(reference.in_json()) == reference
    forms = {InputForm(stain=stain).key for stain in (None, reference)}
    assert len(forms) == 2


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"dyes": [[1, 0, 0]], "amounts": [1, 1]},
        {"dyes": [[1, 0, 0], [1, 0, 0]], "amounts": [1, 1]},
        {"dyes": [[1, 0, 0], [0, 1, 0]], "amounts": [1, 0]},
        {"dyes": [[float("nan"), 0, 0], [0, 1, 0]], "amounts": [1, 1]},
        {"dyes": "red", "amounts": None},
    ],
)
def test_a_reference_that_is_none_is_refused(said: dict[str, object]) -> None:
    with pytest.raises(InputError, match="stain reference"):
        StainReference.said(said)
