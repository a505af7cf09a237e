"""Placebos: as many other images, drawn at random, as like the flagged ones as chance allows.

A placebo has the flagged images' numbers of each sub-type and magnification, and comes from as many cases:
thirty images of one slide teach less than thirty of thirty, so leaving them out costs less.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt
import pandas as pd

Booleans = npt.NDArray[np.bool_]
_TRIES = 40
_CONCENTRATIONS = (np.inf, 8.0, 4.0, 2.0, 1.0, 0.5, 0.25, 0.12)


def draw_placebo(
    images: pd.DataFrame, flagged: Booleans, among: Booleans, draw: np.random.Generator
) -> Booleans:
    """Draw images to be left out in place of the flagged ones.

    Args:
        images: N images with case, magnification and label.
        flagged: the images to be matched, shape ``(N,)``.
        among: the images to draw from, shape ``(N,)``.
        draw: makes the draw.

    Returns:
        Which were drawn, shape ``(N,)``: as many as are flagged, of the same sub-types and magnifications.
        Where a sub-type has too few others of a magnification, further ones of another magnification stand
        in, and where it has none at all, others of any sub-type.
    """
    cases = pd.factorize(images["case"])[0]
    wanted = len(np.unique(cases[flagged]))
    best, missed = None, np.inf
    # Cases drawn with ever more unequal luck give ever fewer cases; begin with equal luck, the plain draw.
    for concentration in _CONCENTRATIONS:
        for _ in range(_TRIES):
            drawn = _draw(images, cases, flagged, among, concentration, draw)
            off = abs(len(np.unique(cases[drawn])) - wanted)
            if off == 0:
                return drawn
            if off < missed:
                best, missed = drawn, off
        if best is not None and len(np.unique(cases[best])) < wanted:
            break
    assert best is not None
    return best


def _draw(
    images: pd.DataFrame,
    cases: npt.NDArray[np.int64],
    flagged: Booleans,
    among: Booleans,
    concentration: float,
    draw: np.random.Generator,
) -> Booleans:
    luck = (
        np.ones(cases.max() + 1)
        if np.isinf(concentration)
        else draw.gamma(concentration, 1 / concentration, cases.max() + 1) + 1e-9
    )
    # The largest of log(luck) plus Gumbel noise: a draw without replacement by luck.
    order = np.log(luck)[cases] + draw.gumbel(size=len(cases))
    label, magnification = images["label"].to_numpy(), images["magnification"].to_numpy()
    drawn = np.zeros(len(cases), bool)
    lacking: list[tuple[int, int]] = []
    kinds = Counter(zip(label[flagged].tolist(), magnification[flagged].tolist(), strict=True))
    for (kind, scale), count in kinds.items():
        taken = _take(drawn, among & (label == kind) & (magnification == scale), order, count)
        if taken < count:
            lacking.append((kind, count - taken))
    for kind, count in lacking:
        taken = _take(drawn, among & (label == kind), order, count)
        _take(drawn, among, order, count - taken)
    return drawn


def _take(drawn: Booleans, among: Booleans, order: npt.NDArray[np.float64], count: int) -> int:
    """Add to what is drawn the first ``count`` in order among some images; return how many there were."""
    there = np.flatnonzero(among & ~drawn)
    chosen = there[np.argsort(-order[there], kind="stable")[:count]]
    drawn[chosen] = True
    return len(chosen)
