"""The tables of numbers that a card and a report show, once for both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from breakhis_core.images.taxonomy import CODES, subtype
from breakhis_core.recipes import Recipe
from breakhis_core.results.baselines import baseline_text
from breakhis_core.results.evaluate import value_at
from breakhis_core.results.metric_registry import SUBTYPE_METRICS, of_all_images, shown_in
from breakhis_core.wording import NOT_DEFINED, interval, number

ALWAYS = "Accuracy of always naming the commonest sub-type"


@dataclass(frozen=True)
class NumberTable:
    """A table as text.

    Attributes:
        heads: title of each column.
        rows: cells of each row, as many as heads.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        r"""Write the table as Markdown.

        >>> print(NumberTable(["a", "b"], [["1", "2|3"]]).markdown())
        | a | b |
        | --- | --- |
        | 1 | 2\|3 |
        """
        lines = [self.heads, ["---"] * len(self.heads), *self.rows]
        return "\n".join(
            "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
        )


def metric_table(evaluation: Mapping[str, Any]) -> NumberTable:
    """Tabulate the metrics of all images, each with its interval and what it has to beat."""
    limits = evaluation["intervals"]
    rows = [
        [metric.name, number(value_at(evaluation, metric.place)), interval_of(evaluation, metric.place)]
        + [baseline_text(evaluation, metric.place)]
        for metric in of_all_images()
        if metric.place in limits
    ]
    temperature = evaluation["calibration"]["temperature"]
    if temperature is not None:
        rows.append(["Temperature, fitted on validation", number(temperature), "", ""])
    return NumberTable(["Metric", "Value", "95 % interval", "Baseline"], rows)


def interval_of(evaluation: Mapping[str, Any], metric: str) -> str:
    """Write the interval of a metric, or why there is none.

    >>> found = {"accuracy": 0.5, "cases": 1, "intervals": {"accuracy": None}}
    >>> interval_of(found, "accuracy"), interval_of(found | {"cases": 5}, "accuracy")
    ('one case', 'too few cases')
    """
    limits = evaluation["intervals"].get(metric)
    value = value_at(evaluation, metric)
    kind, *code = metric.split(".")[:2]
    cases = evaluation["per_class"][code[0]]["cases"] if kind == "per_class" else evaluation["cases"]
    if limits is None and value is not None and cases == 1:
        return "one case"
    return interval(limits, of=value)


def class_table(evaluation: Mapping[str, Any]) -> NumberTable:
    """Tabulate precision, recall, F1 and AUC of the sub-types, each with its interval."""
    shown = [metric for metric in SUBTYPE_METRICS if metric.mean]
    rows = []
    for code in CODES:
        entry = evaluation["per_class"][code]
        cells = [_with_interval(evaluation, f"per_class.{code}.{metric.key}") for metric in shown]
        rows.append([f"{code} {subtype(code).name}", str(entry["support"]), str(entry["cases"]), *cells])
    return NumberTable(["Sub-type", "Images", "Cases", *(metric.head for metric in shown)], rows)


def magnification_table(evaluation: Mapping[str, Any]) -> NumberTable:
    """Tabulate the main metrics at each magnification, each with its interval."""
    known = evaluation["baselines"]["commonest"] is not None
    shown = shown_in("magnifications")
    rows = []
    for magnification, found in evaluation["per_magnification"].items():
        cells = [_with_interval(found, metric.place) for metric in shown]
        always = [number(found["always_commonest"])] if known else []
        rows.append([f"{magnification}×", str(found["images"]), str(found["cases"]), *cells, *always])
    heads = [metric.name for metric in shown]
    return NumberTable(["Magnification", "Images", "Cases", *heads, *([ALWAYS] if known else [])], rows)


def case_score_table(evaluation: Mapping[str, Any]) -> NumberTable:
    """Tabulate the patient score of each case, the worst first."""
    rows = [
        [case["case"], case["subtypes"], f"{case['correct']} of {case['images']}"]
        + [number(case["patient_score"]), number(case["side_score"])]
        for case in evaluation["per_case"]
    ]
    heads = ["Case", "Sub-type", "Right images", "Patient score", "Patient score, benign/malignant"]
    return NumberTable(heads, rows)


def fold_table(evaluation: Mapping[str, Any]) -> NumberTable:
    """Tabulate the main metrics of each fold of a cross-validation, and their mean and spread."""
    found, shown = evaluation["folds"], shown_in("folds")
    rows = [
        [str(fold["fold"]), str(fold["images"]), str(fold["cases"])]
        + [number(fold[metric.place]) for metric in shown]
        + [number(fold["always_commonest"])]
        for fold in found["per_fold"]
    ]
    spread = [found["spread"][metric.place] for metric in shown]
    rows.append(["Mean", "", "", *(number(one["mean"]) for one in spread), ""])
    rows.append(["Standard deviation", "", "", *(number(one["deviation"]) for one in spread), ""])
    heads = [metric.name for metric in shown]
    return NumberTable(["Fold", "Images", "Cases", *heads, ALWAYS], rows)


def recipe_table(recipe: Mapping[str, Any]) -> NumberTable:
    """Tabulate the settings of a training, each with what it means."""
    rows = []
    for name, value in recipe.items():
        known = Recipe.model_fields.get(name)
        meaning = (known.description or "").replace("`", "") if known else ""
        rows.append([name.replace("_", " ").capitalize(), _setting(value), meaning])
    return NumberTable(["Setting", "Value", "Meaning"], rows)


def _setting(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def _with_interval(evaluation: Mapping[str, Any], metric: str) -> str:
    value = value_at(evaluation, metric)
    return NOT_DEFINED if value is None else f"{number(value)} ({interval_of(evaluation, metric)})"
