"""A training process that kills itself: ``python -m tests.killing REQUEST FOLDER MOMENT``.

MOMENT is the number of a file operation that brings something to the disk (fsync, rename, replace), counted
from 1: the process dies by SIGKILL right before it when odd, right after it when even. These operations bring
shards of kept outputs, checkpoints and the run folder to the disk. 0 never dies.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from breakhis_core.progress import ConsoleContext
from breakhis_core.training.request import TrainRequest
from breakhis_core.training.train import train
from breakhis_core.workspace import Workspace

OPERATIONS = ("fsync", "rename", "replace")


def main(request: str, folder: str, moment: int) -> None:
    """Train and print how many operations that took."""
    done = 0

    def deadly(operation: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            nonlocal done
            done += 1
            if done == moment and moment % 2:
                os.kill(os.getpid(), signal.SIGKILL)
            answer = operation(*arguments, **more)
            if done == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        return call

    workspace = Workspace.open()
    for name in OPERATIONS:
        setattr(os, name, deadly(getattr(os, name)))
    run = train(
        TrainRequest.model_validate_json(request), workspace, ConsoleContext(Path(folder), lambda *_: None)
    )
    print(json.dumps({"run": run.name, "operations": done}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
