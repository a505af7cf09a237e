"""Sweeps: which settings are worth training with."""

from __future__ import annotations

import streamlit as st

from breakhis_core import jobs
from breakhis_core.images import datasets
from breakhis_core.sweeps import reading
from pages.parts.shared import frame, in_sight
from pages.parts.sweeps import form
from pages.parts.sweeps import study as sweep_view

frame.page_header("Sweeps")
frame.stack_columns()
catalogued = datasets.datasets(frame.workspace())
studies = {study.name: study for study in reading.list_studies(frame.workspace())}
sweep_jobs = jobs.list_jobs(frame.workspace(), "sweep")
if not catalogued and not studies:
    frame.empty_state(
        "There are no images to train on yet. Prepare the demo or point to a folder with BreakHis.",
        "Go to Home",
        "pages/home.py",
    )
    st.stop()
busy = [job for job in sweep_jobs if job.active]
known = [study.request for study in studies.values()]
beginning = [
    job
    for job in sweep_jobs
    if job.state != "finished"
    and sweep_view.request_of(job) not in known
    and (job.active or job.id == st.session_state.get("sweep_job"))
]
in_sight.after_start()
if not catalogued:
    st.info("There are no images to train on: prepare the demo or catalogue a folder on Home.")
elif not studies and not beginning:
    form.form(catalogued, frame.runs(), bool(busy))
else:
    # Folded into one line, so that the sweep stands in sight.
    newest = max((job.id for job in sweep_jobs), default=0)
    with st.expander("New sweep", icon=":material/add:", key=f"new-after-{newest}"):
        form.form(catalogued, frame.runs(), bool(busy))
for job in beginning:
    sweep_view.watch_beginning(job)
if studies:
    started = next((job for job in sweep_jobs if job.id == st.session_state.get("sweep_job")), None)
    shown = sweep_view.choose(list(studies.values()), started)
    sweep_view.watch(shown.name, sweep_view.is_active(shown))
