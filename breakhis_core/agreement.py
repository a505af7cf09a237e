"""How far reviewers agree, beyond what chance would give, and on which images they do not.

Sources: Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement
20(1):37-46, 1960; Fleiss, "Measuring nominal scale agreement among many raters", Psychological Bulletin
76(5):378-382, 1971.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd

Subject = Literal["flag", "reason"]
_KEPT = "keep"


@dataclass(frozen=True)
class Agreement:
    """Agreement of a pair of reviewers, or of all.

    Attributes:
        reviewers: whose.
        images: number of images that all of them answered.
        observed: share of equal answers (for many: mean share of equal pairs of answers).
        kappa: agreement beyond chance, at most 1; ``None`` when chance alone explains all, as when everybody
            gave one and the same answer throughout.
        low: lower end of the 95 % interval, from a bootstrap over images; ``None`` without a kappa.
        high: upper end.
    """

    reviewers: tuple[str, ...]
    images: int
    observed: float
    kappa: float | None
    low: float | None
    high: float | None


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> float | None:
    """Return Cohen's kappa, (observed - expected) / (1 - expected), of two reviewers.

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
    codes, _ = pd.factorize(pd.Series([*first, *second], dtype=object))
    return _cohen(np.column_stack([codes[: len(first)], codes[len(first) :]]))


def fleiss_kappa(counts: np.ndarray) -> float | None:
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
    counts = np.asarray(counts, dtype=float)
    if counts.size == 0:
        return None
    answers = counts.sum(axis=1)
    if answers[0] < 2 or (answers != answers[0]).any():
        raise ValueError(f"every image has the same number of answers, at least two, not {set(answers)}")
    observed = _pairs_equal(counts).mean()
    expected = ((counts.sum(axis=0) / counts.sum()) ** 2).sum()
    return None if expected == 1 else float((observed - expected) / (1 - expected))


def pairwise(standing: pd.DataFrame, subject: Subject = "flag", resamples: int = 1000) -> list[Agreement]:
    """Return Cohen's kappa of each two reviewers on the images that both answered.

    Args:
        standing: what ``reviews.standing`` returns.
        subject: ``"flag"`` compares flagged or kept, ``"reason"`` the reason of the flag too.
        resamples: of the bootstrap over images.
    """
    table = _table(standing, subject)
    found = []
    for pair in combinations(table.columns, 2):
        both = table[list(pair)].dropna()
        if len(both):
            codes = _coded(both)
            observed = float((codes[:, 0] == codes[:, 1]).mean())
            found.append(_agreement(pair, codes, observed, _cohen, resamples))
    return found


def overall(standing: pd.DataFrame, subject: Subject = "flag", resamples: int = 1000) -> Agreement | None:
    """Return Fleiss' kappa of all reviewers on the images that all of them answered.

    Returns:
        The agreement, or ``None`` with fewer than two reviewers or no image that all answered. Arguments as
        of ``pairwise``.
    """
    table = _table(standing, subject).dropna()
    if table.shape[1] < 2 or table.empty:
        return None
    codes = _coded(table)
    counts = np.stack([(codes == category).sum(axis=1) for category in range(codes.max() + 1)], axis=1)
    observed = float(_pairs_equal(counts).mean())
    return _agreement(tuple(table.columns), counts, observed, fleiss_kappa, resamples)


def disagreeing(standing: pd.DataFrame, subject: Subject = "flag") -> tuple[str, ...]:
    """Return the images on which answers differ, sorted by hash; arguments as of ``pairwise``."""
    answers = _answers(standing, subject).groupby(standing["hash"]).nunique()
    return tuple(sorted(answers.index[answers > 1]))


def _answers(standing: pd.DataFrame, subject: Subject) -> pd.Series:
    if subject == "flag":
        return standing["action"]
    return standing["reason"].where(standing["action"] == "flag", _KEPT)


def _table(standing: pd.DataFrame, subject: Subject) -> pd.DataFrame:
    """Return one row per image, one column per reviewer, missing where somebody gave no answer."""
    answers = standing[["hash", "reviewer"]].assign(answer=_answers(standing, subject))
    return answers.pivot(index="hash", columns="reviewer", values="answer")


def _coded(table: pd.DataFrame) -> np.ndarray:
    codes, _ = pd.factorize(table.to_numpy(dtype=object).ravel())
    return np.asarray(codes.reshape(table.shape))


def _cohen(codes: np.ndarray) -> float | None:
    if not len(codes):
        return None
    categories = int(codes.max()) + 1
    shares = [np.bincount(column, minlength=categories) / len(codes) for column in codes.T]
    observed, expected = float((codes[:, 0] == codes[:, 1]).mean()), float(shares[0] @ shares[1])
    return None if expected == 1 else (observed - expected) / (1 - expected)


def _pairs_equal(counts: np.ndarray) -> np.ndarray:
    """Return, for each image, the share of pairs of its answers that are equal."""
    answers = counts.sum(axis=1)
    shares: np.ndarray = (counts * (counts - 1)).sum(axis=1) / (answers * (answers - 1))
    return shares


def _agreement(
    reviewers: tuple[str, ...],
    rows: np.ndarray,
    observed: float,
    kappa: Callable[[np.ndarray], float | None],
    resamples: int,
) -> Agreement:
    value = kappa(rows)
    random = np.random.default_rng(0)
    drawn = (kappa(rows[random.integers(0, len(rows), len(rows))]) for _ in range(resamples))
    kappas = [one for one in drawn if one is not None]
    if value is None or not kappas:
        return Agreement(reviewers, len(rows), observed, value, None, None)
    low, high = np.quantile(kappas, [0.025, 0.975])
    return Agreement(reviewers, len(rows), observed, value, float(low), float(high))
