"""Which sub-type is right: asked after "wrong label", however keys, mouse and server race."""

from __future__ import annotations

import pytest

from breakhis_core import reviews
from breakhis_core.images.taxonomy import CODES, SUBTYPES
from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace
from tests.browser.conftest import Browser

# Where everything is that a reviewer presses, less the question.
PLACES = """[...window.deep('.answers, .panel .pad').querySelectorAll('button'), window.deep('.note'),
  ...(window.deep('.moves') ?? window.deep('.row.four')).children].map((one) => {
  const { left, top, right, bottom } = one.getBoundingClientRect(); return [left, top, right, bottom]; })"""
QUESTION = """[...window.deep('.question').querySelectorAll('button, p')].map((one) => {
  const { width, height } = one.getBoundingClientRect();
  return [one.textContent, width, height, one.scrollWidth - one.clientWidth]; })"""


@pytest.fixture
def labels(fake_run: Run) -> dict[str, str]:
    """The sub-type of each image."""
    table = fake_run.predictions()
    return dict(zip(table["hash"], table["subtype"], strict=True))


def another(label: str, than: str = "") -> str:
    """Return the key of a sub-type that is neither of two, and not that of the answer which asks."""
    return next(str(place) for place, code in enumerate(CODES, 1) if code not in (label, than) and place != 7)


def said(workspace: Workspace) -> dict[str, tuple[str, str]]:
    """Return reason and correction of each image's standing flag."""
    flags = reviews.standing(workspace).fillna("")
    return {row.hash: (row.reason, row.correction) for row in flags.itertuples()}


def wait_for_question(browser: Browser, there: bool = True) -> None:
    browser.wait_for(f"!!window.deep('.question') === {str(there).lower()}")


def wait_for_flag(browser: Browser) -> None:
    browser.wait_for_words(".stands", "you flagged: wrong label")


def test_the_flag_is_saved_before_the_answer_and_one_undo_takes_both_back(
    reviewing: Browser, workspace: Workspace, queue: list[str], labels: dict[str, str]
) -> None:
    before = reviewing.read(PLACES)
    reviewing.key("7")
    wait_for_flag(reviewing)
    assert said(workspace) == {queue[0]: ("wrong_label", "")}
    assert reviewing.shown() == queue[0]
    assert reviewing.read(PLACES) == before
    key = another(labels[queue[0]])
    own = CODES.index(labels[queue[0]]) + 1
    reviewing.key(str(own))  # Its own label is not offered.
    assert reviewing.read("window.deep('.question button:disabled kbd').textContent") == str(own)
    reviewing.key(key)
    reviewing.wait_until_shown(queue[1])
    assert said(workspace) == {queue[0]: ("wrong_label", CODES[int(key) - 1])}
    assert not reviewing.read("!!window.deep('.question')")
    reviewing.key("u")
    reviewing.wait_until_shown(queue[0])
    assert said(workspace) == {}
    assert not reviewing.read("!!window.deep('.question')")
    reviewing.key("y")
    wait_for_flag(reviewing)
    reviewing.wait_for_words(".stands", f"is {SUBTYPES[int(key) - 1].name}")


@pytest.mark.parametrize("pause", [0, 20])
def test_keys_that_follow_at_once_each_mean_what_is_asked(
    pause: int, reviewing: Browser, workspace: Workspace, queue: list[str], labels: dict[str, str]
) -> None:
    first, third = another(labels[queue[0]]), another(labels[queue[2]])
    for key in ("7", first, "ArrowRight", "7", third, "ArrowRight", "7", "ArrowRight"):
        reviewing.key(key)
        reviewing.page.wait_for_timeout(pause)
    reviewing.wait_until_shown(queue[5])
    reviewing.page.wait_for_timeout(500)
    assert reviewing.shown() == queue[5]
    assert said(workspace) == {
        queue[0]: ("wrong_label", CODES[int(first) - 1]),
        queue[2]: ("wrong_label", CODES[int(third) - 1]),
        queue[4]: ("wrong_label", ""),
    }
    assert reviewing.errors == []


