"""Killed at any moment, again and again, a training ends with the weights of an undisturbed one, bit by bit.

By default three kills: while outputs of the frozen part are kept, while a checkpoint is
written, while the run is published. ``BREAKHIS_KILLS=20`` makes twenty, half of them at random moments.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from breakhis_core.images import datasets
from breakhis_core.images.catalogue import Catalogue
from breakhis_core.runs import Run, open_run
from breakhis_core.settings import Settings
from breakhis_core.training.request import TrainRequest
from breakhis_core.workspace import Workspace
from tests.training.fixtures_ml import TINY, Small

KILLS = int(os.environ.get("BREAKHIS_KILLS", "3"))
REQUEST = TrainRequest(recipe=TINY, weights="none", unit="image")
# Two operations a shard (train, validation) and a checkpoint (three epochs), then the run's files;
# each call counts from 1, and what was kept before is not written again.
SHARD, CHECKPOINT, PUBLISHING = 1, 5, 14


def test_killed_at_any_moment_it_ends_with_the_same_run(small: Small, tmp_path: Path) -> None:
    dice = random.Random(KILLS)
    settings = Settings(workspace=tmp_path / "w", models=tmp_path / "m", data=None, database_url=None)
    workspace = Workspace.open(settings)
    none = pd.DataFrame(columns=["path", "kind", "reason"])
    root = small.workspace.root.parent / "pictures"
    datasets.save_catalogue(workspace, Catalogue(root, small.images, none, phantom=True))
    moments: list[int | float] = [SHARD, CHECKPOINT, PUBLISHING]
    while len(moments) < KILLS:
        moments.append(dice.randint(1, PUBLISHING) if len(moments) % 2 else dice.uniform(0.5, 20.0))
    killed: list[int | float] = []
    trainings = 0
    while moments:
        trainings += 1
        request = REQUEST.model_copy(update={"name": f"killed-{trainings}"})
        job = tmp_path / f"job-{trainings}"
        while (told := attempt(settings, request, job, moments[0] if moments else 0)) is None:
            killed.append(moments.pop(0))
            print(f"killed at {killed[-1]}, training {trainings}", flush=True)
        if moments and trainings > 2 * KILLS:
            raise AssertionError(f"these moments never came: {moments}")
        assert_same(open_run(settings.models / told["run"]), small.run)
        # The next training computes everything again.
        for store in workspace.features.glob("*/*.npz"):
            store.unlink()
        if moments and isinstance(moments[0], float):
            moments[0] *= 0.7  # It ended before: this machine is faster.
    assert len(killed) == KILLS
    print(f"{KILLS} kills, {trainings} trainings, all with the weights of the undisturbed one")


def attempt(
    settings: Settings, request: TrainRequest, job: Path, moment: int | float
) -> dict[str, Any] | None:
    """Train or go on; an integer is a moment of `tests.killing`, another number seconds. None when killed."""
    at = moment if isinstance(moment, int) else 0
    command = [
        sys.executable,
        "-m",
        "tests.training.killing",
        request.model_dump_json(),
        str(job),
        str(at),
    ]
    process = subprocess.Popen(
        command,
        cwd=Path(__file__).parents[2],
        env={**os.environ, **settings.environment(), "TF_CPP_MIN_LOG_LEVEL": "3"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        out, _ = process.communicate(timeout=None if isinstance(moment, int) else moment)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        out, _ = process.communicate()
    if process.returncode == -signal.SIGKILL:
        return None
    assert process.returncode == 0
    return dict(json.loads(out.splitlines()[-1]))


def assert_same(run: Run, other: Run) -> None:
    import keras

    columns = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"]
    assert run.history()[columns].equals(other.history()[columns])
    assert run.predictions().equals(other.predictions())
    np.testing.assert_array_equal(run.class_maps(), other.class_maps())
    models = [keras.models.load_model(each.model_file, compile=False) for each in (run, other)]
    for one, two in zip(*(model.variables for model in models), strict=True):
        np.testing.assert_array_equal(one, two, err_msg=one.path)
