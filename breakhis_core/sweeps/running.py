"""Run a sweep: put its trials in line, let processes train them, and say how far they are.

Killed at any moment, with or without its processes, the same call goes on: the database says which trials are
done, and what was under way goes back in line. TensorFlow is loaded by the processes only.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.storages import RDBStorage

from breakhis_core.errors import InputError
from breakhis_core.progress import STOP, Context, JobStopped, stop_if_asked
from breakhis_core.results.baselines import commonest
from breakhis_core.settings import PROJECT
from breakhis_core.storage.whole_files import write_atomically
from breakhis_core.sweeps import reading, trial_queue
from breakhis_core.sweeps.process import training_data
from breakhis_core.sweeps.request import SweepRequest, study_name
from breakhis_core.training.data import TrainingData
from breakhis_core.workspace import Workspace

LOG = "log.txt"
_MEMORY_OF_ONE = 3 * 10**9
_LOOK_EVERY = 0.5
_ORPHANS_END = 120.0
_EARLY_DEATHS = 3
_THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")


def usual_processes() -> int:
    """Return how many processes a sweep has when nobody says: two cores and 3 GB of memory for each."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, min(_cores() // 2, memory // _MEMORY_OF_ONE))


def run_sweep(
    request: SweepRequest, workspace: Workspace, context: Context, processes: int | None = None
) -> str:
    """Run a sweep, or go on with it where it was left.

    Args:
        request: what to try; the same request on the same images is the same study.
        workspace: whose database has the trials.
        context: told about progress, and asked whether to stop.
        processes: trainings at the same time; by default `usual_processes`.

    Returns:
        The study's name.

    Raises:
        InputError: something given cannot be used, or this study is running already.
        JobStopped: asked to stop.
    """
    if processes is not None and not 1 <= processes <= 64:
        raise InputError(f"A sweep can have 1 to 64 processes, not {processes}.")
    context.report("Preparing: reading the catalogue", 0.0, phase="preparing")
    data = training_data(workspace, request)
    facts = _facts(data)
    name = study_name(request, data)
    folder = trial_queue.sweep_folder(workspace, name)
    folder.mkdir(parents=True, exist_ok=True)
    with (
        running_alone(folder, name) as workers,
        trial_queue.storage_of(workspace) as storage,
    ):
        _wait_for_orphans(workers, folder, context)
        (folder / STOP).unlink(missing_ok=True)
        context.report("Preparing: putting the trainings in line", 0.0, phase="preparing")
        trial_queue.put_in_line(workspace, storage, name, request, facts)
        study = trial_queue.load(storage, name, request)
        trial_queue.put_back_the_dead(study, storage)
        _Crew(workspace, storage, study, context, workers, processes or usual_processes()).work()
    return name


