"""Removing a run for good: never one that something rests on, and never half of one."""

from __future__ import annotations

import secrets
import shutil

from breakhis_core import runs
from breakhis_core.errors import InputError
from breakhis_core.jobs import reading
from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace

SHIPPED = "demo"
_DOOMED = ".removed-"


def why_kept(workspace: Workspace, run: Run) -> str | None:
    """Return in one sentence why a run cannot be removed, or None when it can."""
    if run.name == SHIPPED:
        return f"{run.name} ships with the program and stays."
    improving = sorted(
        other.name for other in runs.list_runs(workspace.models)[0] if other.improves == run.name
    )
    if improving:
        return f"{', '.join(improving)} improves on {run.name}: remove that first."
    for job in reading.active(workspace):
        if run.name in (job.arguments.get("improves"), job.arguments.get("run")):
            return f"Job {job.id} works with {run.name}; wait until it has ended."
    return None


def remove_run(workspace: Workspace, run: Run) -> None:
    """Remove a run folder; what reviewers said while looking at it stays.

    Raises:
        InputError: something rests on it, or the folder cannot be removed; one sentence says why.
    """
    why = why_kept(workspace, run)
    if why is not None:
        raise InputError(why)
    # Renamed first: a removal that is cut off leaves a folder that is no run, and never half a run.
    doomed = run.path.with_name(f"{_DOOMED}{run.name}-{secrets.token_hex(4)}")
    try:
        run.path.rename(doomed)
    except OSError as error:
        raise InputError(f"{run.name} cannot be removed ({error.strerror or error}).") from error
    for folder in workspace.models.glob(f"{_DOOMED}*"):  # Also what an earlier removal was cut off from.
        shutil.rmtree(folder, ignore_errors=True)
