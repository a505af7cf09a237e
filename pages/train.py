"""Train: make a better one."""

from __future__ import annotations

import streamlit as st

from breakhis_core import datasets, jobs, runs
from breakhis_core.datasets import Dataset
from breakhis_core.errors import InputError
from breakhis_core.runs import Run
from breakhis_core.splits import Unit
from breakhis_core.training import TrainRequest
from pages.parts import fold_choices, frame, job_progress, narrow, training_choices, training_time
from pages.parts.figures import counted
from pages.parts.markdown import plain

PAST = 20


def form(found: list[Dataset], known: list[Run], busy: list[jobs.Job]) -> None:
    """Ask what to train, say how long it takes, and start it."""
    data = training_choices.choose_data(found)
    unit, improves, wish = training_choices.choose_split(data, known)
    exclude = training_choices.choose_exclusions(improves)
    recipe = training_choices.choose_recipe(data, improves)
    weights = training_choices.choose_weights(recipe, improves)
    recipe, seed, name = training_choices.choose_rest(recipe, improves)
    units: tuple[Unit, ...] = ("case", "image") if unit == training_choices.BOTH else (one_unit(unit),)
    try:
        folds = wish.folds(data, units[0], seed)
        trained, images = training_choices.sizes(data, units[0], seed, improves, exclude, folds)
        if name:
            runs.check_name(name)
    except InputError as error:
        st.warning(plain(str(error)))
        return
    pace = training_time.pace(recipe, known)
    models = folds.count if folds else improves.folds if improves else 0
    seconds = training_time.seconds_needed(recipe, trained, images, pace, max(1, models)) * len(units)
    if folds:
        fold_choices.explain(folds, data)
    source = f"measured in {pace.measured}" if pace.measured else "assumed for two cores"
    st.markdown(f"**Takes {training_time.in_words(seconds)}**")
    st.caption(
        f"{f'{models} folds, each with about ' if models else ''}{counted(trained, 'training image')}, "
        f"{counted(recipe.epochs, 'epoch')} at "
        f"{pace.images_per_second:.0f} images a second, {source}"
    )
    if busy:
        st.caption(f"Job {busy[0].id} is training; this one waits and starts when that has ended.")
    label = "Add to the queue" if busy else "Start training"
    if st.button(label, type="primary", disabled=weights is None or not wish.is_ready, key="start"):
        kept = None if improves is None else improves.name
        # A kept split may hold images of several data sets: training finds them all by itself.
        where = data.id if improves is None else None
        for one in units:
            named = f"{name}-by-{one}" if name and len(units) > 1 else name
            request = TrainRequest(
                recipe,
                where,
                one,
                seed,
                weights or "",
                exclude,
                kept,
                named,
                folds=wish.count,
                fold_files=wish.files,
            )
            st.session_state.job = jobs.submit(frame.workspace(), "train", request.to_dict())
        st.rerun()


def one_unit(unit: str) -> Unit:
    """Return a unit of the form as splits know it."""
    return "image" if unit == "image" else "case"


def past(trainings: list[jobs.Job]) -> None:
    """List the trainings, newest first; an open one shows its curves and what can be done."""
    st.markdown("##### Earlier trainings")
    for job in trainings[:PAST]:
        word, _ = job_progress.STATES[job.state]
        row = st.expander(
            f"{job_progress.what(job)} · {word.lower()} · {job_progress.when(job.created)}",
            key=f"past-{job.id}",
            on_change="rerun",
        )
        if row.open:
            with row:
                job_progress.watch(job)


frame.page_header("Train")
narrow.stack_columns()
catalogued = datasets.datasets(frame.workspace())
trainings = jobs.list_jobs(frame.workspace(), "train")
if not catalogued and not trainings:
    frame.empty_state(
        "There are no images to train on yet. Prepare the demo or point to a folder with BreakHis.",
        "Go to Home",
        "pages/home.py",
    )
    st.stop()
busy = [job for job in reversed(trainings) if job.active]
left, right = st.columns([38, 62], gap="large")
with left:
    if catalogued:
        form(catalogued, frame.runs(), busy)
    else:
        st.info("There are no images to train on: prepare the demo or catalogue a folder on Home.")
with right:
    wanted = st.session_state.get("job")
    shown = busy[0] if busy else next((job for job in trainings if job.id == wanted), None)
    shown = shown or (trainings[0] if trainings else None)
    if shown is None:
        st.caption("Nothing was trained here yet. What you start shows its progress and curves here.")
    else:
        job_progress.watch(shown)
        others = [job for job in trainings if job.id != shown.id]
        if others:
            past(others)
