"""Folders of things that can be made again, kept within a bound: who was not used for longest goes first."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

LIMIT_BYTES = 8 * 10**9
"""Room for all that passes over images keep. 7,909 model inputs take 1.2 GB at 224x224 and 4.1 at 512x336,
their frozen outputs at the authors' boundary, with one flip, half a gigabyte."""

_ABANDONED_AFTER = 3600.0
_IN_USE = 3600.0


def use(folder: Path, limit: int) -> None:
    """Make a folder that is about to be used, and make room by removing its neighbours unused for longest.

    Args:
        folder: never removed itself, whatever it takes.
        limit: bytes that it and its neighbours may take.
    """
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    _make_room(folder, limit)
    _clear_abandoned(folder)


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder; of none, where it is absent."""
    return sum(_sizes(folder))


def _make_room(keep: Path, limit: int) -> None:
    others = sorted(
        (folder for folder in keep.parent.iterdir() if folder.is_dir() and folder != keep),
        key=lambda folder: folder.stat().st_mtime,
    )
    room = size_of(keep.parent)
    for folder in others:
        # One that was taken into use in the last hour may be in use by another training.
        if room <= limit or time.time() - folder.stat().st_mtime < _IN_USE:
            break
        room -= size_of(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _clear_abandoned(folder: Path) -> None:
    """Remove what a killed process left half-written."""
    for part in folder.glob("*.part"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - part.stat().st_mtime > _ABANDONED_AFTER:
                part.unlink()


def _sizes(folder: Path) -> Iterator[int]:
    # Somebody may rename or remove files and folders between the listing and the look at them.
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                if entry.is_dir(follow_symlinks=False):
                    yield from _sizes(Path(entry.path))
                else:
                    yield entry.stat().st_size