class _Crew:
    """The processes of one sweep."""

    def __init__(
        self,
        workspace: Workspace,
        storage: RDBStorage,
        study: optuna.Study,
        context: Context,
        lock: int,
        size: int,
    ) -> None:
        self._workspace, self._storage, self._study = workspace, storage, study
        self._context, self._lock, self._size = context, lock, size
        self._name = study.study_name
        self._folder = trial_queue.sweep_folder(workspace, self._name)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._early_deaths = 0

    def work(self) -> None:
        """Keep the processes going until nothing waits, and say how far they are."""
        try:
            while True:
                now = reading.load_study(self._workspace, self._name)
                self._tell(now)
                waiting = sum(trial.state == "waiting" for trial in now.trials)
                self._reap()
                if self._context.should_stop():
                    self._stop()
                    raise JobStopped
                while len(self._processes) < min(self._size, len(self._processes) + waiting):
                    self._processes.append(self._start())
                    waiting -= 1
                if not self._processes and not waiting:
                    return
                time.sleep(_LOOK_EVERY)
        finally:
            for process in self._processes:
                process.kill()  # Only when something went wrong here: else none is left.

    def _start(self) -> subprocess.Popen[bytes]:
        threads = str(max(1, _cores() // self._size))
        environment = {
            **os.environ,
            **self._workspace.settings.environment(),
            **dict.fromkeys(_THREADS, threads),
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
            "PYTHONPATH": os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH")))),
            "PYTHONUNBUFFERED": "1",
        }
        with (self._folder / LOG).open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "breakhis_core.sweeps.process", self._name],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Held as long as one of them lives, whatever becomes of this process.
                pass_fds=(self._lock,),
            )

    def _reap(self) -> None:
        ended = [process for process in self._processes if process.poll() is not None]
        self._processes = [process for process in self._processes if process.returncode is None]
        for process in ended:
            if process.returncode == 0:
                continue
            if not trial_queue.put_back_the_dead(self._study, self._storage, process.pid):
                self._early_deaths += 1
            if self._early_deaths >= _EARLY_DEATHS:
                raise InputError(f"The processes of this sweep end at once: {last_words(self._folder)}")

    def _stop(self) -> None:
        write_atomically(self._folder / STOP, b"")
        self._context.report("Stopping: whole epochs are kept", None)
        while self._processes:
            self._reap()
            time.sleep(_LOOK_EVERY)

    def _tell(self, now: reading.Study) -> None:
        done = sum(trial.done for trial in now.trials)
        share = sum(trial.share(now.epochs(trial)) for trial in now.trials) / max(1, len(now.trials))
        under_way = [trial for trial in now.trials if trial.state == "running"]
        words = f"{done} of {len(now.trials)} trainings done"
        beginning = [trial for trial in under_way if not trial.curve]
        if under_way and len(beginning) == len(under_way):
            words += ", preparing the next: the first step takes longest" if done else " · preparing"
        elif under_way:
            words += f", {len(under_way)} under way"
        self._context.report(words, min(share, 0.999), done=done, total=len(now.trials), study=self._name)


def last_words(folder: Path) -> str:
    """Return the last line that a process of a sweep printed."""
    try:
        lines = (folder / LOG).read_text("utf-8", errors="replace")[-4000:].strip().splitlines()
    except OSError:
        lines = []
    return lines[-1] if lines else "their log is empty."


@contextmanager
def running_alone(folder: Path, name: str) -> Iterator[int]:
    """Hold a study as the only one that runs it.

    Yields:
        A handle of the lock that the study's processes hold.

    Raises:
        InputError: it is running already.
    """
    # By hand: the study's processes inherit the second lock, and the first is asked for as a shared one.
    runner = os.open(folder / reading.RUNNER_LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    workers = os.open(folder / "workers.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(runner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"The sweep {name} is running already.") from None
        yield workers
    finally:
        os.close(runner)
        os.close(workers)


def _wait_for_orphans(workers: int, folder: Path, context: Context) -> None:
    """Wait until the processes of an earlier call, which notice that it is gone, have ended."""
    deadline = time.monotonic() + _ORPHANS_END
    while True:
        try:
            fcntl.flock(workers, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            stop_if_asked(context)
            context.report("Preparing: waiting for the processes of before to end", 0.0, phase="preparing")
            write_atomically(folder / STOP, b"")
        if time.monotonic() > deadline:
            raise InputError("Processes of an earlier call of this sweep do not end; end them by hand.")
        time.sleep(_LOOK_EVERY)


def _facts(data: TrainingData) -> dict[str, Any]:
    """Return what the screens need to know of the data, so that they need not read the images again."""
    validation = data.hashes("validation")
    if not validation:
        raise InputError("No image is left to measure on: the validation part of this split is empty.")
    of = data.images.set_index("hash")["case"]
    cases, places = np.unique(of.loc[validation].to_numpy(dtype=str), return_inverse=True)
    train = data.hashes("train")
    return {
        "unit": data.split.unit,
        "split_seed": data.split.seed,
        "phantom": data.phantom,
        "train_images": len(train),
        "train_cases": int(of.loc[train].nunique()),
        "validation_images": len(validation),
        "validation_cases": len(cases),
        "labels": "".join(map(str, data.labels(validation))),
        "cases": places.tolist(),
        "commonest": commonest(data.images.set_index("hash")["subtype"].loc[train]),
    }


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
