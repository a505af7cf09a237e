"""The screen of sweeps, run without a browser on studies that no training made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from breakhis_core import jobs
from breakhis_core.recipes import RECIPES
from breakhis_core.sweeps import reading, trial_queue
from breakhis_core.sweeps.request import SweepRequest, new_request
from breakhis_core.sweeps.running import running_alone
from breakhis_core.training.request import TrainRequest
from breakhis_core.workspace import Workspace
from tests.screens.in_app import in_app
from tests.screens.test_train import links, press, said
from tests.sweeps.sweep_studies import a_request, play, put


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Sweeps that were asked for, instead of being started."""
    asked: list[dict[str, Any]] = []

    def submit(workspace: Workspace, kind: str, arguments: dict[str, Any]) -> int:
        assert kind == "sweep"
        asked.append(arguments)
        return len(asked)

    monkeypatch.setattr(jobs, "submit", submit)
    return asked


def marks(screen: AppTest) -> list[str]:
    return [badge.value for badge in screen.markdown if badge.value.startswith(":")]


def test_without_images_it_says_what_to_do(workspace: Workspace) -> None:
    screen = in_app("sweeps")
    assert "no images to train on" in said(screen)
    assert [button.label for button in screen.button] == ["Go to Home"]


def test_as_it_stands_it_starts_the_authors_study_of_the_learning_rate(
    pictures: pd.DataFrame, submitted: list[dict[str, Any]]
) -> None:
    screen = in_app("sweeps")
    assert "20 trainings, about" in said(screen)
    assert "The validation part of this split is empty" in said(screen)
    screen.radio(key="sweep-unit").set_value("image").run()
    assert "Measured on 10 validation images of 8 cases: settings whose accuracy differs by less" in said(
        screen
    )
    screen.radio(key="sweep-unit").set_value("case").run()
    assert "New sweep" not in [one.label for one in screen.expander]
    screen.radio(key="weights-paper-").set_value("none").run()
    press(screen, "Start the sweep")
    base = TrainRequest(recipe=RECIPES["paper"], data=1, weights="none")
    assert submitted == [
        {"request": new_request(base, "learning-rate").model_dump(mode="json"), "processes": None}
    ]


def test_a_grid_of_any_settings_is_read_and_refused_with_a_sentence(
    pictures: pd.DataFrame, submitted: list[dict[str, Any]]
) -> None:
    screen = in_app("sweeps")
    screen.radio(key="weights-paper-").set_value("none")
    screen.radio(key="sweep-study").set_value("grid").run()
    screen.text_area(key="sweep-grid").set_value("head = linear, paper\nbatch_size = 16, sixteen").run()
    assert r"'sixteen' cannot be used: batch\_size should be a valid integer" in said(screen)
    assert "Start the sweep" not in [button.label for button in screen.button]
    screen.text_area(key="sweep-grid").set_value("head = linear, paper\n\nbatch_size = 16, 32")
    screen.number_input(key="sweep-seeds").set_value(3).run()
    assert "12 trainings" in said(screen)
    press(screen, "Start the sweep")
    request = SweepRequest.model_validate(submitted[0]["request"])
    assert request.grid == {"head": ("linear", "paper"), "batch_size": (16, 32)}
    assert request.seeds == 3


def test_a_study_under_way_shows_each_cell_as_it_is(workspace: Workspace, pictures: pd.DataFrame) -> None:
    request = a_request()
    put(workspace, "s", request)
    play(workspace, "s", request, {(0, 0): "01234567", (1, 0): 2, (2, 0): "The loss is no number any more."})
    with running_alone(_folder(workspace, "s"), "s"):
        screen = in_app("sweeps")
    told = said(screen)
    assert "Running" in told
    assert "Runs from a terminal" in told
    assert "Validation accuracy after the last epoch · split by image · 8 images of 4 cases" in told
    assert "synthetic phantoms, not tissue" in told
    assert "Best: learning rate 0.01, decay 1, accuracy 1.000" in told
    assert "8 validation images are few: a single one moves the accuracy by 0.125. What was pruned" in told
    assert "Learning rate 0.001, decay 1: The loss is no number any more." in told
    table = screen.dataframe[0].value
    assert table["State"].to_list() == ["Finished", "Pruned", "Failed", "Waiting"]
    assert table["Validation accuracy"].isna().to_list() == [False, True, True, True]
    assert table["Epochs"].to_list() == [4, 2, 0, 0]


def test_a_study_that_was_left_is_resumed_and_a_failed_cell_tried_again(
    workspace: Workspace, pictures: pd.DataFrame, submitted: list[dict[str, Any]]
) -> None:
    request = a_request()
    put(workspace, "s", request)
    screen = in_app("sweeps")
    assert "Stopped" in said(screen)
    press(screen, "Resume")
    assert submitted == [{"request": request.model_dump(mode="json"), "processes": None}]
    finished = dict.fromkeys([(0, 0), (1, 0), (2, 0)], "01234567")
    play(workspace, "s", request, finished | {(3, 0): "Out of luck."})
    press(in_app("sweeps"), "Try the 1 failed one again")
    assert len(submitted) == 2


