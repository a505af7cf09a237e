"""Starting a job's process, and knowing whether it lives."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from threading import Thread
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from breakhis_core.errors import UnavailableError
from breakhis_core.jobs.folder import _take_lock, is_alive, job_folder, log_file
from breakhis_core.jobs.kinds import AT_ONCE
from breakhis_core.progress import PROGRESS, STOP
from breakhis_core.settings import PROJECT
from breakhis_core.storage import database as db
from breakhis_core.storage import tables
from breakhis_core.storage.whole_files import write_atomically
from breakhis_core.workspace import Workspace

LOCK_VARIABLE = "BREAKHIS_JOB_LOCK"
_SILENT_AFTER = 60.0
_DIED = (
    "The process ended without a word: it was killed, ran out of memory, or the machine went down. "
    "Its log may say more; resuming goes on from the last checkpoint."
)


def start_queued(workspace: Workspace) -> list[int]:
    """Start the queued jobs that may run now, oldest first; nothing is written where none may.

    Returns:
        Ids of the jobs that were started.
    """
    return _start_those_that_may(workspace, _active(workspace))


def notice(workspace: Workspace) -> None:
    """Mark the jobs whose process died, and start what may start now.

    Called when a job is submitted, when one ends, and by ``watch``: reading jobs changes nothing.
    """
    active = _active(workspace)
    dead = [row for row in active if row.state == "running" and not _lives(workspace, row.id, row.host)]
    for row in dead:
        with db.writing(workspace.engine, "jobs") as connection:
            connection.execute(
                update(tables.jobs)
                .where(
                    tables.jobs.c.id == row.id,
                    tables.jobs.c.attempt == row.attempt,
                    tables.jobs.c.state == "running",
                )
                .values(
                    state="interrupted",
                    ended=db.now(),
                    pid=None,
                    error=_DIED,
                )
            )
    _start_those_that_may(workspace, [row for row in active if row not in dead])


def _active(workspace: Workspace) -> Sequence[Row[Any]]:
    columns = [tables.jobs.c[name] for name in ("id", "kind", "attempt", "host", "state")]
    query = select(*columns).where(tables.jobs.c.state.in_(("running", "queued"))).order_by(tables.jobs.c.id)
    with workspace.engine.connect() as connection:
        return connection.execute(query).all()


def _start_those_that_may(workspace: Workspace, active: Sequence[Row[Any]]) -> list[int]:
    running = Counter(row.kind for row in active if row.state == "running")
    started = []
    for row in active:
        # Claiming a job takes the lock that answers wait for: not in vain, while something else runs. What
        # another version of the program put in line is left to it.
        may = running[row.kind] < AT_ONCE.get(row.kind, 0)
        if row.state == "queued" and may and _start(workspace, row.id, row.kind):
            running[row.kind] += 1
            started.append(row.id)
    return started


def _lives(workspace: Workspace, job: int, host: str | None) -> bool:
    folder = job_folder(workspace, job)
    if host == socket.gethostname():
        return is_alive(folder)
    try:
        return time.time() - (folder / PROGRESS).stat().st_mtime < _SILENT_AFTER
    except OSError:
        return False


def _start(workspace: Workspace, job: int, kind: str) -> bool:
    folder = job_folder(workspace, job)
    folder.mkdir(parents=True, exist_ok=True)
    # Locked before the row says "running", and handed to the child: at no moment does a living job look dead.
    lock = _take_lock(folder, fcntl.LOCK_EX)
    if lock is None:
        return False
    try:
        if not _claim(workspace, job, kind):
            return False
        (folder / STOP).unlink(missing_ok=True)
        write_atomically(folder / PROGRESS, json.dumps({"message": "Preparing"}).encode())
        try:
            process = _launch(workspace, job, lock)
        except OSError as error:
            _settle(workspace, job, state="failed", ended=db.now(), error=f"The job cannot start: {error}")
            return False
        _settle(workspace, job, pid=process.pid)
    finally:
        os.close(lock)
    # Somebody must wait for a child, or it stays in the process table when it ends.
    Thread(target=_wait, args=(workspace, process), name=f"job-{job}", daemon=True).start()
    return True


def _claim(workspace: Workspace, job: int, kind: str) -> bool:
    with db.writing(workspace.engine, "jobs") as connection:
        running = connection.execute(
            select(func.count()).where(tables.jobs.c.state == "running", tables.jobs.c.kind == kind)
        ).scalar_one()
        if running >= AT_ONCE[kind]:
            return False
        claimed = connection.execute(
            update(tables.jobs)
            .where(tables.jobs.c.id == job, tables.jobs.c.state == "queued")
            .values(state="running", started=db.now(), host=socket.gethostname())
        )
        return claimed.rowcount == 1


def _launch(workspace: Workspace, job: int, lock: int) -> subprocess.Popen[bytes]:
    python_path = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))
    environment = {
        **os.environ,
        **workspace.settings.environment(),
        LOCK_VARIABLE: str(lock),
        "PYTHONPATH": python_path,
        "PYTHONUNBUFFERED": "1",
    }
    with log_file(job_folder(workspace, job)).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "breakhis_core.jobs.process", str(job)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # The server's Control-C is not the job's.
            close_fds=True,  # Nor are its sockets: only the lock is handed on.
            pass_fds=(lock,),
        )


def _settle(workspace: Workspace, job: int, **values: object) -> None:
    with db.writing(workspace.engine, "jobs") as connection:
        connection.execute(
            update(tables.jobs)
            .where(tables.jobs.c.id == job, tables.jobs.c.state == "running")
            .values(**values)
        )


def _wait(workspace: Workspace, process: subprocess.Popen[bytes]) -> None:
    process.wait()
    with suppress(SQLAlchemyError, UnavailableError, OSError):  # The workspace may be gone by then.
        notice(workspace)
