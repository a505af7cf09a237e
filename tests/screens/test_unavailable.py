"""Every screen says in one sentence what stands in its way, and goes on when that is gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from breakhis_core import reviews
from breakhis_core.runs import Run
from breakhis_core.settings import PROJECT, Settings
from breakhis_core.workspace import Workspace
from tests.screens.components import press, shown
from tests.screens.in_app import in_app

SCREENS = sorted(file.stem for file in (PROJECT / "pages").glob("*.py"))


@contextmanager
def without(table: str, workspace: Workspace) -> Iterator[None]:
    """Take a table away for a while, so that the database cannot do what it is asked."""
    file = workspace.root / "breakhis.db"
    with sqlite3.connect(file) as connection:
        connection.execute(f"ALTER TABLE {table} RENAME TO gone")
    yield
    with sqlite3.connect(file) as connection:
        connection.execute(f"ALTER TABLE gone RENAME TO {table}")


def said(screen: AppTest) -> str:
    """Return the one sentence, after making sure that there is no traceback and no second one."""
    assert not screen.exception
    assert len(screen.error) == 1
    return screen.error[0].value


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_says_why_the_workspace_cannot_be_opened_and_opens_it_later(
    settings: Settings, name: str
) -> None:
    settings.workspace.write_text("a file where the folder should be")
    screen = in_app(name)
    assert "cannot be made" in said(screen)
    assert any("not a medical device" in one.proto.body for one in screen.get("html"))
    settings.workspace.unlink()
    screen.button(key="try-again").click().run()
    assert not screen.exception
    assert not [one for one in screen.error if "cannot be made" in one.value]


@pytest.mark.parametrize("name", ["home", "review", "flags", "train"])
def test_a_database_that_fails_in_mid_session_is_one_sentence(
    workspace: Workspace, fake_run: Run, name: str
) -> None:
    screen = in_app(name)
    assert not screen.exception
    with without("review_events", workspace):
        screen.run()
        assert "refused" in said(screen)
        assert "review_events" not in said(screen)
    screen.run()
    assert not screen.exception
    assert not screen.error


def test_an_answer_that_failed_does_not_look_saved(workspace: Workspace, fake_run: Run) -> None:
    screen = in_app("review")
    before = screen.session_state["at"]
    file = workspace.root / "breakhis.db"
    with sqlite3.connect(file) as connection:  # Reading goes on.
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON review_events BEGIN SELECT no_such_function(); END"
        )
    press(screen, "Out of focus")
    assert screen.toast[0].value.startswith("Not saved. ")
    assert not screen.exception
    assert screen.session_state["at"] == before
    assert shown(screen, "review-stage")["answer"] is None
    assert len(reviews.standing(workspace)) == 0
    with sqlite3.connect(file) as connection:
        connection.execute("DROP TRIGGER full")
    press(screen, "Out of focus")
    assert screen.session_state["at"] != before
    assert reviews.standing(workspace)["hash"].tolist() == [before]


def test_a_full_disk_is_one_sentence(
    workspace: Workspace, fake_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "/somewhere")

    monkeypatch.setattr("breakhis_core.runs.run.Fingerprints.save", full)
    assert "disk of the workspace is full" in said(in_app("home"))
    monkeypatch.undo()


def test_only_guarded_fragments_are_used() -> None:
    sources = [file for file in Path(PROJECT, "pages").rglob("*.py") if file.name != "guard.py"]
    assert [file.name for file in sources if "st.fragment" in file.read_text(encoding="utf-8")] == []
