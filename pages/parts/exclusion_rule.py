"""Which flagged images leave the training: the rule, chosen here for all, and the retraining without them."""

from __future__ import annotations

import streamlit as st

from breakhis_core import jobs, reviews
from breakhis_core.policy import choose_policy, chosen_policy
from breakhis_core.runs import Run
from pages.parts import frame, guard, job_progress, retraining
from pages.parts.figures import counted
from pages.parts.markdown import plain


def show(run: Run | None) -> None:
    """Show the rule with what each would do, say what follows for a run, and offer its retraining."""
    with st.container(border=True, key="retrain"):
        if run is None:
            _choose(None)
            return
        busy = jobs.active(frame.workspace(), "train")
        plan = retraining.plan(run)
        with st.container(horizontal=True, vertical_alignment="center", key="retrain-row"):
            with st.container():
                _choose(run)
                st.markdown(plan.words)
            pressed = st.button(
                "Retrain without flagged images", type="primary", disabled=bool(busy) or not plan.excluded
            )
        if plan.leaving == 0:
            st.page_link(
                "pages/review.py",
                label="Review the mistakes on training images",
                icon=":material/visibility:",
                query_params={"run": run.name, "part": "train"},
            )
        if pressed:
            wanted = retraining.request(run, plan).to_dict()
            st.session_state.retraining = jobs.submit(frame.workspace(), "train", wanted)
            st.rerun()
        followed = st.session_state.get("retraining") or (busy[0].id if busy else None)
        if followed is not None:
            job_progress.watch(jobs.get(frame.workspace(), followed))


def _choose(run: Run | None) -> None:
    chosen = chosen_policy(frame.workspace())
    # What the database says wins: another tab or the command line may have chosen since.
    st.session_state.policy = chosen.code
    st.selectbox(
        "An image leaves the training when",
        list(reviews.POLICIES),
        format_func=lambda code: f"Leaves when {reviews.POLICIES[code]}: {_effect(run, code)}",
        key="policy",
        on_change=_chosen,
        label_visibility="collapsed",
        help="Holds for the whole workspace, also under Train. A settlement overrules it, either way."
        + (f" Chosen by {plain(chosen.by)}, {(chosen.at or '')[:10]}." if chosen.by else ""),
    )


@guard.callback
def _chosen() -> None:
    choose_policy(frame.workspace(), frame.reviewer(), st.session_state.policy)


def _effect(run: Run | None, code: str) -> str:
    """Say what a rule excludes, by part of the run's split."""
    images = reviews.excluded_hashes(frame.workspace(), code)
    if run is None or not images:
        return counted(len(images), "image")
    plan = retraining.plan(run, code)
    parts = {"train": plan.train, "validation": plan.validation, "test (stay)": plan.test}
    said = ", ".join(f"{many} {part}" for part, many in parts.items() if many)
    return counted(len(images), "image") + (f", {said}" if said else "")
