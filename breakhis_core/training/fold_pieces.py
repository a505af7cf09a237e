"""What one fold of a cross-validation leaves behind: predictor, history, and what it says of its test images.

A piece is a folder that is renamed when it is whole and on the disk, so that a fold which ended is never
trained again, whatever happens to the process.
"""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from breakhis_core.runs.predictor import Predicted

_ABOUT, _ARRAYS, _HISTORY, PREDICTOR = "about.json", "predicted.npz", "history.csv", "predictor.onnx"
_BROKEN = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


@dataclass(frozen=True)
class Piece:
    """What a fold leaves behind.

    Attributes:
        folder: where it lies; ``predictor.onnx`` is in it.
        hashes: the N images that the fold tests, in the order of ``predicted``.
        predicted: what its model says of them.
        history: one row per epoch.
        about: ``seconds``, ``weights`` and ``checked``, as a manifest has them.
    """

    folder: Path
    hashes: list[str]
    predicted: Predicted
    history: pd.DataFrame
    about: dict[str, Any]


def save_piece(
    folder: Path, hashes: list[str], predicted: Predicted, history: pd.DataFrame, about: dict[str, Any]
) -> None:
    """Finish a piece: add everything but the predictor, which lies in ``begin_piece``'s folder by now."""
    part = _unfinished(folder)
    np.savez(
        part / _ARRAYS,
        hashes=np.array(hashes),
        probabilities=predicted.probabilities,
        embeddings=predicted.embeddings,
        class_maps=predicted.class_maps,
    )
    history.to_csv(part / _HISTORY, index=False)
    (part / _ABOUT).write_text(json.dumps(about), "utf-8")
    for path in (*part.iterdir(), part):
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
    part.rename(folder)


def begin_piece(folder: Path) -> Path:
    """Return the folder for a fold's predictor; what a killed attempt left there is removed."""
    part = _unfinished(folder)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    return part


def load_piece(folder: Path) -> Piece | None:
    """Return a piece, or None where the fold has not ended; a damaged one is removed."""
    if not folder.is_dir():
        return None
    try:
        with np.load(folder / _ARRAYS, allow_pickle=False) as content:
            hashes = [str(image) for image in content["hashes"]]
            predicted = Predicted(content["probabilities"], content["embeddings"], content["class_maps"])
        history = pd.read_csv(folder / _HISTORY)
        about = json.loads((folder / _ABOUT).read_text("utf-8"))
        if not (folder / PREDICTOR).is_file():
            raise FileNotFoundError(PREDICTOR)
    except _BROKEN:
        shutil.rmtree(folder, ignore_errors=True)
        return None
    return Piece(folder, hashes, predicted, history, about)


def _unfinished(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}-unfinished")
