"""95 % intervals from a bootstrap that draws whole cases.

Images of one case resemble each other, so a test set of 800 images from 70 cases tells about 70 things, not
about 800. The bootstrap therefore draws cases with replacement. A drawn sample is a vector of how often each
case was drawn; metrics are computed from per-case sums under such weights (``results.case_sums``), all
samples at once.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr, stdtrit

from breakhis_core.metrics.classification import Floats

LEVEL = 0.95
RESAMPLES = 1000
ENOUGH_CASES = 6
"""Fewest cases whose range holds their median 95 % of the time: ``2 * 0.5 ** 6`` is below 0.05."""

OFF_CENTRE = 0.1
"""Below this share of samples on one side, an observed figure is not what the samples are about."""


def case_weights(cases: int, resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """Draw how often each case appears in each bootstrap sample.

    Args:
        cases: number of cases C, at least 1.
        resamples: number of samples R, at least 1.
        seed: the same seed gives the same samples, so that two runs can be compared on the same draws.

    Returns:
        Weights, shape ``(1 + R, C)``. The first row is all ones: the sample that was observed. Each row
        adds up to C.

    Raises:
        ValueError: no case, or no sample asked for.

    >>> case_weights(3, resamples=2)[0].tolist()
    [1.0, 1.0, 1.0]
    """
    if cases < 1 or resamples < 1:
        raise ValueError(f"cases and resamples must be at least 1, but are {cases} and {resamples}")
    drawn = np.random.default_rng(seed).multinomial(cases, np.full(cases, 1 / cases), size=resamples)
    return np.concatenate([np.ones((1, cases)), drawn.astype(np.float64)])


def interval(samples: Floats, cases: int, level: float = LEVEL) -> tuple[float, float] | None:
    """Read an interval from a metric's bootstrap samples: the expanded percentile interval.

    The plain percentile interval is too narrow when cases are few. Hesterberg's expanded one takes wider
    percentiles, those at which Student's t with ``cases - 1`` degrees of freedom would be read, and equals
    the plain one for many cases. Source: Hesterberg, "What Teachers Should Know About the Bootstrap", The
    American Statistician 69(4), 2015.

    Args:
        samples: the metric in each bootstrap sample, shape ``(R,)``; nan where it is undefined.
        cases: number of cases that carry the metric, such as the cases of the class for a sensitivity.
        level: confidence level, between 0 and 1.

    Returns:
        Lower and upper limit, or ``None`` where no interval can be told: fewer than two cases, or the metric
        is undefined in more than half of the samples.

    >>> [round(limit) for limit in interval(np.arange(1001.0), cases=1000)]
    [25, 975]
    >>> interval(np.arange(1001.0), cases=1) is None
    True
    """
    defined = samples[~np.isnan(samples)]
    if cases < 2 or len(defined) * 2 < len(samples) or not len(defined):
        return None
    tail = expanded_tail(cases, level)
    low, high = np.quantile(defined, [tail, 1 - tail])
    return round(float(low), 10), round(float(high), 10)


def reflected_interval(
    samples: Floats, observed: float, cases: int, level: float = LEVEL
) -> tuple[float, float] | None:
    """Read the interval of a metric that a bootstrap sample inflates, such as a calibration error.

    A calibration error sums gaps without sign, so noise can only add to it: the observed value lies above the
    true one, and the samples as far above the observed one. Reflecting the samples about the observed value
    (the basic bootstrap interval) takes that off. Source: Davison and Hinkley, "Bootstrap Methods and their
    Application", 1997, section 5.2.

    Args:
        samples: the metric in each bootstrap sample, shape ``(R,)``, not negative.
        observed: the metric of the observed sample.
        cases: number of cases that carry the metric.
        level: confidence level, between 0 and 1.

    Returns:
        Lower and upper limit, not below 0, or ``None`` as in :func:`interval`.

    >>> limits = reflected_interval(np.linspace(0.1, 0.2, 101), 0.12, cases=1000)
    >>> [round(limit, 3) for limit in limits]
    [0.042, 0.138]
    """
    found = interval(samples, cases, level)
    if found is None:
        return None
    low, high = (max(0.0, round(2 * observed - limit, 10)) for limit in reversed(found))
    return low, high


def expanded_tail(cases: int, level: float = LEVEL) -> float:
    """Return the share to cut off at each end of the bootstrap samples.

    >>> round(expanded_tail(7), 4), round(expanded_tail(70), 4)
    (0.0041, 0.0223)
    """
    wider = np.sqrt(cases / (cases - 1)) * stdtrit(cases - 1, (1 - level) / 2)
    return float(ndtr(wider))


def off_centre(samples: Floats, observed: float) -> bool:
    """Return whether nearly all bootstrap samples lie on one side of what was observed.

    A draw of few cases lacks some sub-types, so that a macro figure of it is a mean over fewer of them, with
    fewer images called wrongly as each. Where that moves nearly all samples past the observed figure, their
    interval is of something else. In a simulation of 8 cases, 0.95 of the intervals of macro precision held
    the truth where a tenth of the samples lay on either side, and 0.65 elsewhere.

    Args:
        samples: the metric in each bootstrap sample, shape ``(R,)``; nan where it is undefined.
        observed: the metric of the observed sample.

    >>> off_centre(np.linspace(0.3, 0.7, 99), 0.29), off_centre(np.linspace(0.3, 0.7, 99), 0.4)
    (True, False)
    """
    defined = samples[~np.isnan(samples)]
    if not len(defined):
        return False
    equal = np.isclose(defined, observed, rtol=0, atol=1e-9)
    below = np.mean((defined < observed) & ~equal) + np.mean(equal) / 2
    return bool(min(below, 1 - below) < OFF_CENTRE)


def limits_or_none(samples: Floats, cases: int, reflect_about: float | None = None) -> list[float] | None:
    """Return the 95 % limits as JSON holds them, reflected about a value where one is given."""
    found = (
        interval(samples, cases)
        if reflect_about is None
        else reflected_interval(samples, reflect_about, cases)
    )
    return None if found is None else list(found)


def number_or_none(value: float) -> float | None:
    """Return a number as JSON holds it: ``None`` for an undefined one.

    >>> number_or_none(float("nan")) is None
    True
    """
    return None if math.isnan(value) else float(value)
