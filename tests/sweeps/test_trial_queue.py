"""Trials in the database: nobody takes one twice, none is lost, and readers see what Optuna says."""

import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from sqlalchemy import text

from breakhis_core.errors import InputError
from breakhis_core.sweeps import reading, trial_queue
from breakhis_core.sweeps.reading import list_studies, load_study, remove_study
from breakhis_core.sweeps.request import cells
from breakhis_core.workspace import Workspace
from tests.sweeps.sweep_studies import FACTS, a_request, optunas, play, put

TAKER = """
import sys
from breakhis_core.sweeps import trial_queue
from breakhis_core.sweeps.reading import load_study
from breakhis_core.workspace import Workspace
workspace = Workspace.open()
request = load_study(workspace, "s").request
with trial_queue.storage_of(workspace) as storage:
    study = trial_queue.load(storage, "s", request)
    print("ready", flush=True)
    sys.stdin.readline()
    while (trial := trial_queue.take(study, storage, request)) is not None:
        trial.report(0.5, 1)
        study.tell(trial.number, 0.5)
        print(trial.user_attrs["cell"], flush=True)
"""


def test_every_trial_is_in_line_once_however_often_it_is_put_there(any_workspace):
    request = a_request(seeds=2)
    for _ in range(2):
        put(any_workspace, "s", request)
    study = load_study(any_workspace, "s")
    assert [(trial.cell, trial.repeat) for trial in study.trials] == [
        (cell, repeat) for cell in range(4) for repeat in range(2)
    ]
    assert {trial.state for trial in study.trials} == {"waiting"}
    assert len(optunas(any_workspace, "s")) == 8
    assert (study.request, study.facts) == (request, FACTS)


