"""Everything that predictions say, summed case by case, and every metric computed from those sums.

A metric is added in one place: ``measure``. It then has a value, an interval, a line in a comparison and one
for each magnification. ``measure`` sees the sums under a stack of case weights, of which the first row is the
sample as observed and the others are bootstrap samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from breakhis_core import calibration, metrics, ranking
from breakhis_core.errors import InputError
from breakhis_core.metrics import Floats, Integers
from breakhis_core.taxonomy import CODES, MALIGNANT

PROBABILITY_COLUMNS: tuple[str, ...] = tuple(f"p_{code}" for code in CODES)
MACRO = ("precision", "sensitivity", "f1")

_SIDE_OF = np.array(MALIGNANT, dtype=np.int64)
_INDEX = {code: index for index, code in enumerate(CODES)}


@dataclass(frozen=True)
class Answers:
    """Predictions as arrays, one entry an image.

    Attributes:
        true: true sub-type, shape ``(N,)``, index into ``CODES``.
        predicted: predicted sub-type, shape ``(N,)``.
        probabilities: shape ``(N, 8)``.
        cases: case, shape ``(N,)``, index into ``case_names``.
        case_names: name of each case, sorted, length C.
    """

    true: Integers
    predicted: Integers
    probabilities: Floats
    cases: Integers
    case_names: tuple[str, ...]

    @property
    def malignancy(self) -> Floats:
        """Probability of the malignant side, shape ``(N,)``: the sum over the malignant sub-types."""
        total: Floats = self.probabilities[:, _SIDE_OF == 1].sum(1)
        return total

    @property
    def malignant(self) -> npt.NDArray[np.bool_]:
        """Whether each image is malignant, shape ``(N,)``."""
        return np.array(MALIGNANT)[self.true]


def read_answers(predictions: pd.DataFrame) -> Answers:
    """Take the answers out of a predictions table.

    Args:
        predictions: columns subtype, case, predicted and ``p_A`` to ``p_PC``.

    Raises:
        InputError: a column is missing, a sub-type is unknown, or a probability is not a number from 0 to 1.
    """
    needed = ["subtype", "case", "predicted", *PROBABILITY_COLUMNS]
    missing = [column for column in needed if column not in predictions.columns]
    if missing:
        raise InputError(f"The predictions lack the columns {', '.join(missing)}: make them again.")
    probabilities = predictions[list(PROBABILITY_COLUMNS)].to_numpy(dtype=np.float64)
    bad = ~((probabilities >= 0) & (probabilities <= 1 + 1e-6)).all(axis=1)
    if bad.any():
        raise InputError(f"The predictions hold {bad.sum()} images whose probabilities are not from 0 to 1.")
    names, cases = np.unique(predictions["case"].to_numpy(dtype=object).astype(str), return_inverse=True)
    return Answers(
        true=_indices(predictions["subtype"]),
        predicted=_indices(predictions["predicted"]),
        probabilities=probabilities,
        cases=cases.astype(np.int64),
        case_names=tuple(str(name) for name in names),
    )


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
    confusion = metrics.confusion_by_group(true, answers.predicted, cases, len(CODES), count)
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


def measure(sums: CaseSums, weights: Floats) -> dict[str, Floats]:
    """Compute every metric under every row of case weights.

    Args:
        sums: from :func:`sum_by_case`.
        weights: how often each case counts, shape ``(R, C)``.

    Returns:
        Metrics by their place in an evaluation, such as ``"per_class.DC.f1"``; each of shape ``(R,)``, nan
        where undefined.
    """
    cases = len(sums.confusion)
    confusion = (weights @ sums.confusion.reshape(cases, -1)).reshape(-1, len(CODES), len(CODES))
    per_class = {
        "precision": metrics.precision(confusion),
        "sensitivity": metrics.sensitivity(confusion),
        "specificity": metrics.specificity(confusion),
        "f1": metrics.f1(confusion),
        "auc": _class_areas(sums, weights),
    }
    values = {
        "accuracy": metrics.accuracy(confusion),
        "balanced_accuracy": metrics.balanced_accuracy(confusion),
        "macro_f1": metrics.macro(per_class["f1"]),
        "macro_precision": metrics.macro(per_class["precision"]),
        "kappa": metrics.kappa(confusion),
        "auc.macro": metrics.macro(per_class["auc"]),
    }
    for name, table in per_class.items():
        values |= {f"per_class.{code}.{name}": table[:, k] for k, code in enumerate(CODES)}
    values |= _measure_sides(sums, weights, metrics.merge_classes(confusion, _SIDE_OF, 2))
    values |= _measure_patients(sums, weights)
    values |= _measure_calibration(sums, weights)
    return values


def carriers(sums: CaseSums) -> dict[str, int]:
    """Count the cases that carry each metric: a sensitivity for DC is known from the cases of DC alone.

    Returns:
        Number of cases by metric, for those metrics that not every case carries.
    """
    confusion = sums.confusion
    true, called = (confusion.sum(2) > 0), (confusion.sum(1) > 0)
    others = confusion.sum((1, 2))[:, None] - confusion.sum(2) > 0
    counts: dict[str, int] = {}
    for k, code in enumerate(CODES):
        counts |= {
            f"per_class.{code}.precision": int(called[:, k].sum()),
            f"per_class.{code}.sensitivity": int(true[:, k].sum()),
            f"per_class.{code}.specificity": int(others[:, k].sum()),
            f"per_class.{code}.f1": int((true | called)[:, k].sum()),
            f"per_class.{code}.auc": int(min(true[:, k].sum(), others[:, k].sum())),
        }
    sides = metrics.merge_classes(confusion, _SIDE_OF, 2)
    benign, malignant = (sides.sum(2) > 0).sum(0).tolist()
    counts |= {
        "binary.sensitivity": malignant,
        "binary.specificity": benign,
        "binary.precision": int((sides.sum(1)[:, 1] > 0).sum()),
        "binary.auc": min(benign, malignant),
        "binary.average_precision": malignant,
    }
    return counts


def _class_areas(sums: CaseSums, weights: Floats) -> Floats:
    images = sums.confusion.sum((1, 2))
    of_class = sums.confusion.sum(2)
    areas = [
        ranking.auc_under(weights, sums.wins[k], of_class[:, k], images - of_class[:, k])
        for k in range(len(CODES))
    ]
    return np.stack(areas, axis=-1)


def _measure_sides(sums: CaseSums, weights: Floats, confusion: Floats) -> dict[str, Floats]:
    """Measure benign against malignant, malignant being the positive side."""
    by_side = metrics.merge_classes(sums.confusion, _SIDE_OF, 2).sum(2)
    answers = sums.answers
    drawn = weights[:, answers.cases]
    return {
        "binary.accuracy": metrics.accuracy(confusion),
        "binary.sensitivity": metrics.sensitivity(confusion)[:, 1],
        "binary.specificity": metrics.sensitivity(confusion)[:, 0],
        "binary.precision": metrics.precision(confusion)[:, 1],
        "binary.f1": metrics.f1(confusion)[:, 1],
        "binary.auc": ranking.auc_under(weights, sums.side_wins, by_side[:, 1], by_side[:, 0]),
        "binary.average_precision": ranking.average_precision(answers.malignancy, answers.malignant, drawn),
    }


def _measure_patients(sums: CaseSums, weights: Floats) -> dict[str, Floats]:
    """Average the patient scores over cases: the patient recognition rate of Spanhol et al."""
    sides = metrics.merge_classes(sums.confusion, _SIDE_OF, 2)
    drawn = weights.sum(1)
    return {
        "patients.recognition_rate": metrics.ratio(weights @ metrics.accuracy(sums.confusion), drawn),
        "patients.side_recognition_rate": metrics.ratio(weights @ metrics.accuracy(sides), drawn),
    }


def _measure_calibration(sums: CaseSums, weights: Floats) -> dict[str, Floats]:
    images = weights @ sums.confusion.sum((1, 2))
    brier, scaled_brier, log_loss = metrics.ratio(weights @ sums.errors, images[:, None]).T
    values = {
        "calibration.ece": calibration.calibration_error(np.tensordot(weights, sums.bins, 1)),
        "calibration.brier": brier,
        "calibration.log_loss": log_loss,
    }
    if sums.scaled_bins is not None:
        values |= {
            "calibration.scaled.ece": calibration.calibration_error(
                np.tensordot(weights, sums.scaled_bins, 1)
            ),
            "calibration.scaled.brier": scaled_brier,
        }
    return values


def _indices(codes: Sequence[str] | pd.Series) -> Integers:
    found = [_INDEX.get(str(code), -1) for code in codes]
    if -1 in found:
        unknown = list(codes)[found.index(-1)]
        raise InputError(
            f"The predictions name the sub-type {unknown!r}, which is none of {', '.join(CODES)}."
        )
    return np.array(found, dtype=np.int64)
