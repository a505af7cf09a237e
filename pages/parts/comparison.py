"""Runs side by side on the same frozen test set: what changed, by how much, and on which images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from breakhis_core import comparison_charts, reviews
from breakhis_core.compare import HEADLINE, compare
from breakhis_core.errors import InputError
from breakhis_core.image_context import by_likely_comparison
from breakhis_core.metric_names import higher_is_better, metric_name
from breakhis_core.runs import Run
from pages.parts import frame, leakage_view, review_links, several_runs
from pages.parts.figures import NOT_DEFINED, counted, interval, number, where_from
from pages.parts.markdown import plain

SHOWN = ("accuracy", "macro_f1", "auc.macro", "binary.sensitivity", "binary.specificity", "binary.f1")
"""The headline's metrics, in its order."""

Evaluates = Callable[[Run], dict[str, Any]]


def show(run: Run, part: str, evaluates: Evaluates) -> None:
    """Compare a run with another that the person chooses.

    Args:
        run: the run that came after.
        part: the part to compare on.
        evaluates: returns the evaluation of a run's part, for two runs that cannot be compared.
    """
    row = st.container(horizontal=True)
    with row:
        before = choose_other(run)
    if before is None:
        frame.empty_state(
            "There is one run only. Flag images in Review, then retrain without them: both runs are compared "
            "here, on the same test set.",
            "Review the misclassified images",
            "pages/review.py",
        )
        return
    with row:
        more = several_runs.choose_more(run, before, frame.runs())
    chosen = [before, run, *more]
    flagged = tuple(sorted(reviews.excluded_hashes(frame.workspace())))
    try:
        compared = _compared(tuple(map(_content, chosen)), part, flagged, chosen)
    except InputError as error:
        st.warning(plain(str(error)))
        side_by_side(chosen, evaluates)
        return
    against = compared["against"][0]
    st.markdown(
        f"**{where_from(compared)}**, the same for {'all' if more else 'both'} · in small: difference to "
        f"{plain(before.name)} and its paired 95 % interval, bootstrap over cases"
    )
    headline(against["deltas"])
    second_line(compared, before, run)
    if more:
        several_runs.show(compared, chosen[1:], part, deltas_shown(against))
        return
    left, right = st.columns([52, 48], gap="medium")
    with left:
        changes(compared, run, part)
        st.dataframe(
            delta_table(against["deltas"]),
            hide_index=True,
            height="content",
            placeholder=NOT_DEFINED,
            column_config={
                "Metric": st.column_config.TextColumn(width=250),
            },
        )
    with right:
        shown = {**against, "deltas": {name: against["deltas"][name] for name in deltas_shown(against)}}
        st.altair_chart(comparison_charts.comparison_chart(shown))
        st.caption("A grey dot: its interval holds zero, so that the difference may be chance.")


def choose_other(run: Run) -> Run | None:
    """Let the person choose the run to compare with: by default the one that this run improves on."""
    others = {other.name: other for other in by_likely_comparison(run, frame.runs())}
    if not others:
        return None
    names = list(others)
    asked = st.query_params.get("with")
    chosen = st.selectbox(
        f"{plain(run.name)} compared with",
        names,
        index=names.index(asked) if asked in others else 0,
        format_func=lambda name: frame.run_label(others[name]),
        width=420,
        key=f"with-{run.name}",
    )
    return others[chosen]


def headline(deltas: dict[str, Any]) -> None:
    """Show the run's headline numbers, each with its difference to the other run."""
    with st.container(horizontal=True, key="headline", gap="small"):
        for name in SHOWN:
            delta = deltas[name]
            sure = is_sure(delta)
            st.metric(
                metric_name(name),
                number(delta["after"]),
                f"{number(delta['delta'], signed=True)}  ({interval(delta['interval'], signed=True)})",
                delta_color="off" if not sure else "normal" if delta["higher_is_better"] else "inverse",
                delta_arrow="off",
                help=f"Before: {number(delta['before'])}. Grey: the interval holds zero.",
                width=190,
            )


def second_line(compared: dict[str, Any], before: Run, run: Run) -> None:
    """Say what the numbers are without the flagged test images; never instead of the headline."""
    lines = []
    if run.improves == before.name and run.excluded:
        lines.append(f"{plain(run.name)} was trained without {counted(len(run.excluded), 'image')}.")
    minus = compared["minus_flagged"]
    if minus is not None:
        deltas = minus["against"][0]["deltas"]
        told = [
            f"{metric_name(name)} {number(deltas[name]['before'])} → {number(deltas[name]['after'])}"
            for name in ("accuracy", "macro_f1", "binary.f1")
        ]
        lines.append(
            f"Minus flagged: without the {counted(minus['flagged_images'], 'flagged test image')}, on "
            f"{counted(minus['images'], 'image')} of {counted(minus['cases'], 'case')}, "
            f"{compared['split']}: {' · '.join(told)}."
        )
    if lines:
        st.caption(" ".join(lines))


def changes(compared: dict[str, Any], run: Run, part: str) -> None:
    """Link to the images that this run fixed and broke, and say whether that may be chance."""
    against = compared["against"][0]
    with st.container(horizontal=True):
        review_links.link(run, part, against["fixed"], "fixed")
        review_links.link(run, part, against["broken"], "broken")
    st.caption(several_runs.chance_in_words(against))


def deltas_shown(against: dict[str, Any]) -> list[str]:
    """Return the metrics of the table and the chart."""
    return [name for name in HEADLINE if name in against["deltas"] and "log_loss" not in name]


def delta_table(deltas: dict[str, Any]) -> pd.DataFrame:
    """Return before, after and difference of each metric."""
    rows = [
        {
            "Metric": metric_name(name) + ("" if higher_is_better(name) else ", lower is better"),
            "Before": number(deltas[name]["before"]),
            "After": number(deltas[name]["after"]),
            "Difference": number(deltas[name]["delta"], signed=True),
            "95 %": interval(deltas[name]["interval"], signed=True),
        }
        for name in deltas_shown({"deltas": deltas})
    ]
    return pd.DataFrame(rows)


def side_by_side(runs: list[Run], evaluates: Evaluates) -> None:
    """Show the numbers of runs that cannot be compared, each with what it rests on."""
    columns = {}
    for run in runs:
        evaluation = evaluates(run)
        columns[f"{run.name}: {where_from(evaluation).lower()}"] = [
            f"{number(_value(evaluation, name))}  ({interval(evaluation['intervals'].get(name))})"
            for name in SHOWN
        ]
    st.markdown("Each on its own test set:")
    st.dataframe(pd.DataFrame({"Metric": [metric_name(name) for name in SHOWN], **columns}), hide_index=True)
    if {run.unit for run in runs} == {"image", "case"}:
        leakage_view.show(runs)


def is_sure(delta: dict[str, Any]) -> bool:
    """Return whether a difference's interval leaves out zero."""
    return delta["interval"] is not None and not delta["interval"][0] <= 0 <= delta["interval"][1]


def _value(evaluation: dict[str, Any], metric: str) -> float | None:
    value: Any = evaluation
    for key in metric.split("."):
        value = value[key]
    return value


def _content(run: Run) -> str:
    return f"{run.path}:{run.manifest['files']['predictions.parquet']}"


@st.cache_data(max_entries=64, show_spinner="Comparing case by case …")
def _compared(
    contents: tuple[str, ...], part: str, flagged: tuple[str, ...], _runs: list[Run]
) -> dict[str, Any]:
    named = [(run.name, run.predictions(), run.unit) for run in _runs]
    return compare(named, flagged, part)
