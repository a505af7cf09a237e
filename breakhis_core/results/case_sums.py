"""Everything that predictions say, summed case by case, and the metrics computed from those sums.

A metric is added in one place: ``measured.METRICS``. It then has a value, an interval and a line in a
comparison. ``measure`` sees the sums under a stack of case weights, of which the first row is the sample as
observed and the others are bootstrap samples.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from breakhis_core.images.taxonomy import CODES
from breakhis_core.metrics import calibration, classification, ranking
from breakhis_core.metrics.classification import Floats
from breakhis_core.results.measured import METRICS, SIDE_OF, Draws
from breakhis_core.results.predicted_arrays import Answers

SCALED = "calibration.scaled."
"""Begins the place of what a temperature would make of the calibration."""


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


def measure(
    sums: CaseSums, weights: Floats, wanted: Collection[str] | None = None, over: npt.ArrayLike = True
) -> dict[str, Floats]:
    """Compute metrics under every row of case weights.

    Args:
        sums: from :func:`sum_by_case`.
        weights: how often each case counts, shape ``(R, C)``.
        wanted: the metrics, by their place in an evaluation; by default every one that the sums give.
        over: whether a sub-type with images counts in macro figures, shape ``(K,)``; by default each does.

    Returns:
        Metrics by their place in an evaluation, such as ``"per_class.DC.f1"``; each of shape ``(R,)``, nan
        where undefined.
    """
    names = METRICS if wanted is None else wanted
    draws = Draws(sums, weights, over)
    scaled = sums.scaled_bins is not None
    return {name: METRICS[name](draws) for name in names if scaled or not name.startswith(SCALED)}


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
            f"per_class.{code}.precision": int(called[:, k].sum()) if true[:, k].any() else 0,
            f"per_class.{code}.sensitivity": int(true[:, k].sum()),
            f"per_class.{code}.specificity": int(others[:, k].sum()),
            f"per_class.{code}.f1": int(true[:, k].sum()),
            f"per_class.{code}.auc": int(min(true[:, k].sum(), others[:, k].sum())),
        }
    sides = classification.merge_classes(confusion, SIDE_OF, 2)
    benign, malignant = (sides.sum(2) > 0).sum(0).tolist()
    counts |= {
        "binary.sensitivity": malignant,
        "binary.specificity": benign,
        "binary.precision": int((sides.sum(1)[:, 1] > 0).sum()) if malignant else 0,
        "binary.f1": malignant,
        "binary.auc": min(benign, malignant),
        "binary.average_precision": malignant,
    }
    return counts
