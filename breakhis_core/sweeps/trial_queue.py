"""The trials of a sweep in our database, by Optuna: who takes which cell, and what becomes of it.

All trials of a study are in line before the first one is trained, so that processes only take what waits. A
trial whose process died goes back in line, the same row: none is lost, and none counts twice.
"""

from __future__ import annotations

import logging
import math
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock
from optuna.storages import RDBStorage
from optuna.trial import Trial, TrialState

from breakhis_core.storage import database as db
from breakhis_core.sweeps.request import Cell, SweepRequest, cells
from breakhis_core.workspace import Workspace

SILENT_AFTER = 180.0
"""A trial on another machine that says nothing for so many seconds counts as dead."""
DEATHS = 3
"""After so many processes died over it, a trial has failed."""

optuna.logging.set_verbosity(optuna.logging.WARNING)
logging.getLogger("alembic").setLevel(logging.WARNING)


def open_storage(workspace: Workspace) -> RDBStorage:
    """Open Optuna's storage in the workspace's database; its tables are made when they are not there."""
    url = workspace.engine.url.render_as_string(hide_password=False)
    sqlite = workspace.engine.dialect.name == "sqlite"
    options: dict[str, Any] = {"connect_args": {"timeout": 30}} if sqlite else {"pool_pre_ping": True}
    with _alone(workspace):
        # Optuna fills braces in an address as a template.
        storage = RDBStorage(url.replace("{", "{{").replace("}", "}}"), engine_kwargs=options)
    if sqlite:
        # SQLite knows no SELECT FOR UPDATE, on which Optuna relies: let every transaction be the only one.
        storage.remove_session()
        storage.engine.dispose()
        db.prepare_sqlite(storage.engine)
        storage.engine.update_execution_options(writing=True)
    return storage


@contextmanager
def storage_of(workspace: Workspace) -> Iterator[RDBStorage]:
    """Open the storage, and close its connections behind the work."""
    storage = open_storage(workspace)
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def put_in_line(
    workspace: Workspace, storage: RDBStorage, name: str, request: SweepRequest, facts: dict[str, Any]
) -> None:
    """Create a study, or complete one that is there: every trial that is not done, under way or waiting.

    Trials that failed are put in line once more, as new ones.

    Args:
        workspace: whose database it is.
        storage: from `open_storage`.
        name: of the study, from ``sweeps.study_name``.
        request: the sweep.
        facts: what readers need to know of the data, in JSON's types; kept from the first call.
    """
    with _alone(workspace):
        study = optuna.create_study(
            storage=storage, study_name=name, direction="maximize", load_if_exists=True
        )
        if "request" not in study.user_attrs:
            study.set_user_attr("created", db.now())
            study.set_user_attr("facts", facts)
            study.set_user_attr("request", request.model_dump(mode="json"))
        there = {
            (trial.user_attrs.get("cell"), trial.user_attrs.get("repeat"))
            for trial in study.get_trials(deepcopy=False)
            if trial.state != TrialState.FAIL
        }
        for repeat in range(request.seeds):
            for cell in spread_out(cells(request)):
                if (cell.number, repeat) not in there:
                    study.enqueue_trial(cell.values, {"cell": cell.number, "repeat": repeat})


def spread_out(some: list[Cell]) -> list[Cell]:
    """Return cells in an order that covers the grid early: what pruning compares with is not all of one edge.

    Steps through the cells by about the golden section of their number, which visits each exactly once.
    """
    count = len(some)
    step = max(1, round(count * 0.618))
    while math.gcd(step, count) != 1:
        step += 1
    return [some[at * step % count] for at in range(count)]


def load(storage: RDBStorage, name: str, request: SweepRequest) -> optuna.Study:
    """Open a study for work, with its pruner: below the median of the finished trials after a third."""
    if request.prune:
        warm = max(2, math.ceil(request.base.recipe.main_epochs / 3))
        pruner: optuna.pruners.BasePruner = optuna.pruners.MedianPruner(
            n_startup_trials=4, n_warmup_steps=warm, n_min_trials=4
        )
    else:
        pruner = optuna.pruners.NopPruner()
    sampler = optuna.samplers.RandomSampler(seed=0)  # Never asked: every trial's values stand already.
    return optuna.load_study(study_name=name, storage=storage, pruner=pruner, sampler=sampler)


def take(study: optuna.Study, storage: RDBStorage, request: SweepRequest) -> Trial | None:
    """Take the next trial in line; of several processes exactly one gets it."""
    for waiting in study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
        number = waiting._trial_id  # Optuna offers no public way to it.
        try:
            if not storage.set_trial_state_values(number, TrialState.RUNNING):
                continue
        except optuna.exceptions.UpdateFinishedTrialError:
            continue
        for key, value in (("host", socket.gethostname()), ("pid", os.getpid()), ("beat", db.now())):
            storage.set_trial_user_attr(number, key, value)
        trial = Trial(study, number)
        for field, choices in request.grid.items():
            trial.suggest_categorical(
                field, choices
            )  # Writes the values down for readers of Optuna's tables.
        return trial
    return None


def put_back(storage: RDBStorage, trial: int) -> None:
    """Put a trial that is under way back in line."""
    storage.set_trial_state_values(trial, TrialState.WAITING)


def put_back_the_dead(study: optuna.Study, storage: RDBStorage, pid: int | None = None) -> int:
    """Put back what died with its process.

    Args:
        study: from `load`.
        storage: from `open_storage`.
        pid: of a process of this machine that is known to be dead; None when all of this machine are.

    Returns:
        How many trials were put back or, when they killed too many processes, have failed.
    """
    count = 0
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        about = trial.user_attrs
        here = about.get("host", socket.gethostname()) == socket.gethostname()
        if pid is not None and not (here and about.get("pid") == pid):
            continue
        if not here and not _silent(str(about.get("beat", ""))):
            continue
        count += 1
        deaths = int(about.get("deaths", 0)) + (pid is not None)
        storage.set_trial_user_attr(trial._trial_id, "deaths", deaths)
        if deaths >= DEATHS:
            reason = f"Its process died {deaths} times; it may have run out of memory."
            storage.set_trial_user_attr(trial._trial_id, "error", reason)
            study.tell(trial.number, state=TrialState.FAIL)
        else:
            put_back(storage, trial._trial_id)
    return count


def _silent(beat: str) -> bool:
    try:
        said = datetime.fromisoformat(beat.replace("Z", "+00:00"))
    except ValueError:
        return True
    return datetime.now(UTC) - said > timedelta(seconds=SILENT_AFTER)


@contextmanager
def _alone(workspace: Workspace) -> Iterator[None]:
    """Let one process at a time change which studies and trials there are."""
    with FileLock(workspace.root / "sweeps.lock"):
        if workspace.engine.dialect.name == "postgresql":
            with db.writing(workspace.engine, "sweeps"):  # Other machines may share this database.
                yield
        else:
            yield


def sweep_folder(workspace: Workspace, name: str) -> Path:
    """Return the folder of a study's locks, log and checkpoints."""
    return workspace.root / "sweeps" / name
