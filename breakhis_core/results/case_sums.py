"""What every metric is computed from: everything that predictions say, summed case by case.

``Draws`` sees the sums under a stack of case weights, of which the first row is the sample as observed and
the others are bootstrap samples. What several metrics need is computed once, and nothing that none asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from breakhis_core.images.taxonomy import CODES, MALIGNANT
from breakhis_core.metrics import calibration, classification, ranking
from breakhis_core.metrics.classification import Floats, Integers
from breakhis_core.results.predicted_arrays import Answers

SIDE_OF = np.array(MALIGNANT, dtype=np.int64)
"""Side of each sub-type: 1 is malignant."""


@dataclass(frozen=True)
class CaseSums:
    """Sums over the images of each case; C cases, K = 8 sub-types.

    Attributes:
        confusion: shape ``(C, K, K)``.
        wins: ranking wins of each sub-type against the rest, shape ``(K, C, C)``.
        side_wins: ranking wins of malignant against benign, shape ``(C, C)``.
        bins: images, confidence and right answers by confidence, shape ``(C, B, 3)``.
        scaled_bins: the same after temperature scaling, or ``None`` without a temperature.
        errors: squared error, scaled squared error and log loss, shape ``(C, 3)``.
        answers: the answers themselves, which average precision has to sort.
    """

    confusion: Floats
    wins: Floats
    side_wins: Floats
    bins: Floats
    scaled_bins: Floats | None
    errors: Floats
    answers: Answers

    @cached_property
    def sides(self) -> Floats:
        """Confusion matrix of the sides of each case, malignant second, shape ``(C, 2, 2)``."""
        return classification.merge_classes(self.confusion, SIDE_OF, 2)

    @property
    def cases(self) -> int:
        """Number of cases C."""
        return len(self.confusion)

    @property
    def cases_of_class(self) -> Integers:
        """Cases with an image of each sub-type, shape ``(K,)``."""
        count: Integers = np.count_nonzero(self.confusion.sum(2), axis=0)
        return count

    @property
    def cases_of_others(self) -> Integers:
        """Cases with an image of any other sub-type, shape ``(K,)``."""
        others = self.confusion.sum((1, 2))[:, None] - self.confusion.sum(2)
        count: Integers = np.count_nonzero(others, axis=0)
        return count

    @property
    def cases_called(self) -> Integers:
        """Cases with an image called each sub-type, shape ``(K,)``; 0 for a sub-type without images."""
        return np.where(self.cases_of_class > 0, (self.confusion.sum(1) > 0).sum(0), 0)

    @property
    def cases_of_side(self) -> Integers:
        """Cases with an image of each side, malignant second, shape ``(2,)``."""
        count: Integers = np.count_nonzero(self.sides.sum(2), axis=0)
        return count

    @property
    def cases_called_malignant(self) -> int:
        """Cases with an image called malignant; 0 without a malignant image."""
        return int((self.sides.sum(1)[:, 1] > 0).sum()) if self.cases_of_side[1] else 0


def sum_by_case(answers: Answers, temperature: float | None = None) -> CaseSums:
    """Sum the answers case by case.

    Args:
        answers: the answers.
        temperature: temperature fitted on validation images, for the calibration that scaling would give.
    """
    true, cases, count = answers.true, answers.cases, len(answers.case_names)
    scaled = (
        answers.probabilities
        if temperature is None
        else calibration.scale(answers.probabilities, temperature)
    )
    right = (true == answers.predicted).astype(np.float64)
    losses = (
        calibration.squared_errors(answers.probabilities, true),
        calibration.squared_errors(scaled, true),
        calibration.log_losses(answers.probabilities, true),
    )
    confusion = classification.confusion_by_group(true, answers.predicted, cases, len(CODES), count)
    return CaseSums(
        confusion=confusion.astype(np.float64),
        wins=np.stack(
            [
                ranking.wins_by_case(answers.probabilities[:, k], true == k, cases, count)
                for k in range(len(CODES))
            ]
        ),
        side_wins=ranking.wins_by_case(answers.malignancy, answers.malignant, cases, count),
        bins=calibration.bin_sums(answers.probabilities.max(1), right, cases, count),
        scaled_bins=None if temperature is None else calibration.bin_sums(scaled.max(1), right, cases, count),
        errors=np.stack([np.bincount(cases, loss, minlength=count) for loss in losses], axis=-1),
        answers=answers,
    )


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
    def sides(self) -> Floats:
        """Confusion matrices of the sides, shape ``(R, 2, 2)``."""
        return classification.merge_classes(self.confusion, SIDE_OF, 2)

    @cached_property
    def malignant_drawn(self) -> Floats:
        """1, or nan where a draw lacks the malignant images that the sample has, shape ``(R,)``."""
        return _drawn_or_nan(self.sides, self.sums.sides)[:, 1]

    @cached_property
    def errors(self) -> Floats:
        """Mean squared error, scaled squared error and log loss of an image, shape ``(R, 3)``."""
        images = self.weights @ self.sums.confusion.sum((1, 2))
        return classification.ratio(self.weights @ self.sums.errors, images[:, None])

    def side_area(self) -> Floats:
        """Return the area under the ROC curve of malignant against benign, shape ``(R,)``."""
        by_side = self.sums.sides.sum(2)
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