def test_pressed_twice_it_asks_once_and_names_nothing(
    reviewing: Browser, workspace: Workspace, queue: list[str]
) -> None:
    reviewing.key("7", "7")
    wait_for_flag(reviewing)
    wait_for_question(reviewing)
    reviewing.page.get_by_role("button", name="Don’t know").click()
    reviewing.wait_until_shown(queue[1])
    reviewing.page.get_by_role("button", name="Wrong label").dblclick()
    wait_for_flag(reviewing)
    assert reviewing.shown() == queue[1]
    assert said(workspace) == dict.fromkeys(queue[:2], ("wrong_label", ""))


def test_who_does_not_know_goes_on(reviewing: Browser, workspace: Workspace, queue: list[str]) -> None:
    for place, key in enumerate(("Enter", "Escape", "ArrowRight")):
        reviewing.key("7")
        wait_for_flag(reviewing)
        reviewing.key(key)
        reviewing.wait_until_shown(queue[place + 1])
        wait_for_question(reviewing, there=False)
    reviewing.key("ArrowLeft")
    reviewing.wait_until_shown(queue[2])
    wait_for_flag(reviewing)
    assert not reviewing.read("!!window.deep('.question')")
    assert said(workspace) == dict.fromkeys(queue[:3], ("wrong_label", ""))


def test_asking_again_marks_what_was_named_and_keeps_it(
    reviewing: Browser, workspace: Workspace, queue: list[str], labels: dict[str, str]
) -> None:
    first = another(labels[queue[0]])
    second = another(labels[queue[0]], than=CODES[int(first) - 1])
    reviewing.key("7", first)
    reviewing.wait_until_shown(queue[1])
    reviewing.key("ArrowLeft")
    reviewing.wait_until_shown(queue[0])
    reviewing.key("7")
    reviewing.wait_for(f"window.deep('.question [aria-pressed=true] kbd')?.textContent === '{first}'")
    reviewing.key("n")
    reviewing.page.keyboard.type("looks like another")
    reviewing.key("Enter")
    reviewing.wait_for_words(".done", "Note saved")
    wait_for_question(reviewing)
    reviewing.key("Enter")
    reviewing.wait_until_shown(queue[1])
    assert said(workspace) == {queue[0]: ("wrong_label", CODES[int(first) - 1])}
    assert reviews.standing(workspace)["note"].tolist() == ["looks like another"]
    reviewing.key("ArrowLeft")
    reviewing.wait_until_shown(queue[0])
    reviewing.page.get_by_role("button", name="Wrong label").click()
    wait_for_question(reviewing)
    reviewing.key(second)
    reviewing.wait_until_shown(queue[1])
    assert said(workspace) == {queue[0]: ("wrong_label", CODES[int(second) - 1])}


def test_what_is_said_offline_is_saved_when_the_server_is_back(
    reviewing: Browser, workspace: Workspace, queue: list[str], labels: dict[str, str]
) -> None:
    key = another(labels[queue[0]])
    reviewing.page.context.set_offline(True)
    reviewing.key("7")
    wait_for_question(reviewing)
    reviewing.key(key)
    reviewing.page.wait_for_timeout(300)
    reviewing.page.context.set_offline(False)
    reviewing.wait_until_shown(queue[1])
    assert said(workspace) == {queue[0]: ("wrong_label", CODES[int(key) - 1])}


def test_another_tab_may_take_the_flag_back_meanwhile(
    reviewing: Browser, workspace: Workspace, queue: list[str], labels: dict[str, str]
) -> None:
    reviewing.key("7")
    wait_for_flag(reviewing)
    reviews.undo(workspace, str(reviews.standing(workspace)["reviewer"].iloc[0]))
    reviewing.key(another(labels[queue[0]]))
    reviewing.wait_for_words(".done", "Not saved")
    wait_for_question(reviewing, there=False)
    assert said(workspace) == {}
    reviewing.key("2")
    reviewing.wait_until_shown(queue[1])
    assert said(workspace) == {queue[0]: ("fold_or_tear", "")}


def test_the_question_outlives_a_change_of_the_screen(
    reviewing: Browser, workspace: Workspace, queue: list[str], labels: dict[str, str]
) -> None:
    reviewing.key("7")
    wait_for_flag(reviewing)
    reviewing.key("i")
    reviewing.page.get_by_role("button", name="Close the context").wait_for()
    wait_for_question(reviewing)
    key = another(labels[queue[0]])
    reviewing.key(key)
    reviewing.wait_until_shown(queue[1])
    assert said(workspace) == {queue[0]: ("wrong_label", CODES[int(key) - 1])}


