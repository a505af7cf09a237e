"""SHA-256 of files, computed once and remembered until the file changes."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from pathlib import Path

from breakhis_core.storage.whole_files import write_atomically

_memory: dict[str, tuple[list[int], str]] = {}
_lock = threading.Lock()


class Fingerprints:
    """SHA-256 of files, kept in memory and in a small JSON file beside them.

    A file counts as unchanged while its size, its times of writing and of change, and its inode are the same;
    a copied folder is therefore hashed again on the machine that it came to.

    Args:
        store: where to keep them between processes; a store that cannot be read or written is no error.
    """

    def __init__(self, store: Path) -> None:
        self._store = store
        self._news = False

    def sha256(self, file: Path) -> str:
        """Return a file's SHA-256 in hex."""
        status = file.stat()
        state = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
        key = str(file.absolute())
        with _lock:
            if key not in _memory:
                self._load()
            known = _memory.get(key)
        if known is not None and known[0] == state:
            return known[1]
        with file.open("rb") as stream:
            value = hashlib.file_digest(stream, "sha256").hexdigest()
        with _lock:
            _memory[key] = (state, value)
            self._news = True
        return value

    def save(self) -> None:
        """Write what was newly computed; does nothing when nothing was."""
        if not self._news:
            return
        folder = str(self._store.parent.absolute()) + os.sep
        with _lock:
            own = {
                key: list(value)
                for key, value in _memory.items()
                if key.startswith(folder) and os.path.exists(key)
            }
        try:
            write_atomically(self._store, json.dumps(own).encode())
        except OSError:
            return  # A models folder on a read-only disk: hashed again by the next process, that is all.
        self._news = False

    def _load(self) -> None:
        try:
            for key, (state, value) in json.loads(self._store.read_text("utf-8")).items():
                _memory.setdefault(key, (state, value))
        except (OSError, ValueError, TypeError, AttributeError):
            return
