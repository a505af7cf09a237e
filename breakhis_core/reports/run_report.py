"""One self-contained HTML page about a run: numbers, tables and plots, readable offline and on paper.

The plots are the charts of the screens, drawn to SVG when the page is made: the page holds no script and asks
no server for anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from breakhis_core.charts import comparison, one_run, probability
from breakhis_core.images.taxonomy import SIDES
from breakhis_core.reports.page import _figure, _list, page, plain_html, section
from breakhis_core.results.baselines import doubt_in_words
from breakhis_core.results.card import (
    FOOT,
    PHANTOM_NOTE,
    known_limits,
    numbers_note,
    provenance,
    split_note,
    summary,
)
from breakhis_core.results.evaluate import Evaluation, evaluate, select_part
from breakhis_core.results.operating_points import malignancy_table, roc_curves
from breakhis_core.results.tables import (
    case_score_table,
    class_table,
    fold_table,
    magnification_table,
    metric_table,
    recipe_table,
)
from breakhis_core.runs import Run
from breakhis_core.runs.scope import scope_of
from breakhis_core.runs.table import parts_in_words
from breakhis_core.workspace import Workspace


def report(
    name: str,
    predictions: pd.DataFrame,
    unit: str,
    *,
    recipe: Mapping[str, Any],
    history: pd.DataFrame,
    phantom: bool,
    part: str = "test",
    evaluation: Evaluation | None = None,
    folds: Mapping[str, Any] | None = None,
    about: str = "",
) -> str:
    """Write the report of a run as one HTML page.

    Args:
        name: name of the run.
        predictions: all predictions of the run.
        unit: unit of its split.
        recipe: all settings of its training.
        history: its history by epoch.
        phantom: whether its images are phantoms.
        part: the part to report on.
        evaluation: what ``evaluate`` gave for this part, where it is at hand.
        folds: what the manifest of a cross-validation says of its folds.
        about: a line below the title, such as on which images the run was made, and when.

    Returns:
        HTML that refers to nothing outside itself.
    """
    found = evaluation if evaluation is not None else evaluate(predictions, unit, part)
    body = [
        f"<h1>{escape(name)}</h1>",
        f"<p>{escape(about)}</p>" if about else "",
        f'<p class="phantom">{plain_html(PHANTOM_NOTE)}</p>' if phantom else "",
        f"<p>{plain_html(summary(found))}</p>",
        f"<p><b>{escape(doubt_in_words(found))}</b></p>" if doubt_in_words(found) else "",
        f"<p>{plain_html(split_note(found, folds))}</p>",
        section(
            "Numbers",
            f"<p>{escape(provenance(found))} {escape(numbers_note(found))}</p>",
            metric_table(found).html(),
        ),
        section("Folds", fold_table(found).html()) if "folds" in found else "",
        section("Confusion", *_confusions(found)),
        section("Sub-types", _figure(one_run.class_bars_chart(found), _BARS), class_table(found).html()),
        section("Ranking", *_rankings(select_part(predictions, part))),
        section("Magnifications", *_magnifications(found)),
        section("Calibration", _figure(_reliability(found), _CALIBRATION)),
        section("Cases", case_score_table(found).html()),
        section("Training", *_training(history), recipe_table(recipe).html()),
        section("Known limits", _list(known_limits(found, phantom))),
        f"<footer>{escape(FOOT)}</footer>",
    ]
    begin, end = page(name)
    return begin + "\n".join(body) + end


def run_report(workspace: Workspace, run: Run, evaluation: Evaluation | None = None) -> str:
    """Write the report of a run on its tested images, titled with its data set, date and images.

    Args:
        workspace: knows the data set.
        run: the run.
        evaluation: what ``evaluate_run`` gave for it, where it is at hand.
    """
    data = scope_of(workspace, run).name
    return report(
        run.name,
        run.predictions(),
        run.unit,
        recipe=run.recipe(),
        history=run.history(),
        phantom=run.phantom,
        part=run.tested_part,
        evaluation=evaluation,
        folds=run.manifest.get("folds"),
        about=f"{data} · {parts_in_words(run)} images · {run.split_in_words} · made {run.created[:10]}",
    )


_BARS = "Precision, recall and F1 of each sub-type; lines are 95 % intervals over cases. Hollow: one case."
_CALIBRATION = (
    "Accuracy against confidence in bins; below the dashed line the model is too sure of itself. Lines are "
    "95 % intervals that count a case as one answer."
)


def _confusions(found: Evaluation) -> list[str]:
    eight = one_run.confusion_chart(found["confusion"], found["classes"])
    two = one_run.confusion_chart(found["binary"]["confusion"], SIDES, height=200)
    caption = "Images, and their share of the true class."
    return [_figure(eight, caption), _figure(two, "The same by side.", 380)]


def _rankings(chosen: pd.DataFrame) -> list[str]:
    curves = roc_curves(chosen)
    figures = []
    if not curves.empty:
        figures.append(_figure(one_run.roc_chart(curves), "ROC curves, one against the rest.", 480))
    histogram = probability.probability_histogram(malignancy_table(chosen))
    return [*figures, _figure(histogram, "Images of each true side by probability of malignant.")]


def _magnifications(found: Evaluation) -> list[str]:
    chart = comparison.magnification_chart(found)
    caption = "Accuracy at each magnification; lines are 95 % intervals over cases."
    return [_figure(chart, caption), magnification_table(found).html()]


def _reliability(found: Evaluation) -> Any:
    return probability.reliability_chart(found["calibration"]["bins"])


def _training(history: pd.DataFrame) -> list[str]:
    measures = [measure for measure in ("loss", "accuracy") if measure in history.columns]
    if history.empty:
        return []
    return [
        _figure(one_run.history_chart(history, measure), f"{measure.capitalize()} by epoch.")
        for measure in measures
    ]
