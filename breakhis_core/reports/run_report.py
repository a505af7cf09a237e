"""One self-contained HTML page about a run: numbers, tables and plots, readable offline and on paper.

The plots are the charts of the screens, drawn to SVG when the page is made: the page holds no script and asks
no server for anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from breakhis_core.charts import comparison, one_run, probability, training_curves
from breakhis_core.images.taxonomy import SIDES
from breakhis_core.reports.page import page
from breakhis_core.results.baselines import doubt_in_words
from breakhis_core.results.card import (
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
    NumberTable,
    case_score_table,
    class_table,
    fold_table,
    magnification_table,
    metric_table,
    recipe_table,
)
from breakhis_core.runs import Run
from breakhis_core.runs.pointing import maps_in_words
from breakhis_core.runs.scope import scope_of
from breakhis_core.runs.table import parts_in_words
from breakhis_core.workspace import Workspace
from breakhis_core.worth.words import TITLE, section


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
    worth: tuple[Sequence[str], NumberTable] | None = None,
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
        worth: sentences and a table on what leaving flagged images out is worth, where that was measured.

    Returns:
        HTML that refers to nothing outside itself.
    """
    found = evaluation if evaluation is not None else evaluate(predictions, unit, part)
    chosen = select_part(predictions, part)
    curves = roc_curves(chosen)
    measures = [measure for measure in ("loss", "accuracy") if measure in history.columns and len(history)]
    content = {
        "about": about,
        "phantom": PHANTOM_NOTE if phantom else "",
        "summary": summary(found),
        "doubt": doubt_in_words(found),
        "split": split_note(found, folds),
        "provenance": provenance(found),
        "numbers_note": numbers_note(found),
        "pointing": " ".join(maps_in_words(found)),
        "metrics": metric_table(found),
        "folds": fold_table(found) if "folds" in found else None,
        "confusion": one_run.confusion_chart(found["confusion"], found["classes"]),
        "confusion_by_side": one_run.confusion_chart(found["binary"]["confusion"], SIDES, height=200),
        "class_bars": one_run.class_bars_chart(found),
        "classes": class_table(found),
        "roc": None if curves.empty else one_run.roc_chart(curves),
        "malignancy": probability.probability_histogram(malignancy_table(chosen)),
        "magnification_bars": comparison.magnification_chart(found),
        "magnifications": magnification_table(found),
        "reliability": probability.reliability_chart(found["calibration"]["bins"]),
        "cases": case_score_table(found),
        "history": [(measure, training_curves.history_chart(history, measure)) for measure in measures],
        "best_epoch": training_curves.best_in_words(history),
        "worth_title": TITLE,
        "worth": worth,
        "recipe": recipe_table(recipe),
        "limits": known_limits(found, phantom),
    }
    return "".join(page("run_report.html.j2", name, **content))


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
        worth=section(workspace, run),
    )
