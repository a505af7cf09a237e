"""Files of weights that a training may begin with: what one looks like, and what a manifest says of it.

Nothing heavy is imported: a form asks before a job begins. Whether the layers fit is seen when they are
loaded.
"""

from __future__ import annotations

import hashlib
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any

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


def sha256(file: Path) -> str:
    """Return the SHA-256 of a file; read again only when the file changed."""
    about = file.stat()
    return _sha256(str(file), about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=16)
def _sha256(file: str, size: int, changed: int) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