def test_processes_that_take_at_the_same_time_never_take_the_same(any_workspace):
    request = a_request({"learning_rate": [0.1 / 2**k for k in range(6)], "decay": [1, 0.9]})
    put(any_workspace, "s", request)
    takers = [
        subprocess.Popen(
            [sys.executable, "-c", TAKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for taker in takers:
        assert taker.stdout is not None
        assert taker.stdout.readline() == "ready\n"
    for taker in takers:
        assert taker.stdin is not None
        taker.stdin.write("go\n")
        taker.stdin.flush()
    taken = [taker.communicate()[0].split() for taker in takers]
    assert all(taker.returncode == 0 for taker in takers)
    assert sorted(int(cell) for some in taken for cell in some) == list(range(12))
    assert [trial.value for trial in load_study(any_workspace, "s").trials] == [0.5] * 12


def test_what_died_goes_back_in_line_as_the_same_trial(any_workspace):
    request = a_request()
    put(any_workspace, "s", request)
    play(any_workspace, "s", request, {(0, 0): None, (1, 0): "01234567"})
    with trial_queue.storage_of(any_workspace) as storage:
        study = trial_queue.load(storage, "s", request)
        assert trial_queue.put_back_the_dead(study, storage) == 1
        assert trial_queue.put_back_the_dead(study, storage) == 0
    put(any_workspace, "s", request)
    trials = load_study(any_workspace, "s").trials
    assert [trial.state for trial in trials] == ["waiting", "finished", "waiting", "waiting"]
    assert trials[0].curve == {1: 0.25}
    assert len(optunas(any_workspace, "s")) == 4


def test_a_trial_of_another_machine_is_left_alone_until_it_is_silent(workspace, monkeypatch):
    request = a_request()
    put(workspace, "s", request)
    with trial_queue.storage_of(workspace) as storage:
        study = trial_queue.load(storage, "s", request)
        monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")
        trial_queue.take(study, storage, request)
        monkeypatch.setattr("socket.gethostname", lambda: "here")
        assert trial_queue.put_back_the_dead(study, storage) == 0
        monkeypatch.setattr(trial_queue, "SILENT_AFTER", -1.0)
        assert trial_queue.put_back_the_dead(study, storage) == 1


def test_a_trial_over_which_three_processes_died_has_failed(workspace):
    request = a_request()
    put(workspace, "s", request)
    with trial_queue.storage_of(workspace) as storage:
        study = trial_queue.load(storage, "s", request)
        for _ in range(3):
            trial = trial_queue.take(study, storage, request)
            assert trial is not None
            assert trial.number == 0
            assert trial_queue.put_back_the_dead(study, storage, trial.user_attrs["pid"]) == 1
    first = load_study(workspace, "s").of(0)[0]
    assert (first.state, first.error) == (
        "failed",
        "Its process died 3 times; it may have run out of memory.",
    )


def test_a_failed_trial_is_tried_again_and_the_newest_counts(workspace):
    request = a_request()
    put(workspace, "s", request)
    play(workspace, "s", request, {(2, 0): "It went wrong."})
    assert [trial.error for trial in load_study(workspace, "s").of(2)] == ["It went wrong."]
    put(workspace, "s", request)
    play(workspace, "s", request, {(2, 0): "00000000"})
    assert [(trial.state, trial.value) for trial in load_study(workspace, "s").of(2)] == [("finished", 0.125)]
    assert len(optunas(workspace, "s")) == 5


def test_a_pruned_trial_has_a_curve_and_no_value(any_workspace):
    request = a_request()
    put(any_workspace, "s", request)
    play(any_workspace, "s", request, {(3, 0): 2})
    pruned = load_study(any_workspace, "s").of(3)[0]
    assert (pruned.state, pruned.value, pruned.curve) == ("pruned", None, {1: 0.125, 2: 0.125})


@pytest.mark.parametrize(("prune", "expected"), [(True, [False, False, True]), (False, [False] * 3)])
def test_below_the_median_of_four_finished_trials_is_enough_after_a_third(workspace, prune, expected):
    request = a_request({"decay": [1.0, 0.95, 0.9, 0.85, 0.8]}, prune=prune)
    put(workspace, "s", request)
    with trial_queue.storage_of(workspace) as storage:
        study = trial_queue.load(storage, "s", request)
        for _ in range(3):
            trial = trial_queue.take(study, storage, request)
            for epoch in range(1, 5):
                trial.report(0.5, epoch)
            study.tell(trial.number, 0.5)
        asked = []
        fourth, last = (trial_queue.take(study, storage, request) for _ in range(2))
        fourth.report(0.1, 2)
        asked.append(fourth.should_prune())  # Three finished trials are no yardstick.
        fourth.report(0.5, 3)
        study.tell(fourth.number, 0.5)
        last.report(0.1, 1)
        asked.append(last.should_prune())  # Too early.
        last.report(0.1, 3)
        asked.append(last.should_prune())
    assert asked == expected


def test_cells_are_tried_all_over_the_grid_first():
    order = [cell.number for cell in trial_queue.spread_out(cells(a_request({"epochs": range(1, 21)})))]
    assert sorted(order) == list(range(20))
    assert max(order[:4]) - min(order[:4]) >= 10
    assert [cell.number for cell in trial_queue.spread_out(cells(a_request({"epochs": [3]})))] == [0]


def test_readers_see_what_optuna_says(any_workspace):
    request = a_request(seeds=2)
    put(any_workspace, "s", request)
    play(
        any_workspace,
        "s",
        request,
        {(0, 0): "01234567", (0, 1): "01230000", (1, 0): 3, (2, 0): "No good at all.", (3, 0): None},
    )
    states = {"COMPLETE": "finished", "FAIL": "failed"}
    seen = {trial.number: trial for trial in load_study(any_workspace, "s").trials}
    for told in optunas(any_workspace, "s"):
        trial = seen.pop(told.number)
        assert trial.state == states.get(told.state.name, told.state.name.lower())
        assert trial.curve == told.intermediate_values
        assert trial.value == (told.value if told.state.name == "COMPLETE" else None)
        values = load_study(any_workspace, "s").cells[trial.cell].values
        assert told.params in ({}, values)
    assert not seen


def test_studies_are_listed_newest_first_and_removed_with_their_trials(any_workspace):
    assert list_studies(any_workspace) == []
    for name in ("first", "second"):
        put(any_workspace, name, a_request())
    with trial_queue.storage_of(any_workspace) as storage:
        optuna.create_study(storage=storage, study_name="of another program")
    assert [study.name for study in list_studies(any_workspace)] == ["second", "first"]
    play(any_workspace, "first", a_request(), {(0, 0): "01234567", (1, 0): 2})
    remove_study(any_workspace, "first")
    assert [study.name for study in list_studies(any_workspace)] == ["second"]
    with any_workspace.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM trial_values")).scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM trials")).scalar() == 4
    with pytest.raises(InputError, match="first: there is no such sweep"):
        load_study(any_workspace, "first")
    with pytest.raises(InputError, match="there is no such sweep"):
        remove_study(any_workspace, "of another program")


def test_the_workspace_opens_beside_optunas_tables(any_workspace):
    put(any_workspace, "s", a_request())
    again = Workspace.open(any_workspace.settings)
    assert [study.name for study in list_studies(again)] == ["s"]
    again.close()


def test_a_folder_with_braces_and_percent_signs_in_its_name(settings):
    odd = settings.model_copy(update={"workspace": settings.workspace.parent / "{50 %} of it"})
    workspace = Workspace.open(odd)
    put(workspace, "s", a_request())
    assert [study.name for study in list_studies(workspace)] == ["s"]
    assert (odd.workspace / "breakhis.db").is_file()
    workspace.close()


def test_reading_loads_neither_optuna_nor_tensorflow(workspace):
    put(workspace, "s", a_request())
    code = (
        "import sys; from breakhis_core import jobs; from breakhis_core.sweeps import reading, results; "
        "from breakhis_core.workspace import Workspace; "
        "study, = reading.list_studies(Workspace.open()); results.cell_table(study); "
        "print(sorted({'optuna', 'tensorflow', 'keras', 'alembic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_sweep_that_runs_is_not_removed(workspace):
    from breakhis_core.sweeps.running import running_alone

    put(workspace, "s", a_request())
    folder = Path(trial_queue.sweep_folder(workspace, "s"))
    folder.mkdir(parents=True)
    with running_alone(folder, "s"):
        assert reading.is_running(workspace, "s")
        with pytest.raises(InputError, match="s is running; stop it first"):
            remove_study(workspace, "s")
        with pytest.raises(InputError, match="is running already"), running_alone(folder, "s"):
            pass
    assert not reading.is_running(workspace, "s")
