"""The last step of a training: its run gets a name, and a call after any interruption finds that very run."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path

from breakhis_core.errors import InputError
from breakhis_core.runs.folder import MANIFEST
from breakhis_core.runs.writing import free_name
from breakhis_core.storage.whole_files import write_atomically


def publish(models: Path, note: Path, stem: str, make: Callable[[str, str], Path]) -> Path:
    """Make a run under a free name.

    Args:
        models: folder of the runs.
        note: file that keeps the name and the mark of the run before its folder appears.
        stem: what the run is to be called; numbered when that is taken, also in the last moment.
        make: writes the run folder, given its name and the mark that its manifest must hold as ``training``.

    Returns:
        The run folder.
    """
    while True:
        name, mark = free_name(models, stem), uuid.uuid4().hex
        write_atomically(note, f"{name}\n{mark}".encode())
        try:
            return make(name, mark)
        except InputError:
            # Another run took the name in the meantime: the next free one is tried.
            if not (models / name).exists():
                raise


def published_run(models: Path, note: Path) -> Path | None:
    """Return the run folder that a note of `publish` speaks of, or None where that run did not come to be.

    A folder of that name alone is no proof: another run may have taken the name.
    """
    try:
        name, mark = note.read_text("utf-8").split("\n")
        manifest = json.loads((models / name / MANIFEST).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return models / name if manifest.get("training") == mark else None
