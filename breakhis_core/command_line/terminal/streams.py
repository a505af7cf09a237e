"""Standard output and error whose reader may go away, as ``head`` does when it has read enough."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO


class _Patient(io.TextIOWrapper):
    """A stream that drops what nobody reads any more, so that the work and its exit status stay the same."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except BrokenPipeError:
            self._drop()
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except BrokenPipeError:
            self._drop()

    def _drop(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def outlast_readers() -> None:
    """Let the command go on when the reader of its output, or of its progress, goes away."""
    sys.stdout, sys.stderr = _patient(sys.stdout), _patient(sys.stderr)


def _patient(stream: TextIO) -> TextIO:
    if not isinstance(stream, io.TextIOWrapper):
        return stream  # None where it is closed.
    how = {name: getattr(stream, name) for name in ("encoding", "errors", "line_buffering", "write_through")}
    return _Patient(stream.detach(), **how)
