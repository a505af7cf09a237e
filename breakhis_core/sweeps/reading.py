"""Read the studies and trials of sweeps from the database, without loading Optuna.

The tables are Optuna's, which is pinned; a test holds what is read here to what Optuna itself says.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, inspect, text

from breakhis_core.errors import InputError
from breakhis_core.sweeps.request import Cell, SweepRequest, cells, kept_request
from breakhis_core.workspace import Workspace

RUNNER_LOCK = "runner.lock"
TrialState = Literal["waiting", "running", "finished", "pruned", "failed"]
_STATES: dict[str, TrialState] = {
    "WAITING": "waiting",
    "RUNNING": "running",
    "COMPLETE": "finished",
    "PRUNED": "pruned",
    "FAIL": "failed",
}


@dataclass(frozen=True)
class Trial:
    """The training of a cell with one seed.

    Attributes:
        number: its place in the line.
        cell: number of its cell.
        repeat: 0 for the recipe's seed, and one more for each further.
        state: waiting, running, finished, pruned, or failed.
        value: the metric after the last epoch; None unless finished.
        curve: the metric after each epoch.
        history: rows of loss and accuracy by epoch.
        answers: most probable sub-type of each validation image, one digit an image; empty unless finished.
        error: why it failed, or None.
        seconds: what its epochs took; None unless finished.
    """

    number: int
    cell: int
    repeat: int
    state: TrialState
    value: float | None
    curve: dict[int, float]
    history: list[dict[str, Any]]
    answers: str
    error: str | None
    seconds: float | None

    @property
    def done(self) -> bool:
        """Whether nothing more is trained for it."""
        return self.state in ("finished", "pruned", "failed")

    def share(self, epochs: int) -> float:
        """Return how much of it is done, 0 to 1."""
        return 1.0 if self.done else min(1.0, max(self.curve, default=0) / epochs)


@dataclass(frozen=True)
class Study:
    """A study as it is now.

    Attributes:
        name: as ``sweeps.study_name`` made it.
        created: ISO 8601, UTC.
        request: what is tried.
        facts: unit, split_seed, phantom, images and cases of train and validation, labels and cases of the
            validation images, the commonest sub-type of the training images (not in sweeps of before).
        trials: the newest of each cell and seed, in the order of the grid.
        running: whether a process of this machine runs it.
    """

    name: str
    created: str
    request: SweepRequest
    facts: dict[str, Any]
    trials: tuple[Trial, ...]
    running: bool

    @cached_property
    def cells(self) -> list[Cell]:
        """The cells of its grid."""
        return cells(self.request)

    def of(self, cell: int) -> list[Trial]:
        """Return the trials of a cell, by seed."""
        return [trial for trial in self.trials if trial.cell == cell]

    def epochs(self, trial: Trial) -> int:
        """Return the epochs of a trial when it is whole."""
        return self.cells[trial.cell].recipe.main_epochs

    @property
    def done(self) -> bool:
        """Whether nothing is left to train; what failed may be tried again."""
        return all(trial.done for trial in self.trials)


def list_studies(workspace: Workspace) -> list[Study]:
    """Return all studies, newest first; what another program keeps in Optuna's tables is left out."""
    with workspace.engine.connect() as connection:
        if not inspect(connection).has_table("studies"):
            return []
        names = connection.execute(text("SELECT study_id, study_name FROM studies ORDER BY study_id DESC"))
        found = [_study(workspace, connection, number, name) for number, name in names.all()]
    return [study for study in found if study is not None]


def load_study(workspace: Workspace, name: str) -> Study:
    """Return a study as it is now.

    Raises:
        InputError: there is no such study.
    """
    with workspace.engine.connect() as connection:
        if inspect(connection).has_table("studies"):
            query = text("SELECT study_id FROM studies WHERE study_name = :name")
            number = connection.execute(query, {"name": name}).scalar()
            study = None if number is None else _study(workspace, connection, number, name)
            if study is not None:
                return study
    raise InputError(f"{name}: there is no such sweep.")


def remove_study(workspace: Workspace, name: str) -> None:
    """Remove a study with all its trials, and what it keeps on disk.

    Raises:
        InputError: there is no such study, or it is running.
    """
    study = load_study(workspace, name)
    if study.running:
        raise InputError(f"{name} is running; stop it first.")
    import optuna

    from breakhis_core.sweeps.trial_queue import storage_of, sweep_folder

    with storage_of(workspace) as storage:
        optuna.delete_study(study_name=name, storage=storage)
    shutil.rmtree(sweep_folder(workspace, name), ignore_errors=True)


def is_running(workspace: Workspace, name: str) -> bool:
    """Return whether a process of this machine runs a study; the kernel frees its lock however it dies."""
    try:
        handle = os.open(workspace.root / "sweeps" / name / RUNNER_LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        # By hand: several may ask at once, and filelock knows no shared locks.
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _study(workspace: Workspace, connection: Connection, number: int, name: str) -> Study | None:
    query = text("SELECT key, value_json FROM study_user_attributes WHERE study_id = :study")
    about = {key: json.loads(value) for key, value in connection.execute(query, {"study": number})}
    if "request" not in about:
        return None
    request = kept_request(about["request"])
    newest = {(trial.cell, trial.repeat): trial for trial in _trials(connection, number)}
    trials = tuple(newest[key] for key in sorted(newest))
    return Study(name, about["created"], request, about["facts"], trials, is_running(workspace, name))


def _trials(connection: Connection, study: int) -> list[Trial]:
    rows = connection.execute(
        text("SELECT trial_id, number, state FROM trials WHERE study_id = :study ORDER BY number"),
        {"study": study},
    ).all()
    chosen = [row.trial_id for row in rows]
    attributes: dict[int, dict[str, Any]] = defaultdict(dict)
    for trial, key, value in _of_trials(connection, "trial_user_attributes", ("key", "value_json"), chosen):
        attributes[trial][key] = json.loads(value)
    curves: dict[int, dict[int, float]] = defaultdict(dict)
    columns = ("step", "intermediate_value")
    for trial, step, value in _of_trials(connection, "trial_intermediate_values", columns, chosen):
        if value is not None:
            curves[trial][step] = value
    values = dict(_of_trials(connection, "trial_values", ("value",), chosen))
    found = []
    for row in rows:
        about, state = attributes[row.trial_id], _STATES[row.state]
        if "cell" not in about:
            continue
        found.append(
            Trial(
                row.number,
                int(about["cell"]),
                int(about["repeat"]),
                state,
                values.get(row.trial_id) if state == "finished" else None,
                dict(sorted(curves[row.trial_id].items())),
                list(about.get("history", [])),
                str(about.get("answers", "")),
                about.get("error"),
                about.get("seconds"),
            )
        )
    return found


def _of_trials(
    connection: Connection, table: str, columns: Sequence[str], trials: Sequence[int]
) -> list[Any]:
    names = ", ".join(f'"{column}"' for column in ("trial_id", *columns))
    query = text(f"SELECT {names} FROM {table} WHERE trial_id IN :trials")
    return list(connection.execute(query.bindparams(bindparam("trials", expanding=True)), {"trials": trials}))
