"""Work that takes long in a notebook or at Python's prompt: one line of progress, and how it is stopped."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from breakhis_core.progress import ConsoleContext, JobStopped, interrupt_is_a_wish

_EVERY = 0.2
_STOPPED = "Stopped; what was done is kept. The same call goes on from there."


class Watching(ConsoleContext):
    """The context (see ``progress.Context``) of work in the foreground of a notebook.

    Args:
        folder: for checkpoints.
        progress: write one line of progress on standard error, over and over.
    """

    def __init__(self, folder: Path, progress: bool) -> None:
        super().__init__(folder, self._write if progress else lambda message, fraction: None)
        self._stopping = False
        self._written = 0.0
        self._width = 0

    def should_stop(self) -> bool:
        """Return whether the stop button or Ctrl-C was pressed since ``stopping`` began."""
        return self._stopping

    @contextlib.contextmanager
    def stopping(self) -> Iterator[None]:
        """Stop the work at its next safe point when it is interrupted; a second time stops it at once.

        Raises:
            KeyboardInterrupt: it was stopped.
        """
        try:
            with interrupt_is_a_wish(self._wish):
                yield
        except JobStopped:
            raise KeyboardInterrupt(_STOPPED) from None

    def close(self) -> None:
        """Take the line of progress away."""
        if self._width:
            self._show("")

    def _wish(self) -> None:
        self._stopping = True

    def _write(self, message: str, fraction: float | None) -> None:
        if time.monotonic() - self._written >= _EVERY:
            self._written = time.monotonic()
            self._show(message if fraction is None else f"{fraction:4.0%} {message}")

    def _show(self, line: str) -> None:
        sys.stderr.write(f"\r{line.ljust(self._width)}" if line else f"\r{' ' * self._width}\r")
        sys.stderr.flush()
        self._width = len(line)


@contextlib.contextmanager
def watching(folder: Path, progress: bool) -> Iterator[Watching]:
    """Give work that takes long its context, and clear the line of progress in the end."""
    context = Watching(folder, progress)
    try:
        with context.stopping():
            yield context
    finally:
        context.close()
