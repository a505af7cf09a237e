"""How far reviewers agree, beyond what chance would give, and on which images they do not.

The coefficients are in ``metrics.chance_corrected``; what they mean in words is in ``agreement_words``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from breakhis_core.metrics.chance_corrected import Measure, cohen, corrected, fleiss, krippendorff
from breakhis_core.reviews.terms import TOOLS, is_guest

Subject = Literal["flag", "reason", "correction"]
_KEPT = "keep"


@dataclass(frozen=True)
class Agreement:
    """Agreement of a pair of reviewers, or of all.

    Attributes:
        reviewers: whose.
        images: number of images that it rests on.
        observed: share of equal answers (for many: of equal pairs of answers on an image).
        kappa: agreement beyond chance, at most 1; ``None`` when chance alone explains all, as when everybody
            gave one and the same answer throughout.
        low: lower end of the 95 % interval, from a bootstrap over images; ``None`` without a kappa.
        high: upper end.
        left_out: number of images that somebody answered and that it cannot use, because too few did.
    """

    reviewers: tuple[str, ...]
    images: int
    observed: float
    kappa: float | None
    low: float | None
    high: float | None
    left_out: int = 0


def of_people(standing: pd.DataFrame) -> pd.DataFrame:
    """Return the answers of those who gave a name: what agreement is about.

    Tools never keep an image, so that agreement with them means nothing. A guest may be somebody who answered
    under a name too, who would disagree with herself.

    Args:
        standing: what ``reviews.standing`` returns.
    """
    who = standing["reviewer"]
    return standing[~who.isin(TOOLS) & ~who.map(is_guest).astype(bool)]


def pairwise(standing: pd.DataFrame, subject: Subject = "flag", resamples: int = 1000) -> list[Agreement]:
    """Return Cohen's kappa of each two reviewers on the images that both answered.

    Args:
        standing: what ``reviews.standing`` returns.
        subject: ``"flag"`` compares flagged or kept, ``"reason"`` the reason of the flag too, and
            ``"correction"`` the sub-types that were named as the right ones, by those who named one.
        resamples: of the bootstrap over images.

    Returns:
        One entry a pair that has an image in common; ``left_out`` counts what only one of the two answered.
    """
    table, _ = _coded(standing, subject)
    found = []
    for pair in combinations(table.columns, 2):
        codes = table[list(pair)].to_numpy()
        both, either = (codes >= 0).all(axis=1), (codes >= 0).any(axis=1)
        if both.any():
            left_out = int(either.sum() - both.sum())
            found.append(_agreement(pair, codes[both], cohen, resamples, left_out))
    return found


def overall(standing: pd.DataFrame, subject: Subject = "flag", resamples: int = 1000) -> Agreement | None:
    """Return Fleiss' kappa of all reviewers on the images that all of them answered.

    Returns:
        The agreement, or ``None`` with fewer than two reviewers or no image that all answered; ``left_out``
        counts the images that some did not answer. Arguments as of ``pairwise``.
    """
    table, categories = _coded(standing, subject)
    codes = table.to_numpy()
    whole = (codes >= 0).all(axis=1)
    if codes.shape[1] < 2 or not whole.any():
        return None
    counts = _counts(codes[whole], categories)
    return _agreement(tuple(table.columns), counts, fleiss, resamples, int((~whole).sum()))


def across(standing: pd.DataFrame, subject: Subject = "flag", resamples: int = 1000) -> Agreement | None:
    """Return Krippendorff's alpha of all reviewers on the images that at least two answered.

    Unlike Fleiss' kappa it needs no image to be answered by everybody.

    Returns:
        The agreement, with alpha as its ``kappa``, or ``None`` when no image has two answers; ``left_out``
        counts the images with one. Arguments as of ``pairwise``.
    """
    table, categories = _coded(standing, subject)
    counts = _counts(table.to_numpy(), categories)
    several = counts.sum(axis=1) >= 2
    if not several.any():
        return None
    return _agreement(tuple(table.columns), counts[several], krippendorff, resamples, int((~several).sum()))


def disagreeing(standing: pd.DataFrame, subject: Subject = "flag") -> tuple[str, ...]:
    """Return the images on which answers, or the sub-types that were named as the right ones, differ.

    Sorted by hash; arguments as of ``pairwise``.
    """
    image = standing["hash"]
    differ = _answers(standing, subject).groupby(image).nunique() > 1
    differ |= _answers(standing, "correction").groupby(image).nunique() > 1
    return tuple(sorted(differ.index[differ]))


def _answers(standing: pd.DataFrame, subject: Subject) -> pd.Series:
    if subject == "flag":
        return standing["action"]
    if subject == "correction":
        return standing["correction"]
    return standing["reason"].where(standing["action"] == "flag", _KEPT)


def _coded(standing: pd.DataFrame, subject: Subject) -> tuple[pd.DataFrame, int]:
    """Return one row an image, one column a reviewer, codes of answers, -1 for none; and how many codes."""
    said = _answers(standing, subject).dropna()
    codes, categories = pd.factorize(said)
    answers = standing.loc[said.index, ["hash", "reviewer"]].assign(code=codes)
    table = answers.pivot(index="hash", columns="reviewer", values="code")
    return table.fillna(-1).astype(int), len(categories)


def _counts(codes: npt.NDArray[np.int64], categories: int) -> npt.NDArray[np.int64]:
    counts: npt.NDArray[np.int64] = (codes[:, :, None] == np.arange(categories)).sum(axis=1)
    return counts


def _agreement(
    reviewers: tuple[str, ...],
    rows: npt.NDArray[np.int64],
    measure: Measure,
    resamples: int,
    left_out: int,
) -> Agreement:
    patterns, images = np.unique(rows, axis=0, return_counts=True)
    (observed,), expected = measure(patterns, images[None].astype(float))
    value = float(corrected(np.array([observed]), expected)[0])
    if np.isnan(value):
        return Agreement(reviewers, len(rows), float(observed), None, None, None, left_out)
    drawn = np.random.default_rng(0).multinomial(len(rows), images / len(rows), size=resamples)
    low, high = np.nanquantile(corrected(*measure(patterns, drawn.astype(float))), [0.025, 0.975])
    return Agreement(reviewers, len(rows), float(observed), value, float(low), float(high), left_out)
