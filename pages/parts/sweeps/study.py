"""A study on the screen: how far it is, its chart, its best cell, and what can be done about it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from breakhis_core import jobs
from breakhis_core.errors import InputError
from breakhis_core.jobs import Job
from breakhis_core.sweeps import charts, reading, results
from breakhis_core.sweeps.reading import Study
from breakhis_core.sweeps.request import MEASURES, Cell, SweepRequest, kept_request
from breakhis_core.sweeps.values import cell_text, field_text, value_text
from breakhis_core.wording import counted, duration
from pages.parts.shared import guard
from pages.parts.shared.frame import is_dark, workspace
from pages.parts.shared.job_panel import STATES, when
from pages.parts.shared.markdown import plain

EVERY = 2.0


def watch(name: str, running: bool) -> None:
    """Show a study; while it runs, anew every two seconds, whoever started it."""
    guard.fragment(_panel, run_every=EVERY if running else None)(name, running)


def watch_beginning(job: Job) -> None:
    """Show a sweep whose study is not in the database yet, or never came there."""
    guard.fragment(_beginning, run_every=EVERY if job.active else None)(job.id, job.state)


def job_of(study: Study) -> Job | None:
    """Return the newest job that was to run a study, or None when only the command line did."""
    asked = study.request.model_dump(mode="json")
    return next(
        (job for job in jobs.list_jobs(workspace(), "sweep") if job.arguments["request"] == asked), None
    )


def request_of(job: Job) -> SweepRequest | None:
    """Return what a job was to try, or None when another version of the program wrote it."""
    try:
        return kept_request(job.arguments["request"])
    except (InputError, KeyError):
        return None


def label(study: Study) -> str:
    """Return a study in one line, as a list of them shows it."""
    fields = " × ".join(field_text(field) for field in study.request.grid)
    recipe = study.request.base.recipe
    return (
        f"{fields.capitalize()} · {plain(recipe.name)}, {counted(recipe.main_epochs, 'epoch')}, "
        f"split by {study.facts['unit']} · {when(study.created)}"
    )


def _panel(name: str, running_before: bool) -> None:
    try:
        study = reading.load_study(workspace(), name)
    except InputError:
        st.rerun()  # Removed in another window.
    job = job_of(study)
    active = study.running or (job is not None and job.active)
    if active != running_before:
        st.rerun()  # The list and the form around it show states too.
    _title(study, job, active)
    _progress(study, job, active)
    doubt = results.uncertainty(study)
    st.caption(f"{results.rests_on(study)[0].upper()}{results.rests_on(study)[1:]}")
    _chart(study, doubt)
    _best(study, doubt)
    _failed(study)
    _details(study, doubt)


def _title(study: Study, job: Job | None, active: bool) -> None:
    done = sum(trial.done for trial in study.trials)
    if active:
        word, colour = ("Stopping", "orange") if job and job.stopping else ("Running", "blue")
        if job is not None and job.state == "queued":
            word, colour = STATES["queued"]
    elif done == len(study.trials):
        word, colour = STATES["finished"]
    else:
        word, colour = STATES["interrupted" if job and job.state == "interrupted" else "stopped"]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        fields = " × ".join(field_text(field) for field in study.request.grid).capitalize()
        recipe = study.request.base.recipe
        about = f"{plain(recipe.name)} recipe, {counted(recipe.main_epochs, 'epoch')}"
        st.markdown(f"**{fields}** · {about}", width="content")
        st.badge(word, color=colour)


def _progress(study: Study, job: Job | None, active: bool) -> None:
    total, done = len(study.trials), sum(trial.done for trial in study.trials)
    share = sum(trial.share(study.epochs(trial)) for trial in study.trials) / max(1, total)
    words = f"{done} of {counted(total, 'training')} done"
    if active and job is not None and job.active:
        words = plain(job.message)
        if job.seconds_left is not None and not job.stopping:
            words += f" · about {duration(job.seconds_left)} left"
    with st.container(horizontal=True, vertical_alignment="center"):
        if active or done < total:
            st.progress(min(share, 1.0), words)
        _buttons(study, job, active)


def _buttons(study: Study, job: Job | None, active: bool) -> None:
    failed = sum(trial.state == "failed" for trial in study.trials)
    if active:
        if job is None or not job.active:
            st.caption("Runs from a terminal: Ctrl-C stops it there.")
        elif not job.stopping:
            if st.button("Stop", key=f"stop-{job.id}", icon=":material/stop:"):
                jobs.request_stop(workspace(), job.id)
                st.rerun(scope="fragment")
        elif st.button("Stop at once", key=f"kill-{job.id}", icon=":material/cancel:"):
            jobs.request_stop(workspace(), job.id, kill=True)
            st.rerun(scope="fragment")
        return
    if not study.done or failed:
        words = "Resume" if not study.done else f"Try the {counted(failed, 'failed one')} again"
        if st.button(words, key=f"resume-{study.name}", icon=":material/play_arrow:"):
            if job is not None and job.resumable:
                jobs.resume(workspace(), job.id)
            else:
                jobs.submit(
                    workspace(),
                    "sweep",
                    {"request": study.request.model_dump(mode="json"), "processes": None},
                )
            st.rerun()
    with st.popover("Remove", icon=":material/delete:"):
        st.write(f"All {counted(len(study.trials), 'training')} of this sweep are forgotten; runs stay.")
        if st.button("Remove the sweep", key=f"remove-{study.name}"):
            try:
                reading.remove_study(workspace(), study.name)
            except InputError as error:
                st.warning(plain(str(error)))
            else:
                st.query_params.pop("sweep", None)
                st.rerun()


def _chart(study: Study, doubt: results.Uncertainty) -> None:
    fields = list(study.request.grid)
    if len(fields) == 1:
        st.altair_chart(charts.curve_chart(study, doubt), key="sweep-curve")
    elif len(fields) == 2:
        st.altair_chart(charts.heat_chart(study, doubt, dark=is_dark()), key="sweep-heat")
    else:
        for pair in range(0, len(fields), 2):
            for column, field in zip(st.columns(2), fields[pair : pair + 2], strict=False):
                column.altair_chart(charts.strip_chart(study, doubt, field), key=f"sweep-strip-{field}")
        st.caption("Each dot is a cell; the bar is the mean of all cells with that choice.")
    if len(fields) != 2:
        _dashed(doubt)


def _dashed(doubt: results.Uncertainty) -> None:
    if doubt.baseline is not None:
        st.caption("Dashed: always naming the sub-type commonest in the training.")


def _best(study: Study, doubt: results.Uncertainty) -> None:
    best = results.best_cell(study)
    if best is None:
        st.caption("The first finished cell shows its value here.")
        return
    with st.container(border=True):
        st.markdown(plain(doubt.words))
        few = results.few_images(study)
        if few:
            st.caption(few)
        train_link(study, best, "Train one anyway" if doubt.best is None else "Train the best")


def train_link(study: Study, cell: Cell, words: str) -> None:
    """Offer Train with the recipe of a cell filled in."""
    st.page_link(
        "pages/train.py",
        label=words,
        icon=":material/model_training:",
        query_params={"sweep": study.name, "cell": str(cell.number)},
    )


def _failed(study: Study) -> None:
    failed = [trial for trial in study.trials if trial.state == "failed"]
    for trial in failed[:3]:
        st.error(f"{cell_text(study.cells[trial.cell].values).capitalize()}: {plain(str(trial.error))}")
    if len(failed) > 3:
        st.caption(f"{len(failed) - 3} more failed; the table has their reasons.")


def _details(study: Study, doubt: results.Uncertainty) -> None:
    cells, epochs = st.tabs(["Cells", "By epoch"])
    with cells:
        chosen = st.dataframe(
            cell_frame(study),
            hide_index=True,
            placeholder="–",
            height=280,
            on_select="rerun",
            selection_mode="single-row",
            key=f"cells-{study.name}",
        )
        rows = chosen.selection.rows if chosen else []
        if rows:
            cell = study.cells[rows[0]]
            train_link(study, cell, f"Train with {cell_text(cell.values)}")
        else:
            st.caption("Choose a row to train with its settings.")
    with epochs:
        st.altair_chart(charts.epochs_chart(study, doubt), key="sweep-epochs")
        _dashed(doubt)


def cell_frame(study: Study) -> pd.DataFrame:
    """Return the cells as people read them, in the order of the grid."""
    table = results.cell_table(study)
    shown = pd.DataFrame(
        {
            field_text(field).capitalize(): [value_text(field, value) for value in table[field]]
            for field in study.request.grid
        }
    )
    name = MEASURES[study.request.metric]
    shown[f"Validation {name}"] = table["value"].astype(float).round(3)
    if study.request.seeds > 1:
        shown["Lowest"] = table["low"].astype(float).round(3)
        shown["Highest"] = table["high"].astype(float).round(3)
    shown["State"] = table["state"].str.capitalize()
    shown["Epochs"] = table["epochs"].astype(int)
    if table["error"].notna().any():
        shown["Reason"] = table["error"].fillna("")
    return shown


def _beginning(number: int, state_before: str) -> None:
    job = jobs.get(workspace(), number)
    if job.state != state_before or job.data.get("study"):
        st.rerun()
    word, colour = STATES[job.state]
    request = request_of(job)
    fields = "sweep" if request is None else " × ".join(field_text(field) for field in request.grid)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{fields.capitalize()} · job {job.id}**", width="content")
        st.badge("Stopping" if job.stopping else word, color=colour)
    if job.active:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(job.fraction or 0.0, plain(job.message))
            if st.button("Stop", key=f"stop-{job.id}", icon=":material/stop:", disabled=job.stopping):
                jobs.request_stop(workspace(), job.id)
                st.rerun(scope="fragment")
        return
    if job.error:
        st.error(plain(job.error))
    if job.resumable and st.button("Resume", key=f"resume-{job.id}", icon=":material/play_arrow:"):
        jobs.resume(workspace(), job.id)
        st.rerun()


def is_active(study: Study) -> bool:
    """Return whether a study runs or waits to."""
    job = job_of(study)
    return study.running or (job is not None and job.active)


def choose(studies: list[Study], started: Job | None) -> Study:
    """Let the person choose a study; the choice stands in the address as ``sweep``.

    Args:
        studies: newest first, at least one.
        started: the job that was started last in this session; its study is shown until another is chosen.
    """
    by_name = {study.name: study for study in studies}
    wanted = st.query_params.get("sweep")
    if wanted not in by_name:
        asked = None if started is None else request_of(started)
        active = (study.name for study in studies if study.running)
        mine = (study.name for study in studies if study.request == asked)
        wanted = next(mine, None) or next(active, None) or studies[0].name
    if len(studies) == 1:
        return studies[0]
    if st.session_state.get("sweep-chosen") != wanted:
        st.session_state["sweep-chosen"] = wanted

    def remember() -> None:
        st.query_params["sweep"] = st.session_state["sweep-chosen"]

    name = st.selectbox(
        "Sweep",
        list(by_name),
        key="sweep-chosen",
        format_func=lambda name: label(by_name[name]),
        label_visibility="collapsed",
        on_change=remember,
    )
    return by_name[name]
