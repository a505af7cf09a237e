"""One look a second at the jobs: what died is marked, and what waits starts, whoever submitted it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from breakhis_core.errors import UnavailableError
from breakhis_core.jobs import starting
from breakhis_core.workspace import Workspace

EVERY = 1.0
"""Seconds between two looks. One is a small query where nothing runs or waits."""

_LOG = logging.getLogger(__name__)


@contextmanager
def watching(workspace: Callable[[], Workspace], every: float = EVERY) -> Iterator[None]:
    """Look after the jobs of a workspace while the block runs, as a server does while it lives.

    Args:
        workspace: gives the workspace; while it cannot, nothing is looked at.
        every: seconds between two looks.
    """
    over = Event()

    def look() -> None:
        while not over.is_set():
            try:
                starting.notice(workspace())
            except (UnavailableError, OSError):
                pass  # Whoever looks at a screen is told; the next look may find it well again.
            except Exception:
                _LOG.exception("Looking after the jobs failed; it is tried again.")
            over.wait(every)

    watch = Thread(target=look, name="job-watch", daemon=True)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()
