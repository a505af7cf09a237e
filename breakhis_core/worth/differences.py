"""How much arms differ, with intervals over cases and seeds, and how often a placebo does as well.

Figures are of the unflagged images, each predicted once for each seed by a head that never saw it, on their
published labels. An interval draws cases and seeds with replacement, the same ones for both arms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from breakhis_core.images.taxonomy import CODES, MALIGNANT
from breakhis_core.metrics import classification
from breakhis_core.metrics.intervals import LEVEL, case_weights, interval, number_or_none
from breakhis_core.worth.question import Question

Floats = npt.NDArray[np.float64]
DRAWS = 1000
ONE_SIDED = 0.9
"""Level of the interval whose ends are one-sided bounds of 95 %."""
POWER = 2.8
"""Standard errors of a difference that is found in four of five tries at 5 %: 1.96 + 0.84."""
_SIDE_OF = np.array(MALIGNANT, np.int64)


def _sides(confusion: Floats, over: npt.NDArray[np.bool_]) -> Floats:
    return classification.accuracy(classification.merge_classes(confusion, _SIDE_OF, 2))


FIGURES: Mapping[str, Callable[[Floats, npt.NDArray[np.bool_]], Floats]] = {
    "accuracy": lambda confusion, over: classification.accuracy(confusion),
    "macro_f1": classification.macro_f1,
    "sides": _sides,
}
"""What is compared: functions of confusion matrices, and of the sub-types that have images."""
HEADLINE = "accuracy"
"""The figure that the verdict rests on."""


@dataclass(frozen=True, eq=False)
class Measured:
    """The figures of one arm.

    Attributes:
        observed: by figure, its mean over the seeds.
        drawn: by figure, the same in each bootstrap draw of cases and seeds, shape ``(DRAWS,)``.
    """

    observed: Mapping[str, float]
    drawn: Mapping[str, Floats]


class Scale:
    """Measures arms by the same images and the same draws.

    Args:
        question: gives the tested images, their labels and cases.
        seeds: how many seeds S each arm has.
    """

    def __init__(self, question: Question, seeds: int) -> None:
        self._tested = np.flatnonzero(question.tested)
        self._labels = question.labels[self._tested]
        cases = question.images["case"].to_numpy(dtype=object)[self._tested].astype(str)
        names, self._case = np.unique(cases, return_inverse=True)
        self.cases, self.images = len(names), len(self._tested)
        self._over = np.bincount(self._labels, minlength=len(CODES)) > 0
        self._weights = case_weights(self.cases, DRAWS)
        draw = np.random.default_rng(1)
        once = np.full(seeds, 1 / seeds)
        self._seeds = np.concatenate([once[None], draw.multinomial(seeds, once, DRAWS) / seeds])

    def measure(self, said: npt.NDArray[np.int8]) -> Measured:
        """Measure an arm by what it said of all images for each seed, shape ``(S, N)``."""
        classes, seeds = len(CODES), len(said)
        counts = np.zeros((self.cases, seeds, classes * classes))
        place = self._labels * classes + said[:, self._tested]
        for seed, cells in enumerate(place):
            np.add.at(counts[:, seed], (self._case, cells), 1)
        drawn = (self._weights @ counts.reshape(self.cases, -1)).reshape(-1, seeds, classes, classes)
        figures = {
            name: np.einsum("ds,ds->d", np.nan_to_num(figure(drawn, self._over)), self._seeds)
            for name, figure in FIGURES.items()
        }
        return Measured(
            {name: float(values[0]) for name, values in figures.items()},
            {name: values[1:] for name, values in figures.items()},
        )

    def limits(self, drawn: Floats, level: float = LEVEL) -> list[float] | None:
        """Return the interval of what was drawn; None where it cannot be told."""
        found = interval(drawn, self.cases, level)
        return None if found is None else [round(limit, 6) for limit in found]

    def difference(self, arm: Measured, to: Measured, figure: str) -> dict[str, Any]:
        """Return a difference, its interval, and what it is at least and at most, each surely to 95 %."""
        drawn = arm.drawn[figure] - to.drawn[figure]
        surely: Sequence[float | None] = self.limits(drawn, ONE_SIDED) or (None, None)
        return {
            "delta": round(arm.observed[figure] - to.observed[figure], 6),
            "interval": self.limits(drawn),
            "at_least": surely[0],
            "at_most": surely[1],
        }


def mean_of(arms: Sequence[Measured]) -> Measured:
    """Return the mean of several arms, such as all placebos, in each draw."""
    return Measured(
        {name: float(np.mean([arm.observed[name] for arm in arms])) for name in FIGURES},
        {name: np.mean([arm.drawn[name] for arm in arms], axis=0) for name in FIGURES},
    )


def smallest_effect(placebos: Sequence[Measured], figure: str = HEADLINE) -> float:
    """Return the smallest difference to the placebo that could have been seen, from the placebos alone.

    Found in four of five tries at 5 %: `POWER` standard errors, of one placebo against the mean of all, over
    the draws of cases and seeds or from placebo to placebo, whichever is more.
    """
    middle = mean_of(placebos)
    within = np.median([np.std(one.drawn[figure] - middle.drawn[figure]) for one in placebos])
    between = np.std([one.observed[figure] for one in placebos], ddof=1)
    return float(POWER * max(within, between))


def chance(arm: Measured, placebos: Sequence[Measured], figure: str) -> tuple[float, float]:
    """Return how likely a placebo does at least as well, and at least as badly: (1 + such) / (R + 1)."""
    # Sums of the same counts in another order may differ in the last digit.
    found = np.array([one.observed[figure] for one in placebos]) - arm.observed[figure]
    return (
        float((1 + (found >= -1e-9).sum()) / (len(placebos) + 1)),
        float((1 + (found <= 1e-9).sum()) / (len(placebos) + 1)),
    )


def compared(
    scale: Scale, arm: Measured, whole: Measured, placebos: Sequence[Measured]
) -> dict[str, dict[str, Any]]:
    """Return, by figure, an arm's value, its difference to all images and to the placebo, and its chances."""
    middle = mean_of(placebos)
    found = {}
    for figure in FIGURES:
        better, worse = chance(arm, placebos, figure)
        found[figure] = {
            "value": number_or_none(arm.observed[figure]),
            "to_all": scale.difference(arm, whole, figure),
            "to_placebo": scale.difference(arm, middle, figure),
            "p": round(better, 6),
            "p_worse": round(worse, 6),
        }
    return found
