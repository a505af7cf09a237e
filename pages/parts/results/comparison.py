"""Runs side by side on the same frozen test set: what changed, by how much, and on which images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from breakhis_core import reviews
from breakhis_core.charts import comparison
from breakhis_core.errors import InputError
from breakhis_core.results import comparison_words
from breakhis_core.results.compare import Verdict, compare, same_answers, verdict, why_not
from breakhis_core.results.evaluate import value_at
from breakhis_core.results.metric_registry import METRICS, places_in, shown_in
from breakhis_core.results.provenance import macro_note, where_from
from breakhis_core.results.tables import interval_of
from breakhis_core.reviews.corrections import correctors
from breakhis_core.runs import Run
from breakhis_core.runs.image_context import by_likely_comparison
from breakhis_core.runs.scope import scope_of
from breakhis_core.runs.table import data_change, differs
from breakhis_core.wording import NOT_DEFINED, interval, number
from pages.parts.results import leakage, several_runs, worth_line
from pages.parts.shared import frame
from pages.parts.shared.markdown import plain

COLOURS: dict[Verdict, str] = {"better": "green", "worse": "violet", "may be chance": "off"}
"""Streamlit's names for the colours that the chart beside has: it would take a rise for good itself."""

Evaluates = Callable[[Run], dict[str, Any]]


def show(run: Run, part: str, evaluates: Evaluates) -> None:
    """Compare a run with others that the person chooses: those tested on the same images, the rest beneath.

    Args:
        run: the run that came after.
        part: the part to compare on.
        evaluates: returns the evaluation of a run's part, for runs that cannot be compared.
    """
    others = by_likely_comparison(run, frame.runs())
    if not others:
        kind = "phantoms" if run.phantom else "tissue"
        frame.empty_state(
            f"There is no other run on {kind}. Flag images in Review, then retrain without them: both runs "
            "are compared here, on the same test set.",
            "Review the misclassified images",
            "pages/review.py",
        )
        return
    troubles = {other.name: _why_not(run.content, other.content, part, run, other) for other in others}
    others.sort(key=lambda other: troubles[other.name] is not None)
    with st.container(horizontal=True):
        before = choose_other(run, others, troubles)
        more = several_runs.choose_more(run, before, others, lambda other: label(other, troubles))
    chosen = [before, *more]
    same = [other for other in chosen if troubles[other.name] is None]
    apart = [other for other in chosen if troubles[other.name] is not None]
    if same:
        on_one_test_set(same[0], run, same[1:], part)
    if apart:
        on_test_sets_of_their_own(run, apart, troubles, evaluates)


def label(run: Run, troubles: dict[str, str | None]) -> str:
    """Name a run, and say when it was tested on other images."""
    return frame.run_label(run) + ("" if troubles[run.name] is None else " · other test set")


def choose_other(run: Run, others: Sequence[Run], troubles: dict[str, str | None]) -> Run:
    """Let the person choose the run to compare with: by default the one that this run improves on."""
    by_name = {other.name: other for other in others}
    names = list(by_name)
    asked = st.query_params.get("with")
    chosen = st.selectbox(
        f"{plain(run.name)} compared with",
        names,
        index=names.index(asked) if asked in by_name else 0,
        format_func=lambda name: label(by_name[name], troubles),
        width=420,
        key=f"with-{run.name}",
    )
    return by_name[chosen]


def on_one_test_set(before: Run, run: Run, more: Sequence[Run], part: str) -> None:
    """Compare runs image by image: what it comes to in words, then the numbers and the images."""
    chosen = [before, run, *more]
    flagged = tuple(sorted(reviews.excluded_hashes(frame.workspace())))
    corrected = reviews.corrected_labels(frame.workspace())
    try:
        compared = _compared(tuple(one.content for one in chosen), part, flagged, corrected, chosen)
    except InputError as error:
        st.warning(plain(str(error)))
        return
    against = compared["against"][0]
    st.markdown(f"## {plain(comparison_words.in_words(compared, data_change(run, before)))}")
    if not more and same_answers(against):
        return
    st.markdown(
        f"**{where_from(compared)}**, the same for {'all' if more else 'both'} · below each number: "
        f"difference to {plain(before.name)} and its paired 95 % interval, bootstrap over cases"
    )
    headline(against["deltas"], before.name, macro_note(compared))
    if run.improves == before.name:
        st.caption(plain(f"{run.name} differs from {differs(run, before)}."))
        worth_line.show(before, run)
    second_line(compared, against)
    if more:
        several_runs.show(compared, chosen[1:], part, deltas_shown(against))
        return
    left, right = st.columns([52, 48], gap="medium")
    with left:
        changes(compared, run, part)
        st.dataframe(
            delta_table(against["deltas"], *heads(before, run)),
            hide_index=True,
            height="content",
            placeholder=NOT_DEFINED,
            column_config={"Metric": st.column_config.TextColumn(width=250)},
        )
    with right:
        shown = {**against, "deltas": {name: against["deltas"][name] for name in deltas_shown(against)}}
        st.altair_chart(comparison.comparison_chart(shown))
        st.caption("A grey dot: its interval holds zero, so that the difference may be chance.")


def headline(deltas: dict[str, Any], before: str, over: str) -> None:
    """Show the run's headline numbers, each with its difference to the other run."""
    with st.container(horizontal=True, key="headline", gap="small"):
        for metric in shown_in("headline"):
            delta = deltas[metric.place]
            found = verdict(delta)
            st.metric(
                metric.name,
                number(delta["after"]),
                f"{number(delta['delta'], signed=True)}  ({_paired(delta)})",
                delta_color=COLOURS[found],
                delta_arrow="off",
                help=f"{plain(before)}: {number(delta['before'])}. "
                + ("The interval holds zero." if found == "may be chance" else f"Surely {found}.")
                + (f" {over.capitalize()}, in both runs." if metric.is_macro else ""),
                width=190,
            )


def second_line(compared: dict[str, Any], against: dict[str, Any]) -> None:
    """Say what surely changed, and the numbers on other images or labels; never instead of the headline."""
    lines = [
        comparison_words.surely(against["deltas"], deltas_shown(against)),
        comparison_words.minus_flagged_in_words(compared),
    ]
    if compared["with_corrected"] is not None:
        by = correctors(frame.workspace(), compared["with_corrected"]["relabelled"])
        lines.append(comparison_words.corrected_in_words(compared, len(by)))
    words = "  \n".join(line for line in lines if line)
    if words:
        st.caption(words)


def changes(compared: dict[str, Any], run: Run, part: str) -> None:
    """Link to the images that this run gets newly right and wrong, and say whether that may be chance."""
    against = compared["against"][0]
    with st.container(horizontal=True):
        several_runs.change_links(run, part, against)
    st.caption(comparison_words.chance_in_words(against))


def deltas_shown(against: dict[str, Any]) -> list[str]:
    """Return the metrics of the table and the chart."""
    return [place for place in places_in("comparison") if place in against["deltas"]]


def heads(before: Run, run: Run) -> tuple[str, str]:
    """Return what the two columns are called: before and after only where one run retrains the other."""
    if run.improves == before.name:
        return f"Before: {before.name}", f"After: {run.name}"
    return before.name, run.name


def delta_table(deltas: dict[str, Any], before: str, after: str) -> pd.DataFrame:
    """Return both values and the difference of each metric.

    Args:
        deltas: of an entry of ``compare(...)["against"]``.
        before: head of the first run's column.
        after: head of the second run's.
    """
    rows = [
        {
            "Metric": METRICS[name].direction_told,
            before: number(deltas[name]["before"]),
            after: number(deltas[name]["after"]),
            "Difference": number(deltas[name]["delta"], signed=True),
            "95 %": _paired(deltas[name]),
        }
        for name in deltas_shown({"deltas": deltas})
    ]
    return pd.DataFrame(rows)


def on_test_sets_of_their_own(
    run: Run, apart: Sequence[Run], troubles: dict[str, str | None], evaluates: Evaluates
) -> None:
    """Show runs that were tested on other images: what knowing the patient is worth, or each for itself."""
    pair = next((other for other in apart if is_other_unit(run, other)), None)
    if pair is not None:
        by_image, by_case = (run, pair) if run.unit == "image" else (pair, run)
        leakage.show(by_image, by_case)
    rest = [other for other in apart if other is not pair]
    if rest:
        shown = shown_in("headline")
        columns = {"Metric": [metric.name for metric in shown]}
        for one in [run, *rest]:
            evaluation = evaluates(one)
            columns[f"{one.name}: {where_from(evaluation).lower()}"] = [
                f"{number(value_at(evaluation, metric.place))}  ({interval_of(evaluation, metric.place)})"
                for metric in shown
            ]
        st.markdown("## Each on its own test set")
        st.dataframe(pd.DataFrame(columns), hide_index=True)
    for other in apart:
        st.caption(plain(str(troubles[other.name])))


def is_other_unit(run: Run, other: Run) -> bool:
    """Return whether two runs on the same data set, each one model, are split by different units."""
    if run.unit == other.unit or run.folds or other.folds:
        return False
    about = scope_of(frame.workspace(), run).hashes
    return set(other.predictions()["hash"]) <= about


def _paired(delta: dict[str, Any]) -> str:
    return interval(delta["interval"], of=delta["delta"], signed=True)


@st.cache_data(max_entries=256, show_spinner=False)
def _why_not(run: str, other: str, part: str, _run: Run, _other: Run) -> str | None:
    named = [(one.name, one.predictions(), one.unit) for one in (_run, _other)]
    return why_not(named[0], named[1], part)


@st.cache_data(max_entries=64, show_spinner="Comparing case by case …")
def _compared(
    contents: tuple[str, ...],
    part: str,
    flagged: tuple[str, ...],
    corrected: dict[str, str],
    _runs: list[Run],
) -> dict[str, Any]:
    named = [(run.name, run.predictions(), run.unit) for run in _runs]
    return compare(named, flagged, part, corrected=corrected)
