"""Kept maps of a run: one small file for each method and image, in the workspace.

A run folder is frozen, so what is computed later lies in ``workspace/maps/<run>/<method>/<image>.npz``, with
``<run>`` from the hashes of model and predictions. A run trained anew under the same name has another
key. Files are written whole or not at all; deleting the folder loses nothing but computing time.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from breakhis_core.maps.faithfulness import Faithfulness
from breakhis_core.maps.methods import method_of
from breakhis_core.maps.scale import MapScale
from breakhis_core.runs import Run
from breakhis_core.storage.whole_files import write_atomically
from breakhis_core.workspace import Workspace

ABOUT = "about.json"
_FEW = 5
_FIGURES = tuple(Faithfulness.__dataclass_fields__)
_BROKEN = (zipfile.BadZipFile, ValueError, KeyError, EOFError, OSError, TypeError)


@dataclass(frozen=True, eq=False)
class KeptMaps:
    """What is kept for one method and image.

    Attributes:
        codes: sub-types that the maps explain, the predicted one first, then, where it differs, the true one.
        maps: (N, rows, columns) float16, not negative.
        faithfulness: one for each map.
    """

    codes: tuple[str, ...]
    maps: npt.NDArray[np.float16]
    faithfulness: tuple[Faithfulness, ...]


class MapStore:
    """The kept maps of one run.

    Args:
        workspace: where they lie.
        key: of the run, from `run_key`.
    """

    def __init__(self, workspace: Workspace, key: str) -> None:
        self.key = key
        self._folder = workspace.root / "maps" / key

    def has(self, method: str, image: str) -> bool:
        """Return whether maps are kept, with all figures: those of older versions had others."""
        return self.get(method, image) is not None

    def images(self, method: str) -> list[str]:
        """Return the hashes of all images that maps of a method are kept for, sorted."""
        return sorted(file.stem for file in (self._folder / method_of(method).code).glob("*.npz"))

    def add(self, method: str, image: str, kept: KeptMaps) -> None:
        """Keep the maps of one image.

        Raises:
            ValueError: a map is not finite, or too strong for float16.
        """
        maps = np.asarray(kept.maps, np.float16)
        if not np.isfinite(maps).all():
            raise ValueError(f"{method} gave a map of {image} that is not finite")
        content = io.BytesIO()
        figures = {name: np.array([getattr(one, name) for one in kept.faithfulness]) for name in _FIGURES}
        np.savez(content, codes=np.array(kept.codes), maps=maps, **figures)  # type: ignore[arg-type]
        file = self._file(method, image)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, content.getvalue())

    def get(self, method: str, image: str) -> KeptMaps | None:
        """Return what is kept of an image, or None; a damaged file is removed and counts as absent."""
        file = self._file(method, image)
        try:
            with np.load(file, allow_pickle=False) as content:
                codes, maps = tuple(content["codes"].tolist()), content["maps"]
                columns = [content[name].tolist() for name in _FIGURES]
        except FileNotFoundError:
            return None
        except _BROKEN:
            file.unlink(missing_ok=True)
            return None
        return KeptMaps(codes, maps, tuple(Faithfulness(*row) for row in zip(*columns, strict=True)))

    def about(self, method: str) -> dict[str, Any]:
        """Return what was found over all images of a method: strong, sanity; may be empty."""
        try:
            value = json.loads((self._folder / method_of(method).code / ABOUT).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    def sanity(self, method: str) -> dict[str, Any] | None:
        """Return what the sanity check of a method found; one without ``peak``, of before, counts as none."""
        found = self.about(method).get("sanity")
        return found if isinstance(found, dict) and "peak" in found else None

    def note(self, method: str, **facts: Any) -> None:
        """Add to what `about` returns."""
        folder = self._folder / method_of(method).code
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / ABOUT, json.dumps({**self.about(method), **facts}).encode())

    def note_scale(self, method: str) -> None:
        """Measure how strong the maps of predicted classes are.

        A few maps do not say what is usual: below five nothing is noted, and each map has its own scale.
        """
        kept = (self.get(method, image) for image in self.images(method))
        peaks = [float(one.maps[0].max()) for one in kept if one is not None]
        if len(peaks) >= _FEW:
            self.note(method, strong=MapScale.of_peaks(np.array(peaks)).strong, images=len(peaks))

    def _file(self, method: str, image: str) -> Path:
        return self._folder / method_of(method).code / f"{image}.npz"


def run_key(run: Run) -> str:
    """Return what the maps of a run are kept under: 16 hexadecimal digits of its model and predictions."""
    files = run.manifest["files"]
    return hashlib.sha256(f"{files['model.keras']}{files['predictions.parquet']}".encode()).hexdigest()[:16]


def in_json(kept: KeptMaps) -> list[dict[str, Any]]:
    """Return the figures of each map, for people's and machines' eyes."""
    return [
        {"subtype": code, **asdict(one), "gain": one.gain, "beats_chance": one.beats_chance}
        for code, one in zip(kept.codes, kept.faithfulness, strict=True)
    ]
