"""Selections of images in an address: a few by the beginnings of their hashes, many kept in the workspace.

What is kept is named by its content, so the same images have the same address, today and after a restart.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from breakhis_core.storage.whole_files import write_atomically
from pages.parts.shared.review_links import only

_FEW = 40  # More would be an address that nobody can read or send.
_FOLDER = "selections"
_KEPT = re.compile(r"kept-[0-9a-f]{20}")
_BYTES = 16  # Of a hash.


def in_address(hashes: Sequence[str], root: Path) -> str:
    """Return how an address says these images, however many they are; empty for none.

    Args:
        hashes: of the images.
        root: folder of the workspace, where many are kept.
    """
    if len(hashes) <= _FEW:
        return only(hashes)
    content = b"".join(bytes.fromhex(image) for image in sorted(hashes))
    code = f"kept-{hashlib.sha256(content).hexdigest()[:20]}"
    file = root / _FOLDER / code
    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        write_atomically(file, content)
    return code


def among(hashes: pd.Series, said: str, root: Path) -> npt.NDArray[np.bool_]:
    """Return which images an address says; none where their selection is of another workspace.

    Args:
        hashes: of the images to choose from.
        said: from :func:`in_address`.
        root: folder of the workspace.
    """
    if not _KEPT.fullmatch(said):
        wanted = tuple(one for one in said.split(".") if one)
        return np.array([image.startswith(wanted) for image in hashes], np.bool_)
    file = root / _FOLDER / said
    content = file.read_bytes() if file.is_file() else b""
    kept = {content[at : at + _BYTES].hex() for at in range(0, len(content), _BYTES)}
    return hashes.isin(kept).to_numpy(np.bool_)