@pytest.mark.parametrize("view", ["", "grid"])
def test_the_question_fits_and_moves_nothing(view: str, browser: Browser, queue: list[str]) -> None:
    browser.open(f"review?order=all&view={view}")
    browser.wait_for("!!window.deep('.tile.framed, .viewer[data-shown]')")
    for width, height in ((1400, 900), (1280, 720), (800, 900), (1366, 640)):
        browser.page.set_viewport_size({"width": width, "height": height})
        browser.page.wait_for_timeout(200)
        before = browser.read(PLACES)
        browser.key("7")
        wait_for_question(browser)
        assert browser.read(PLACES) == before
        for name, wide, high, cut in browser.read(QUESTION):
            assert wide > 100, name
            assert high >= 24 or name.startswith("Which"), name
            assert cut <= 0, name
        browser.key("u")
        browser.wait_for_words(".done", "Taken back")
        wait_for_question(browser, there=False)


def test_in_the_grid_it_is_asked_once_for_all(
    browser: Browser, workspace: Workspace, queue: list[str], labels: dict[str, str]
) -> None:
    browser.open("review?order=all&view=grid")
    browser.wait_for("window.deep && !!window.deep('.tile.framed')")
    chosen = [image for image in queue[:6] if labels[image] != "PC"]
    for image in queue[:6]:
        if image in chosen:
            browser.key("Space")
        browser.key("ArrowRight")
    browser.key("7")
    browser.wait_for_words(".desk .done", "Flagged wrong label")
    assert said(workspace) == dict.fromkeys(chosen, ("wrong_label", ""))
    browser.key("8")
    browser.wait_for_words(".desk .done", "is papillary carcinoma")
    assert said(workspace) == dict.fromkeys(chosen, ("wrong_label", "PC"))
    assert browser.text(".tile .answer") in ("", "⚑ Wrong label: papillary carcinoma")
    browser.key("u")
    browser.wait_for_words(".desk .done", "Taken back")
    assert said(workspace) == {}
    browser.key("7")
    wait_for_question(browser)
    browser.key("Enter")
    browser.wait_for_words(".desk .done", "Flagged wrong label")
    wait_for_question(browser, there=False)
    assert [correction for _, correction in said(workspace).values()] == [""]
    browser.key("1")  # The answers are back.
    browser.wait_for_words(".desk .done", "Flagged out of focus")
    assert browser.errors == []


def test_behind_the_last_image_nothing_is_asked_any_more(
    reviewing: Browser, workspace: Workspace, queue: list[str], labels: dict[str, str]
) -> None:
    reviewing.key("End")
    reviewing.wait_until_shown(queue[-1])
    for key in (another(labels[queue[-1]]), "Enter"):
        reviewing.key("7", key)
        reviewing.page.get_by_text("End of this queue").wait_for()
        reviewing.key("ArrowLeft")
        reviewing.wait_until_shown(queue[-1])
        wait_for_flag(reviewing)
        assert not reviewing.read("!!window.deep('.question')")
    assert said(workspace)[queue[-1]][1] != ""


def test_in_the_queue_of_disagreements_it_settles(
    browser: Browser, workspace: Workspace, queue: list[str], labels: dict[str, str]
) -> None:
    for who, code in (("Ada", "MC"), ("Bob", "PC")):
        reviews.flag(workspace, who, queue[0], "wrong_label", correction=code)
    browser.open("review?show=disagreeing")
    browser.wait_until_shown(queue[0])
    assert "Ada: Wrong label: mucinous carcinoma" in browser.page.locator(".band").inner_text()
    key = another(labels[queue[0]])
    browser.key("7", key)
    browser.page.get_by_text("End of this queue").wait_for()
    settled = reviews.settlements(workspace)[["hash", "reason", "correction"]].to_numpy().tolist()
    assert settled == [[queue[0], "wrong_label", CODES[int(key) - 1]]]
    assert set(reviews.standing(workspace)["reviewer"]) == {"Ada", "Bob"}
