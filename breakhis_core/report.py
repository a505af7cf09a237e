"""One self-contained HTML page about a run: numbers, tables and plots, readable offline and on paper.

The plots are the charts of the screens, drawn to SVG when the page is made: the page holds no script and asks
no server for anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from breakhis_core import charts, comparison_charts, probability_charts
from breakhis_core.baselines import doubt_in_words
from breakhis_core.card import (
    FOOT,
    PHANTOM_NOTE,
    known_limits,
    numbers_note,
    provenance,
    split_note,
    summary,
)
from breakhis_core.evaluate import Evaluation, evaluate, select_part
from breakhis_core.number_tables import (
    case_score_table,
    class_table,
    fold_table,
    magnification_table,
    metric_table,
    recipe_table,
)
from breakhis_core.operating_points import malignancy_table, roc_curves
from breakhis_core.run_table import parts_in_words
from breakhis_core.runs import Run
from breakhis_core.scope import scope_of
from breakhis_core.taxonomy import SIDES
from breakhis_core.workspace import Workspace

WIDTH = 640

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2430; background: #fff; max-width: 940px;
  margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.7rem } h2 { font-size: 1.2rem; margin-top: 2.2rem; border-bottom: 1px solid #d8dbe0 }
table { border-collapse: collapse; font-size: 12.5px; font-variant-numeric: tabular-nums; margin: .6rem 0 }
th, td { text-align: left; padding: .25rem .7rem .25rem 0; border-bottom: 1px solid #e8eaee; vertical-align:
top } figure { margin: 1rem 0; break-inside: avoid } figcaption { font-size: 13px; color: #555c68 } svg {
max-width: 100%; height: auto } .phantom { font-weight: 600; color: #b3261e } footer { margin-top: 3rem;
font-size: 13px; color: #555c68 } tr, li { break-inside: avoid } @media print { body { margin: 0; max-width:
none } h2 { break-after: avoid } }
"""


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
        section("Sub-types", _figure(charts.class_bars_chart(found), _BARS), class_table(found).html()),
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


def page(title: str, style: str = "") -> tuple[str, str]:
    """Return the begin and the end of a page that needs no other file.

    Args:
        title: of the page.
        style: rules beyond those that all pages share.
    """
    begin = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}{style}</style></head><body>\n"
    )
    return begin, "\n</body></html>\n"


def svg(chart: Any, width: int = WIDTH) -> str:
    """Draw a chart as an SVG element.

    Args:
        chart: an Altair chart of ours.
        width: width in pixels.
    """
    # Imported here: it brings a JavaScript engine of 30 MB that only a report needs.
    import vl_convert

    # Other machines' fonts are wider than those that the legend was measured with.
    padding = {"left": 5, "top": 5, "right": 40, "bottom": 5}
    drawn: str = vl_convert.vegalite_to_svg(chart.to_dict() | {"width": width, "padding": padding})
    return drawn


_BARS = "Precision, recall and F1 of each sub-type; lines are 95 % intervals over cases. Hollow: one case."
_CALIBRATION = (
    "Accuracy against confidence in bins; below the dashed line the model is too sure of itself. Lines are "
    "95 % intervals that count a case as one answer."
)


def _confusions(found: Evaluation) -> list[str]:
    eight = charts.confusion_chart(found["confusion"], found["classes"])
    two = charts.confusion_chart(found["binary"]["confusion"], SIDES, height=200)
    caption = "Images, and their share of the true class."
    return [_figure(eight, caption), _figure(two, "The same by side.", 380)]


def _rankings(chosen: pd.DataFrame) -> list[str]:
    curves = roc_curves(chosen)
    figures = []
    if not curves.empty:
        figures.append(_figure(charts.roc_chart(curves), "ROC curves, one against the rest.", 480))
    histogram = probability_charts.probability_histogram(malignancy_table(chosen))
    return [*figures, _figure(histogram, "Images of each true side by probability of malignant.")]


def _magnifications(found: Evaluation) -> list[str]:
    chart = comparison_charts.magnification_chart(found)
    caption = "Accuracy at each magnification; lines are 95 % intervals over cases."
    return [_figure(chart, caption), magnification_table(found).html()]


def _reliability(found: Evaluation) -> Any:
    return probability_charts.reliability_chart(found["calibration"]["bins"])


def _training(history: pd.DataFrame) -> list[str]:
    measures = [measure for measure in ("loss", "accuracy") if measure in history.columns]
    if history.empty:
        return []
    return [
        _figure(charts.history_chart(history, measure), f"{measure.capitalize()} by epoch.")
        for measure in measures
    ]


def section(title: str, *parts: str) -> str:
    """Return a section under its title."""
    return f"<section><h2>{escape(title)}</h2>{''.join(parts)}</section>"


def _figure(chart: Any, caption: str, width: int = WIDTH) -> str:
    return f"<figure>{svg(chart, width)}<figcaption>{escape(caption)}</figcaption></figure>"


def _list(lines: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def plain_html(markdown: str) -> str:
    """Return the card's Markdown, which knows one kind of emphasis, as HTML."""
    return re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(markdown))
