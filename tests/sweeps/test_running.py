"""A real sweep in processes of its own, killed on its way."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from breakhis_core.errors import InputError
from breakhis_core.progress import JobStopped
from breakhis_core.sweeps import running
from breakhis_core.sweeps.reading import Study, load_study
from breakhis_core.sweeps.request import SweepRequest, new_request, study_name
from breakhis_core.sweeps.results import best_cell, cell_table
from breakhis_core.training.data import load_training_data
from breakhis_core.training.request import TrainRequest
from breakhis_core.workspace import Workspace
from tests.sweeps.sweep_studies import optunas
from tests.training.fixtures_ml import TINY, Watching

EPOCHS = 25
RUN = """
import json, sys
from pathlib import Path
from breakhis_core.progress import ConsoleContext
from breakhis_core.sweeps.request import SweepRequest
from breakhis_core.sweeps.running import run_sweep
from breakhis_core.workspace import Workspace
workspace = Workspace.open()
context = ConsoleContext(workspace.jobs / "test", lambda message, fraction: None)
print(run_sweep(SweepRequest.model_validate_json(sys.argv[1]), workspace, context, 2))
"""


def a_sweep(**about: Any) -> SweepRequest:
    recipe = TINY.model_copy(update={"epochs": EPOCHS})
    base = TrainRequest(recipe=recipe, data=1, unit="image", weights="none")
    return new_request(base, "grid", {"learning_rate": [0.01, 0.001, 0.0001]}, prune=False, **about)


@pytest.fixture
def start() -> Iterator[Callable[[SweepRequest], subprocess.Popen[str]]]:
    """Return a function that runs a sweep in a process of its own; none outlives the test."""
    started: list[subprocess.Popen[str]] = []

    def run(request: SweepRequest) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", RUN, request.model_dump_json()]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield run
    for process in started:
        process.kill()


def until(workspace: Workspace, name: str, true: Any) -> Study:
    end = time.monotonic() + 600
    while time.monotonic() < end:
        try:
            study = load_study(workspace, name)
        except InputError:
            study = None
        if study is not None and true(study):
            return study
        time.sleep(0.1)
    raise AssertionError("it does not come")


def test_a_sweep_killed_on_its_way_trains_every_cell_once_and_never_looks_at_test(
    workspace: Workspace, pictures: Any, start: Any
) -> None:
    request = a_sweep(metric="macro_f1")
    data = load_training_data(workspace, 1, "image", 0)
    for image in data.hashes("test"):
        data.files[image].unlink()
    name = study_name(request, data)
    first = start(request)
    before = until(workspace, name, lambda study: any(len(trial.curve) >= 2 for trial in study.trials))
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    again = start(request)
    out, errors = again.communicate(timeout=600)
    assert again.returncode == 0, errors
    assert out.strip() == name
    study = load_study(workspace, name)
    assert [trial.state for trial in study.trials] == ["finished"] * 3
    assert len(optunas(workspace, name)) == 3
    for trial in study.trials:
        assert [row["epoch"] for row in trial.history] == list(range(1, EPOCHS + 1))
        assert list(trial.curve) == list(range(1, EPOCHS + 1))
        assert trial.value == trial.curve[EPOCHS] == trial.history[-1]["macro_f1"]
        assert len(trial.answers) == len(data.hashes("validation"))
        # What was said before the kill stands: the training went on behind it.
        said = {one.number: one.curve for one in before.trials}[trial.number]
        assert {epoch: trial.curve[epoch] for epoch in said} == said
    table = cell_table(study)
    best = best_cell(study)
    assert best is not None
    assert table["value"][best.number] == max(table["value"])
    assert list(workspace.models.iterdir()) == []
    assert [file.name for file in (workspace.root / "sweeps" / name).glob("trial-*")] == []


def test_a_process_that_is_killed_is_replaced_and_the_sweep_can_be_stopped(
    workspace: Workspace, pictures: Any, tmp_path: Path
) -> None:
    request = a_sweep()
    name = study_name(request, load_training_data(workspace, 1, "image", 0))
    killed: list[int] = []

    class Killing(Watching):
        """Kills the first process that is seen training, and stops once another one trains."""

        def should_stop(self) -> bool:
            under_way = [one for one in optunas(workspace, name) if one.state.name == "RUNNING"]
            pids = {one.user_attrs.get("pid") for one in under_way if one.intermediate_values} - {None}
            if pids and not killed:
                killed.append(pids.pop())
                os.kill(killed[0], signal.SIGKILL)
            return bool(killed and pids - set(killed))

    context = Killing(tmp_path / "job")
    with pytest.raises(JobStopped):
        running.run_sweep(request, workspace, context, 1)
    trials = optunas(workspace, name)
    assert len(trials) == 3
    assert {trial.state.name for trial in trials} <= {"WAITING", "COMPLETE"}
    assert [trial.user_attrs.get("deaths", 0) for trial in trials] == [1, 0, 0]


def test_what_is_wrong_is_said_before_anything_is_trained(
    workspace: Workspace, pictures: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = Watching(tmp_path / "job")
    with pytest.raises(InputError, match="1 to 64 processes, not 0"):
        running.run_sweep(a_sweep(), workspace, context, 0)
    monkeypatch.setattr("breakhis_core.training.data.TrainingData.hashes", lambda data, part: [])
    with pytest.raises(InputError, match="No image is left to measure on"):
        running.run_sweep(a_sweep(), workspace, context, 1)


def test_processes_that_end_at_once_do_not_start_for_ever(
    workspace: Workspace, pictures: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running.sys, "executable", shutil.which("false"))
    with pytest.raises(InputError, match="The processes of this sweep end at once"):
        running.run_sweep(a_sweep(), workspace, Watching(tmp_path / "job"), 2)


def test_processes_are_as_many_as_cores_and_memory_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 10 * 10**9 // 4096}
    monkeypatch.setattr(running.os, "sysconf", sizes.__getitem__)
    for cores, expected in [(1, 1), (2, 1), (4, 2), (64, 3)]:
        monkeypatch.setattr(running, "_cores", lambda cores=cores: cores)
        assert running.usual_processes() == expected
