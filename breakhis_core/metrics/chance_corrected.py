"""Agreement beyond chance: Cohen's and Fleiss' kappa and Krippendorff's alpha, for many samples at once.

All three are ``(observed - expected) / (1 - expected)``, and differ in what they call observed and expected.
Images on which the same was said are interchangeable, so everything is computed from the distinct *patterns*
of answers and how many images show each; a bootstrap over images is then a draw of these numbers.

Sources: Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement
20(1):37-46, 1960; Fleiss, "Measuring nominal scale agreement among many raters", Psychological Bulletin
76(5):378-382, 1971; Krippendorff, "Content Analysis", 2nd edition, 2004, chapter 11, nominal data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Shares = tuple[Floats, Floats]
"""Observed and expected agreement, one entry a sample."""
Measure = Callable[[npt.NDArray[np.int64], Floats], Shares]
"""Takes patterns of answers, shape (P, ...), and how many images show each, shape (samples, P)."""


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> float | None:
    """Return Cohen's kappa of two reviewers.

    Args:
        first: one reviewer's answer on each image.
        second: the other's, same images in the same order.

    Returns:
        Kappa, or ``None`` when it is not defined: no images, or both gave one same answer throughout.

    Raises:
        ValueError: the lengths differ.

    >>> cohen_kappa(["flag", "flag", "keep", "keep"], ["flag", "keep", "keep", "keep"])
    0.5
    """
    if len(first) != len(second):
        raise ValueError(f"first and second have the same length, not {len(first)} and {len(second)}")
    _, codes = np.unique(np.array([*first, *second], dtype=str), return_inverse=True)
    return _one(cohen, np.column_stack([codes[: len(first)], codes[len(first) :]]))


def fleiss_kappa(counts: npt.NDArray[np.int64]) -> float | None:
    """Return Fleiss' kappa of many reviewers.

    Args:
        counts: shape (images, categories): how many reviewers put an image into a category. Every image
            has the same number of answers, at least two.

    Returns:
        Kappa, or ``None`` when it is not defined: no images, or one category only.

    Raises:
        ValueError: the images have different numbers of answers, or fewer than two.

    >>> fleiss_kappa(np.array([[3, 0], [0, 3], [3, 0]]))
    1.0
    """
    counts = np.asarray(counts)
    answers = counts.sum(axis=1)
    if counts.size and (answers[0] < 2 or (answers != answers[0]).any()):
        raise ValueError(f"every image has the same number of answers, at least two, not {set(answers)}")
    return _one(fleiss, counts)


def krippendorff_alpha(counts: npt.NDArray[np.int64]) -> float | None:
    """Return Krippendorff's alpha for nominal answers, of which some may be missing.

    Args:
        counts: shape (images, categories): how many reviewers put an image into a category. Images with
            fewer than two answers say nothing about agreement and count for nothing.

    Returns:
        Alpha, or ``None`` when it is not defined: no image has two answers, or there is one category only.

    >>> round(krippendorff_alpha(np.array([[2, 0], [0, 3], [1, 1], [0, 1]])), 3)
    0.5
    """
    counts = np.asarray(counts)
    return _one(krippendorff, counts[counts.sum(axis=1) >= 2])


def cohen(patterns: npt.NDArray[np.int64], images: Floats) -> Shares:
    """Measure pairs of answers. ``patterns`` has shape (P, 2): codes of the two answers."""
    total = images.sum(axis=1)
    categories = int(patterns.max()) + 1
    observed = images[:, patterns[:, 0] == patterns[:, 1]].sum(axis=1) / total
    shares = [images @ np.eye(categories)[column] / total[:, None] for column in patterns.T]
    return observed, (shares[0] * shares[1]).sum(axis=1)


def fleiss(patterns: npt.NDArray[np.int64], images: Floats) -> Shares:
    """Measure equal numbers of answers. ``patterns`` has shape (P, categories): how many gave each answer."""
    total = images.sum(axis=1)
    answers = patterns[0].sum()
    equal = (patterns * (patterns - 1)).sum(axis=1) / (answers * (answers - 1))
    shares = images @ patterns / (total * answers)[:, None]
    return images @ equal / total, (shares**2).sum(axis=1)


def krippendorff(patterns: npt.NDArray[np.int64], images: Floats) -> Shares:
    """Measure unequal numbers of answers, at least two each. ``patterns`` as of ``fleiss``."""
    answers = patterns.sum(axis=1)
    total = images @ answers
    equal = (patterns * (patterns - 1)).sum(axis=1) / (answers - 1)
    given = images @ patterns
    return images @ equal / total, (given * (given - 1)).sum(axis=1) / (total * (total - 1))


def corrected(observed: Floats, expected: Floats) -> Floats:
    """Return the coefficient of each sample; NaN where chance alone explains all."""
    defined = expected < 1 - 1e-12
    return np.where(defined, (observed - expected) / np.where(defined, 1 - expected, 1), np.nan)


def _one(measure: Measure, rows: npt.NDArray[np.int64]) -> float | None:
    if not len(rows):
        return None
    (value,) = corrected(*measure(rows, np.ones((1, len(rows)))))
    return None if np.isnan(value) else float(value)
