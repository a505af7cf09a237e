"""Jobs as they are: reading them changes nothing."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from sqlalchemy import Row, select

from breakhis_core.errors import InputError
from breakhis_core.jobs import folder as jobs_folder
from breakhis_core.jobs.folder import job_folder
from breakhis_core.progress import PROGRESS, STOP, read_curve
from breakhis_core.storage import tables
from breakhis_core.workspace import Workspace

State = Literal["queued", "running", "finished", "failed", "stopped", "interrupted"]


RESUMABLE: tuple[State, ...] = ("failed", "stopped", "interrupted")


@dataclass(frozen=True)
class Job:
    """One job as it is now.

    Attributes:
        id: its number.
        kind: one of ``kinds.AT_ONCE``.
        arguments: what it was given.
        state: queued, running, finished, failed, stopped, or interrupted (its process died without a word).
        message: what it is doing, or did last.
        fraction: share of the work that is done, 0 to 1, or ``None``.
        seconds_left: estimate, or ``None``.
        data: what else it reported last.
        created: ISO 8601, UTC; so are ``started`` and ``ended``.
        started: when its latest attempt began.
        ended: when that ended.
        attempt: 1, and one more for each resume.
        host: name of the machine that runs or ran it.
        pid: number of its process there, while it runs.
        stopping: whether it was asked to stop and still runs.
        result: what it gave back when finished.
        error: one sentence when it failed or was interrupted.
        folder: its folder.
    """

    id: int
    kind: str
    arguments: dict[str, Any]
    state: State
    message: str
    fraction: float | None
    seconds_left: float | None
    data: dict[str, Any]
    created: str
    started: str | None
    ended: str | None
    attempt: int
    host: str | None
    pid: int | None
    stopping: bool
    result: dict[str, Any] | None
    error: str | None
    folder: Path

    @property
    def active(self) -> bool:
        """Whether it runs or waits to."""
        return self.state in ("queued", "running")

    @property
    def resumable(self) -> bool:
        """Whether ``resume`` may be called."""
        return self.state in RESUMABLE


def get(workspace: Workspace, job: int) -> Job:
    """Return a job as it is now.

    Raises:
        InputError: there is no such job.
    """
    with workspace.engine.connect() as connection:
        row = connection.execute(select(tables.jobs).where(tables.jobs.c.id == job)).one_or_none()
    if row is None:
        raise InputError(f"There is no job {job}.")
    return _job(workspace, row)


def list_jobs(workspace: Workspace, kind: str | None = None, limit: int = 50) -> list[Job]:
    """Return the newest jobs, newest first."""
    query = select(tables.jobs).order_by(tables.jobs.c.id.desc()).limit(limit)
    if kind is not None:
        query = query.where(tables.jobs.c.kind == kind)
    with workspace.engine.connect() as connection:
        rows = connection.execute(query).all()
    return [_job(workspace, row) for row in rows]


def active(workspace: Workspace, kind: str | None = None) -> list[Job]:
    """Return the jobs that run or wait, oldest first."""
    return [job for job in reversed(list_jobs(workspace, kind)) if job.active]


def curve(workspace: Workspace, job: int) -> pd.DataFrame:
    """Return the live curves of a job, one row as it was reported, such as an epoch."""
    return pd.DataFrame(read_curve(job_folder(workspace, job)))


def log_tail(workspace: Workspace, job: int, lines: int = 40) -> str:
    """Return the last lines that a job printed, without reading more of its log than they need."""
    try:
        with jobs_folder.log_file(job_folder(workspace, job)).open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - 400 * lines))
            text = stream.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    # A progress bar rewrites its line: keep what a terminal would show at the end.
    shown = [line.rstrip().rsplit("\r", 1)[-1] for line in text.split("\n")]
    return "\n".join(shown[-lines - 1 :]).strip("\n")


def _job(workspace: Workspace, row: Row[Any]) -> Job:
    folder = job_folder(workspace, row.id)
    try:
        progress = json.loads((folder / PROGRESS).read_text("utf-8"))
    except (OSError, ValueError):
        progress = {}
    running = row.state == "running"
    return Job(
        id=row.id,
        kind=row.kind,
        arguments=row.arguments,
        state=row.state,
        message="Waiting for its turn" if row.state == "queued" else progress.get("message", "Preparing"),
        fraction=1.0 if row.state == "finished" else progress.get("fraction"),
        seconds_left=progress.get("seconds_left") if running else None,
        data=progress.get("data", {}),
        created=row.created,
        started=row.started,
        ended=row.ended,
        attempt=row.attempt,
        host=row.host,
        pid=row.pid if running else None,
        stopping=running and (folder / STOP).exists(),
        result=row.result,
        error=row.error,
        folder=folder,
    )
