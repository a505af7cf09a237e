"""Keep what TensorFlow says of itself, such as the processor's instructions, off standard error."""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from types import ModuleType

LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_NOISE = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog|To enable the following instructions:|[IW]\d{4} "
)


def quieten_tensorflow() -> None:
    """Let TensorFlow say only what ends it, here and in processes started from here, unless told otherwise.

    Its errors reach Python as exceptions, with the same words. Whoever sets
    ``TF_CPP_MIN_LOG_LEVEL`` to 0 or 1 sees everything.
    """
    if os.environ.setdefault(LEVEL, "3") in ("2", "3") and "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _Finder())


class _Finder(importlib.abc.MetaPathFinder):
    """Finds TensorFlow as everybody does, and wraps its loading, since it talks before it reads its level."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return where TensorFlow is, with a loader that is quiet; None for anything else."""
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        found = importlib.util.find_spec(name)
        if found is not None and found.loader is not None:
            found.loader = _Loader(found.loader)
        return found


class _Loader(importlib.abc.Loader):
    def __init__(self, loader: importlib.abc.Loader) -> None:
        self._loader = loader

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        with _held_back():
            self._loader.exec_module(module)

    def __getattr__(self, name: str) -> object:
        return getattr(self._loader, name)


@contextlib.contextmanager
def _held_back() -> Iterator[None]:
    """Hold back what is written to the process's standard error, and say at the end what is no noise."""
    try:
        kept = os.dup(2)
    except OSError:  # It is closed.
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            told = [line for line in held if not _NOISE.match(line)]
            with contextlib.suppress(OSError):
                os.write(2, b"".join(told))
