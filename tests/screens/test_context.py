"""The context of an image on the review screen, run without a browser."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from breakhis_core import reviews
from breakhis_core.images import measuring
from breakhis_core.runs import Run
from breakhis_core.runs.queues import build_queue
from breakhis_core.workspace import Workspace
from pages.parts.shared import frame
from tests.conftest import write_fake_run
from tests.queries import sql_statements
from tests.screens.components import press, shown
from tests.screens.conftest import Open


@pytest.fixture
def queue(fake_run: Run) -> list[str]:
    """Hashes of the default queue of the fake run."""
    hashes: list[str] = build_queue(fake_run)["hash"].tolist()
    return hashes


def panel(screen: AppTest) -> dict[str, Any] | None:
    """Return what the server told the panel, or None where it is closed."""
    for element in screen.get("bidi_component"):
        if element.proto.component_name.endswith("breakhis_context"):
            return json.loads(element.proto.json)
    return None


def opened(screen: AppTest) -> dict[str, Any]:
    data = panel(press(screen, "Context of this image"))
    assert data is not None
    return data


def test_it_is_closed_until_asked_for_and_closes_again(queue: list[str], open_screen: Open) -> None:
    screen = open_screen("review")
    assert panel(screen) is None
    assert opened(screen)["hash"] == queue[0]
    assert panel(press(screen, "Close the context")) is None


def test_it_follows_the_image(queue: list[str], open_screen: Open) -> None:
    screen = open_screen("review")
    opened(screen)
    data = panel(press(screen, "Next"))
    assert data is not None
    assert data["hash"] == queue[1]


def test_it_names_training_images_and_the_case(fake_run: Run, queue: list[str], open_screen: Open) -> None:
    data = opened(open_screen("review"))
    table: pd.DataFrame = fake_run.predictions().set_index("hash")
    similar = [tile["hash"] for tile in data["similar"]["tiles"]]
    assert len(similar) == 5
    assert set(table.loc[similar, "part"]) == {"train"}
    assert "most similar training images" in data["similar"]["words"][0]
    case = table.loc[queue[0], "case"]
    rest = table[(table["case"] == case) & (table.index != queue[0])]
    assert data["case"]["name"] == case
    assert {tile["hash"] for tile in data["case"]["tiles"]} == set(rest.index)
    assert data["other"] is None


def test_the_run_that_was_improved_on_speaks_first(
    workspace: Workspace, pictures: pd.DataFrame, fake_run: Run, open_screen: Open
) -> None:
    write_fake_run(workspace.models, "unrelated", pictures, seed=5)
    later = write_fake_run(workspace.models, "later", pictures, seed=6, improves="fake")
    image = build_queue(later)["hash"].iat[0]
    other = opened(open_screen("review", run="later"))["other"]
    said = fake_run.predictions().set_index("hash").loc[image]
    assert other["chosen"] == "fake"
    assert other["confidence"] == f"{100 * said['confidence']:.0f} %"
    assert len(other["map"]["values"]) == 49
    assert [name for name, _ in other["options"]] == ["fake", "unrelated"]


def test_what_others_said_is_hidden_until_one_has_answered(
    workspace: Workspace, queue: list[str], open_screen: Open
) -> None:
    reviews.flag(workspace, "Grace", queue[0], "staining", "pale")
    screen = open_screen("review")
    assert opened(screen)["said"] == {"lines": [], "hidden": True}
    press(screen, "Keep")
    data = panel(press(screen, "Previous"))
    assert data is not None
    assert not data["said"]["hidden"]
    assert [line["what"] for line in data["said"]["lines"]] == [
        "flagged: staining (pale)",
        "kept: nothing wrong with the image",
    ]


def test_a_flag_and_the_right_sub_type_named_after_it_are_told_once(
    workspace: Workspace, queue: list[str], open_screen: Open
) -> None:
    reviews.flag(workspace, "Ada", queue[0], "wrong_label")
    reviews.correct(workspace, "Ada", queue[0], "DC")
    reviews.undo(workspace, "Ada")
    reviews.redo(workspace, "Ada")
    screen = press(press(open_screen("review", image=queue[0]), "Keep"), "Previous")
    told = [line["what"] for line in opened(screen)["said"]["lines"]]
    assert told[0] == "flagged: wrong label, is ductal carcinoma"
    assert told[2] == "brought the answer back: wrong label, is ductal carcinoma"
    assert len(told) == 4


def test_what_was_said_without_a_run_is_told_as_well(
    workspace: Workspace, queue: list[str], open_screen: Open
) -> None:
    reviews.flag(workspace, "Grace", queue[0], "staining", run="fake")
    reviews.settle(workspace, "Grace", queue[0], exclude=False)
    screen = open_screen("review")
    press(screen, "Keep")
    data = panel(press(press(screen, "Previous"), "Context of this image"))
    assert data is not None
    assert [(line["what"], line["run"]) for line in data["said"]["lines"]] == [
        ("flagged: staining", "fake"),
        ("settled: stays in the training", ""),
        ("kept: nothing wrong with the image", "fake"),
    ]


def test_flags_of_others_on_images_still_to_answer_are_hidden(
    workspace: Workspace, fake_run: Run, open_screen: Open
) -> None:
    everything = build_queue(fake_run, None, "all")["hash"].tolist()
    for image in everything:
        reviews.flag(workspace, "Grace", image, "duplicate")
    inside = opened(open_screen("review", part="every", order="all"))
    assert not any(tile["flag"] for tile in inside["case"]["tiles"] + inside["similar"]["tiles"])
    outside = opened(open_screen("review"))
    assert {tile["flag"] for tile in outside["similar"]["tiles"]} == {"duplicate"}


def test_quality_is_offered_to_be_measured_and_then_said(
    workspace: Workspace, queue: list[str], open_screen: Open
) -> None:
    assert opened(open_screen("review"))["checks"] == {"words": [], "offer": "measure", "near": []}
    measuring.measure_images(workspace)
    checks = opened(open_screen("review"))["checks"]
    assert checks["offer"] == ""
    assert checks["words"][0].startswith("Place ")
    assert "16 images at " in checks["words"][1]


def test_the_end_of_the_queue_has_no_context(queue: list[str], open_screen: Open) -> None:
    screen = open_screen("review", image=queue[-1])
    opened(screen)
    assert panel(press(screen, "Next")) is None


def test_the_next_image_costs_no_question_a_tile(
    workspace: Workspace,
    pictures: pd.DataFrame,
    queue: list[str],
    open_screen: Open,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_fake_run(workspace.models, "other", pictures, seed=6)
    measuring.measure_images(workspace)
    looked: list[int] = []
    runs = frame.runs
    monkeypatch.setattr(frame, "runs", lambda: looked.append(1) or runs())

    def questions() -> int:
        press(screen, "Next")
        looked.clear()
        with sql_statements() as asked:
            assert not press(screen, "Previous").exception
        return len([statement for statement in asked if "SELECT" in statement])

    screen = open_screen("review", run="fake")
    closed = questions()
    opened(screen)
    opened_too = questions()
    assert len(looked) == 1  # The choice of the run: a test draws the whole screen.
    tiles = panel(screen)
    assert tiles is not None
    assert len(tiles["similar"]["tiles"] + tiles["case"]["tiles"]) == 8
    assert tiles["other"] is not None
    assert opened_too == closed + 2  # What stands on the tiles, and the history.


def test_a_case_with_two_labels_says_so(
    workspace: Workspace, pictures: pd.DataFrame, open_screen: Open
) -> None:
    pictures["case"] = "14-1"
    run = write_fake_run(workspace.models, "one", pictures)
    screen = open_screen("review", run=run.name, show="all", part="every")
    progress = shown(screen, "review-stage")["progress"]
    assert progress["about"].endswith("several labels in this case")  # type: ignore[index]
    assert progress["hint"].startswith("This case is labelled adenosis (8), ")  # type: ignore[index]
    data = opened(screen)
    assert data["case"]["words"][0].startswith("This case is labelled adenosis (8), ")
    assert "mistakes are of this case." in data["case"]["words"][1]
    subtypes = run.predictions().set_index("hash")["subtype"]
    assert all(tile["true"] == f"true {subtypes[tile['hash']]}" for tile in data["case"]["tiles"])


def test_at_the_end_there_is_nothing_to_open(queue: list[str], open_screen: Open) -> None:
    screen = press(open_screen("review", image="end"), "Context of this image")
    assert panel(press(screen, "Previous")) is None
    assert opened(screen)["hash"] == queue[-1]


def test_the_lowest_quality_can_come_first(workspace: Workspace, fake_run: Run, open_screen: Open) -> None:
    screen = open_screen("review", order="lowest_quality")
    assert "not measured yet" in " ".join(one.value for one in screen.caption)
    measuring.measure_images(workspace)
    checks = measuring.load_checks(workspace)
    assert checks is not None
    test = set(build_queue(fake_run, order="all")["hash"])
    worst = next(image for image in checks.worst_first() if image in test)
    screen = open_screen("review", order="lowest_quality")
    assert not screen.exception
    assert screen.query_params["image"] in (worst, [worst])