def test_a_study_is_removed_only_when_asked_twice(workspace: Workspace, pictures: pd.DataFrame) -> None:
    put(workspace, "s", a_request())
    screen = in_app("sweeps")
    assert "runs stay" in said(screen)
    assert "New sweep" in [one.label for one in screen.expander]
    press(screen, "Remove the sweep")
    assert reading.list_studies(workspace) == []
    assert "New sweep" not in [one.label for one in screen.expander], "the form stands open again"


@pytest.mark.parametrize("fields", [1, 2, 3])
def test_the_shape_of_the_grid_decides_the_chart(
    workspace: Workspace, pictures: pd.DataFrame, fields: int
) -> None:
    grid = dict(list({"boundary": [150, 260], "decay": [1, 0.9], "batch_size": [8, 16]}.items())[:fields])
    request = a_request(grid, seeds=2)
    put(workspace, "s", request)
    play(workspace, "s", request, {(0, 0): "01234567", (0, 1): "01230000", (1, 0): None})
    screen = in_app("sweeps")
    assert "mean of 2 seeds" in said(screen)
    assert len(screen.get("vega_lite_chart")) == {1: 1, 2: 1, 3: 3}[fields] + 1
    assert screen.dataframe[0].value[["Lowest", "Highest"]].iloc[0].to_list() == [0.5, 1.0]


def test_one_study_of_several_is_chosen_and_stands_in_the_address(
    workspace: Workspace, pictures: pd.DataFrame
) -> None:
    for number, name in enumerate(("first", "second")):
        put(workspace, name, a_request({"epochs": [2 + number]}))
    screen = in_app("sweeps")
    assert screen.selectbox(key="sweep-chosen").value == "second"
    screen.selectbox(key="sweep-chosen").set_value("first").run()
    assert screen.query_params["sweep"] == "first"
    assert in_app("sweeps", sweep="first").selectbox(key="sweep-chosen").value == "first"
    assert in_app("sweeps", sweep="never there").selectbox(key="sweep-chosen").value == "second"


def test_the_best_cell_is_one_click_from_training(workspace: Workspace, pictures: pd.DataFrame) -> None:
    request = a_request()
    put(workspace, "s", request)
    play(workspace, "s", request, {(1, 0): "01234567", (2, 0): "01230000"})
    screen = in_app("sweeps")
    assert links(screen)["Train one anyway"] == "sweep=s&cell=1"
    # Two of four cases answered otherwise: such a difference may be chance.
    told = said(screen)
    assert "No setting can be told from another here \\(accuracy 0.500 to 1.000; always saying" in told
    assert "fibroadenoma: 0.125, chance: 0.125" in told
    assert "Best:" not in told
    train = in_app("train", sweep="s", cell="1")
    assert train.radio(key="recipe-").value == "paper-swept"
    assert "paper with learning rate 0.01, decay 0.9." in train.radio(key="recipe-").proto.captions
    assert train.radio(key="unit").value == "image"
    assert train.radio(key="weights-paper-swept-").value == "none"
    asked: list[dict[str, Any]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "submit", lambda workspace, kind, arguments: asked.append(arguments) or 1)
        press(train, "Start training")
    trained = TrainRequest.model_validate(asked[0])
    expected = {"learning_rate": 0.01, "decay": 0.9, "epochs": 4, "name": "paper-swept"}
    assert {key: getattr(trained.recipe, key) for key in expected} == expected
    assert (trained.unit, trained.weights, trained.data) == ("image", "none", 1)
    trained.recipe.model_validate(trained.recipe.model_dump())


@pytest.mark.parametrize(
    "address", [{"sweep": "gone", "cell": "0"}, {"sweep": "s", "cell": "99"}, {"sweep": "s"}]
)
def test_an_address_of_a_cell_that_is_not_there_leaves_train_as_it_is(
    workspace: Workspace, pictures: pd.DataFrame, address: dict[str, str]
) -> None:
    put(workspace, "s", a_request())
    assert in_app("train", **address).radio(key="recipe-").value == "scratch"


def test_a_sweep_that_begins_or_never_came_there_says_so(
    workspace: Workspace, pictures: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.screens.test_train import a_job

    job = a_job(
        workspace,
        "running",
        kind="sweep",
        arguments={"request": a_request().model_dump(mode="json")},
        data={},
    )
    job = replace(job, message="Preparing: reading the catalogue")
    monkeypatch.setattr(jobs, "list_jobs", lambda workspace, kind=None, limit=50: [job])
    monkeypatch.setattr(jobs, "get", lambda workspace, number: job)
    screen = in_app("sweeps")
    assert "Learning rate × decay · job 7" in said(screen)
    assert "Preparing: reading the catalogue" in [bar.proto.text for bar in screen.get("progress")]
    assert "Add to the queue" in [button.label for button in screen.button]


def _folder(workspace: Workspace, name: str) -> Any:
    folder = trial_queue.sweep_folder(workspace, name)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
