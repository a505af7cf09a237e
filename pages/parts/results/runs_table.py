"""The table of runs: tick two to compare, one to open, rename, note or delete."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from breakhis_core.errors import InputError
from breakhis_core.jobs.run_removal import remove_run, why_kept
from breakhis_core.runs import Run
from breakhis_core.runs.notes import LONGEST_TITLE, About, about_runs, describe
from breakhis_core.runs.scope import scope_of
from breakhis_core.runs.table import RunRow, run_rows
from breakhis_core.wording import NOT_DEFINED, counted, duration, interval
from pages.parts.shared import frame
from pages.parts.shared.evaluations import evaluation_of
from pages.parts.shared.markdown import plain


def show(runs: Sequence[Run]) -> None:
    """Show all runs, newest first, and what can be done with those that are ticked."""
    about = about_runs(frame.workspace())
    above = st.container(horizontal=True, vertical_alignment="center", key="runs-do")
    rows = run_rows(runs, lambda run: evaluation_of(run, run.tested_part))
    event = st.dataframe(
        _frame(rows, runs, about),
        # A run more or less is another table: what was ticked were places.
        key=f"runs-{'-'.join(sorted(run.name for run in runs))}",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        placeholder=NOT_DEFINED,
        column_config=_COLUMNS,
    )
    st.caption(
        "Accuracy and macro F1 on the test images of each run, or out of fold; 95 % interval, bootstrap over "
        "cases. Baseline: always naming the sub-type commonest in training. Runs on other test images "
        "cannot be compared number by number."
    )
    chosen = [runs[row] for row in event.selection.rows if row < len(runs)]
    with above:
        _actions(chosen, about)


_COLUMNS = {
    "Accuracy": st.column_config.NumberColumn(format="%.3f"),
    "Baseline": st.column_config.NumberColumn(format="%.3f"),
    "Macro F1": st.column_config.NumberColumn(format="%.3f"),
    "Made": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
    "Run": st.column_config.TextColumn(pinned=True),
}


def _frame(rows: Sequence[RunRow], runs: Sequence[Run], about: dict[str, About]) -> pd.DataFrame:
    scopes = [scope_of(frame.workspace(), run) for run in runs]
    return pd.DataFrame(
        {
            "Run": [_called(row.name, about) for row in rows],
            "Accuracy": [row.accuracy for row in rows],
            "95 %": [interval(row.limits) for row in rows],
            "Baseline": [row.baseline for row in rows],
            "Macro F1": [row.macro_f1 for row in rows],
            "Data": [scope.name + (" · painted, not tissue" if scope.phantom else "") for scope in scopes],
            "Split": [row.split for row in rows],
            "Images": [row.images for row in rows],
            "Recipe": [row.recipe for row in rows],
            "Differs": [row.differs for row in rows],
            "Note": [about.get(row.name, About()).note for row in rows],
            "Made": pd.to_datetime([row.created for row in rows], utc=True),
            "Took": [duration(row.seconds) for row in rows],
        }
    )


def _called(name: str, about: dict[str, About]) -> str:
    title = about.get(name, About()).title
    return f"{title} ({name})" if title else name


def _actions(chosen: Sequence[Run], about: dict[str, About]) -> None:
    if not chosen:
        st.markdown(":gray[Tick a run to open, rename, note or delete it; tick two or more to compare them.]")
    elif len(chosen) == 1:
        run = chosen[0]
        if st.button("Open", type="primary", icon=":material/monitoring:", key="runs-open"):
            st.switch_page("pages/results.py", query_params={"run": run.name, "view": "Confusion"})
        with st.popover("Rename or note", icon=":material/edit:"):
            _describe(run, about.get(run.name, About()))
        with st.popover("Delete", icon=":material/delete:"):
            _delete(run)
    elif st.button(
        f"Compare {counted(len(chosen), 'run')}",
        type="primary",
        icon=":material/compare_arrows:",
        key="runs-compare",
    ):
        # The newest is held against the oldest; an improvement is held against what it improves on.
        first, *others = sorted(chosen, key=lambda run: run.created)
        parent = next((run for run in chosen if any(run.name == other.improves for other in chosen)), first)
        later = [run for run in [first, *others] if run is not parent]
        address = {"run": later[-1].name, "view": "Compare", "with": parent.name}
        if later[:-1]:
            address["also"] = ",".join(run.name for run in later[:-1])
        st.switch_page("pages/results.py", query_params=address)


def _describe(run: Run, now: About) -> None:
    with st.form(f"describe-{run.name}", border=False):
        title = st.text_input(
            "Title",
            now.title,
            max_chars=LONGEST_TITLE,
            placeholder=run.name,
            help="Stands before the run's name. That stays, since flags, jobs and other runs know it.",
        )
        note = st.text_area("Note", now.note, max_chars=2000)
        if st.form_submit_button("Keep"):
            try:
                describe(frame.workspace(), frame.reviewer(), run.name, title, note)
            except InputError as error:
                st.warning(plain(str(error)))
            else:
                frame.forget_titles()
                st.rerun()


def _delete(run: Run) -> None:
    why = why_kept(frame.workspace(), run)
    if why is not None:
        st.markdown(plain(why))
        return
    st.markdown(
        f"**{plain(run.name)}** goes for good, with its model, predictions and maps. What was said of its "
        "images stays."
    )
    if st.button("Delete it for good", key=f"delete-{run.name}"):
        _deleted(run)


def _deleted(run: Run) -> None:
    try:
        remove_run(frame.workspace(), run)
    except InputError as error:
        st.warning(plain(str(error)))
        return
    if st.session_state.get("chosen_run") == run.name:
        del st.session_state["chosen_run"]
    st.query_params.pop("run", None)
    st.toast(f"{plain(run.name)} is deleted.")
    st.rerun()
