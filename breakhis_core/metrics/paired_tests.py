"""Whether two runs' different answers on the same images could be chance."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from scipy.special import bdtr

from breakhis_core.metrics.classification import Integers

EXACT_CASES = 12
SWAPS = 10_000


def mcnemar(fixed: int, broken: int) -> dict[str, Any]:
    """McNemar's test, exact: are images that one run gets right and the other wrong spread evenly?

    It takes images as independent, which images of one case are not: read it beside :func:`swap_test`.
    Source: McNemar, "Note on the sampling error of the difference between correlated proportions or
    percentages", Psychometrika 12, 1947; exact form by the binomial distribution.

    Args:
        fixed: images that the first run got wrong and the second right.
        broken: images that the first run got right and the second wrong.

    Returns:
        fixed, broken and p_value (two-sided; 1 when nothing changed).

    >>> mcnemar(8, 1)["p_value"]
    0.0390625
    """
    if fixed < 0 or broken < 0:
        raise ValueError(f"fixed and broken must not be negative, but are {fixed} and {broken}")
    changed = fixed + broken
    # Both tails of a fair coin are alike. SciPy's own test says the same, but its module takes half a second
    # to import, which the first visitor of Results would wait for.
    p_value = min(1.0, 2 * float(bdtr(min(fixed, broken), changed, 0.5))) if changed else 1.0
    return {"fixed": fixed, "broken": broken, "p_value": p_value}


def swap_test(gained: Integers, seed: int = 0) -> dict[str, Any]:
    """Test, case by case, whether two runs are interchangeable: swap their answers on whole cases.

    McNemar's question with the case as the unit: if neither run were better, each case's gain might as well
    have had the other sign. All sign patterns are tried for up to 12 cases that changed, else 10,000 random
    ones.

    Args:
        gained: images fixed minus images broken in each case, shape ``(C,)``.
        seed: seed of the random swaps.

    Returns:
        gained (in all), cases (whose gain is not zero) and p_value (two-sided; 1 when nothing changed). The
        least possible p_value is ``2 / 2**cases``.

    >>> swap_test(np.array([3, 1, 0, 2]))
    {'gained': 6, 'cases': 3, 'p_value': 0.25}
    """
    changed = np.asarray(gained, dtype=np.int64)
    changed = changed[changed != 0]
    total = int(changed.sum())
    if len(changed) <= EXACT_CASES:
        patterns = list(product((-1, 1), repeat=len(changed)))
        signs = np.array(patterns, dtype=np.int64).reshape(2 ** len(changed), len(changed))
        p_value = float((np.abs(signs @ changed) >= abs(total)).mean())
    else:
        signs = np.random.default_rng(seed).choice(np.array([-1, 1]), size=(SWAPS, len(changed)))
        # The pattern as observed counts among the random ones, so that the p-value is never zero.
        p_value = float(((np.abs(signs @ changed) >= abs(total)).sum() + 1) / (SWAPS + 1))
    return {"gained": total, "cases": len(changed), "p_value": p_value}
