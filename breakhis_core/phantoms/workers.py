"""What every worker process of a pool does first."""

from __future__ import annotations

import multiprocessing
import os
from threading import Thread


def end_with_parent() -> None:
    """Watch the process that started this one and end when it ends, however it does.

    A pool's workers wait for work for ever when their parent is killed; they would go on with what is queued
    and stay.
    """
    Thread(target=_watch, name="parent-watch", daemon=True).start()


def _watch() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
