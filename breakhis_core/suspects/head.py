"""Many small heads at once: softmax regression on embeddings, each with its own weights and labels of images.

A fit is convex and has one solution, so that what two heads differ in is their images and labels and not the
chance of a training. All heads of a call share their passes over the embeddings as one matrix product each.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

from breakhis_core.images.taxonomy import CODES

Floats32 = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

RIDGE = 0.15
"""Penalty on the squared weights, of embeddings whose mean square length is one, against the sum of losses.

Of 0.005 to 1 tried on 273 real images with a tenth of their labels changed, 0.05 to 0.3 find most of them."""
BALANCE = 0.5
"""Power of the inverse of a sub-type's frequency that weighs its images, as in the recipes."""
STEPS = 160
_CLASSES = len(CODES)


@dataclass(frozen=True, eq=False)
class Space:
    """Embeddings made ready for heads: centred, turned to their main axes, and of mean square length one.

    Turning changes no fit, and leaves only as many axes as there are images.

    Attributes:
        points: shape ``(N, D + 1)``, the last column ones.
    """

    points: Floats32

    @classmethod
    def of(cls, embeddings: npt.NDArray[np.floating], axes: int | None = None) -> Space:
        """Make the space of N embeddings, shape ``(N, E)``; with ``axes`` of as many main axes only."""
        centred = np.asarray(embeddings, np.float32)
        centred = centred - centred.mean(axis=0)
        if len(centred) <= centred.shape[1]:
            left, lengths, _ = np.linalg.svd(centred, full_matrices=False)
            turned = (left * lengths)[:, :axes]
        else:
            _, turn = np.linalg.eigh(centred.T @ centred)  # Smallest axis first.
            turned = centred @ turn[:, ::-1][:, :axes]
        size = np.sqrt(max(float(np.square(turned).sum(axis=1).mean()), 1e-12))
        ones = np.ones((len(turned), 1), np.float32)
        return cls(np.concatenate([turned / size, ones], axis=1).astype(np.float32))

    def __len__(self) -> int:
        return len(self.points)


@cache
def _libraries() -> ThreadpoolController:
    return ThreadpoolController()


def one_core_each() -> AbstractContextManager[object]:
    """Return a context in which a matrix product stays on one core.

    Two cores that wait for each other in products this small take five times as long as one, where others
    work on the machine too; threads of ours share the heads out instead.
    """
    limits: AbstractContextManager[object] = _libraries().limit(limits=1, user_api="blas")
    return limits


def fit_heads(
    space: Space,
    labels: Places,
    counts: npt.NDArray[np.floating],
    penalty: float = RIDGE,
    steps: int = STEPS,
) -> Floats32:
    """Fit B heads.

    Args:
        space: of N images.
        labels: position in ``CODES`` of the label that each head gets of each image, shape ``(N, B)``.
        counts: how much each image counts for each head, 0 where the head must not see it, shape ``(N, B)``.
        penalty: as ``RIDGE``.
        steps: of accelerated gradient descent, from zero.

    Returns:
        Probabilities that each head gives each image, shape ``(N, B, 8)``.
    """
    images, heads = labels.shape
    points = space.points
    # Sub-types before heads: sums over sub-types then run along whole rows of heads.
    told = np.zeros((images, _CLASSES, heads), np.float32)
    np.put_along_axis(told, labels[:, None, :], 1.0, axis=1)
    weight = _image_weights(told, np.asarray(counts, np.float32), labels)
    ridge = np.tile(penalty / np.maximum((counts > 0).sum(axis=0), 1).astype(np.float32), _CLASSES)
    step = 1.0 / (_steepest(points, weight) + ridge)
    weights = ahead = np.zeros((points.shape[1], _CLASSES * heads), np.float32)
    pace = 1.0
    for _ in range(steps):
        wrong = _softmax((points @ ahead).reshape(told.shape))
        wrong -= told
        wrong *= weight[:, None, :]
        slope = points.T @ wrong.reshape(images, -1)
        slope[:-1] += ridge * ahead[:-1]
        slope *= step
        moved = ahead - slope
        faster = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
        ahead = moved + np.float32((pace - 1) / faster) * (moved - weights)
        weights, pace = moved, faster
    return _softmax((points @ weights).reshape(told.shape)).transpose(0, 2, 1)


def _image_weights(told: Floats32, counts: Floats32, labels: Places) -> Floats32:
    """Return what each image weighs in the mean loss of each head; the columns add up to one."""
    of_class = np.einsum("nkb,nb->bk", told, counts)
    total = of_class.sum(axis=1, keepdims=True)
    balance = np.where(of_class > 0, total / (_CLASSES * np.maximum(of_class, 1e-9)), 0) ** BALANCE
    weight = counts * balance[np.arange(labels.shape[1])[None, :], labels]
    return np.asarray(weight / np.maximum(weight.sum(axis=0), 1e-9), np.float32)


def _steepest(points: Floats32, weight: Floats32) -> Floats32:
    """Bound how fast the slope of each head's loss can change, for each of its columns."""
    bounds = np.empty(weight.shape[1], np.float32)
    vector = np.ones((points.shape[1], weight.shape[1]), np.float32)
    for _ in range(12):  # Power iteration; from below, so a margin is added.
        vector = points.T @ (weight * (points @ vector))
        bounds = np.linalg.norm(vector, axis=0)
        vector /= np.maximum(bounds, 1e-12)
    return np.tile(np.float32(0.5 * 1.1) * bounds, _CLASSES)


def _softmax(scores: Floats32) -> Floats32:
    """Turn scores into probabilities in their place, along the axis of sub-types."""
    scores -= scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores
