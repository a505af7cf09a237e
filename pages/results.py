"""Results: how good is it, honestly?"""

from __future__ import annotations

from typing import Any

import streamlit as st

from breakhis_core import runs
from breakhis_core.errors import InputError
from breakhis_core.results.baselines import baseline_text, doubt_in_words
from breakhis_core.results.evaluate import value_at
from breakhis_core.results.metric_registry import shown_in
from breakhis_core.results.provenance import macro_note, where_from
from breakhis_core.results.tables import interval_of
from breakhis_core.runs import Run, pointing
from breakhis_core.wording import counted, number
from pages.parts.results import comparison, folds, images, leakage, review_outcome, runs_table
from pages.parts.results import views as result_views
from pages.parts.server import run_download
from pages.parts.shared import frame
from pages.parts.shared.evaluations import evaluation_of
from pages.parts.shared.markdown import plain

PARTS = {"test": "Test", "validation": "Validation", "train": "Train"}
FOLD_PARTS = {"out_of_fold": "Out of fold"}
RUNS = "Runs"
IMAGES = "Images"
VIEWS = [
    RUNS,
    "Confusion",
    "Sub-types",
    "Benign or malignant",
    "Cases",
    IMAGES,
    "Calibration",
    "Training",
    "Compare",
    "Review",
]
FOLDS = "Folds"
FIRST = "Confusion"


def headline(evaluation: dict[str, Any]) -> None:
    """Show the headline numbers, each with its interval, what it has to beat and what it rests on."""
    st.markdown(f"**{where_from(evaluation)}** · below each number: 95 % interval, bootstrap over cases")
    with st.container(horizontal=True, key="headline", gap="small"):
        for metric in shown_in("headline"):
            over = f" {macro_note(evaluation).capitalize()}." if metric.is_macro else ""
            with st.container(width=190, gap=None):
                st.metric(
                    metric.headed or metric.name,
                    number(value_at(evaluation, metric.place)),
                    interval_of(evaluation, metric.place),
                    delta_color="off",
                    delta_arrow="off",
                    help=f"{metric.meaning}{over} {where_from(evaluation)}.",
                )
                st.caption(baseline_text(evaluation, metric.place))
    doubt = doubt_in_words(evaluation)
    if doubt:
        st.markdown(f"**{doubt}**")
    for sentence in pointing.maps_in_words(evaluation):
        st.caption(sentence)


def cautions(run: Run, evaluation: dict[str, Any]) -> None:
    """Say what the reader must know before believing a number: leakage, few cases, the part."""
    if evaluation["part"] == "train":
        st.warning(
            "The model learnt these images: the numbers say how well it remembers, not how good it is."
        )
    elif run.folds:
        folds.cautions(run)
    elif run.unit == "image":
        st.warning(
            f"Split by image: {leakage.sentence(run)}. Expect less on a new patient; a split by case "
            "says how much."
        )
    if evaluation["few_cases"]:
        st.caption(f"{counted(evaluation['cases'], 'case')} are few: the intervals are themselves uncertain.")


def refusals() -> None:
    """Name the folders that are no usable runs, each with its reason."""
    _, refused = runs.list_runs(frame.workspace().models)
    if refused:
        with st.expander(f"{counted(len(refused), 'folder')} under models/ cannot be used"):
            st.markdown("\n".join(f"- {plain(one.reason)}" for one in refused))


def choose_view(run: Run) -> str:
    """Let the person choose what is shown of a run."""
    views = [*VIEWS[:-1], FOLDS, VIEWS[-1]] if run.folds else VIEWS
    if st.session_state.get("view", FIRST) not in views:
        st.session_state.view = FIRST
    view: str = st.segmented_control(
        "View",
        views,
        default=FIRST,
        required=True,
        key="view",
        label_visibility="collapsed",
        bind="query-params",
    )
    return view


def choose_part(run: Run) -> str:
    """Let the person choose on which images of a run."""
    parts = FOLD_PARTS if run.folds else PARTS
    if st.session_state.get("of", run.tested_part) not in parts:
        st.session_state.of = run.tested_part  # Chosen for a run of the other kind.
    part: str = st.segmented_control(
        "Images of",
        list(parts),
        default=run.tested_part,
        required=True,
        format_func=parts.__getitem__,
        key="of",
        label_visibility="collapsed",
        bind="query-params",
    )
    return part


def downloads(run: Run) -> None:
    """Offer the run's report and card as files."""
    report = "One page with every number and plot, to keep, send or print. Takes some seconds."
    st.link_button("Report", run_download.address("report", run), icon=":material/article:", help=report)
    st.link_button("Card", run_download.address("card", run), icon=":material/badge:", help="As Markdown.")


def show(run: Run, view: str, part: str) -> None:
    """Show a view of one part of a run.

    Raises:
        InputError: the run has no image of that part.
    """
    evaluation = evaluation_of(run, part)
    if view == "Compare":
        # A cross-validation and a run of one model are tested on parts of different names.
        comparison.show(run, part, lambda other: evaluation_of(other, other.tested_part))
        return
    headline(evaluation)
    cautions(run, evaluation)
    if view == "Confusion":
        result_views.confusion(run, evaluation)
    elif view == "Sub-types":
        result_views.subtypes(run, evaluation)
    elif view == "Benign or malignant":
        result_views.sides(run, evaluation)
    elif view == "Cases":
        result_views.cases(run, evaluation)
    elif view == "Calibration":
        result_views.calibration(run, evaluation)
    elif view == FOLDS:
        folds.show(run, evaluation)
    elif view == "Training":
        result_views.training(run)
    elif view == "Review":
        review_outcome.show(run, part)


nothing_asked = not {"run", "view"} & set(st.query_params) and "chosen_run" not in st.session_state
controls = frame.page_header("Results")
frame.stack_columns()
known = frame.runs()
if nothing_asked and st.session_state.arrived and len(known) > 1:
    st.session_state.view = RUNS
run = frame.choose_run("results-run", controls)
if run is None:
    frame.empty_state(
        "There is no run yet. Train one, or copy a run folder into `models/`.",
        "Train a run",
        "pages/train.py",
    )
    refusals()
    st.stop()
with controls:
    frame.phantom_notice(run)
with st.container(horizontal=True, horizontal_alignment="distribute"):
    with st.container(width="content"):
        view = choose_view(run)
    if view not in (RUNS, IMAGES):
        with st.container(width="content", horizontal=True, vertical_alignment="center", key="of-run"):
            part = choose_part(run)
            downloads(run)
if view == RUNS:
    runs_table.show(known)
elif view == IMAGES:
    images.show(run)
else:
    try:
        show(run, view, part)
    except InputError as error:
        st.info(f"{plain(str(error))} Choose another part.")
refusals()
