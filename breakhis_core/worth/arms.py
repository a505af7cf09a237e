"""The retrainings that are compared, each on the same folds: all images, some left out, labels corrected."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from breakhis_core.images.taxonomy import CODES
from breakhis_core.suspects.head import Space, fit_heads, one_core_each
from breakhis_core.suspects.unseen import FOLDS, folds_by_case, folds_by_image
from breakhis_core.worth.question import Booleans, Question

AXES = 256
"""Main axes of the embeddings that heads are fitted to: all of a small sample's, enough of a large one's."""
PENALTY = 0.001
"""Hardly any, as in the recipes: heads that learn every label they are told, and so suffer from wrong ones.
The penalty that finds wrong labels best would hide half of what they cost."""
_AT_ONCE = 400_000
"""Probabilities of the heads that are fitted together: few enough that a wish to stop is soon heard."""


@dataclass(frozen=True, eq=False)
class Arm:
    """What one retraining learns from.

    Attributes:
        out: images that it does not see, shape ``(N,)``.
        labels: what it is told of the others, shape ``(N,)``.
    """

    out: Booleans
    labels: npt.NDArray[np.int64]


def arms_of(question: Question) -> dict[str, Arm]:
    """Return the arms that a question asks about, by name.

    ``all``; ``without`` the flagged; with a label that reviewers named, ``corrected`` (nothing leaves) and
    ``both`` (corrected ones stay, the other flagged ones leave); and ``without:REASON`` for each reason.
    """
    none, labels = np.zeros(len(question.images), bool), question.labels
    arms = {"all": Arm(none, labels), "without": Arm(question.flagged, labels)}
    named = question.corrected >= 0
    if named.any():
        better = np.where(named, question.corrected, labels)
        arms["corrected"] = Arm(none, better)
        if (question.flagged & ~named).any():
            arms["both"] = Arm(question.flagged & ~named, better)
    for reason, which in question.reasons.items():
        if not np.array_equal(which, question.flagged):
            arms[f"without:{reason}"] = Arm(which, labels)
    return arms


def space_of(question: Question) -> Space:
    """Return the embeddings of a question's images, ready for heads."""
    return Space.of(question.embeddings, AXES)


def out_of_fold(
    question: Question,
    space: Space,
    arms: Sequence[Arm],
    seed: int,
    told: Callable[[int], None] | None = None,
) -> npt.NDArray[np.int8]:
    """Predict every image in each arm by a head that was fitted to the other folds.

    Args:
        question: gives images and the unit of the folds.
        space: from ``space_of``.
        arms: A arms.
        seed: draws the folds, the same in every arm.
        told: called with the number of arms done; may raise to stop.

    Returns:
        Positions in ``CODES``, shape ``(A, N)``.
    """
    labels, count = question.labels, len(question.images)
    if question.unit == "case":
        dealt = folds_by_case(question.images["case"].to_numpy(dtype=object), labels, seed)
    else:
        dealt = folds_by_image(labels, seed)
    seen = (dealt[:, None] != np.arange(FOLDS)[None, :]).astype(np.float32)

    def predict(batch: Sequence[Arm]) -> npt.NDArray[np.int8]:
        counts = np.concatenate([seen * ~arm.out[:, None] for arm in batch], axis=1)
        taught = np.repeat(np.stack([arm.labels for arm in batch], axis=1), FOLDS, axis=1)
        heads = fit_heads(space, taught, counts, PENALTY)
        best = heads.reshape(count, len(batch), FOLDS, len(CODES)).argmax(axis=3)
        return np.asarray(best[np.arange(count), :, dealt].T, np.int8)

    cores = os.cpu_count() or 1
    some = max(1, min(_AT_ONCE // (count * len(CODES) * FOLDS), -(-len(arms) // cores)))
    batches = [arms[at : at + some] for at in range(0, len(arms), some)]
    said, done = [], 0
    with one_core_each(), ThreadPoolExecutor(cores) as pool:
        try:
            for found in pool.map(predict, batches):
                said.append(found)
                done += len(found)
                if told is not None:
                    told(done)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return np.concatenate(said)
