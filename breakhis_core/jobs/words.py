"""What a job does and how far it is, in words: for the line that says what is in progress."""

from __future__ import annotations

from breakhis_core.jobs.reading import Job
from breakhis_core.wording import duration

_KINDS = {"demo": "the demo", "measure": "measuring the images", "sweep": "a sweep"}
_OF_A_RUN = {
    "maps": "maps of",
    "look": "a first look at the images of",
    "worth": "what flags are worth to",
    "confirm": "real trainings of what flags are worth to",
}


def in_words(job: Job) -> str:
    """Return what an active job does, how far it is and how long it takes yet."""
    if job.stopping:
        return f"{name_of(job)}, stopping"
    if job.state == "queued":
        return f"{name_of(job)}, waiting"
    done = "" if job.fraction is None else f", {job.fraction:.0%}"
    left = "" if job.seconds_left is None else f", {duration(job.seconds_left)} left"
    return f"{name_of(job)}{done}{left}"


def name_of(job: Job) -> str:
    """Return what a job is about, with the name of its run or folder."""
    given = job.arguments
    if job.kind == "train":
        recipe = (given.get("recipe") or {}).get("name", "a model")
        return f"training {given.get('name') or recipe}"
    if job.kind in _OF_A_RUN:
        return f"{_OF_A_RUN[job.kind]} {given.get('run')}"
    if job.kind == "catalogue":
        return f"reading {str(given.get('root', '')).rstrip('/').rsplit('/', 1)[-1]}"
    return _KINDS.get(job.kind, job.kind)
