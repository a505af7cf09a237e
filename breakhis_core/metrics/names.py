"""What each metric is called on a screen, and which way is better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MACRO_METRICS = ("balanced_accuracy", "macro_f1", "macro_precision", "auc.macro")
"""The means over sub-types: each of those with images counts the same, however rare."""

METRIC_NAMES: dict[str, str] = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_f1": "Macro F1",
    "macro_precision": "Macro precision",
    "kappa": "Cohen's kappa",
    "auc.macro": "Macro AUC",
    "binary.accuracy": "Benign/malignant accuracy",
    "binary.sensitivity": "Malignant sensitivity",
    "binary.specificity": "Malignant specificity",
    "binary.precision": "Malignant precision",
    "binary.f1": "Malignant F1",
    "binary.auc": "Benign/malignant AUC",
    "binary.average_precision": "Malignant average precision",
    "patients.recognition_rate": "Patient recognition rate",
    "patients.side_recognition_rate": "Benign/malignant patient recognition rate",
    "calibration.ece": "Expected calibration error",
    "calibration.brier": "Brier score",
    "calibration.log_loss": "Log loss",
    "calibration.scaled.ece": "Calibration error after temperature",
    "calibration.scaled.brier": "Brier score after temperature",
}
"""Name of each metric by its place in an evaluation, in the order of importance that screens use."""

_OF_A_CLASS = {"precision": "precision", "sensitivity": "sensitivity", "specificity": "specificity"}
_OF_A_CLASS |= {"f1": "F1", "auc": "AUC"}


def metric_name(metric: str) -> str:
    """Return the name of a metric by its place in an evaluation.

    >>> metric_name("macro_f1"), metric_name("per_class.DC.f1")
    ('Macro F1', 'DC F1')
    """
    if metric in METRIC_NAMES:
        return METRIC_NAMES[metric]
    _, code, name = metric.split(".")
    return f"{code} {_OF_A_CLASS[name]}"


def higher_is_better(metric: str) -> bool:
    """Return whether more is better: not so for errors and losses.

    >>> higher_is_better("binary.f1"), higher_is_better("calibration.brier")
    (True, False)
    """
    return not metric.startswith("calibration.")


_IMAGES_OF = {"test": "test images", "validation": "validation images", "train": "training images"}


def macro_note(evaluation: Mapping[str, Any]) -> str:
    """Say how many sub-types macro figures are means over.

    >>> some = {"tested_subtypes": ["A", "F"], "predicted_only": ["DC"], "classes": ["A", "F", "DC"]}
    >>> macro_note(some | {"part": "test"})
    'over the 2 sub-types with test images; 1 more was predicted'
    >>> macro_note(some | {"tested_subtypes": ["A", "F", "DC"], "predicted_only": []})
    'over all 3 sub-types'
    """
    tested, more = len(evaluation["tested_subtypes"]), len(evaluation["predicted_only"])
    if tested == len(evaluation["classes"]):
        return f"over all {tested} sub-types"
    images = _IMAGES_OF.get(evaluation["part"], "images")
    over = (
        f"over the {tested} sub-types with {images}"
        if tested > 1
        else f"over the only sub-type with {images}"
    )
    return over + (f"; {more} more {'was' if more == 1 else 'were'} predicted" if more else "")
