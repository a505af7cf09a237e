"""Runs are named, noted and removed; nothing that another thing rests on goes, and nothing goes by half."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import func, insert, select

from breakhis_core import jobs, runs
from breakhis_core.errors import InputError
from breakhis_core.jobs import reading
from breakhis_core.jobs.run_removal import remove_run, why_kept
from breakhis_core.runs import Run
from breakhis_core.runs.notes import About, about_runs, describe
from breakhis_core.storage import database as db
from breakhis_core.storage import tables
from breakhis_core.workspace import Workspace
from tests.conftest import write_fake_run


def test_the_newest_title_and_note_count(any_workspace: Workspace) -> None:
    describe(any_workspace, "Ada", "first", "  The\nfirst  one ", "Trained at night.")
    describe(any_workspace, "Bea", "first", "The first one", "")
    describe(any_workspace, "Bea", "second", "", "Only a note")
    assert about_runs(any_workspace) == {
        "first": About("The first one", ""),
        "second": About("", "Only a note"),
    }


def test_what_did_not_change_is_not_said_again(workspace: Workspace) -> None:
    for _ in range(2):
        describe(workspace, "Ada", "first", "One", "Note")
    with workspace.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(tables.choices)).scalar() == 2


def test_a_removed_run_is_gone_whole(workspace: Workspace, fake_run: Run) -> None:
    assert why_kept(workspace, fake_run) is None
    remove_run(workspace, fake_run)
    assert runs.list_runs(workspace.models) == ([], [])
    assert [path.name for path in workspace.models.iterdir() if path.is_dir()] == []


def test_a_removal_that_is_cut_off_leaves_no_run(
    workspace: Workspace, fake_run: Run, pictures: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(path: Path, **options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        cut.setattr(shutil, "rmtree", cut_off)
        with pytest.raises(KeyboardInterrupt):
            remove_run(workspace, fake_run)
    assert runs.list_runs(workspace.models) == ([], [])
    remove_run(workspace, write_fake_run(workspace.models, "other", pictures))
    assert not list(workspace.models.glob(".removed-*")), "the next removal clears up"


def test_a_run_that_another_improves_on_stays(
    workspace: Workspace, fake_run: Run, pictures: pd.DataFrame
) -> None:
    better = write_fake_run(workspace.models, "better", pictures, improves="fake")
    with pytest.raises(InputError, match="better improves on fake: remove that first"):
        remove_run(workspace, fake_run)
    remove_run(workspace, better)
    remove_run(workspace, fake_run)


def test_a_run_that_a_job_works_with_stays(
    workspace: Workspace, fake_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.writing(workspace.engine, "jobs") as connection:
        connection.execute(
            insert(tables.jobs).values(
                kind="train", state="finished", created=db.now(), attempt=1, arguments={"improves": "fake"}
            )
        )
    job = jobs.list_jobs(workspace)[0]
    assert why_kept(workspace, fake_run) is None, "it has ended"
    monkeypatch.setattr(reading, "active", lambda workspace, kind=None: [job])
    assert why_kept(workspace, fake_run) == f"Job {job.id} works with fake; wait until it has ended."


def test_the_run_that_ships_stays(workspace: Workspace, pictures: pd.DataFrame) -> None:
    demo = write_fake_run(workspace.models, "demo", pictures)
    assert why_kept(workspace, demo) == "demo ships with the program and stays."
