"""A job's folder, and the lock in it that says whether its process lives."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from breakhis_core.workspace import Workspace

_LOCK = "lock"


def job_folder(workspace: Workspace, job: int) -> Path:
    """Return the folder of a job's log, progress and checkpoints."""
    return workspace.jobs / str(job)


def log_file(folder: Path) -> Path:
    """Return the file of what the job prints."""
    return folder / "log.txt"


def is_alive(folder: Path) -> bool:
    """Return whether a process on this machine holds the job's lock; the kernel frees it however it dies."""
    if not folder.is_dir():
        return False
    handle = _take_lock(folder, fcntl.LOCK_SH)
    if handle is None:
        return True
    os.close(handle)
    return False


def _take_lock(folder: Path, kind: int) -> int | None:
    """Return an open handle that holds the job's lock, or ``None`` when another process holds it."""
    # By hand: a job's process inherits the handle and so the lock, which filelock never hands on.
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle
