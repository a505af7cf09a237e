"""Model inputs that were made once, kept on disk, so that the next pass over the pictures decodes nothing.

One file an image, named by its hash: a header of three numbers and the bytes of the input. The hash proves
which picture an input was made of; size and time of the picture's file, kept beside it, tell when that file
was written since, and its checksum whether the kept bytes are still whole. A picture that was altered without
change of either is not noticed before the kept inputs are cleared.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
import uuid
import zlib
from pathlib import Path
from threading import Lock

import numpy as np

from breakhis_core.images.input_form import InputForm
from breakhis_core.images.pixels import Pixels
from breakhis_core.storage import bounded

_HEADER = struct.Struct("<QQI")
_LEFT_FREE = 2 * 10**9

Stamp = tuple[int, int]
"""Size of a file in bytes, and when it was last written, in nanoseconds."""


class KeptInputs:
    """Model inputs of one form. Safe in several threads and processes; it fails by keeping nothing.

    Args:
        root: folder of all that is kept of passes over images.
        form: how a picture becomes a model input.
        limit: bytes that ``root`` may take; beyond, or where the disk has less than 2 GB left, nothing more
            is kept.
    """

    def __init__(self, root: Path, form: InputForm, limit: int = bounded.LIMIT_BYTES) -> None:
        self.folder = root / f"inputs-{form.key}"
        self._shape = form.shape
        self._bytes = form.width * form.height * 3
        self._limit = limit
        self._room: int | None = None
        self._lock = Lock()
        # Who makes room takes what was not used for longest first.
        with contextlib.suppress(OSError):
            os.utime(self.folder)

    def get(self, image: str, stamp: Stamp | None) -> Pixels | None:
        """Return the kept input of an image, None where there is none or it was made of another file.

        Args:
            image: hash of the image.
            stamp: `stamp_of` its picture's file as it is now.
        """
        kept = self._place(image)
        try:
            content = kept.read_bytes()
        except OSError:
            return None
        values = memoryview(content)[_HEADER.size :]
        if len(values) != self._bytes or zlib.crc32(values) != _HEADER.unpack_from(content)[2]:
            with contextlib.suppress(OSError):
                kept.unlink()
            return None
        if _HEADER.unpack_from(content)[:2] != stamp:
            return None
        return np.frombuffer(values, np.uint8).reshape(self._shape)

    def add(self, image: str, stamp: Stamp | None, made: Pixels) -> None:
        """Keep the input of an image, if there is room.

        Args:
            image: hash of the image.
            stamp: `stamp_of` its picture's file from before that was read.
            made: its model input.
        """
        # A full disk, a folder cleared meanwhile, a file that another process reads: the pass goes on.
        with contextlib.suppress(OSError):
            if stamp is None or not self._has_room():
                return
            values = np.ascontiguousarray(made).data.cast("B")
            part = self.folder / f"{uuid.uuid4().hex}.part"
            try:
                with part.open("wb") as stream:
                    stream.write(_HEADER.pack(*stamp, zlib.crc32(values)))
                    stream.write(values)
                # Not brought to the disk first: the checksum tells what a power cut left incomplete.
                part.replace(self._place(image))
            except OSError:
                part.unlink(missing_ok=True)
                raise

    def _has_room(self) -> bool:
        with self._lock:
            if self._room is None:
                bounded.use(self.folder, self._limit)
                free = shutil.disk_usage(self.folder).free - _LEFT_FREE
                self._room = min(self._limit - bounded.size_of(self.folder.parent), free)
            self._room -= _HEADER.size + self._bytes
            return self._room >= 0

    def _place(self, image: str) -> Path:
        return self.folder / f"{image}.input"


def stamp_of(file: Path) -> Stamp | None:
    """Return what tells that a file was written anew; None where it is gone."""
    try:
        about = file.stat()
    except OSError:
        return None
    return about.st_size, about.st_mtime_ns
