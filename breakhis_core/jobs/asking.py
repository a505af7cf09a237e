"""Asking for jobs: to submit, stop and resume them.

What a job is and in which state lives in the database; its progress, log and checkpoints in its folder
``workspace/jobs/<id>``. A running job holds a lock on a file there from its first moment to its last,
however it ends: that lock, not a remembered process number, says whether it is alive.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, update

from breakhis_core.errors import InputError
from breakhis_core.jobs import folder, starting
from breakhis_core.jobs.kinds import AT_ONCE
from breakhis_core.jobs.reading import get
from breakhis_core.progress import STOP
from breakhis_core.storage import database as db
from breakhis_core.storage import tables
from breakhis_core.storage.whole_files import write_atomically
from breakhis_core.workspace import Workspace


def submit(workspace: Workspace, kind: str, arguments: Mapping[str, Any]) -> int:
    """Put a job in line and start it if nothing is in its way; only one training runs at a time.

    Args:
        workspace: where it belongs.
        kind: one of ``kinds.AT_ONCE``.
        arguments: what it needs; must go into JSON.

    Returns:
        The job's id.
    """
    if kind not in AT_ONCE:
        raise InputError(f"{kind!r} is no kind of job; the kinds are {', '.join(AT_ONCE)}.")
    with db.writing(workspace.engine, "jobs") as connection:
        number = connection.execute(
            insert(tables.jobs)
            .values(kind=kind, arguments=dict(arguments), state="queued", created=db.now(), attempt=1)
            .returning(tables.jobs.c.id)
        ).scalar_one()
    starting.notice(workspace)
    return int(number)


def request_stop(workspace: Workspace, job: int, *, kill: bool = False) -> None:
    """Ask a job to stop at the next point from which it can go on; one that waits is stopped at once.

    Args:
        workspace: where it belongs.
        job: its id.
        kill: end its process now instead, with whatever that started. It is then interrupted, and can be
            resumed from its last checkpoint.
    """
    starting.notice(workspace)
    now = get(workspace, job)
    if now.state == "queued":
        with db.writing(workspace.engine, "jobs") as connection:
            connection.execute(
                update(tables.jobs)
                .where(tables.jobs.c.id == job, tables.jobs.c.state == "queued")
                .values(state="stopped", ended=db.now())
            )
    elif now.state == "running":
        write_atomically(now.folder / STOP, b"")
        here = now.host == socket.gethostname()
        if kill and here and now.pid is not None and folder.is_alive(now.folder):
            # The process leads a session of its own, so its group is all that it started.
            os.killpg(now.pid, signal.SIGKILL)


def resume(workspace: Workspace, job: int) -> None:
    """Put a job that ended early back in line; it goes on from its last checkpoint.

    Raises:
        InputError: it runs, waits, or is finished.
    """
    starting.notice(workspace)
    now = get(workspace, job)
    if not now.resumable:
        raise InputError(
            f"Job {job} is {now.state}; only one that failed, stopped or was interrupted can resume."
        )
    (now.folder / STOP).unlink(missing_ok=True)
    with db.writing(workspace.engine, "jobs") as connection:
        connection.execute(
            update(tables.jobs)
            .where(tables.jobs.c.id == job, tables.jobs.c.state == now.state)
            .values(state="queued", attempt=now.attempt + 1, started=None, ended=None, error=None, pid=None)
        )
    starting.start_queued(workspace)
