"""The state of a training after a whole epoch, on disk, so that it can go on after any interruption."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from breakhis_core.errors import InputError
from breakhis_core.images.datasets import load_images
from breakhis_core.training.request import TrainRequest
from breakhis_core.workspace import Workspace

FILE = "checkpoint.npz"


@dataclass(frozen=True)
class Checkpoint:
    """State of a training.

    Attributes:
        epoch: whole epochs done.
        seconds: how long they took, earlier interruptions left out.
        weights: what training began with, in words.
        history: one row per epoch.
        values: values of all variables of model and optimiser, in their order.
    """

    epoch: int
    seconds: float
    weights: str
    history: list[dict[str, Any]]
    values: list[npt.NDArray[Any]]


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Replace the folder's checkpoint; at any moment either the old or the new one is there, whole."""
    about = {
        "epoch": checkpoint.epoch,
        "seconds": checkpoint.seconds,
        "weights": checkpoint.weights,
        "history": checkpoint.history,
    }
    part = folder / f"{FILE}.part"
    with part.open("wb") as stream:
        values = {f"v{at:04d}": value for at, value in enumerate(checkpoint.values)}
        np.savez(stream, about=np.array(json.dumps(about)), **values)  # type: ignore[arg-type]
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(folder / FILE)


def load_checkpoint(folder: Path) -> Checkpoint | None:
    """Return the folder's checkpoint, or None where no epoch was finished.

    Raises:
        InputError: the file is damaged.
    """
    file = folder / FILE
    if not file.is_file():
        return None
    try:
        with np.load(file, allow_pickle=False) as content:
            about = json.loads(str(content["about"]))
            values = [content[name] for name in sorted(content.files) if name != "about"]
    except Exception as error:  # zipfile, numpy and json each raise their own.
        raise InputError(
            f"{file}: the checkpoint is damaged; delete it to train from the beginning."
        ) from error
    return Checkpoint(values=values, **about)


def remove_checkpoint(folder: Path) -> None:
    """Remove the checkpoint once its run is published."""
    (folder / FILE).unlink(missing_ok=True)


@contextmanager
def foreground_folder(workspace: Workspace, request: TrainRequest) -> Iterator[Path]:
    """Give a training in the foreground the folder of its state, and remove it when the training is done.

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
