"""Whether a probability means what it says: calibration error, Brier score, log loss, temperature."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from breakhis_core.metrics import Floats, Integers, ratio

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


def reliability(sums: Floats) -> pd.DataFrame:
    """Tabulate a reliability diagram: one row for each bin that has images.

    Args:
        sums: from :func:`bin_sums`, summed over groups, shape ``(B, 3)``.

    Returns:
        Columns low, high (the bin's edges), images, confidence and accuracy (means in the bin).
    """
    edges = np.linspace(0, 1, len(sums) + 1)
    table = pd.DataFrame(
        {
            "low": edges[:-1],
            "high": edges[1:],
            "images": sums[:, 0].astype(np.int64),
            "confidence": ratio(sums[:, 1], sums[:, 0]),
            "accuracy": ratio(sums[:, 2], sums[:, 0]),
        }
    )
    return table[table["images"] > 0].reset_index(drop=True)


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
