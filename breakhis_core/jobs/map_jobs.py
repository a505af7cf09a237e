"""The jobs that compute maps: putting one in line, and finding the one that works on a run's method."""

from __future__ import annotations

from breakhis_core.jobs import asking, reading
from breakhis_core.jobs.reading import Job
from breakhis_core.maps.job import MapRequest, wanted
from breakhis_core.maps.methods import CHEAP
from breakhis_core.maps.store import run_key
from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace


def submit_maps(workspace: Workspace, run: Run, request: MapRequest) -> int:
    """Put the computing of maps in line.

    Returns:
        The job's id.
    """
    wanted = request.model_copy(update={"key": run_key(run)})
    return asking.submit(workspace, "maps", wanted.model_dump(mode="json"))


def submit_first_maps(workspace: Workspace, run: Run) -> int | None:
    """Put what every new run gets in line: the cheap maps of its misclassified test images, and their checks.

    It is a job of its own, so that the run can be looked at meanwhile and no training waits for it.

    Returns:
        The job's id, or None where the test part has no mistake.
    """
    request = MapRequest(run=run.name, methods=CHEAP)
    return submit_maps(workspace, run, request) if len(wanted(run, request)) else None


def job_of(workspace: Workspace, key: str, method: str) -> Job | None:
    """Return the newest job that computes maps of a method for the run of a key."""
    for job in reading.list_jobs(workspace, "maps"):
        if job.arguments.get("key") == key and method in job.arguments.get("methods", ()):
            return job
    return None
