"""Settling in the queue of disagreements: the keys decide for everybody."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from breakhis_core import reviews
from breakhis_core.images.taxonomy import subtype
from breakhis_core.runs import Run
from breakhis_core.runs.queues import build_queue
from breakhis_core.workspace import Workspace
from tests.screens.components import ANSWERS, act, press, shown
from tests.screens.conftest import Open


@pytest.fixture
def disputed(fake_run: Run, workspace: Workspace) -> list[str]:
    """Three images about which Ada and Grace disagree, in the order of the queue."""
    images: list[str] = build_queue(fake_run, order="all")["hash"].tolist()[:3]
    for image in images:
        reviews.flag(workspace, "Ada", image, "staining", "<b>pale</b>")
        reviews.keep(workspace, "Grace", image)
    ordered = build_queue(fake_run, order="disagreeing", disagreeing=images)
    return list(ordered["hash"])


def settle(screen: AppTest, label: str, settles: bool = True) -> AppTest:
    image = shown(screen, "review-stage")["hash"]
    number = ANSWERS.index(label)
    return act(screen, "review-pad", do="answer", answer=number, hash=image, note="", settles=settles)


def told(screen: AppTest) -> str:
    return " ".join(one.value for one in screen.html)


def test_an_answer_settles_and_is_no_answer_of_ones_own(
    workspace: Workspace, disputed: list[str], open_screen: Open
) -> None:
    screen = open_screen("review", order="disagreeing")
    assert "Settling for everybody" in told(screen)
    assert "Ada: <b>Staining (&lt;b&gt;pale&lt;/b&gt;)</b>" in told(screen)
    assert "Grace: <b>Keep</b>" in told(screen)
    assert shown(screen, "review-pad")["settles"] is True
    screen = settle(settle(screen, "Artefact"), "Keep")
    assert not screen.exception
    settled = reviews.settlements(workspace).set_index("hash")
    assert settled.loc[disputed[0], ["excluded", "reason"]].tolist() == [True, "artefact"]
    assert not settled.loc[disputed[1], "excluded"]
    assert set(reviews.standing(workspace)["reviewer"]) == {"Ada", "Grace"}
    back = press(screen, "Previous")
    stands = shown(back, "review-stage")["progress"]["stands"]  # type: ignore[index]
    assert stands.startswith("settled: stays in the training, by ")


def test_a_settlement_can_say_which_sub_type_is_right(
    workspace: Workspace, disputed: list[str], open_screen: Open
) -> None:
    screen = settle(open_screen("review", show="disagreeing"), "Wrong label")
    assert shown(screen, "review-stage")["hash"] == disputed[0]
    code = "DC" if shown(screen, "review-stage")["true"] != "DC" else "LC"
    screen = act(screen, "review-pad", do="correct", hash=disputed[0], correction=code, settles=True)
    assert shown(screen, "review-stage")["hash"] == disputed[1]
    settled = reviews.settlements(workspace).iloc[0]
    assert settled[["excluded", "reason", "correction"]].tolist() == [True, "wrong_label", code]
    stands = shown(press(screen, "Previous"), "review-stage")["progress"]["stands"]  # type: ignore[index]
    assert stands.startswith(f"settled: leaves the training, wrong label, is {subtype(code).name}, by ")
    press(screen, "Undo")
    assert reviews.settlements(workspace).empty


def test_undo_takes_back_settlements_there_and_answers_elsewhere(
    workspace: Workspace, disputed: list[str], open_screen: Open
) -> None:
    screen = settle(open_screen("review", show="disagreeing"), "Artefact")
    screen = press(screen, "Undo")
    assert reviews.settlements(workspace).empty
    assert shown(screen, "review-stage")["hash"] == disputed[0]
    screen = press(screen, "Redo")
    assert len(reviews.settlements(workspace)) == 1
    elsewhere = open_screen("review", show="all", image=disputed[0])
    elsewhere.session_state.reviewer = screen.session_state.reviewer
    press(elsewhere.run(), "Undo")
    assert len(reviews.settlements(workspace)) == 1


def test_what_is_settled_leaves_when_the_queue_is_opened_anew(disputed: list[str], open_screen: Open) -> None:
    screen = settle(open_screen("review", show="disagreeing"), "Artefact")
    assert shown(screen, "review-stage")["progress"]["total"] == 3  # type: ignore[index]
    again = open_screen("review", show="disagreeing")
    assert shown(again, "review-stage")["progress"]["total"] == 2  # type: ignore[index]
    assert shown(again, "review-stage")["hash"] == disputed[1]


def test_one_can_answer_oneself_instead(workspace: Workspace, disputed: list[str], open_screen: Open) -> None:
    screen = press(open_screen("review", show="disagreeing"), "Give my own answer instead")
    assert "Your own answer" in told(screen)
    assert "Ada" not in told(screen)
    # A key that was pressed before the screen said so is not taken for the other.
    settle(screen, "Artefact")
    assert reviews.settlements(workspace).empty
    assert len(reviews.standing(workspace)) == 6
    screen = settle(screen, "Artefact", settles=False)
    assert reviews.settlements(workspace).empty
    assert len(reviews.standing(workspace)) == 7
    assert shown(press(screen, "Settle instead"), "review-pad")["settles"] is True


def test_the_end_says_what_was_settled(disputed: list[str], open_screen: Open) -> None:
    screen = settle(open_screen("review", show="disagreeing", image=disputed[2]), "Keep")
    words = " ".join(one.value for one in screen.markdown)
    assert "3 images: 0 to leave the training, 1 to stay, 2 not settled." in words
    screen = press(screen, "Go to the first not settled")
    assert shown(screen, "review-stage")["hash"] == disputed[0]
