"""The process of one job: ``python -m breakhis_core.jobs.process ID``, started by ``starting``."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any

from sqlalchemy import select, update

from breakhis_core.errors import InputError
from breakhis_core.jobs import folder, starting
from breakhis_core.jobs.work import WORK
from breakhis_core.progress import JobContext, JobStopped
from breakhis_core.storage import database as db
from breakhis_core.storage import tables
from breakhis_core.workspace import Workspace

_NICENESS = 10


def main(job: int) -> int:
    """Do the job, write down how it ended, and start the next one in line.

    Returns:
        The exit status: 0 when it finished or was stopped.
    """
    _keep_lock_to_ourselves()
    os.nice(_NICENESS)  # Reviewers go first.
    workspace = Workspace.open()
    with workspace.engine.connect() as connection:
        row = connection.execute(select(tables.jobs).where(tables.jobs.c.id == job)).one()
    if row.state != "running":
        return 1
    print(f"{db.now()} job {job}: {row.kind}, attempt {row.attempt}", flush=True)
    context = JobContext(folder.job_folder(workspace, job))
    end: dict[str, Any]
    try:
        end = {"state": "finished", "result": WORK[row.kind](workspace, row.arguments, context)}
    except JobStopped:
        end = {"state": "stopped"}
    except InputError as error:
        end = {"state": "failed", "error": str(error)}
    except Exception as error:
        traceback.print_exc()
        end = {"state": "failed", "error": f"{type(error).__name__}: {error} (the log says where)"}
    context.close()
    print(f"{db.now()} {end['state']}", end.get("error", ""), flush=True)
    with db.writing(workspace.engine, "jobs") as connection:
        connection.execute(
            update(tables.jobs).where(tables.jobs.c.id == job).values(ended=db.now(), pid=None, **end)
        )
    starting.start_queued(workspace)
    return 0 if end["state"] in ("finished", "stopped") else 1


def _keep_lock_to_ourselves() -> None:
    """Keep the lock, which says that this process lives, from its children: they may outlive it."""
    held = [int(os.environ.pop(starting.LOCK_VARIABLE))]
    os.set_inheritable(held[0], False)

    def let_go() -> None:
        while held:
            os.close(held.pop())

    os.register_at_fork(after_in_child=let_go)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
