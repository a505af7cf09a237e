"""Trainings in the foreground, by command or in a notebook: the same one asked for again goes on."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from breakhis_core.images.datasets import load_images
from breakhis_core.training.request import TrainRequest
from breakhis_core.workspace import Workspace


@contextmanager
def checkpoints(workspace: Workspace, request: TrainRequest) -> Iterator[Path]:
    """Give a training the folder of its checkpoints, and remove it when the training is done.

    What ends early leaves it behind for the same request on the same images, which then goes on.

    Args:
        workspace: has the images, and keeps the folder among the jobs.
        request: what is trained.
    """
    images = sorted(load_images(workspace, request.data)["hash"])
    same = json.dumps([request.model_dump(mode="json"), images], sort_keys=True).encode()
    folder = workspace.jobs / f"foreground-{hashlib.sha256(same).hexdigest()[:16]}"
    folder.mkdir(exist_ok=True)
    yield folder
    shutil.rmtree(folder)
