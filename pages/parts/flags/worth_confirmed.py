"""One click confirms with the run's own recipe what was measured with a frozen base."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from breakhis_core import jobs
from breakhis_core.runs import Run
from breakhis_core.training.duration import in_words
from breakhis_core.wording import number
from breakhis_core.worth import confirmation
from breakhis_core.worth.confirmation import SEEDS, ConfirmRequest
from breakhis_core.worth.kept import kept_confirmation
from pages.parts.shared import frame, job_bar
from pages.parts.shared.markdown import plain


def show(run: Run, result: Mapping[str, Any]) -> None:
    """Show what the run's own recipe says of the best arm of a result, or offer to train it."""
    if run.folds:
        st.caption("Confirming with the run's own recipe takes a run that is one model.")
        return
    requests = {seeds: confirmation.request_of(result, seeds) for seeds in SEEDS}
    found = {seeds: kept_confirmation(frame.workspace(), run, one) for seeds, one in requests.items()}
    told = [one for one in found.values() if one is not None]
    if told:
        _told(told[-1])
    job = next(iter(jobs.list_jobs(frame.workspace(), "confirm")), None)
    if job is not None and job.arguments["run"] == run.name:
        if job.active:
            job_bar.follow(job.id)
            return
        if job.resumable and any(job.arguments == one.model_dump(mode="json") for one in requests.values()):
            job_bar.ended(job)
            return
    _ask(run, {seeds: one for seeds, one in requests.items() if found[seeds] is None})


def _told(result: Mapping[str, Any]) -> None:
    st.markdown(plain(f"{confirmation.sentence(result)} {confirmation.another_seed(result)}"))
    rows = {"all": "all images", "arm": "as above", "placebo": "others at random"}
    st.caption(
        "Accuracy by seed: "
        + " · ".join(
            f"{words} {', '.join(number(value) for value in result['arms'][name]['by_seed'])}"
            for name, words in rows.items()
        )
    )


def _ask(run: Run, requests: Mapping[int, ConfirmRequest]) -> None:
    if not requests:
        return
    runs = frame.runs()
    takes = {seeds: in_words(confirmation.seconds_needed(run, one, runs)) for seeds, one in requests.items()}
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        seeds = st.selectbox(
            "Seeds",
            list(requests),
            format_func=lambda seeds: f"{seeds} seeds, {takes[seeds]}",
            key="confirm-seeds",
            label_visibility="collapsed",
            width=200,
        )
        pressed = st.button(
            "Confirm with the run\u2019s own recipe", key="confirm", icon=":material/verified:"
        )
        st.caption("Trains all images, the best of these, and others left out at random, each seed.")
    if pressed:
        jobs.submit(frame.workspace(), "confirm", requests[seeds].model_dump(mode="json"))
        st.rerun()
