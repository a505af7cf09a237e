"""The tables of the Results screen, made from what ``evaluate`` and ``compare`` return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from breakhis_core.images import taxonomy
from breakhis_core.results.baselines import baseline_text
from breakhis_core.results.evaluate import value_at
from breakhis_core.results.metric_registry import SUBTYPE_METRICS, of_all_images, shown_in
from breakhis_core.results.tables import interval_of
from breakhis_core.wording import number


def all_numbers(evaluation: Mapping[str, Any]) -> pd.DataFrame:
    """Return every number of an evaluation with its interval, one a row."""
    rows = []
    for metric in of_all_images():
        place = metric.place
        if place not in evaluation["intervals"]:  # Nothing is scaled where no temperature could be fitted.
            continue
        value, beat = number(value_at(evaluation, place)), baseline_text(evaluation, place)
        rows.append((metric.direction_told, value, interval_of(evaluation, place), beat))
    return pd.DataFrame(rows, columns=["Metric", "Value", "95 % interval", "Baseline"])


def per_class(evaluation: Mapping[str, Any]) -> pd.DataFrame:
    """Return precision, recall, F1, AUC and images of each sub-type, and the means as last row."""
    shown = [metric for metric in SUBTYPE_METRICS if metric.mean]
    tested = len(evaluation["tested_subtypes"])
    mean = "Macro (mean)" if tested == len(taxonomy.CODES) else f"Macro (mean of {tested})"
    lines = [
        (f"{one.code} {one.name}", evaluation["per_class"][one.code], f"per_class.{one.code}.f1")
        for one in taxonomy.SUBTYPES
    ]
    rows: list[dict[str, Any]] = []
    for name, scores, f1 in lines:
        values = {metric.head: scores[metric.key] for metric in shown}
        rows.append({"Sub-type": name, "Images": scores["support"], "Cases": scores["cases"], **values})
        rows[-1] |= {"F1, 95 %": None if scores["f1"] is None else interval_of(evaluation, f1)}
    means = {metric.head: value_at(evaluation, metric.mean) for metric in shown if metric.mean}
    rows.append({"Sub-type": mean, "Images": evaluation["images"], "Cases": evaluation["cases"], **means})
    rows[-1] |= {"F1, 95 %": interval_of(evaluation, "macro_f1")}
    table = pd.DataFrame(rows)
    table.insert(table.columns.get_loc("F1") + 1, "F1, 95 %", table.pop("F1, 95 %"))
    return table


def per_magnification(evaluation: Mapping[str, Any]) -> pd.DataFrame:
    """Return the main metrics of each magnification, with the accuracy's interval and baseline beside it."""
    rows = []
    for magnification, scores in evaluation["per_magnification"].items():
        row = {"Magnification": f"{magnification}×", "Images": scores["images"], "Cases": scores["cases"]}
        for metric in shown_in("magnifications on screen"):
            row[metric.name] = value_at(scores, metric.place)
            if metric.place == "accuracy":
                row |= {"95 %": interval_of(scores, "accuracy"), "Baseline": scores["always_commonest"]}
        rows.append(row)
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
