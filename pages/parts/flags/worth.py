"""What leaving out the flagged images, or correcting them, is worth: asked for, followed and told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from breakhis_core import jobs
from breakhis_core.charts.worth import arms_chart
from breakhis_core.jobs import Job
from breakhis_core.reviews.terms import LABELS
from breakhis_core.runs import Run
from breakhis_core.suspects.reading import suspects_of
from breakhis_core.training.duration import in_words
from breakhis_core.wording import number
from breakhis_core.worth import words
from breakhis_core.worth.kept import kept_result, last_result, request_for, takes_part
from breakhis_core.worth.measuring import WorthRequest, seconds_needed
from breakhis_core.worth.verdict import arm_in_words
from pages.parts.flags import worth_confirmed
from pages.parts.shared import frame, job_bar, review_links
from pages.parts.shared.job_panel import when
from pages.parts.shared.markdown import plain

FIGURES = {"accuracy": "Accuracy", "macro_f1": "Macro F1", "sides": "Benign or malignant"}


@dataclass(frozen=True)
class Measured:
    """A kept result, and whether it is of the flags as they stand now."""

    result: Mapping[str, Any]
    of_now: bool


def show(run: Run) -> Measured | None:
    """Say what the flags on a run's training images are worth, or offer to measure it.

    Returns:
        What was told, for ``details``.
    """
    request = request_for(frame.workspace(), run)
    if not takes_part(run, request):
        return None
    result = kept_result(frame.workspace(), run, request)
    if result is not None:
        st.markdown(f"**{plain(_sentence(result))}**")
        return Measured(result, True)
    before = last_result(frame.workspace(), run)
    if before is not None:
        st.markdown(f"Of the flags as they were {when(before['at'])}: {plain(_sentence(before))}")
    _ask(run, request, again=before is not None)
    return None if before is None else Measured(before, False)


def details(run: Run, measured: Measured) -> None:
    """Say below, folded, how a result was measured; and what the run's own recipe says of it."""
    seen = number(measured.result["smallest_effect"])
    with st.expander(f"Smallest effect that could have been seen: {seen}; how this was measured"):
        _measured(run, measured.result)
    if measured.of_now:
        worth_confirmed.show(run, measured.result)


def _sentence(result: Mapping[str, Any]) -> str:
    return str(result["arms"][result["best"]]["sentence"])


def _measured(run: Run, result: Mapping[str, Any]) -> None:
    st.markdown(f"**{words.smallest(result)}** It is grey below. {words.how_measured(result)}")
    figure = st.segmented_control(
        "Figure", list(FIGURES), default="accuracy", required=True, format_func=FIGURES.__getitem__,
        key=f"worth-figure-{result['at']}", label_visibility="collapsed",
    )  # fmt: skip
    arms = [(arm_in_words(name, arm, result), arm["figures"][figure]) for name, arm in result["arms"].items()]
    st.altair_chart(arms_chart(arms, result["smallest_effect"] if figure == "accuracy" else 0.0))
    st.caption(
        f"The placebo: {result['placebos']} times as many others at random, of the same sub-types and "
        "magnifications and of as many cases. p: how likely one of them does at least as well. "
        "Lines: 95 % intervals over cases and seeds."
    )
    for reason, hashes in result["asked"]["reasons"].items():
        about = result["arms"].get(f"without:{reason}", result["arms"]["without"])["figures"]["accuracy"]
        what = (
            f"flagged as {LABELS.get(reason, reason).lower()}: leaving them out gives "
            f"{number(about['to_placebo']['delta'], signed=True)} against the placebo"
        )
        review_links.link(run, "every", hashes, what)
    known = suspects_of(run)
    if known is not None and known.by_case.tells:
        st.page_link(
            "pages/review.py",
            label="Review all images, the most misleading to similar ones first",
            icon=":material/visibility:",
            query_params={"run": run.name, "part": "every", "show": "all", "order": "value"},
        )


def _ask(run: Run, request: WorthRequest, again: bool) -> None:
    """Offer to measure, or show how far that is."""
    job = _job_of(run)
    if job is not None and job.active:
        job_bar.follow(job.id)
        return
    if job is not None and job.resumable and job.arguments == request.model_dump(mode="json"):
        job_bar.ended(job)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        label = "What are they worth now?" if again else "What is it worth?"
        pressed = st.button(label, key="worth-ask", icon=":material/balance:")
        takes = in_words(seconds_needed(run, request)).capitalize()
        st.caption(f"{takes}: with a frozen base, against as many others left out at random.")
    if pressed:
        jobs.submit(frame.workspace(), "worth", request.model_dump(mode="json"))
        st.rerun()


def _job_of(run: Run) -> Job | None:
    """Return the newest job that measures flags of a run."""
    found = jobs.list_jobs(frame.workspace(), "worth")
    return next((job for job in found if job.arguments["run"] == run.name), None)
