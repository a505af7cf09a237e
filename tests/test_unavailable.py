"""What stands in the way of a workspace is one sentence, and nothing of it is kept when it is gone."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from breakhis_core import reviews
from breakhis_core.errors import UnavailableError
from breakhis_core.settings import Settings
from breakhis_core.storage import database, trouble
from breakhis_core.workspace import Workspace, close_shared_workspace, shared_workspace


def newer(settings: Settings) -> None:
    """Make the workspace one of a newer version."""
    workspace = Workspace.open(settings)
    with database.writing(workspace.engine, "test") as connection:
        connection.execute(text("UPDATE breakhis_version SET version_num = '9999'"))
    workspace.close()


def garbage(settings: Settings) -> None:
    """Put a file that is no database in its place."""
    settings.workspace.mkdir()
    (settings.workspace / "breakhis.db").write_text("not a database, but long enough to look at" * 50)


def foreign(settings: Settings) -> None:
    """Put another program's database in its place."""
    settings.workspace.mkdir()
    with sqlite3.connect(settings.workspace / "breakhis.db") as connection:
        connection.execute("CREATE TABLE images (picture BLOB)")


def closed(settings: Settings) -> None:
    """Let a folder be where the lock is written, as on a disk that cannot be written."""
    Workspace.open(settings).close()
    (settings.workspace / "migrate.lock").unlink()
    (settings.workspace / "migrate.lock").mkdir()


def occupied(settings: Settings) -> None:
    """Put a file where the folder should be."""
    settings.workspace.write_text("a file")


TROUBLES = {
    newer: "another version of the program",
    garbage: "damaged, or no database",
    foreign: "tables of another program",
    closed: "cannot be written",
    occupied: "cannot be made",
}
each_trouble = pytest.mark.parametrize(
    ("spoil", "words"), TROUBLES.items(), ids=[spoil.__name__ for spoil in TROUBLES]
)


@each_trouble
def test_each_trouble_of_opening_is_one_sentence(
    settings: Settings, spoil: Callable[[Settings], None], words: str
) -> None:
    spoil(settings)
    with pytest.raises(UnavailableError, match=words) as refused:
        Workspace.open(settings)
    assert "\n" not in str(refused.value)
    assert "SELECT" not in str(refused.value)


@each_trouble
def test_a_command_says_it_and_ends_with_1(
    settings: Settings, spoil: Callable[[Settings], None], words: str
) -> None:
    spoil(settings)
    told = subprocess.run(
        [sys.executable, "-m", "breakhis_core", "flags", "export", "flags.csv"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 1
    assert words in told.stderr
    assert "Traceback" not in told.stderr


def test_a_failure_is_not_kept(settings: Settings) -> None:
    garbage(settings)
    for _ in range(2):
        with pytest.raises(UnavailableError):
            shared_workspace()
    shutil.rmtree(settings.workspace)
    assert shared_workspace().root == settings.workspace


@pytest.mark.parametrize("fails", [False, True])
def test_who_come_at_once_open_it_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    opened: list[int] = []
    really = Workspace.open

    def slowly() -> Workspace:
        opened.append(1)
        time.sleep(0.3)  # The others stand before the lock by then.
        if fails:
            raise UnavailableError("away")
        return really(settings)

    def ask() -> Workspace | str:
        try:
            return shared_workspace()
        except UnavailableError as error:
            return str(error)

    monkeypatch.setattr(Workspace, "open", slowly)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: ask(), range(8)))
    assert len(opened) == 1
    assert len(set(map(id, found))) == 1 or set(found) == {"away"}


def test_it_is_read_from_the_environment_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = shared_workspace()
    monkeypatch.setenv("BREAKHIS_WORKSPACE", str(settings.workspace.parent / "another"))
    assert shared_workspace() is before
    close_shared_workspace()
    assert shared_workspace().root == settings.workspace.parent / "another"


def away(workspace: Workspace) -> None:
    """Take the table of the answers away, as if the database could not be used."""
    with sqlite3.connect(workspace.root / "breakhis.db") as connection:
        connection.execute("ALTER TABLE review_events RENAME TO gone")


def back(workspace: Workspace) -> None:
    """Give it back."""
    with sqlite3.connect(workspace.root / "breakhis.db") as connection:
        connection.execute("ALTER TABLE gone RENAME TO review_events")


def test_what_a_database_refuses_while_running_names_no_statement(workspace: Workspace) -> None:
    away(workspace)
    with pytest.raises(UnavailableError) as refused:
        reviews.flag(workspace, "Ada", "a" * 32, "artefact")
    assert "log" in str(refused.value)
    assert "review_events" not in str(refused.value)
    back(workspace)
    assert len(reviews.standing(workspace)) == 0


def test_a_database_that_another_program_holds_is_told(workspace: Workspace) -> None:
    holder = sqlite3.connect(workspace.root / "breakhis.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with workspace.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=10")
    with (
        pytest.raises(UnavailableError, match="Another program holds"),
        database.writing(workspace.engine, "test"),
    ):
        pass
    holder.close()


def test_a_file_that_is_damaged_while_running_is_told(workspace: Workspace) -> None:
    reviews.standing(workspace)
    workspace.close()
    (workspace.root / "breakhis.db").write_bytes(b"rubbish" * 2000)
    with pytest.raises(UnavailableError, match="damaged"):
        reviews.standing(workspace)


def test_a_fault_of_the_program_is_no_sentence(workspace: Workspace) -> None:
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError), database.writing(workspace.engine, "test") as connection:
        connection.execute(text("INSERT INTO datasets VALUES (1, NULL, false, 'now')"))
    assert trouble.in_a_sentence(KeyError("p")) is None
    assert trouble.in_a_sentence(FileNotFoundError(errno.ENOENT, "gone")) is None


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
def test_trouble_of_the_disk_is_a_sentence_without_a_path(number: int) -> None:
    words = trouble.in_a_sentence(OSError(number, os.strerror(number), "/secret/place"))
    assert words is not None
    assert "/secret" not in words


def _can_mount() -> bool:
    tried = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    return tried.returncode == 0


@pytest.mark.skipif(not shutil.which("unshare") or not _can_mount(), reason="no right to mount here")
@pytest.mark.parametrize("fresh", [False, True], ids=["existing", "empty"])
def test_a_workspace_on_a_read_only_disk_says_so(settings: Settings, tmp_path: Path, fresh: bool) -> None:
    if fresh:
        settings.workspace.mkdir()
        settings.models.mkdir()
    else:
        Workspace.open(settings).close()
    place = settings.workspace
    script = f"mount --bind {place} {place} && mount -o remount,ro,bind {place} && "
    script += f"{sys.executable} -m breakhis_core flags export {tmp_path}/flags.csv"
    told = subprocess.run(
        ["unshare", "-m", "sh", "-c", script],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 1
    assert "Read-only file system" in told.stderr
    assert "BREAKHIS_WORKSPACE" in told.stderr
    assert "Traceback" not in told.stderr
