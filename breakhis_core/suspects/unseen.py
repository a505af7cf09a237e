"""Out-of-fold predictions: of each image by heads that never saw it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from breakhis_core.images.taxonomy import CODES
from breakhis_core.suspects.head import Floats32, Places, Space, fit_heads

FOLDS = 5
ROUNDS = 4
"""How often the folds are drawn; the mean over the draws hangs less on which images came together."""


def folds_by_image(labels: Places, seed: int, folds: int = FOLDS) -> Places:
    """Deal images to folds at random, each sub-type spread evenly; shape ``(N,)``, counted from 0."""
    order = np.random.default_rng(seed).permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    dealt = np.empty(len(labels), np.int64)
    dealt[order] = np.arange(len(labels)) % folds
    return dealt


def folds_by_case(cases: npt.NDArray[np.object_], labels: Places, seed: int, folds: int = FOLDS) -> Places:
    """Deal whole cases to folds at random, the cases of each sub-type spread evenly; shape ``(N,)``.

    A case counts as of the sub-type that most of its images have.
    """
    _, first, place = np.unique(cases.astype(str), return_index=True, return_inverse=True)
    counts = np.zeros((len(first), len(CODES)), np.int64)
    np.add.at(counts, (place, labels), 1)
    return folds_by_image(counts.argmax(axis=1), seed, folds)[place]


def unseen_predictions(
    space: Space,
    labels: Places,
    cases: npt.NDArray[np.object_] | None = None,
    rounds: int = ROUNDS,
) -> Floats32:
    """Predict each image by heads that were fitted to the other folds.

    Args:
        space: of N images.
        labels: their labels, shape ``(N,)``.
        cases: with the images' cases the folds keep cases whole; without them they are drawn by image.
        rounds: how often folds are drawn.

    Returns:
        Mean probabilities, shape ``(N, 8)``.
    """
    total = np.zeros((len(labels), len(CODES)), np.float32)
    for seed in range(rounds):
        dealt = folds_by_image(labels, seed) if cases is None else folds_by_case(cases, labels, seed)
        seen = dealt[:, None] != np.arange(FOLDS)[None, :]
        said = fit_heads(space, np.repeat(labels[:, None], FOLDS, axis=1), seen)
        total += said[np.arange(len(labels)), dealt]
    return np.asarray(total / rounds, np.float32)
