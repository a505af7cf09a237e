"""Every metric, one row each, and what it comes to under draws of cases.

To add a metric, add its row to ``METRICS``: it then has a value and an interval in every evaluation, a
difference in every comparison, and a line in each list that it names. The order of the rows is the order on
screen.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from breakhis_core.images.taxonomy import CODES
from breakhis_core.metrics import classification
from breakhis_core.metrics.classification import Floats
from breakhis_core.results.case_sums import CaseSums, Draws
from breakhis_core.results.metric import List, Metric, SubtypeMetric

CHANCE = 1 / len(CODES)
"""Accuracy of saying each sub-type equally often at random."""

SUBTYPE_METRICS = (
    SubtypeMetric(
        "precision",
        "precision",
        lambda draws: draws.precision,
        lambda sums: sums.cases_called,
        mean="macro_precision",
        in_bars=True,
    ),
    SubtypeMetric(
        "sensitivity",
        "recall",
        lambda draws: classification.sensitivity(draws.confusion),
        lambda sums: sums.cases_of_class,
        mean="balanced_accuracy",
        in_bars=True,
    ),
    SubtypeMetric(
        "specificity",
        "specificity",
        lambda draws: classification.specificity(draws.confusion),
        lambda sums: sums.cases_of_others,
    ),
    SubtypeMetric(
        "f1", "F1", lambda draws: draws.f1, lambda sums: sums.cases_of_class, mean="macro_f1", in_bars=True
    ),
    SubtypeMetric(
        "auc",
        "AUC",
        lambda draws: draws.areas,
        lambda sums: np.minimum(sums.cases_of_class, sums.cases_of_others),
        mean="auc.macro",
    ),
)

METRICS: dict[str, Metric] = {
    metric.place: metric
    for metric in (
        Metric(
            "accuracy",
            "Accuracy",
            lambda draws: classification.accuracy(draws.confusion),
            (
                *("headline", "main", "command", "comparison", "leakage", "folds"),
                *("magnifications", "magnifications on screen", "each fold", "each magnification"),
            ),
            always="subtypes",
            chance=CHANCE,
            headed="Accuracy, 8 sub-types",
            meaning="Share of images whose sub-type, one of eight, is right.",
        ),
        Metric(
            "balanced_accuracy",
            "Balanced accuracy",
            lambda draws: classification.balanced_accuracy(draws.confusion, draws.over),
            ("command", "comparison", "leakage", "each fold", "each magnification"),
            is_macro=True,
        ),
        Metric(
            "macro_f1",
            "Macro F1",
            lambda draws: classification.macro_f1(draws.confusion, draws.over),
            (
                *("headline", "main", "command", "comparison", "leakage", "folds"),
                *("magnifications", "magnifications on screen", "each fold", "each magnification"),
            ),
            is_macro=True,
            always="subtypes",
            meaning="Mean F1 of the sub-types: each counts the same, however rare.",
        ),
        Metric(
            "macro_precision",
            "Macro precision",
            lambda draws: classification.macro_precision(draws.confusion, draws.over),
            ("comparison",),
            is_macro=True,
        ),
        Metric(
            "kappa",
            "Cohen's kappa",
            lambda draws: classification.kappa(draws.confusion),
            ("command", "comparison", "each fold", "each magnification"),
            is_share=False,
            chance=0.0,
        ),
        Metric(
            "auc.macro",
            "Macro AUC",
            lambda draws: classification.macro(draws.areas, draws.over),
            ("headline", "command", "comparison", "leakage", "each fold", "each magnification"),
            is_macro=True,
            chance=0.5,
            meaning="Mean area under the ROC curves of the sub-types, one against the rest.",
        ),
        *(metric.of(k) for metric in SUBTYPE_METRICS for k in range(len(CODES))),
        # Benign against malignant, malignant being the positive side.
        Metric(
            "binary.accuracy",
            "Benign/malignant accuracy",
            lambda draws: classification.accuracy(draws.sides),
            ("comparison", "leakage", "each fold", "each magnification"),
            always="sides",
        ),
        Metric(
            "binary.sensitivity",
            "Malignant sensitivity",
            lambda draws: classification.sensitivity(draws.sides)[:, 1],
            (
                *("headline", "command", "comparison", "leakage", "folds"),
                *("magnifications on screen", "each fold", "each magnification"),
            ),
            lambda sums: int(sums.cases_of_side[1]),
            meaning="Share of the malignant images called malignant.",
        ),
        Metric(
            "binary.specificity",
            "Malignant specificity",
            lambda draws: classification.sensitivity(draws.sides)[:, 0],
            (
                *("headline", "command", "comparison", "leakage", "folds"),
                *("magnifications on screen", "each fold", "each magnification"),
            ),
            lambda sums: int(sums.cases_of_side[0]),
            meaning="Share of the benign images called benign.",
        ),
        Metric(
            "binary.precision",
            "Malignant precision",
            lambda draws: classification.precision(draws.sides)[:, 1] * draws.malignant_drawn,
            ("command", "comparison"),
            lambda sums: sums.cases_called_malignant,
        ),
        Metric(
            "binary.f1",
            "Malignant F1",
            lambda draws: classification.f1(draws.sides)[:, 1] * draws.malignant_drawn,
            (
                *("headline", "main", "command", "comparison"),
                *("magnifications", "each fold", "each magnification"),
            ),
            lambda sums: int(sums.cases_of_side[1]),
            always="malignant",
            meaning="F1 of malignant against benign.",
        ),
        Metric(
            "binary.auc",
            "Benign/malignant AUC",
            Draws.side_area,
            ("command", "comparison", "leakage", "folds", "each fold", "each magnification"),
            lambda sums: int(sums.cases_of_side.min()),
            chance=0.5,
        ),
        Metric(
            "binary.average_precision",
            "Malignant average precision",
            Draws.average_precision,
            ("comparison",),
            lambda sums: int(sums.cases_of_side[1]),
        ),
        # Means of the patient scores: the patient recognition rates of Spanhol et al.
        Metric(
            "patients.recognition_rate",
            "Patient recognition rate",
            lambda draws: draws.mean_over_cases(classification.accuracy(draws.sums.confusion)),
            ("command", "comparison", "magnifications", "each fold", "each magnification"),
        ),
        Metric(
            "patients.side_recognition_rate",
            "Benign/malignant patient recognition rate",
            lambda draws: draws.mean_over_cases(classification.accuracy(draws.sums.sides)),
            ("comparison", "each fold", "each magnification"),
        ),
        Metric(
            "calibration.ece",
            "Expected calibration error",
            lambda draws: draws.calibration_error(draws.sums.bins),
            ("command", "comparison", "each magnification"),
            higher_is_better=False,
            noise_adds=True,
        ),
        Metric(
            "calibration.brier",
            "Brier score",
            lambda draws: draws.errors[:, 0],
            ("comparison", "each magnification"),
            higher_is_better=False,
            is_share=False,
        ),
        # It has no upper bound: beside it a chart of differences would show nothing of the others.
        Metric(
            "calibration.log_loss",
            "Log loss",
            lambda draws: draws.errors[:, 2],
            higher_is_better=False,
            is_share=False,
        ),
        Metric(
            "calibration.scaled.ece",
            "Calibration error after temperature",
            lambda draws: draws.calibration_error(draws.sums.scaled_bins),
            ("comparison",),
            higher_is_better=False,
            noise_adds=True,
            needs_temperature=True,
        ),
        Metric(
            "calibration.scaled.brier",
            "Brier score after temperature",
            lambda draws: draws.errors[:, 1],
            ("comparison",),
            higher_is_better=False,
            is_share=False,
            needs_temperature=True,
        ),
    )
}
"""Every metric by its place in an evaluation, those of the sub-types too."""


def shown_in(name: List) -> list[Metric]:
    """Return the metrics of a list, in order.

    >>> [metric.name for metric in shown_in("main")]
    ['Accuracy', 'Macro F1', 'Malignant F1']
    """
    return [metric for metric in METRICS.values() if name in metric.lists]


def places_in(name: List) -> list[str]:
    """Return the places of the metrics of a list, in order."""
    return [metric.place for metric in shown_in(name)]


def of_all_images() -> list[Metric]:
    """Return the metrics of all images together: every one that is not of one sub-type."""
    return [metric for metric in METRICS.values() if metric.of_subtype is None]


def metric_name(place: str) -> str:
    """Return the name of a metric by its place in an evaluation.

    >>> metric_name("macro_f1"), metric_name("per_class.DC.f1")
    ('Macro F1', 'DC F1')
    """
    return METRICS[place].name


def measure(
    sums: CaseSums, weights: Floats, wanted: Collection[str] | None = None, over: npt.ArrayLike = True
) -> dict[str, Floats]:
    """Compute metrics under every row of case weights.

    Args:
        sums: from :func:`case_sums.sum_by_case`.
        weights: how often each case counts, shape ``(R, C)``.
        wanted: the metrics, by their place in an evaluation; by default every one that the sums give. Others
            cost nothing.
        over: whether a sub-type with images counts in macro figures, shape ``(K,)``; by default each does.

    Returns:
        Metrics by their place in an evaluation, such as ``"per_class.DC.f1"``; each of shape ``(R,)``, nan
        where undefined.
    """
    draws = Draws(sums, weights, over)
    chosen = [METRICS[place] for place in (METRICS if wanted is None else wanted)]
    scaled = sums.scaled_bins is not None
    return {
        metric.place: metric.measured(draws) for metric in chosen if scaled or not metric.needs_temperature
    }
