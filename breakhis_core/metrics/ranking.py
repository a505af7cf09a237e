"""How well a score ranks: ROC curve, area under it, average precision, alone or under many case weights.

The area under the ROC curve is the chance that an image of the class scores higher than one of another class,
ties counting half. Summed over pairs of *cases* it is a small matrix, and the area of any resample of cases
is a quadratic form of that matrix: a bootstrap needs no sorting, and is exact.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from breakhis_core.metrics.classification import Floats, Integers, ratio

Booleans = npt.NDArray[np.bool_]


def roc_curve(scores: Floats, positive: Booleans) -> tuple[Floats, Floats, Floats]:
    """Trace the ROC curve of a score, keeping only its corners.

    Args:
        scores: score of each image, shape ``(N,)``; higher means more of the class.
        positive: whether the image is of the class, shape ``(N,)``.

    Returns:
        False positive rate, sensitivity and threshold, each of shape ``(P,)``, from (0, 0) at an infinite
        threshold to (1, 1). All nan where a side has no image.

    >>> rate, found, _ = roc_curve(np.array([0.9, 0.8, 0.3]), np.array([True, False, True]))
    >>> rate.tolist(), found.tolist()
    ([0.0, 0.0, 1.0, 1.0], [0.0, 0.5, 0.5, 1.0])
    """
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], positive[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1) if len(ranked) else np.array([], int)
    found = np.append(0, np.cumsum(hits)[last])
    false = np.append(0, np.cumsum(~hits)[last])
    corner = np.ones(len(found), dtype=bool)
    corner[1:-1] = np.diff(found)[:-1] * np.diff(false)[1:] != np.diff(found)[1:] * np.diff(false)[:-1]
    thresholds = np.append(np.inf, ranked[last])
    return (
        ratio(false, false[-1])[corner],
        ratio(found, found[-1])[corner],
        thresholds[corner],
    )


def auc(scores: Floats, positive: Booleans) -> float:
    """Area under the ROC curve; nan where a side has no image.

    >>> auc(np.array([0.9, 0.8, 0.3]), np.array([True, False, True]))
    0.5
    """
    everyone = np.zeros(len(scores), dtype=np.int64)
    wins = wins_by_case(scores, positive, everyone, 1)
    one = np.ones((1, 1))
    return float(auc_under(one, wins, *_counts(positive, everyone, 1))[0])


def wins_by_case(scores: Floats, positive: Booleans, cases: Integers, case_count: int) -> Floats:
    """Sum, over each pair of cases, how often a positive image of one beats a negative image of the other.

    Args:
        scores: score of each image, shape ``(N,)``.
        positive: whether the image is of the class, shape ``(N,)``.
        cases: case of each image, shape ``(N,)``, values in ``0 .. case_count - 1``.
        case_count: number of cases C.

    Returns:
        Wins, ties counted half, shape ``(C, C)``: row the case of the positive image, column of the negative.
    """
    wins = np.zeros((case_count, case_count))
    positive_scores, positive_cases = scores[positive], cases[positive]
    for case in np.unique(cases[~positive]):
        beaten = np.sort(scores[~positive & (cases == case)])
        below = np.searchsorted(beaten, positive_scores, side="left")
        below_or_equal = np.searchsorted(beaten, positive_scores, side="right")
        wins[:, case] = np.bincount(positive_cases, (below + below_or_equal) / 2, minlength=case_count)
    return wins


def auc_under(weights: Floats, wins: Floats, positives: Floats, negatives: Floats) -> Floats:
    """Area under the ROC curve for each row of case weights.

    Args:
        weights: how often each case was drawn, shape ``(R, C)``.
        wins: from :func:`wins_by_case`, shape ``(C, C)``.
        positives: number of positive images of each case, shape ``(C,)``.
        negatives: number of negative images of each case, shape ``(C,)``.

    Returns:
        Areas, shape ``(R,)``; nan for a row in which a side has no image.
    """
    return ratio(((weights @ wins) * weights).sum(-1), (weights @ positives) * (weights @ negatives))


def average_precision(scores: Floats, positive: Booleans, weights: Floats | None = None) -> Floats:
    """Average precision, ``sum over thresholds of (recall gained) x precision``, for each row of weights.

    The step-wise sum that scikit-learn uses: no interpolation, equal scores form one step.

    Args:
        scores: score of each image, shape ``(N,)``.
        positive: whether the image is of the class, shape ``(N,)``.
        weights: weight of each image, shape ``(R, N)``; by default one row of ones.

    Returns:
        Average precision, shape ``(R,)``; nan for a row without positive weight on a positive image.

    >>> average_precision(np.array([0.9, 0.8, 0.3]), np.array([True, False, True])).round(4).tolist()
    [0.8333]
    """
    if weights is None:
        weights = np.ones((1, len(scores)))
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], positive[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    areas = np.empty(len(weights))
    # A block of rows at a time keeps the working set in the processor's cache.
    for start in range(0, len(weights), _ROWS):
        drawn = weights[start : start + _ROWS, order].astype(np.float64)
        called = np.cumsum(drawn, axis=1)[:, last]
        found = np.cumsum(drawn * hits, axis=1)[:, last]
        steps = np.diff(found, axis=1, prepend=0.0)
        areas[start : start + _ROWS] = ratio(
            (steps * np.nan_to_num(ratio(found, called))).sum(1), found[:, -1]
        )
    return areas


_ROWS = 64


def _counts(positive: Booleans, cases: Integers, case_count: int) -> tuple[Floats, Floats]:
    return (
        np.bincount(cases[positive], minlength=case_count).astype(np.float64),
        np.bincount(cases[~positive], minlength=case_count).astype(np.float64),
    )
