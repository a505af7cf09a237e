"""The tables of the Results screen, made from what ``evaluate`` and ``compare`` return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from breakhis_core import taxonomy
from pages.parts.figures import interval, number

PER_CLASS_COLUMNS = ("Sub-type", "Side", "Images", "Precision", "Recall", "F1", "AUC")
METRICS: tuple[tuple[str, str], ...] = (
    ("accuracy", "Accuracy, 8 sub-types"),
    ("balanced_accuracy", "Balanced accuracy"),
    ("macro_f1", "Macro F1"),
    ("kappa", "Cohen's kappa"),
    ("auc_macro", "AUC, macro"),
    ("binary_sensitivity", "Malignant: sensitivity"),
    ("binary_specificity", "Malignant: specificity"),
    ("binary_f1", "Malignant: F1"),
    ("binary_auc", "Malignant: AUC"),
    ("patient_score", "Patient recognition rate"),
)


def per_class(evaluation: Mapping[str, Any]) -> pd.DataFrame:
    """Return precision, recall, F1, AUC and number of images of each sub-type, and their mean as last row."""
    rows = []
    for subtype in taxonomy.SUBTYPES:
        scores = evaluation["per_class"][subtype.code]
        rows.append(
            {
                "Sub-type": f"{subtype.code}  {subtype.name}",
                "Side": subtype.side,
                "Images": scores["support"],
                "Precision": scores["precision"],
                "Recall": scores["recall"],
                "F1": scores["f1"],
                "AUC": evaluation["auc"].get(subtype.code),
            }
        )
    return pd.DataFrame(rows, columns=list(PER_CLASS_COLUMNS))
