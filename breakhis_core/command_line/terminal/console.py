"""Work in the foreground: a progress bar on standard error, and Ctrl-C that stops at a safe point."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from breakhis_core.command_line.terminal import interrupts
from breakhis_core.command_line.terminal.answer import InterruptedAtSafePoint
from breakhis_core.progress import JobStopped

SILENCE = 10.0
"""Seconds between two lines where no bar can be drawn, such as in the log of continuous integration."""
RUSHING = 0.2
"""Seconds of an epoch below which not every one is a line."""


@contextmanager
def in_foreground(folder: Path, stopping: str, stopped: str) -> Iterator[Foreground]:
    """Give the context of work that Ctrl-C stops at the next point from which it can go on.

    Args:
        folder: where the work keeps its checkpoints; made where it is not there.
        stopping: said at Ctrl-C.
        stopped: what the command then answers.

    Raises:
        InterruptedAtSafePoint: it was stopped there.
    """
    folder.mkdir(exist_ok=True)
    try:
        with Foreground(folder) as context, interrupts.stopping_at_a_safe_point(stopping):
            yield context
    except JobStopped:
        raise InterruptedAtSafePoint(stopped) from None


class Foreground:
    """The context (see ``progress.Context``) of work that runs in the foreground of a terminal.

    Args:
        folder: where the work keeps its checkpoints, the same one when it goes on.

    Attributes:
        folder: as given.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._drawn = 0.0
        self._spoken = 0.0
        self._console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=None)

    def __enter__(self) -> Foreground:
        """Show the bar."""
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        if self._console.is_terminal:
            self._progress.stop()

    def report(self, message: str, fraction: float | None = None, **data: Any) -> None:
        """Show what is being done and, from 0 to 1, how much of it is behind us."""
        if self._console.is_terminal:
            total = None if fraction is None else 1.0
            self._progress.update(self._task, description=message, total=total, completed=fraction or 0.0)
        elif time.monotonic() - self._spoken >= SILENCE:
            self._spoken = time.monotonic()
            share = "" if fraction is None else f" ({fraction:.0%})"
            self._console.print(f"{message}{share}")

    def curve(self, row: Mapping[str, Any]) -> None:
        """Print one point of a training's curves as a line; of epochs that rush by, one each second."""
        now = time.monotonic()
        if row.get("seconds", 1.0) < RUSHING and now - self._drawn < 1.0:
            return
        self._drawn = now
        line = "  ".join(f"{name} {_short(value)}" for name, value in row.items() if name != "phase")
        self._console.print(f"head alone, {line}" if row.get("phase") == "head" else line)

    def should_stop(self) -> bool:
        """Tell whether Ctrl-C was pressed while it is a wish, see ``interrupts``."""
        return interrupts.wished()


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
