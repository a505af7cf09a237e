"""Ctrl-C is answered within a second, whatever the command is doing: in one sentence, and with status 130.

Python takes note of a signal only between two steps of its own, and libraries can be long in one step. So a
thread hears of it too: it says what happens and, where the command does not end by itself, ends it. Nothing
is half written then: files are put in place whole, and the database takes back what was not finished.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

INTERRUPTED = 130
SENTENCE = "Interrupted; nothing is left half written."
_PATIENCE = 0.7
"""Seconds that a command has to end by itself: it leaves the terminal tidier."""


class _Interrupts:
    """What is known of Ctrl-C in this process."""

    def __init__(self) -> None:
        self.promise: str | None = None
        self.wished = False
        self.errors = 2
        self.said = threading.Lock()


_here = _Interrupts()


def listen() -> None:
    """Begin to answer Ctrl-C; called once, by the main thread, as the first thing."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        return  # Started in the background, where Ctrl-C is meant for others.
    # A copy: what libraries say on the real one is held back while they load.
    with contextlib.suppress(OSError):
        _here.errors = os.dup(2)
    hears, rings = os.pipe()
    os.set_blocking(rings, False)
    signal.signal(signal.SIGINT, _interrupt)
    signal.set_wakeup_fd(rings, warn_on_full_buffer=False)
    threading.Thread(target=_answer, args=(hears,), name="interrupts", daemon=True).start()


def _interrupt(number: int, frame: FrameType | None) -> None:
    if _here.promise is None:
        raise KeyboardInterrupt
    _here.wished = True


def _answer(hears: int) -> None:
    times = 0
    while True:
        times += os.read(hears, 1) == bytes([signal.SIGINT])
        if times > 1:
            end()
        elif _here.promise is not None:
            _here.wished = True
            _say(_here.promise)
        else:
            # A second one ends at once, so that nobody sleeps while it may come.
            threading.Timer(_PATIENCE, end).start()


@contextlib.contextmanager
def stopping_at_a_safe_point(promise: str) -> Iterator[None]:
    """Make the first Ctrl-C a wish, see ``wished``; a second one ends the command at once.

    Args:
        promise: the sentence that answers the first.
    """
    _here.promise = promise
    try:
        yield
    finally:
        _here.promise = None


def wished() -> bool:
    """Return whether somebody wished to stop."""
    return _here.wished


def acknowledge() -> None:
    """Note that the command itself has said that it was interrupted."""
    _here.said.acquire(blocking=False)


def end() -> None:
    """End the process, with a sentence unless one was said."""
    if _here.said.acquire(blocking=False):
        _say(SENTENCE)
    else:
        time.sleep(0.05)  # Whoever says it may not be done.
    os._exit(INTERRUPTED)


def _say(sentence: str) -> None:
    terminal = os.isatty(_here.errors)
    # On a terminal: over what is left of a progress bar, and with the cursor that it hid.
    before = "\r\x1b[2K\x1b[?25h" if terminal else ""
    with contextlib.suppress(OSError):
        os.write(_here.errors, f"{before}{sentence}\n".encode())
