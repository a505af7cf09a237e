"""A job's progress on a screen: what it is doing, how long it will take, and a way to stop it."""

from __future__ import annotations

import streamlit as st

from breakhis_core import jobs
from breakhis_core.jobs import Job
from breakhis_core.wording import duration
from pages.parts.shared import guard
from pages.parts.shared.frame import workspace
from pages.parts.shared.markdown import plain


@guard.fragment(run_every=1.0)
def follow(job: int) -> None:
    """Show a job until it ends, then rerun the whole screen."""
    now = jobs.get(workspace(), job)
    if not now.active:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"job-{job}"):
        st.progress(now.fraction or 0.0, text=plain(_words(now)))
        if st.button("Stop", key=f"stop-{job}", disabled=now.stopping):
            jobs.request_stop(workspace(), job)


def ended(job: Job) -> None:
    """Say why a job ended early, and let it go on from where it was."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"ended-{job.id}"):
        if job.state == "stopped":
            st.info("Stopped. What was done is kept.")
        else:
            st.error(plain(job.error or "The work ended early; what was done is kept."))
        if st.button("Go on", key=f"resume-{job.id}"):
            jobs.resume(workspace(), job.id)
            st.rerun()


def latest(kind: str) -> Job | None:
    """Return the newest job of a kind."""
    return next(iter(jobs.list_jobs(workspace(), kind, limit=1)), None)


def show(kind: str) -> bool:
    """Show the newest job of a kind while it runs, or that it ended early.

    Returns:
        Whether it runs.
    """
    job = latest(kind)
    if job is None:
        return False
    if job.active:
        follow(job.id)
    elif job.resumable:
        ended(job)
    return job.active


def _words(job: Job) -> str:
    if job.stopping:
        return "Stopping"
    left = "" if job.seconds_left is None else f" · {duration(job.seconds_left)} left"
    return f"{job.message}{left}"
