"""A process that trains the trials of a sweep, one after another.

Started by ``running`` as ``python -m breakhis_core.sweeps.process NAME``. It ends when nothing waits,
when it is asked to stop, or when the process that started it is gone.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import traceback

import optuna
from optuna.storages import RDBStorage
from optuna.trial import Trial, TrialState

from breakhis_core.errors import InputError
from breakhis_core.progress import STOP, JobStopped
from breakhis_core.storage import database as db
from breakhis_core.sweeps import trial_queue
from breakhis_core.sweeps.request import SweepRequest, cells, kept_request, study_name
from breakhis_core.sweeps.trial import Asked, DivergedError, run_trial
from breakhis_core.sweeps.values import cell_text
from breakhis_core.training.data import TrainingData, load_training_data
from breakhis_core.workspace import Workspace

_NICENESS = 10


def main(name: str) -> int:
    """Train what waits.

    Returns:
        The exit status, 0 unless the images are not those of the study.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the one that started us; it tells us.
    os.nice(max(0, _NICENESS - os.nice(0)))  # Reviewers go first.
    workspace = Workspace.open()
    parent, stop = os.getppid(), trial_queue.sweep_folder(workspace, name) / STOP

    def should_stop() -> bool:
        return os.getppid() != parent or stop.exists()

    with trial_queue.storage_of(workspace) as storage:
        attributes = optuna.load_study(study_name=name, storage=storage).user_attrs
        request = kept_request(attributes["request"])
        study = trial_queue.load(storage, name, request)
        data = training_data(workspace, request)
        if study_name(request, data) != name:
            print("The images are not those that the study began with.", flush=True)
            return 1
        while not should_stop():
            trial = trial_queue.take(study, storage, request)
            if trial is None or not _train(workspace, storage, study, request, trial, data, should_stop):
                break
    return 0


def training_data(workspace: Workspace, request: SweepRequest) -> TrainingData:
    """Read the images and the split of a sweep."""
    base = request.base
    return load_training_data(
        workspace, base.data, base.unit, base.split_seed, base.exclude, base.improves, base.labels
    )


def _train(
    workspace: Workspace,
    storage: RDBStorage,
    study: optuna.Study,
    request: SweepRequest,
    trial: Trial,
    data: TrainingData,
    should_stop: Asked,
) -> bool:
    """Train one trial and write down what became of it; return whether to go on with the next."""
    folder = trial_queue.sweep_folder(workspace, study.study_name) / f"trial-{trial.number}"
    cell = cells(request)[int(trial.user_attrs["cell"])]
    print(f"{db.now()} trial {trial.number}: {cell_text(cell.values)}", flush=True)
    try:
        study.tell(trial.number, run_trial(request, trial, workspace, data, folder, should_stop))
        outcome = "trained"
    except JobStopped:
        trial_queue.put_back(storage, trial._trial_id)
        return False
    except optuna.TrialPruned:
        study.tell(trial.number, state=TrialState.PRUNED)
        outcome = "pruned"
    except Exception as error:
        known = isinstance(error, InputError | DivergedError)
        if not known:
            traceback.print_exc()
        outcome = str(error) if known else f"{type(error).__name__}: {error} (the log says where)"
        trial.set_user_attr("error", outcome)
        study.tell(trial.number, state=TrialState.FAIL)
    print(f"{db.now()} trial {trial.number}: {outcome}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    _forget_networks()
    return True


def _forget_networks() -> None:
    """Give back the memory of a trial's network: Keras keeps what a process built."""
    import keras

    keras.backend.clear_session()
    gc.collect()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
