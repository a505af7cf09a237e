"""Flagged images as a ZIP: the pictures, each under its heat map, and the list; written while it is read.

The layout is also that of a COCO data set in FiftyOne (``data/`` and ``labels.json``): unpacked, the folder
opens there as it is. Pictures go in one by one, so that hundreds need the memory of one.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping

import pandas as pd

from breakhis_core.errors import InputError
from breakhis_core.flags.coco import export_coco
from breakhis_core.flags.csv_json import export_csv
from breakhis_core.flags.listing import flags_of
from breakhis_core.flags.parsing import CSV_IN_ZIP
from breakhis_core.images import datasets
from breakhis_core.images.pixels import decode
from breakhis_core.maps.overlays import Maps
from breakhis_core.runs import Run, RunRefusedError, run_named
from breakhis_core.workspace import Workspace

_README = """data/         the pictures as they lie on disk
overlays/     each under the heat map of the sub-type that the run predicted; the run stands in its name
flags.csv     who said what, and what a steward settled; the app imports it again
labels.json   the same as COCO boxes around whole images, for FiftyOne and others
"""
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # The first date that a ZIP knows: equal flags give equal files.


def archive(
    workspace: Workspace,
    said: pd.DataFrame,
    run: Run | None = None,
    about: Mapping[str, str] | None = None,
) -> Iterator[bytes]:
    """Yield a ZIP of flagged images, piece by piece.

    Args:
        workspace: where the pictures and runs are.
        said: what ``statements.statements`` returns, all of it or some. The list holds all of that, the
            pictures are those of flagged images.
        run: whose maps to use for images whose flag names no run that is still there.
        about: what the list rests on, for the file that explains the others.

    Yields:
        Parts of the file in order. A picture that cannot be read is named in ``missing.txt``.
    """
    pipe, flags = _Pipe(), flags_of(said)
    names = safe_names(dict(zip(flags["hash"], flags["name"], strict=True)))
    maps = _MapsByRun(workspace, run)
    seen_with = {
        image: [name for name in rows if isinstance(name, str) and name]
        for image, rows in flags.groupby("hash", sort=False)["run"].agg(list).items()
    }
    missing: list[str] = []
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as packed:
        lines = "".join(f"{title}: {words}\n" for title, words in (about or {}).items())
        _add(packed, "README.txt", f"{_README}\n{lines}".encode())
        _add(packed, CSV_IN_ZIP, export_csv(said))
        _add(packed, "labels.json", export_coco(workspace, flags, names))
        for image, name in names.items():
            path = datasets.picture_path(workspace, image)
            try:
                if path is None:
                    raise InputError(datasets.picture_trouble(workspace, image))
                content = path.read_bytes()
                _add(packed, f"data/{name}", content, zipfile.ZIP_STORED)
                found = maps.of(image, seen_with[image])
                if found is not None:
                    of_run, of_maps = found
                    overlay = of_maps.overlay(image, decode(content, name))
                    stem = f"{name.rsplit('.', 1)[0]}--{_safe(of_run)}-{of_maps.predicted(image)}"
                    _add(packed, f"overlays/{stem}.jpg", overlay or b"", zipfile.ZIP_STORED)
            except (InputError, OSError) as error:
                missing.append(f"{name}: {error}")
            yield pipe.take()
        if missing:
            _add(packed, "missing.txt", ("\n".join(missing) + "\n").encode())
    yield pipe.take()


def safe_names(names: dict[str, str]) -> dict[str, str]:
    """Return a file name of its own for each image that leads out of no folder on any system.

    >>> safe_names({"ab" * 16: "../a b.png", "cd" * 16: "A_B.png", "ef" * 16: ""})["ef" * 16]
    'image-efefefef.png'
    >>> list(safe_names({"ab" * 16: "../a b.png", "cd" * 16: "A_B.png"}).values())
    ['a_b.png', 'A_B-cdcdcdcd.png']
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for image, name in names.items():
        stem, _, ending = _safe(re.split(r"[/\\]", name)[-1]).rpartition(".")
        stem, ending = (stem, ending) if stem else (ending, "png")
        plain = f"{stem}.{ending}"
        # Some systems do not tell capitals from small letters.
        if not stem or plain.lower() in taken:
            plain = f"{stem or 'image'}-{image[:8]}.{ending}"
        taken.add(plain.lower())
        found[image] = plain
    return found


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")[:120]


class _MapsByRun:
    """The maps of the runs that flags name, opened when first needed."""

    def __init__(self, workspace: Workspace, fallback: Run | None) -> None:
        self._workspace = workspace
        self._fallback = fallback
        self._opened: dict[str, Maps | None] = {}

    def of(self, image: str, seen_with: list[str]) -> tuple[str, Maps] | None:
        """Return the run whose map a reviewer had on screen, and its maps; the newest flag's first."""
        names = [*reversed(seen_with), *([] if self._fallback is None else [self._fallback.name])]
        for name in names:
            maps = self._open(name)
            if maps is not None and maps.predicted(image) is not None:
                return name, maps
        return None

    def _open(self, name: str) -> Maps | None:
        if name not in self._opened:
            try:
                self._opened[name] = Maps(run_named(self._workspace.models, name))
            except RunRefusedError:
                self._opened[name] = None
        return self._opened[name]


class _Pipe(io.RawIOBase):
    """Takes what a ZIP writes and hands it on; it cannot seek, so sizes follow the contents."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: bytes) -> int:  # type: ignore[override]
        self._waiting += content
        return len(content)

    def take(self) -> bytes:
        """Return what came since the last time."""
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


def _add(packed: zipfile.ZipFile, name: str, content: bytes, how: int = zipfile.ZIP_DEFLATED) -> None:
    entry = zipfile.ZipInfo(name, _EARLIEST)
    entry.compress_type = how
    entry.external_attr = 0o644 << 16
    packed.writestr(entry, content)
