"""The views of one run's results: each answers one question, with its numbers and the way to the images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from breakhis_core.charts import comparison, one_run, probability, training_curves
from breakhis_core.images.taxonomy import CODES, SIDES, side_of
from breakhis_core.metrics.calibration import BINS, bin_of
from breakhis_core.results.evaluate import value_at
from breakhis_core.results.metric_registry import METRICS, SUBTYPE_METRICS, shown_in
from breakhis_core.results.operating_points import at_threshold, malignancy_table, roc_curves
from breakhis_core.results.provenance import macro_note, where_from
from breakhis_core.results.tables import interval_of
from breakhis_core.runs import Run
from breakhis_core.wording import NOT_DEFINED, interval, number
from breakhis_core.worth.words import card_section
from pages.parts.results import tables
from pages.parts.shared import guard, review_links
from pages.parts.shared.curves_of_parent import parent_of
from pages.parts.shared.frame import is_dark, workspace
from pages.parts.shared.markdown import without_pictures

SCORE = st.column_config.NumberColumn(format="%.3f", width=70)
COUNT = st.column_config.NumberColumn(width=60)


def rows_of(run: Run, part: str) -> pd.DataFrame:
    """Return the predictions of one part."""
    predictions = run.predictions()
    return predictions[predictions["part"] == part].reset_index(drop=True)


def confusion(run: Run, evaluation: dict[str, Any]) -> None:
    """Show both confusion matrices; a click on a cell opens its images."""
    part = evaluation["part"]
    large, small = st.columns([60, 40], gap="medium")
    with large:
        st.markdown("## Eight sub-types")
        eight = st.altair_chart(
            one_run.confusion_chart(evaluation["confusion"], CODES, dark=is_dark(), height=400),
            on_select="rerun",
            selection_mode="cell",
            key=f"eight-{run.name}-{part}",
        )
        cell = clicked(eight, "cell")
        if cell:
            review_links.open_queue(run, part, true=cell["true"], predicted=cell["predicted"])
    with small:
        st.markdown("## Benign or malignant")
        two = st.altair_chart(
            one_run.confusion_chart(evaluation["binary"]["confusion"], SIDES, dark=is_dark(), height=250),
            on_select="rerun",
            selection_mode="cell",
            key=f"two-{run.name}-{part}",
        )
        cell = clicked(two, "cell")
        if cell:
            rows = rows_of(run, part)
            called = rows["predicted"].map(side_of)
            inside = rows[(rows["side"] == cell["true"]) & (called == cell["predicted"])]
            what = f"{cell['true']} and called {cell['predicted']}"
            review_links.open_images(run, part, inside["hash"].tolist(), what)
        st.caption("Click a cell to review its images; a whole sub-type opens from Sub-types.")
        with st.expander("All numbers"):
            st.dataframe(tables.all_numbers(evaluation), hide_index=True)


def clicked(state: Any, name: str) -> dict[str, Any] | None:
    """Return the record behind a click in a chart, if there was one."""
    found = state["selection"].get(name) or []
    return dict(found[0]) if found else None


def picked_row(state: Any) -> int | None:
    """Return the row of a table whose cell was clicked, if one was."""
    cells = state["selection"]["cells"]
    return int(cells[0][0]) if cells else None


def subtypes(run: Run, evaluation: dict[str, Any]) -> None:
    """Show precision, recall, F1, support and AUC of each sub-type, and the ROC curves."""
    part = evaluation["part"]
    left, right = st.columns([54, 46], gap="medium")
    with left:
        picked = st.dataframe(
            tables.per_class(evaluation),
            hide_index=True,
            height="content",
            on_select="rerun",
            selection_mode="single-cell",
            key=f"subtypes-{run.name}-{part}",
            placeholder=NOT_DEFINED,
            column_config={
                "Sub-type": st.column_config.TextColumn(width=150),
                "F1, 95 %": st.column_config.TextColumn(width=115),
                "Images": COUNT,
                "Cases": COUNT,
                **dict.fromkeys((metric.head for metric in SUBTYPE_METRICS), SCORE),
            },
        )
        row = picked_row(picked)
        if row is not None and row < len(CODES):
            review_links.open_queue(run, part, true=CODES[row])
        st.caption(
            "Click a sub-type here, or its bar below, to review its images. A dash: the part holds no image "
            f"of it, or it was never predicted. Means are {macro_note(evaluation)}."
        )
    with right:
        curves = roc_curves(rows_of(run, evaluation["part"]))
        st.altair_chart(one_run.roc_chart(curves[curves["curve"] != "malignant"], height=380))
    bars = st.altair_chart(
        one_run.class_bars_chart(evaluation, height=260),
        on_select="rerun",
        selection_mode="subtype",
        key=f"class-bars-{run.name}-{part}",
    )
    st.caption("A hollow bar rests on one case: one patient.")
    bar = clicked(bars, "subtype")
    if bar:
        review_links.open_queue(run, part, true=bar["subtype"])


@guard.fragment
def sides(run: Run, evaluation: dict[str, Any]) -> None:
    """Show what each threshold for malignant would give."""
    part = evaluation["part"]
    rows = rows_of(run, part)
    left, right = st.columns([58, 42], gap="medium")
    with left:
        threshold = st.slider("Call an image malignant from this probability on", 0.0, 1.0, 0.5, 0.01)
        found = at_threshold(rows, threshold)
        with st.container(horizontal=True):
            for name in ("sensitivity", "specificity", "precision"):
                st.metric(
                    name.capitalize(),
                    number(found[name]),
                    interval(found["intervals"][name], of=found[name]),
                    delta_color="off",
                    delta_arrow="off",
                    help=f"{where_from(evaluation)}.",
                )
        review_links.link(run, part, found["changed"], "called otherwise than by the sub-type")
        st.page_link(
            review_links.REVIEW,
            label=f"Review all, nearest to {threshold:.2f} first",
            icon=":material/visibility:",
            query_params=review_links.queue_address(
                run, part, "side_threshold", threshold=f"{threshold:.2f}"
            ),
        )
        table = malignancy_table(rows)
        histogram = st.altair_chart(
            probability.probability_histogram(table, threshold, height=260),
            on_select="rerun",
            selection_mode="bar",
            key=f"histogram-{run.name}-{part}",
        )
        bar = clicked(histogram, "bar")
        if bar:
            inside = probability.in_bar(table, bar["side"], bar["low"], bar["high"])
            review_links.open_images(
                run, part, table.loc[inside, "hash"].tolist(), f"{bar['side']} in this bar"
            )
        st.caption("Click a bar to review its images.")
    with right:
        curves = roc_curves(rows)
        st.altair_chart(one_run.roc_chart(curves[curves["curve"] == "malignant"], height=380))
        binary = evaluation["binary"]
        st.caption(
            f"Average precision {number(binary['average_precision'])} · "
            f"{binary['support']['malignant']} malignant and {binary['support']['benign']} benign images · "
            f"{where_from(evaluation)}"
        )


def narrow_head(name: str) -> str:
    """Return the head of a narrow column: what is below the table need not be said in it."""
    head = name.removeprefix("Malignant ")
    return head[0].upper() + head[1:]


def cases(run: Run, evaluation: dict[str, Any]) -> None:
    """Show how good the run is on each case and at each magnification."""
    subtypes, sides = (
        f"**{number(value_at(evaluation, place))}** ({interval_of(evaluation, place)})"
        for place in ("patients.recognition_rate", "patients.side_recognition_rate")
    )
    st.markdown(
        f"{METRICS['patients.recognition_rate'].name}, the mean of the patient scores: {subtypes} for eight "
        f"sub-types, {sides} for benign or malignant."
    )
    part = evaluation["part"]
    left, right = st.columns(2, gap="medium")
    with left:
        table = tables.per_case(evaluation)
        picked = st.dataframe(
            table,
            hide_index=True,
            on_select="rerun",
            selection_mode="single-cell",
            key=f"cases-{run.name}-{evaluation['part']}",
            column_config={
                "Patient score": st.column_config.ProgressColumn(format="%.2f", min_value=0, max_value=1)
            },
        )
        row = picked_row(picked)
        if row is not None:
            review_links.open_queue(run, part, case=str(table["Case"].iloc[row]))
        st.caption(
            "Patient score: share of a case’s images that are right. Click a case to review its images."
        )
    with right:
        st.altair_chart(comparison.magnification_chart(evaluation, height=230))
        picked = st.dataframe(
            tables.per_magnification(evaluation),
            hide_index=True,
            placeholder=NOT_DEFINED,
            on_select="rerun",
            selection_mode="single-cell",
            key=f"magnifications-{run.name}-{part}",
            column_config={
                "Baseline": SCORE,
                **{
                    metric.name: {**SCORE, "label": narrow_head(metric.name)}
                    for metric in shown_in("magnifications on screen")
                },
            },
        )
        row = picked_row(picked)
        if row is not None:
            review_links.open_queue(run, part, magnification=list(evaluation["per_magnification"])[row])
        st.caption(
            "Baseline: accuracy of always naming the sub-type commonest in the training. Sensitivity and "
            "specificity are those of malignant. Click a magnification to review its images."
        )


def calibration(run: Run, evaluation: dict[str, Any]) -> None:
    """Show whether a confidence means what it says."""
    left, right = st.columns([55, 45], gap="medium")
    found = evaluation["calibration"]
    with left:
        diagram = st.altair_chart(
            probability.reliability_chart(found["bins"], height=400),
            on_select="rerun",
            selection_mode="bin",
            key=f"reliability-{run.name}-{evaluation['part']}",
        )
        bin_clicked = clicked(diagram, "bin")
        if bin_clicked:
            rows = rows_of(run, evaluation["part"])
            inside = bin_of(rows["confidence"].to_numpy(np.float64)) == round(bin_clicked["low"] * BINS)
            hashes = rows.loc[inside, "hash"].tolist()
            review_links.open_images(run, evaluation["part"], hashes, "in this bin of confidence")
    with right:
        for place in ("calibration.ece", "calibration.brier"):
            st.metric(
                METRICS[place].direction_told,
                number(value_at(evaluation, place)),
                interval_of(evaluation, place),
                delta_color="off",
                delta_arrow="off",
                help=f"{where_from(evaluation)}.",
            )
        if found["temperature"] is not None:
            scaled = found["scaled"]
            st.markdown(
                f"Divided by the temperature **{found['temperature']:.2f}**, fitted on validation images, "
                f"the error would be {number(scaled['ece'])} and the Brier score {number(scaled['brier'])}."
            )
        st.caption(
            "Points below the line: the model is surer than it is right. Intervals count a case as one "
            "answer. Click a point to review its images."
        )


def training(run: Run) -> None:
    """Show how the training went, and what it was."""
    history, parent = run.history(), parent_of(run.improves)
    for column, measure in zip(st.columns(2, gap="medium"), ("loss", "accuracy"), strict=True):
        column.altair_chart(training_curves.history_chart(history, measure, height=300, parent=parent))
    st.caption(training_curves.best_in_words(history))
    with st.expander("Model card"):
        st.markdown(without_pictures(run.card() + card_section(workspace(), run)))
    with st.expander("Recipe"):
        st.json(run.recipe())
