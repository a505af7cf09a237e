"""Saying who reviews, run without a browser."""

from __future__ import annotations

import unicodedata

import pytest
from streamlit.testing.v1 import AppTest

from breakhis_core import reviews
from breakhis_core.runs import Run
from breakhis_core.runs.queues import build_queue
from breakhis_core.workspace import Workspace
from tests.screens.components import press
from tests.screens.conftest import Open


@pytest.fixture
def queue(fake_run: Run) -> list[str]:
    hashes: list[str] = build_queue(fake_run)["hash"].tolist()
    return hashes


def say(screen: AppTest, name: str) -> AppTest:
    field = next(one for one in screen.text_input if one.label.startswith("Your name"))
    return field.set_value(name).run()


def told(screen: AppTest) -> str:
    return " ".join(one.value for one in screen.toast)


def test_a_guests_answers_move_and_a_change_of_name_moves_nothing(
    workspace: Workspace, queue: list[str], open_screen: Open
) -> None:
    screen = open_screen("review")
    guest = screen.session_state["reviewer"]
    assert reviews.is_guest(guest)
    press(screen, "Staining")
    reviews.settle(workspace, guest, queue[2], exclude=False)
    say(screen, "  Bea ")
    assert not screen.exception
    assert told(screen) == "Your 1 answer and 1 settlement now stand under Bea."
    assert screen.session_state["own"].standing.keys() == {queue[0]}
    say(screen, "Cleo")
    assert told(screen) == "You review as Cleo now. What Bea answered stays as it is."
    assert screen.session_state["own"].standing == {}
    assert reviews.standing(workspace)["reviewer"].tolist() == ["Bea"]
    say(screen, "BEA")
    assert screen.session_state["reviewer"] == "Bea"
    assert screen.session_state["own"].standing.keys() == {queue[0]}


def test_a_guest_without_answers_only_changes_the_name(queue: list[str], open_screen: Open) -> None:
    screen = say(open_screen("review"), "Bea")
    assert told(screen) == "You review as Bea now."
    assert "It was somebody else’s" not in [one.label for one in screen.button]


@pytest.mark.parametrize("nothing", ["", "   ", "\u200b", "\x00"])
def test_no_name_is_no_change(nothing: str, queue: list[str], open_screen: Open) -> None:
    screen = say(open_screen("review"), "Bea")
    say(screen, nothing)
    assert not screen.exception
    assert screen.session_state["reviewer"] == "Bea"


def test_a_guests_name_is_not_taken(queue: list[str], open_screen: Open) -> None:
    screen = open_screen("review")
    guest = screen.session_state["reviewer"]
    say(screen, "guest-0000")
    assert "say yours" in told(screen)
    assert screen.session_state["reviewer"] == guest


def test_the_answers_of_a_name_are_there_however_it_is_typed(
    workspace: Workspace, queue: list[str], open_screen: Open
) -> None:
    reviews.flag(workspace, unicodedata.normalize("NFC", "Zoë"), queue[0], "staining")
    screen = say(open_screen("review"), unicodedata.normalize("NFD", "zoë"))
    assert screen.session_state["own"].standing.keys() == {queue[0]}


def test_what_a_guest_left_is_given_back(workspace: Workspace, queue: list[str], open_screen: Open) -> None:
    screen = open_screen("review")
    guest = screen.session_state["reviewer"]
    press(screen, "Staining")
    say(screen, "Bea")
    next(one for one in screen.button if one.label == "It was somebody else’s").click().run()
    assert told(screen) == f"1 image given back to {guest}. You go on as Bea."
    assert reviews.standing(workspace)["reviewer"].tolist() == [guest]
    assert screen.session_state["own"].standing == {}
