"""A training job on the screen: what it is doing, its live curves, and what can be done about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import streamlit as st

from breakhis_core import jobs
from breakhis_core.charts import training_curves
from breakhis_core.errors import InputError
from breakhis_core.jobs import Job
from breakhis_core.recipes import completed
from breakhis_core.results.baselines import baseline_text
from breakhis_core.results.provenance import where_from
from breakhis_core.results.tables import interval_of
from breakhis_core.runs import Run, run_named
from breakhis_core.wording import counted, duration, number, split_in_words
from pages.parts.shared import guard
from pages.parts.shared.curves_of_parent import parent_of
from pages.parts.shared.evaluations import evaluation_of
from pages.parts.shared.frame import workspace
from pages.parts.shared.markdown import plain

STATES = {
    "queued": ("Waiting", "gray"),
    "running": ("Running", "blue"),
    "finished": ("Finished", "green"),
    "failed": ("Failed", "red"),
    "stopped": ("Stopped", "orange"),
    "interrupted": ("Interrupted", "orange"),
}
"""Word and colour of each state of a job."""

EVERY = 1.0


def watch(job: Job, named: bool = True) -> None:
    """Show a job; while it runs, anew every second, whoever started it.

    Args:
        job: the job.
        named: whether to say which job it is, where nothing above says so.
    """
    refresh = EVERY if job.active else None
    guard.fragment(_panel, run_every=refresh)(job.id, job.state, named)


def _panel(number_of_job: int, state_before: str, named: bool) -> None:
    job = jobs.get(workspace(), number_of_job)
    if job.state != state_before:
        st.rerun()  # The page around it shows states too.
    if named:
        title(job)
    st.caption(settings_in_words(job.arguments))
    if job.active:
        running(job)
    else:
        ended(job)
    curves(job)


def title(job: Job) -> None:
    """Say which job this is and how it stands."""
    word, colour = STATES[job.state]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{what(job)}**", width="content")
        st.badge("Stopping" if job.stopping else word, color=colour)


def running(job: Job) -> None:
    """Show what the job is doing, how long it takes yet, and Stop."""
    left = "" if job.seconds_left is None else f" · about {duration(job.seconds_left)} left"
    if job.stopping:
        left = ""
    step = ""
    if job.data.get("loss") is not None:
        step = f" · loss {number(job.data['loss'])}, accuracy {number(job.data.get('accuracy'))}"
    st.progress(job.fraction or 0.0, f"{plain(job.message)}{step}{left}")
    with st.container(horizontal=True, vertical_alignment="center"):
        if not job.stopping:
            if st.button("Stop", key=f"stop-{job.id}", icon=":material/stop:"):
                jobs.request_stop(workspace(), job.id)
                st.rerun(scope="fragment")
            st.caption(
                "Closing the browser does not stop it. Stopped, it can go on later from its last epoch."
            )
        else:
            if st.button("Stop at once", key=f"kill-{job.id}", icon=":material/cancel:"):
                jobs.request_stop(workspace(), job.id, kill=True)
                st.rerun(scope="fragment")
            st.caption("It stops within seconds; what it learnt since the last whole epoch is lost.")


def ended(job: Job) -> None:
    """Say how the job ended and what can be done now."""
    if job.error:
        st.error(plain(job.error))
    run = _run_of(job)
    if run is not None:
        how_good(run)
    with st.container(horizontal=True, vertical_alignment="center"):
        if run is not None:
            doors(job, run)
        if job.resumable and st.button("Resume", key=f"resume-{job.id}", icon=":material/play_arrow:"):
            jobs.resume(workspace(), job.id)
            st.rerun()
        if job.started and job.ended:
            st.caption(f"Took {duration(_seconds(job.started, job.ended))}, ended {when(job.ended)}")
    if job.state in ("failed", "interrupted"):
        tail = jobs.log_tail(workspace(), job.id)
        if tail:
            with st.expander("Last lines of its log"):
                st.code(tail, language=None, height=240)


def _run_of(job: Job) -> Run | None:
    """Return the run that a training made; None while there is none, or when it was deleted since."""
    name = (job.result or {}).get("run")
    if not name:
        return None
    try:
        return run_named(workspace().models, str(name))
    except InputError as error:
        st.caption(plain(str(error)))
        return None


def how_good(run: Run) -> None:
    """Say in a line how good a run is, on which images, and what it has to beat."""
    evaluation = evaluation_of(run, run.tested_part)
    against = baseline_text(evaluation, "accuracy")
    st.markdown(
        f"Accuracy **{number(evaluation['accuracy'])}** ({interval_of(evaluation, 'accuracy')}) · "
        f"{where_from(evaluation)}{f' · {against}' if against else ''}"
    )


def doors(job: Job, run: Run) -> None:
    """Lead to the run's results and mistakes, and to what it can be compared with."""
    here = {"run": run.name}
    compare = here | {"view": "Compare"}
    found = [
        ("pages/results.py", "Results", ":material/monitoring:", here),
        ("pages/review.py", "Review its mistakes", ":material/visibility:", here),
    ]
    improved = job.arguments.get("improves")
    if improved:
        words = f"Compare with {plain(str(improved))}"
        found.append(
            ("pages/results.py", words, ":material/compare_arrows:", compare | {"with": str(improved)})
        )
    twin = _twin(job)
    if twin is not None:
        words = "What knowing the patient is worth"
        found.append(("pages/results.py", words, ":material/compare_arrows:", compare | {"with": twin}))
    for page, words, icon, address in found:
        st.page_link(page, label=words, icon=icon, query_params=address)


