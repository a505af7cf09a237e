"""The format of a run folder, and the checks that one must pass.

A run folder is plain files (``RUN_FILES``) and ``manifest.json`` with the SHA-256 of each. Nothing in it is
ever unpickled or executed here.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from breakhis_core.errors import InputError
from breakhis_core.images.taxonomy import CODES
from breakhis_core.storage.fingerprints import Fingerprints

FORMAT = 1
MANIFEST = "manifest.json"
VERIFIED = ".verified.json"
"""File beside the run folders that remembers what was hashed; may be deleted at any time."""
MODEL_FILES: tuple[str, ...] = ("model.keras", "predictor.onnx")
"""What a run has that is one model."""
COMMON_FILES: tuple[str, ...] = (
    "recipe.json",
    "split.parquet",
    "history.csv",
    "predictions.parquet",
    "class_maps.npy",
    "embeddings.npy",
    "card.md",
)
RUN_FILES: tuple[str, ...] = (*COMMON_FILES, *MODEL_FILES)
FOLD_PREDICTIONS = "fold_predictions.parquet"
FIRST_EMBEDDINGS = "first_embeddings.npy"
UNSEEN = "unseen.parquet"
POINTING = "pointing.parquet"
"""What the images of the grid pointing game said; runs of before, and cross-validations, have not played."""
PAINTED = "painted.parquet"
"""Where the evidence for phantoms lies; only runs of phantoms have it, and of those as `POINTING`."""
UNSEEN_FILES: tuple[str, ...] = (FIRST_EMBEDDINGS, UNSEEN)
"""What models that never saw an image say of it; runs of before lack them until somebody asks for it."""
PROBABILITIES: tuple[str, ...] = tuple(f"p_{code}" for code in CODES)
PREDICTION_COLUMNS: tuple[str, ...] = (
    "hash",
    "name",
    "part",
    "subtype",
    "side",
    "slide",
    "case",
    "magnification",
    *PROBABILITIES,
    "predicted",
    "confidence",
)
PARTS = ("train", "validation", "test", "out_of_fold", "excluded")
FOLD_COLUMNS: tuple[str, ...] = ("fold", "folds")
"""What the predictions of a cross-validation have besides: the fold whose model the maps and the embedding of
an image come from, and all folds that tested it, as text (``"1 3"``); its probabilities are their mean."""
_LARGEST_MANIFEST = 16 * 2**20
_FACTS: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "created": str,
    "phantom": bool,
    "unit": str,
    "split_seed": int,
    "improves": (str, type(None)),
    "excluded": list,
    "weights": str,
    "seconds": (int, float),
    "versions": dict,
    "files": dict,
}


class RunRefusedError(InputError):
    """A folder cannot be used as a run; the message says why and names the file."""


def check_folder(path: Path, known: Fingerprints) -> dict[str, Any]:
    """Check that a folder is a whole run of this program.

    Args:
        path: the folder.
        known: remembers the files that were hashed before.

    Returns:
        What its manifest says.

    Raises:
        RunRefusedError: it is not; the message names what is wrong.
        OSError: a file cannot be read.
    """
    manifest = _read_manifest(path)
    files = manifest["files"]
    folds = _folds(path, manifest)
    for name in (*COMMON_FILES, FOLD_PREDICTIONS, *map(fold_predictor, folds)) if folds else RUN_FILES:
        if name not in files:
            raise RunRefusedError(f"{path.name}: {MANIFEST} does not list {name}; copy the run folder again.")
    for name in files:
        if ".." in Path(name).parts or Path(name).is_absolute():
            raise RunRefusedError(f"{path.name}: {MANIFEST} lists {name!r}, which lies outside the folder.")
        file = path / name
        if not file.is_file():
            raise RunRefusedError(f"{path.name}: {name} is missing; copy the run folder again, whole.")
        if known.sha256(file) != files[name]:
            raise RunRefusedError(
                f"{path.name}: {name} is not the file that was written (its SHA-256 differs); "
                "copy the run folder again."
            )
    _check_tables(path, tuple(sorted(files.items())), len(folds))
    return manifest


def fold_predictor(fold: int) -> str:
    """Return where a cross-validation keeps the predictor of a fold, counted from 1."""
    return f"folds/{fold}/predictor.onnx"


def _folds(path: Path, manifest: dict[str, Any]) -> range:
    """Return the folds of a cross-validation; those of one model are none."""
    said = manifest.get("folds")
    if said is None:
        return range(0)
    known = isinstance(said, dict) and said.get("source") in ("drawn", "published")
    if not known or not isinstance(said.get("count"), int) or not 2 <= said["count"] <= 100:
        raise RunRefusedError(f"{path.name}: {MANIFEST} says nothing usable about 'folds'.")
    return range(1, said["count"] + 1)


def _read_manifest(path: Path) -> dict[str, Any]:
    file = path / MANIFEST
    if not file.is_file():
        raise RunRefusedError(f"{path.name}: {MANIFEST} is missing, so this is not a whole run folder.")
    if file.stat().st_size > _LARGEST_MANIFEST:
        raise RunRefusedError(f"{path.name}: {MANIFEST} is far too large to be one of ours.")
    try:
        manifest = json.loads(file.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RunRefusedError(f"{path.name}: {MANIFEST} is not JSON; copy the run folder again.") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise RunRefusedError(f"{path.name}: {MANIFEST} is not of format {FORMAT}; another program wrote it.")
    for fact, kind in _FACTS.items():
        if fact not in manifest or not isinstance(manifest[fact], kind):
            raise RunRefusedError(f"{path.name}: {MANIFEST} says nothing usable about {fact!r}.")
    for fact in ("corrected", "evidence", "stain_reference"):
        if not isinstance(manifest.get(fact, {}), dict):
            raise RunRefusedError(f"{path.name}: {MANIFEST} says nothing usable about {fact!r}.")
    if manifest["unit"] not in ("image", "case"):
        raise RunRefusedError(
            f"{path.name}: the split's unit {manifest['unit']!r} is neither image nor case."
        )
    return manifest


@lru_cache(maxsize=256)
def _check_tables(path: Path, files: tuple[tuple[str, str], ...], folds: int) -> None:
    """Check that tables and arrays have our columns, classes and shapes; once per content (``files``)."""
    sums = dict(files)
    predictions = read_table(path, "predictions.parquet", sums["predictions.parquet"])
    columns = list(predictions.columns)
    classes = [str(column)[2:] for column in columns if str(column).startswith("p_")]
    if classes != list(CODES):
        raise RunRefusedError(
            f"{path.name}: predictions.parquet has the classes {', '.join(classes) or 'none'} "
            f"where {', '.join(CODES)} are needed, in this order."
        )
    needed = (*PREDICTION_COLUMNS, *(FOLD_COLUMNS if folds else ()))
    missing = [column for column in needed if column not in columns]
    if missing:
        raise RunRefusedError(f"{path.name}: predictions.parquet lacks the column {missing[0]}.")
    images = len(predictions)
    # One model has no image out of fold, and a cross-validation no other.
    parts = {"out_of_fold"} if folds else set(PARTS) - {"out_of_fold"}
    strange = sorted(set(predictions["part"]) - parts)
    if strange:
        raise RunRefusedError(f"{path.name}: predictions.parquet has the unknown part {strange[0]!r}.")
    if predictions["hash"].duplicated().any():
        raise RunRefusedError(f"{path.name}: predictions.parquet has an image twice.")
    shapes = {
        "embeddings.npy": (images, 960),
        FIRST_EMBEDDINGS: (images, 960),
    }
    for name, shape in ((name, shape) for name, shape in shapes.items() if name in sums):
        found = read_array(path, name, sums[name]).shape
        if found != shape:
            raise RunRefusedError(f"{path.name}: {name} has the shape {found} where {shape} is needed.")
    maps = read_array(path, "class_maps.npy", sums["class_maps.npy"])
    if maps.ndim != 4 or maps.shape[:2] != (images, len(CODES)) or 0 in maps.shape[2:]:
        raise RunRefusedError(
            f"{path.name}: class_maps.npy has the shape {maps.shape} "
            f"where ({images}, {len(CODES)}, rows, columns) is needed."
        )
    if list(read_table(path, "split.parquet", sums["split.parquet"]).columns[:2]) != ["hash", "part"]:
        raise RunRefusedError(f"{path.name}: split.parquet lacks the columns hash and part.")
    if "epoch" not in read_table(path, "history.csv", sums["history.csv"]).columns:
        raise RunRefusedError(f"{path.name}: history.csv lacks the column epoch.")
    if folds:
        _check_folds(path, predictions, read_table(path, FOLD_PREDICTIONS, sums[FOLD_PREDICTIONS]), folds)


def _check_folds(path: Path, predictions: pd.DataFrame, by_fold: pd.DataFrame, folds: int) -> None:
    if list(by_fold.columns) != ["hash", "fold", *PROBABILITIES]:
        raise RunRefusedError(f"{path.name}: {FOLD_PREDICTIONS} lacks hash, fold or probabilities.")
    if set(by_fold["hash"]) != set(predictions["hash"]) or not by_fold["fold"].between(1, folds).all():
        raise RunRefusedError(f"{path.name}: {FOLD_PREDICTIONS} is of other images or folds.")


@lru_cache(maxsize=64)
def read_table(path: Path, name: str, sha256: str) -> pd.DataFrame:
    """Read a table of a run folder; kept in memory, so the caller changes a copy."""
    # The hash is part of the key: a run that was replaced under the same name is read anew.
    try:
        return pd.read_parquet(path / name) if name.endswith(".parquet") else pd.read_csv(path / name)
    except (ValueError, OSError) as error:
        raise RunRefusedError(f"{path.name}: {name} cannot be read as a table.") from error


@lru_cache(maxsize=64)
def read_array(path: Path, name: str, sha256: str) -> np.ndarray:
    """Map an array of a run folder, read-only."""
    try:
        array: np.ndarray = np.load(path / name, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError) as error:
        raise RunRefusedError(f"{path.name}: {name} cannot be read as an array.") from error
    return array
