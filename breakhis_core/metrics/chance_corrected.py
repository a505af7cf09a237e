"""Agreement beyond chance: Cohen's and Fleiss' kappa and Krippendorff's alpha, for many samples at once.

All three are ``(observed - expected) / (1 - expected)``, and differ in what they call observed and expected.
Images on which the same was said are interchangeable, so everything is computed from the distinct *patterns*
of answers and how many images show each; a bootstrap over images is then a draw of these numbers.

Sources: Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement
20(1):37-46, 1960; Fleiss, "Measuring nominal scale agreement among many raters", Psychological Bulletin
76(5):378-382, 1971; Krippendorff, "Content Analysis", 2nd edition, 2004, chapter 11, nominal data.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Shares = tuple[Floats, Floats]
"""Observed and expected agreement, one entry a sample."""
Measure = Callable[[npt.NDArray[np.int64], Floats], Shares]
"""Takes patterns of answers, shape (P, ...), and how many images show each, shape (samples, P)."""


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
