"""Every metric, each computed from the sums of cases under a whole stack of case weights.

A metric is added in one place: ``METRICS``. What several of them need is computed once, and nothing that
nobody asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from breakhis_core.images.taxonomy import CODES, MALIGNANT
from breakhis_core.metrics import calibration, classification, ranking
from breakhis_core.metrics.classification import Floats

if TYPE_CHECKING:
    from breakhis_core.results.case_sums import CaseSums

SIDE_OF = np.array(MALIGNANT, dtype=np.int64)


class Draws:
    """The sums of C cases under R rows of weights.

    Attributes:
        sums: sums of each case.
        weights: how often each case counts, shape ``(R, C)``.
        over: whether a sub-type with images counts in macro figures, shape ``(K,)``; by default each does.
    """

    def __init__(self, sums: CaseSums, weights: Floats, over: npt.ArrayLike = True) -> None:
        self.sums, self.weights, self.over = sums, weights, over

    @cached_property
    def confusion(self) -> Floats:
        """Confusion matrices of the sub-types, shape ``(R, K, K)``."""
        flat = self.weights @ self.sums.confusion.reshape(len(self.sums.confusion), -1)
        return flat.reshape(-1, len(CODES), len(CODES))

    @cached_property
    def precision(self) -> Floats:
        """Precision of each sub-type, shape ``(R, K)``; nan where a draw lacks one that the images have."""
        return classification.precision(self.confusion) * _drawn_or_nan(self.confusion, self.sums.confusion)

    @cached_property
    def f1(self) -> Floats:
        """F1 of each sub-type, shape ``(R, K)``; nan where a draw has no image of it."""
        return np.where(self.confusion.sum(2) > 0, classification.f1(self.confusion), np.nan)

    @cached_property
    def areas(self) -> Floats:
        """Area under the ROC curve of each sub-type against the rest, shape ``(R, K)``."""
        images, of_class = self.sums.confusion.sum((1, 2)), self.sums.confusion.sum(2)
        areas = [
            ranking.auc_under(self.weights, self.sums.wins[k], of_class[:, k], images - of_class[:, k])
            for k in range(len(CODES))
        ]
        return np.stack(areas, axis=-1)

    @cached_property
    def side_sums(self) -> Floats:
        """Confusion matrix of the sides of each case, malignant second, shape ``(C, 2, 2)``."""
        return classification.merge_classes(self.sums.confusion, SIDE_OF, 2)

    @cached_property
    def sides(self) -> Floats:
        """Confusion matrices of the sides, shape ``(R, 2, 2)``."""
        return classification.merge_classes(self.confusion, SIDE_OF, 2)

    @cached_property
    def malignant_drawn(self) -> Floats:
        """1, or nan where a draw lacks the malignant images that the sample has, shape ``(R,)``."""
        return _drawn_or_nan(self.sides, self.side_sums)[:, 1]

    @cached_property
    def errors(self) -> Floats:
        """Mean squared error, scaled squared error and log loss of an image, shape ``(R, 3)``."""
        images = self.weights @ self.sums.confusion.sum((1, 2))
        return classification.ratio(self.weights @ self.sums.errors, images[:, None])

    def side_area(self) -> Floats:
        """Return the area under the ROC curve of malignant against benign, shape ``(R,)``."""
        by_side = self.side_sums.sum(2)
        return ranking.auc_under(self.weights, self.sums.side_wins, by_side[:, 1], by_side[:, 0])

    def average_precision(self) -> Floats:
        """Return the average precision of malignant, shape ``(R,)``."""
        answers = self.sums.answers
        return ranking.average_precision(
            answers.malignancy, answers.malignant, self.weights[:, answers.cases]
        )

    def mean_over_cases(self, of_case: Floats) -> Floats:
        """Average a score of each case over the cases drawn, shape ``(R,)``."""
        return classification.ratio(self.weights @ of_case, self.weights.sum(1))

    def calibration_error(self, bins: Floats | None) -> Floats:
        """Return the calibration error of bins of each case, shape ``(R,)``; nan without bins."""
        if bins is None:
            return np.full(len(self.weights), np.nan)
        return calibration.calibration_error(np.tensordot(self.weights, bins, 1))


Metric = Callable[[Draws], Floats]

_OF_A_CLASS: Mapping[str, Metric] = {
    "precision": lambda draws: draws.precision,
    "sensitivity": lambda draws: classification.sensitivity(draws.confusion),
    "specificity": lambda draws: classification.specificity(draws.confusion),
    "f1": lambda draws: draws.f1,
    "auc": lambda draws: draws.areas,
}


def _of_class(table: Metric, k: int) -> Metric:
    return lambda draws: table(draws)[:, k]


METRICS: Mapping[str, Metric] = {
    "accuracy": lambda draws: classification.accuracy(draws.confusion),
    "balanced_accuracy": lambda draws: classification.balanced_accuracy(draws.confusion, draws.over),
    "macro_f1": lambda draws: classification.macro_f1(draws.confusion, draws.over),
    "macro_precision": lambda draws: classification.macro_precision(draws.confusion, draws.over),
    "kappa": lambda draws: classification.kappa(draws.confusion),
    "auc.macro": lambda draws: classification.macro(draws.areas, draws.over),
    **{
        f"per_class.{code}.{name}": _of_class(table, k)
        for name, table in _OF_A_CLASS.items()
        for k, code in enumerate(CODES)
    },
    # Benign against malignant, malignant being the positive side.
    "binary.accuracy": lambda draws: classification.accuracy(draws.sides),
    "binary.sensitivity": lambda draws: classification.sensitivity(draws.sides)[:, 1],
    "binary.specificity": lambda draws: classification.sensitivity(draws.sides)[:, 0],
    "binary.precision": lambda draws: classification.precision(draws.sides)[:, 1] * draws.malignant_drawn,
    "binary.f1": lambda draws: classification.f1(draws.sides)[:, 1] * draws.malignant_drawn,
    "binary.auc": Draws.side_area,
    "binary.average_precision": Draws.average_precision,
    # Means of the patient scores: the patient recognition rates of Spanhol et al.
    "patients.recognition_rate": lambda draws: draws.mean_over_cases(
        classification.accuracy(draws.sums.confusion)
    ),
    "patients.side_recognition_rate": lambda draws: draws.mean_over_cases(
        classification.accuracy(draws.side_sums)
    ),
    "calibration.ece": lambda draws: draws.calibration_error(draws.sums.bins),
    "calibration.brier": lambda draws: draws.errors[:, 0],
    "calibration.log_loss": lambda draws: draws.errors[:, 2],
    "calibration.scaled.ece": lambda draws: draws.calibration_error(draws.sums.scaled_bins),
    "calibration.scaled.brier": lambda draws: draws.errors[:, 1],
}
"""How each metric comes of draws, by its place in an evaluation; each gives the shape ``(R,)``."""


def _drawn_or_nan(confusion: Floats, observed: Floats) -> Floats:
    """Return 1, or nan where a class that the test set has is missing from a draw of cases.

    Such a draw does not say that the class is never found. In a simulation of test sets of 70 cases, 0.86 of
    the intervals of macro F1 held the truth with a score of 0 for it, and 0.96 without.

    Args:
        confusion: matrices under weights, shape ``(R, K, K)``.
        observed: matrix of each case, shape ``(C, K, K)``.

    Returns:
        Shape ``(R, K)``.
    """
    missing = (confusion.sum(2) == 0) & (observed.sum((0, 2)) > 0)
    return np.where(missing, np.nan, 1.0)
