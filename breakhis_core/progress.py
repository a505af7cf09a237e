"""How work that takes long tells of its progress and learns that it should stop.

Progress is a small file in the job's folder, not a row: writing it never waits for, or delays, a reviewer's
click. The file's time is the job's heartbeat.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from threading import Event, Lock, Thread, current_thread, main_thread
from types import FrameType
from typing import Any, Protocol

from breakhis_core.storage.whole_files import write_atomically

PROGRESS = "progress.json"
CURVE = "curve.jsonl"
STOP = "stop"
_WRITE_EVERY = 0.25
_HEARTBEAT_EVERY = 5.0


class JobStopped(Exception):  # noqa: N818 - not an error: somebody asked for it
    """The work was asked to stop and did, at a point from which it can go on."""


class Context(Protocol):
    """What long work needs from whoever runs it: a job process, the command line, a test."""

    @property
    def folder(self) -> Path:
        """Folder for checkpoints; the same one when the work is resumed."""

    def report(self, message: str, fraction: float | None = None, **data: Any) -> None:
        """Say what is being done, in words, and how much of all is done (0 to 1)."""

    def curve(self, row: Mapping[str, Any]) -> None:
        """Append a row to the live curves, such as one epoch's loss and accuracy."""

    def should_stop(self) -> bool:
        """Return whether somebody asked to stop."""


def stop_if_asked(context: Context) -> None:
    """Raise ``JobStopped`` if somebody asked to stop."""
    if context.should_stop():
        raise JobStopped


def counter(
    context: Context, message: str, start: float = 0.0, end: float = 1.0
) -> Callable[[int, int], None]:
    """Return a callback ``(done, total)`` that reports a share of the work and stops when asked.

    Args:
        context: who to report to.
        message: what is being done.
        start: share of all the work that was done before.
        end: share of all the work that is done after.
    """

    def progress(done: int, total: int) -> None:
        stop_if_asked(context)
        share = done / total if total else 1.0
        context.report(message, start + (end - start) * share, done=done, total=total)

    return progress


class JobContext:
    """The context of a job process: progress, curves and the wish to stop are files in the job's folder.

    Args:
        folder: the job's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._written = 0.0
        self._last: dict[str, Any] = {}
        self._begun: tuple[float, float] | None = None
        self._ended = Event()
        Thread(target=self._beat, name="heartbeat", daemon=True).start()

    @property
    def folder(self) -> Path:
        """Folder for checkpoints."""
        return self._folder

    def report(self, message: str, fraction: float | None = None, **data: Any) -> None:
        """Write progress, at most four times a second; the last word is written by ``close``."""
        now = time.time()
        with self._lock:
            news = message != self._last.get("message")
            if fraction is not None and (self._begun is None or fraction < self._begun[1]):
                self._begun = (now, fraction)
            self._last = {
                "message": message,
                "fraction": None if fraction is None else min(max(float(fraction), 0.0), 1.0),
                "seconds_left": self._seconds_left(now, fraction),
                "data": data,
            }
            if now - self._written >= (_WRITE_EVERY if not news else _WRITE_EVERY / 2):
                self._write(now)

    def curve(self, row: Mapping[str, Any]) -> None:
        """Append a row to the live curves."""
        # One write of one line: a reader sees it whole or, cut by a crash, skips it.
        with (self._folder / CURVE).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(dict(row)) + "\n")

    def should_stop(self) -> bool:
        """Return whether ``jobs.request_stop`` was called."""
        return (self._folder / STOP).exists()

    def close(self) -> None:
        """Write the last report and end the heartbeat."""
        self._ended.set()
        with self._lock:
            if self._last:
                self._write(time.time())

    def _seconds_left(self, now: float, fraction: float | None) -> float | None:
        # From what this attempt did itself: a resumed job begins with a fraction that took it no time.
        if fraction is None or self._begun is None or fraction - self._begun[1] < 0.01:
            return None
        pace = (now - self._begun[0]) / (fraction - self._begun[1])
        return round(pace * max(1.0 - fraction, 0.0), 1)

    def _write(self, now: float) -> None:
        write_atomically(self._folder / PROGRESS, json.dumps(self._last).encode())
        self._written = now

    def _beat(self) -> None:
        while not self._ended.wait(_HEARTBEAT_EVERY):
            try:
                os.utime(self._folder / PROGRESS)
            except OSError:
                continue  # Nothing reported yet.


class ConsoleContext:
    """The context of work in this process: reports go to a callable, Control-C stops.

    Args:
        folder: for checkpoints.
        write: takes the message and the fraction done.
    """

    def __init__(self, folder: Path, write: Callable[[str, float | None], None]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._report = write

    @property
    def folder(self) -> Path:
        """Folder for checkpoints."""
        return self._folder

    def report(self, message: str, fraction: float | None = None, **data: Any) -> None:
        """Hand the message and the fraction on."""
        self._report(message, fraction)

    def curve(self, row: Mapping[str, Any]) -> None:
        """Append a row to the live curves."""
        with (self._folder / CURVE).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(dict(row)) + "\n")

    def should_stop(self) -> bool:
        """Return ``False``: Control-C raises by itself."""
        return False


@contextlib.contextmanager
def interrupt_is_a_wish(note: Callable[[], None]) -> Iterator[None]:
    """Make the first interrupt (Ctrl-C, a notebook's stop button) a wish to stop; a second one interrupts.

    Outside of the main thread, which alone can be interrupted, nothing changes.

    Args:
        note: notes the wish. It must do no more: an interrupt comes in the middle of anything.
    """
    if current_thread() is not main_thread():
        yield
        return

    def wish(number: int, frame: FrameType | None) -> None:
        note()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, wish)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def read_curve(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of the live curves; a last line that is not whole yet is left out."""
    try:
        lines: Iterable[str] = (folder / CURVE).read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return []
    rows = []
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            rows.append(row)
    return rows