def _twin(job: Job) -> str | None:
    """Return the run of the finished training that differs from this one in the unit of the split alone."""

    def rest(one: Job) -> dict[str, Any]:
        return {key: value for key, value in one.arguments.items() if key not in ("unit", "name")}

    for other in jobs.list_jobs(workspace(), "train"):
        name = (other.result or {}).get("run")
        if name and other.arguments.get("unit") != job.arguments.get("unit") and rest(other) == rest(job):
            return str(name)
    return None


def curves(job: Job) -> None:
    """Draw loss and accuracy by epoch, on training and validation images."""
    rows = jobs.curve(workspace(), job.id)
    if rows.empty or "epoch" not in rows:
        return
    # A resumed job may report an epoch once more: the later row counts.
    told = [name for name in ("fold", "phase", "epoch") if name in rows]
    rows, parent = rows.drop_duplicates(told, keep="last"), parent_of(job.arguments.get("improves"))
    for column, measure in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        chart = training_curves.history_chart(
            rows, measure, height=230, epochs=main_epochs(job.arguments), parent=parent
        )
        column.altair_chart(chart, key=f"{measure}-{job.id}")
    if not job.active:
        st.caption(training_curves.best_in_words(rows))


def main_epochs(arguments: dict[str, Any]) -> int:
    """Return the epochs of a training as people count them; 0 where another version asked for it."""
    try:
        return completed(arguments.get("recipe", {})).main_epochs
    except InputError:
        return 0


def what(job: Job) -> str:
    """Return a job's name: that of its run, once it has one."""
    name = (job.result or {}).get("run") or job.arguments.get("name")
    if not name:
        name = f"{recipe_of(job.arguments)} by {job.arguments.get('unit', 'case')}"
    return f"{plain(str(name))} · job {job.id}"


def in_one_line(job: Job) -> str:
    """Return a job's name, how it stands and when it was asked for, as a list of jobs shows it."""
    return f"{what(job)} · {STATES[job.state][0].lower()} · {when(job.created)}"


def recipe_of(arguments: dict[str, Any]) -> str:
    """Return the name of the recipe of a training."""
    return str(arguments.get("recipe", {}).get("name", "training"))


def settings_in_words(arguments: dict[str, Any]) -> str:
    """Return what a training was asked to do, in one line."""
    improves = arguments.get("improves")
    split = f"split of {improves}" if improves else new_split_in_words(arguments)
    seed = "" if improves else f", seed {arguments.get('split_seed', 0)}"
    weights = str(arguments.get("weights", "imagenet")).replace("\\", "/").rsplit("/", 1)[-1]
    words = [
        f"{recipe_of(arguments)} recipe",
        counted(main_epochs(arguments), "epoch"),
        split + seed,
        f"weights {'random' if weights == 'none' else weights}",
        "with corrected labels" if arguments.get("labels") else "",
        # Flagged test images are among them and stay: the run says how many left.
        "without flagged images" if arguments.get("exclude") else "",
    ]
    return plain(" · ".join(word for word in words if word))


def new_split_in_words(arguments: dict[str, Any]) -> str:
    """Return how a training's images are split.

    >>> new_split_in_words({"unit": "case", "folds": 5}), new_split_in_words({"unit": "image"})
    ('5 folds by case', 'split by image')
    """
    if arguments.get("fold_files"):
        return "published folds"
    return split_in_words(str(arguments.get("unit")), arguments.get("folds") or 0)


def when(moment: str) -> str:
    """Return a moment as the person's clock reads it.

    >>> when("2026-11-22T21:27:20.148Z")[:4]
    '2026'
    """
    here = _parse(moment)
    zone = st.context.timezone
    if zone:
        from zoneinfo import ZoneInfo

        here = here.astimezone(ZoneInfo(zone))
    return here.strftime("%Y-%m-%d %H:%M")


def _seconds(start: str, end: str) -> float:
    return (_parse(end) - _parse(start)).total_seconds()


def _parse(moment: str) -> datetime:
    return datetime.fromisoformat(moment.replace("Z", "+00:00"))
