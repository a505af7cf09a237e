"""The tables of the Results screen, made from what ``evaluate`` and ``compare`` return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from breakhis_core.images import taxonomy
from breakhis_core.metrics.names import METRIC_NAMES, higher_is_better
from breakhis_core.results.baselines import baseline_text
from breakhis_core.results.evaluate import value_at
from breakhis_core.results.tables import interval_of
from breakhis_core.wording import number

HEADLINE: tuple[tuple[str, str, str], ...] = (
    ("accuracy", "Accuracy, 8 sub-types", "Share of images whose sub-type, one of eight, is right."),
    ("macro_f1", "Macro F1", "Mean F1 of the sub-types: each counts the same, however rare."),
    ("auc.macro", "Macro AUC", "Mean area under the ROC curves of the sub-types, one against the rest."),
    ("binary.sensitivity", "Malignant sensitivity", "Share of the malignant images called malignant."),
    ("binary.specificity", "Malignant specificity", "Share of the benign images called benign."),
    ("binary.f1", "Malignant F1", "F1 of malignant against benign."),
)
"""Metric, label and meaning of each headline number."""


def all_numbers(evaluation: Mapping[str, Any]) -> pd.DataFrame:
    """Return every number of an evaluation with its interval, one a row."""
    rows = []
    for metric, name in METRIC_NAMES.items():
        try:
            value = value_at(evaluation, metric)
        except KeyError:  # There is nothing scaled by a temperature where none could be fitted.
            continue
        better = "" if higher_is_better(metric) else " (lower is better)"
        beat = baseline_text(evaluation, metric)
        rows.append((name + better, number(value), interval_of(evaluation, metric), beat))
    return pd.DataFrame(rows, columns=["Metric", "Value", "95 % interval", "Baseline"])


def per_class(evaluation: Mapping[str, Any]) -> pd.DataFrame:
    """Return precision, recall, F1, AUC and images of each sub-type, and the means as last row."""
    rows: list[dict[str, Any]] = []
    for subtype in taxonomy.SUBTYPES:
        scores = evaluation["per_class"][subtype.code]
        rows.append(
            {
                "Sub-type": f"{subtype.code} {subtype.name}",
                "Images": scores["support"],
                "Cases": scores["cases"],
                "Precision": scores["precision"],
                "Recall": scores["recall"],
                "F1": scores["f1"],
                "F1, 95 %": None
                if scores["f1"] is None
                else interval_of(evaluation, f"per_class.{subtype.code}.f1"),
                "AUC": scores["auc"],
            }
        )
    table = pd.DataFrame(rows)
    tested = len(evaluation["tested_subtypes"])
    table.loc[len(table)] = {
        "Sub-type": "Macro (mean)" if tested == len(taxonomy.CODES) else f"Macro (mean of {tested})",
        "Images": evaluation["images"],
        "Cases": evaluation["cases"],
        "Precision": evaluation["macro_precision"],
        "Recall": evaluation["balanced_accuracy"],
        "F1": evaluation["macro_f1"],
        "AUC": evaluation["auc"]["macro"],
        "F1, 95 %": interval_of(evaluation, "macro_f1"),
    }
    return table


def per_magnification(evaluation: Mapping[str, Any]) -> pd.DataFrame:
    """Return accuracy, its baseline, macro F1, sensitivity and specificity of each magnification."""
    rows = [
        {
            "Magnification": f"{magnification}×",
            "Images": scores["images"],
            "Cases": scores["cases"],
            "Accuracy": value_at(scores, "accuracy"),
            "95 %": interval_of(scores, "accuracy"),
            "Baseline": scores["always_commonest"],
            "Macro F1": value_at(scores, "macro_f1"),
            "Sensitivity": value_at(scores, "binary.sensitivity"),
            "Specificity": value_at(scores, "binary.specificity"),
        }
        for magnification, scores in evaluation["per_magnification"].items()
    ]
    return pd.DataFrame(rows)


def per_case(evaluation: Mapping[str, Any]) -> pd.DataFrame:
    """Return the patient score of each case, the lowest first."""
    columns = {
        "case": "Case",
        "subtypes": "Sub-type",
        "side": "Side",
        "images": "Images",
        "correct": "Right",
        "patient_score": "Patient score",
    }
    return pd.DataFrame(evaluation["per_case"])[list(columns)].rename(columns=columns)
