"""Files of weights that a training may begin with: what one looks like, and which was used last.

Nothing heavy is imported: a form asks before a job begins. Whether the layers fit is seen when they are
loaded.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from breakhis_core import jobs
from breakhis_core.workspace import Workspace

_HDF5 = b"\x89HDF\r\n\x1a\n"


def trouble(file: Path) -> str | None:
    """Return in one sentence why a file can be no weights, or None when it looks like some.

    Args:
        file: HDF5 weights, or a ``.keras`` model.
    """
    if not file.is_file():
        return f"{file.name}: there is no such file on the server."
    try:
        with file.open("rb") as stream:
            fits = stream.read(len(_HDF5)) == _HDF5
        if file.suffix == ".keras":
            with zipfile.ZipFile(file) as archive:
                fits = "model.weights.h5" in archive.namelist()
    except zipfile.BadZipFile:
        fits = False
    except OSError as error:
        return f"{file.name}: the file cannot be read ({error.strerror or error})."
    return None if fits else f"{file.name}: this is neither an HDF5 file of weights nor a .keras model."


def last_used(workspace: Workspace) -> str | None:
    """Return the weights that the newest finished training or sweep began with, unless they were random.

    Returns:
        ``"imagenet"`` or a file's path; None when nothing was trained so, or the file is no longer there.
    """
    finished = [
        job
        for kind in ("train", "sweep")
        for job in jobs.list_jobs(workspace, kind)
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
