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
from breakhis_core.fingerprints import Fingerprints
from breakhis_core.taxonomy import CODES

FORMAT = 1
MANIFEST = "manifest.json"
VERIFIED = ".verified.json"
"""File beside the run folders that remembers what was hashed; may be deleted at any time."""
RUN_FILES: tuple[str, ...] = (
    "recipe.json",
    "split.parquet",
    "history.csv",
    "model.keras",
    "predictor.onnx",
    "predictions.parquet",
    "class_maps.npy",
    "embeddings.npy",
    "card.md",
)
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
PARTS = ("train", "validation", "test", "excluded")
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
    for name in RUN_FILES:
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
    _check_tables(path, tuple(sorted(files.items())))
    return manifest


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
    if manifest["unit"] not in ("image", "case"):
        raise RunRefusedError(
            f"{path.name}: the split's unit {manifest['unit']!r} is neither image nor case."
        )
    return manifest


@lru_cache(maxsize=256)
def _check_tables(path: Path, files: tuple[tuple[str, str], ...]) -> None:
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
    missing = [column for column in PREDICTION_COLUMNS if column not in columns]
    if missing:
        raise RunRefusedError(f"{path.name}: predictions.parquet lacks the column {missing[0]}.")
    images = len(predictions)
    strange = sorted(set(predictions["part"]) - set(PARTS))
    if strange:
        raise RunRefusedError(f"{path.name}: predictions.parquet has the unknown part {strange[0]!r}.")
    if predictions["hash"].duplicated().any():
        raise RunRefusedError(f"{path.name}: predictions.parquet has an image twice.")
    for name, shape in (("class_maps.npy", (images, len(CODES), 7, 7)), ("embeddings.npy", (images, 960))):
        found = read_array(path, name, sums[name]).shape
        if found != shape:
            raise RunRefusedError(f"{path.name}: {name} has the shape {found} where {shape} is needed.")
    if list(read_table(path, "split.parquet", sums["split.parquet"]).columns[:2]) != ["hash", "part"]:
        raise RunRefusedError(f"{path.name}: split.parquet lacks the columns hash and part.")
    if "epoch" not in read_table(path, "history.csv", sums["history.csv"]).columns:
        raise RunRefusedError(f"{path.name}: history.csv lacks the column epoch.")


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
