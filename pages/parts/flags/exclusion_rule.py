"""Which flagged images leave the training or are corrected: the rule, chosen for all, and the retraining."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from breakhis_core import jobs, reviews
from breakhis_core.errors import InputError
from breakhis_core.jobs import retraining
from breakhis_core.jobs.retraining import Plan
from breakhis_core.reviews.policy import choose_policy, chosen_policy
from breakhis_core.runs import Run
from breakhis_core.training.request import TrainRequest
from breakhis_core.wording import counted
from pages.parts.flags import worth
from pages.parts.review.queue import worklists
from pages.parts.shared import frame, guard, job_panel, review_links
from pages.parts.shared.markdown import plain


def show(run: Run | None) -> None:
    """Show the rule with what each would do, say what follows for a run, and offer its retraining."""
    with st.container(border=True, key="retrain"):
        if run is None:
            _choose({})
            return
        plans = retraining.plans(frame.workspace(), run, st.session_state.get("mode"))
        with st.container(horizontal=True, vertical_alignment="center", key="retrain-row"):
            with st.container():
                with st.container(horizontal=True, key="retrain-choices", gap="small"):
                    plan = plans[_choose(plans)]
                    if plan.correctable:
                        _choose_mode()
                st.markdown(plain(plan.words))
                measured = worth.show(run)
            if plan.changes:
                _offer(run, plan)
            elif worklists(run).suspects:
                if st.button("Review the suspects", type="primary"):
                    review_links.open_list(run, "suspects")
            elif st.button("Review the mistakes on training images", type="primary"):
                review_links.open_queue(run, retraining.learnt_part(run), "confident")
        if measured is not None:
            worth.details(run, measured)
        _follow()


def _offer(run: Run, plan: Plan) -> None:
    """Offer the retraining, or say why it cannot be made as the run was."""
    try:
        wanted: TrainRequest | None = retraining.request(frame.workspace(), run, plan)
        trouble = ""
    except InputError as error:
        wanted, trouble = None, str(error)
    busy = jobs.active(frame.workspace(), "train")
    with st.container(width="content"):
        label = "Add the retraining to the queue" if busy else plan.title
        pressed = st.button(label, type="primary", disabled=wanted is None)
    if trouble:
        st.warning(plain(trouble))
        st.page_link(
            "pages/train.py",
            label="Choose the weights under Train",
            icon=":material/model_training:",
            query_params={"improves": run.name, "exclude": "flagged", "mode": plan.mode},
        )
    if pressed and wanted is not None:
        st.session_state.retraining = jobs.submit(frame.workspace(), "train", wanted.model_dump(mode="json"))
        st.rerun()


def _follow() -> None:
    """Show the retraining that was started here; of anybody else's training one line and a link."""
    mine = st.session_state.get("retraining")
    if mine is not None:
        job_panel.watch(jobs.get(frame.workspace(), mine))
    others = [job for job in jobs.active(frame.workspace(), "train") if job.id != mine]
    if others:
        does = "waits" if others[0].state == "queued" else "is training"
        behind = f", {len(others) - 1} behind it" if len(others) > 1 else ""
        st.page_link(
            "pages/train.py",
            label=f"{job_panel.what(others[0])} {does}{behind}",
            icon=":material/model_training:",
        )


def _choose(plans: Mapping[str, Plan]) -> str:
    """Let the person choose the rule, each with what it would do; return the one that holds."""
    chosen = chosen_policy(frame.workspace())
    # What the database says wins: another tab or the command line may have chosen since.
    st.session_state.policy = chosen.code
    st.selectbox(
        "An image leaves the training when",
        list(reviews.POLICIES),
        format_func=lambda code: f"Leaves when {reviews.POLICIES[code]}: {_effect(plans.get(code), code)}",
        key="policy",
        on_change=_chosen,
        label_visibility="collapsed",
        help="Holds for the whole workspace, also under Train. A settlement overrules it, either way."
        + (f" Chosen by {plain(chosen.by)}, {(chosen.at or '')[:10]}." if chosen.by else ""),
    )
    return chosen.code


def _choose_mode() -> None:
    """Let the person choose what becomes of flagged images, where some have a corrected label."""
    st.selectbox(
        "Flagged images",
        list(retraining.MODES),
        format_func=retraining.MODES.__getitem__,
        key="mode",
        label_visibility="collapsed",
        help="Corrected labels count in train and validation only: tests are on published labels.",
    )


@guard.callback
def _chosen() -> None:
    choose_policy(frame.workspace(), frame.reviewer(), st.session_state.policy)


def _effect(plan: Plan | None, code: str) -> str:
    """Say what a rule excludes, by part of the run's split."""
    if plan is None:
        return counted(len(reviews.excluded_hashes(frame.workspace(), code)), "image")
    parts = {
        "train": plan.train,
        "validation": plan.validation,
        "relabelled": plan.relabelled,
        "test (stay)": plan.test,
    }
    said = ", ".join(f"{many} {part}" for part, many in parts.items() if many)
    return counted(len(plan.flagged), "image") + (f", {said}" if said else "")
