"""The weights that a run began with: written down when it is made, found again when it is improved on.

A retraining that began with other weights would compare weights, not what was left out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from breakhis_core.errors import InputError
from breakhis_core.jobs import reading
from breakhis_core.networks.weights_files import NAMED, sha256, trouble
from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace


def first_weights(workspace: Workspace, run: Run) -> str:
    """Return the weights that a run began with, as ``TrainRequest`` takes them.

    Raises:
        InputError: they are not known here, gone, or changed since; one sentence says what to do.
    """
    said = str(run.manifest["weights"])
    if said in NAMED:
        return said
    facts = run.manifest.get("weights_file") or {}
    known = facts.get("sha256")
    places = [facts.get("path"), str(workspace.weights / said)]
    if "path" not in facts:  # An older run: the job that trained it knows.
        places[0] = _asked_for(workspace, run)
    there = [place for place in places if place and Path(place).is_file()]
    found = next((place for place in there if known is None or sha256(Path(place)) == known), None)
    if found is not None:
        return found
    why = (
        "is another file now" if there else "is no longer where it was" if places[0] else "is not known here"
    )
    raise InputError(
        f"{run.name} began with the weights {said}, and that file {why}; choose weights under Train."
    )


def _asked_for(workspace: Workspace, run: Run) -> str | None:
    for job in reading.list_jobs(workspace, "train", limit=500):
        if (job.result or {}).get("run") == run.name:
            return str(job.arguments.get("weights", "")) or None
    return None


def last_used(workspace: Workspace) -> str | None:
    """Return the weights that the newest finished training or sweep began with, unless they were random.

    Returns:
        ``"imagenet"`` or a file's path; None when nothing was trained so, or the file is no longer there.
    """
    finished = [
        job
        for kind in ("train", "sweep")
        for job in reading.list_jobs(workspace, kind)
        if job.state == "finished"
    ]
    for job in sorted(finished, key=lambda job: job.id, reverse=True):
        weights = _weights(job.arguments)
        if weights == "imagenet" or (weights not in ("", "none") and trouble(Path(weights)) is None):
            return weights
    return None


def _weights(arguments: dict[str, Any]) -> str:
    training = arguments["request"].get("base", {}) if "request" in arguments else arguments
    return str(training.get("weights", ""))
