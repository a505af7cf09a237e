"""Whether a probability means what it says: calibration error, Brier score, log loss, temperature."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import betaincinv

from breakhis_core.metrics.classification import Floats, Integers, ratio

BINS = 15
"""Equal bins of confidence, as in Guo et al.: "On Calibration of Modern Neural Networks", ICML 2017."""

_SMALLEST = np.finfo(np.float32).tiny


def bin_of(confidence: Floats, bins: int = BINS) -> Integers:
    """Return the bin of each confidence; bins are open below and closed above, as in Guo et al.

    >>> bin_of(np.array([0.0, 0.1, 0.11, 1.0]), bins=10).tolist()
    [0, 0, 1, 9]
    """
    edges = np.linspace(0, 1, bins + 1)
    return np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1).astype(np.int64)


def bin_sums(
    confidence: Floats, correct: Floats, groups: Integers, group_count: int, bins: int = BINS
) -> Floats:
    """Sum images, confidence and right answers in each bin, for each group.

    Args:
        confidence: probability of the predicted class, shape ``(N,)``.
        correct: 1 for a right answer, 0 for a wrong one, shape ``(N,)``.
        groups: group (such as case) of each image, shape ``(N,)``.
        group_count: number of groups G.
        bins: number of bins B.

    Returns:
        Sums, shape ``(G, B, 3)``: images, confidence, right answers.
    """
    cell = groups * bins + bin_of(confidence, bins)
    size = group_count * bins
    sums = [np.bincount(cell, values, minlength=size) for values in (np.ones(len(cell)), confidence, correct)]
    return np.stack(sums, axis=-1).reshape(group_count, bins, 3).astype(np.float64)


def calibration_error(sums: Floats) -> Floats:
    """Expected calibration error: mean over images of the gap between confidence and accuracy in their bin.

    Args:
        sums: from :func:`bin_sums`, or weighted sums of them, shape ``(..., B, 3)``.

    Returns:
        Shape ``(...)``, between 0 and 1; nan without images.

    >>> float(calibration_error(np.array([[10, 9.0, 5.0], [10, 9.0, 9.0]])))
    0.2
    """
    return ratio(np.abs(sums[..., 1] - sums[..., 2]).sum(-1), sums[..., 0].sum(-1))


def reliability(sums: Floats, level: float = 0.95) -> pd.DataFrame:
    """Tabulate a reliability diagram: one row for each bin that has images.

    The images of one case resemble each other, and a bin often holds a handful: its interval is the exact one
    of Clopper and Pearson for as many independent answers as it has cases. Source: "The Use of Confidence or
    Fiducial Limits Illustrated in the Case of the Binomial", Biometrika 26, 1934.

    Args:
        sums: from :func:`bin_sums`, shape ``(C, B, 3)``, one for each case.
        level: confidence level of the intervals, between 0 and 1.

    Returns:
        Columns low, high (the bin's edges), images, cases, confidence and accuracy (means in the bin),
        accuracy_low and accuracy_high (the interval of the accuracy).
    """
    together = sums.sum(0)
    edges = np.linspace(0, 1, len(together) + 1)
    cases = (sums[..., 0] > 0).sum(0)
    accuracy = ratio(together[:, 2], together[:, 0])
    low, high = exact_interval(accuracy * cases, cases, level)
    table = pd.DataFrame(
        {
            "low": edges[:-1],
            "high": edges[1:],
            "images": together[:, 0].astype(np.int64),
            "cases": cases.astype(np.int64),
            "confidence": ratio(together[:, 1], together[:, 0]),
            "accuracy": accuracy,
            "accuracy_low": low,
            "accuracy_high": high,
        }
    )
    return table[table["images"] > 0].reset_index(drop=True)


def exact_interval(right: Floats, tries: Floats, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return the limits of Clopper and Pearson for a share, such as of right answers.

    Args:
        right: how many were right, shape ``(N,)``; need not be whole.
        tries: of how many, shape ``(N,)``.
        level: confidence level, between 0 and 1.

    >>> [limit.round(3).tolist() for limit in exact_interval(np.array([7.0, 0.0]), np.array([7.0, 1.0]))]
    [[0.59, 0.0], [1.0, 0.975]]
    """
    tail, wrong = (1 - level) / 2, tries - right
    with np.errstate(invalid="ignore"):
        low = np.where(right > 0, betaincinv(np.maximum(right, 1e-12), wrong + 1, tail), 0.0)
        high = np.where(wrong > 0, betaincinv(right + 1, np.maximum(wrong, 1e-12), 1 - tail), 1.0)
    return low, high


def squared_errors(probabilities: Floats, true: Integers) -> Floats:
    """Squared distance of each image's probabilities from its truth; their mean is the Brier score (0 to 2).

    Source: Brier, "Verification of Forecasts Expressed in Terms of Probability",
    Monthly Weather Review 78, 1950.

    Args:
        probabilities: shape ``(N, K)``.
        true: true class, shape ``(N,)``.

    >>> squared_errors(np.array([[0.8, 0.2], [0.8, 0.2]]), np.array([0, 1])).round(2).tolist()
    [0.08, 1.28]
    """
    errors = (probabilities**2).sum(1) - 2 * probabilities[np.arange(len(true)), true] + 1
    return np.asarray(errors, dtype=np.float64)


def log_losses(probabilities: Floats, true: Integers) -> Floats:
    """Negative log of the probability that each image's true class was given, shape ``(N,)``, in nats."""
    given = probabilities[np.arange(len(true)), true]
    return np.asarray(-np.log(np.maximum(given, _SMALLEST)), dtype=np.float64)


def scale(probabilities: Floats, temperature: float) -> Floats:
    """Divide the logits behind probabilities by a temperature: above 1 softens, below 1 sharpens.

    The predicted class never changes.

    >>> scale(np.array([[0.8, 0.2]]), 2.0).round(3).tolist()
    [[0.667, 0.333]]
    """
    logits = np.log(np.maximum(probabilities, _SMALLEST)) / temperature
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    scaled: Floats = raised / raised.sum(axis=1, keepdims=True)
    return scaled


def fit_temperature(probabilities: Floats, true: Integers) -> float | None:
    """Find the temperature with the least log loss, on images the model was not trained on.

    Args:
        probabilities: shape ``(N, K)``, of the validation images.
        true: their true classes, shape ``(N,)``.

    Returns:
        A temperature between 0.05 and 20, or ``None`` where it cannot be told: no image, or the loss keeps
        falling without end (all right: the sharpest wins; nearly all wrong: the flattest).

    >>> confident = np.array([[0.99, 0.01]] * 10)
    >>> fit_temperature(confident, np.array([0] * 8 + [1] * 2)) > 2
    True
    """
    from scipy.optimize import minimize_scalar  # Half a second that no server's start should pay.

    if (probabilities.argmax(1) == true).all():
        return None
    found = minimize_scalar(
        lambda log_t: log_losses(scale(probabilities, float(np.exp(log_t))), true).mean(),
        bounds=(np.log(0.05), np.log(20.0)),
        method="bounded",
        options={"xatol": 1e-5},
    )
    at_the_end = min(found.x - np.log(0.05), np.log(20.0) - found.x) < 1e-3
    return None if at_the_end else float(np.exp(found.x))
