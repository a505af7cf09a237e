"""The weights that a run began with: written down when it is made, found again when it is improved on.

A retraining that began with other weights would compare weights, not what was left out.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

from breakhis_core import jobs
from breakhis_core.errors import InputError
from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace

NAMED = ("imagenet", "none")
"""Weights that are no file of somebody's."""


def weights_in_words(weights: str) -> str:
    """Return what a manifest says of the weights: a file's name without its folders.

    >>> weights_in_words("/data/mine.weights.h5"), weights_in_words("imagenet")
    ('mine.weights.h5', 'imagenet')
    """
    return weights if weights in NAMED else Path(weights).name


def file_facts(weights: str) -> dict[str, Any] | None:
    """Return what a manifest keeps of a weights file: where it lay and its SHA-256; None where there is none.

    Args:
        weights: as ``TrainRequest`` takes them. A file that is gone since has no hash.
    """
    if weights in NAMED:
        return None
    file = Path(weights).absolute()
    return {"path": str(file), "sha256": sha256(file) if file.is_file() else None}


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


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file; read again only when the file changed."""
    about = file.stat()
    return _sha256(str(file), about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=16)
def _sha256(file: str, size: int, changed: int) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _asked_for(workspace: Workspace, run: Run) -> str | None:
    for job in jobs.list_jobs(workspace, "train", limit=500):
        if (job.result or {}).get("run") == run.name:
            return str(job.arguments.get("weights", "")) or None
    return None
