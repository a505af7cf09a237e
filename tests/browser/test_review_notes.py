"""A note belongs to the image that it was typed for, however keys, mouse and server race."""

from __future__ import annotations

import pytest

from breakhis_core import reviews
from breakhis_core.workspace import Workspace
from tests.browser.conftest import Browser


def note(browser: Browser) -> str:
    return str(browser.page.evaluate("window.deep('.note').value"))


def write(browser: Browser, words: str) -> None:
    browser.key("n")
    browser.page.keyboard.type(words)


def wait_for_note(browser: Browser, words: str) -> None:
    browser.page.wait_for_function("words => window.deep('.note').value === words", arg=words)


def said(workspace: Workspace) -> dict[str, tuple[str, str]]:
    """Return reason and note of each image's standing answer; "keep" is a reason here."""
    standing = reviews.standing(workspace)
    rows = standing[["hash", "action", "reason", "note"]].itertuples(index=False)
    return {row.hash: (row.action if row.action == "keep" else row.reason, row.note) for row in rows}


def test_a_note_does_not_follow_to_the_next_image(
    reviewing: Browser, workspace: Workspace, queue: list[str]
) -> None:
    write(reviewing, "note meant for this one")
    reviewing.key("Enter", "ArrowRight")
    reviewing.wait_until_shown(queue[1])
    assert note(reviewing) == ""
    reviewing.key("2")
    reviewing.wait_until_shown(queue[2])
    assert said(workspace) == {queue[1]: ("fold_or_tear", "")}
    reviewing.key("ArrowLeft")
    reviewing.wait_until_shown(queue[1])
    reviewing.key("ArrowLeft")
    reviewing.wait_until_shown(queue[0])
    wait_for_note(reviewing, "note meant for this one")
    reviewing.page.get_by_role("button", name="Staining").click()
    reviewing.wait_until_shown(queue[1])
    assert said(workspace)[queue[0]] == ("staining", "note meant for this one")


def test_keys_that_outrun_the_server_each_meet_their_image(
    reviewing: Browser, workspace: Workspace, queue: list[str]
) -> None:
    write(reviewing, "first")
    reviewing.key("Enter", "1", "n")  # The next image is not there yet.
    reviewing.page.keyboard.type("second")
    reviewing.key("Enter", "2", "ArrowRight")
    write(reviewing, "fourth")
    reviewing.key("Enter", "4")
    reviewing.wait_until_shown(queue[4])
    assert said(workspace) == {
        queue[0]: ("out_of_focus", "first"),
        queue[1]: ("fold_or_tear", "second"),
        queue[3]: ("artefact", "fourth"),
    }
    assert note(reviewing) == ""


def test_no_answer_is_lost_or_misplaced_in_a_burst_of_keys(
    reviewing: Browser, workspace: Workspace, queue: list[str]
) -> None:
    for _ in range(3):
        reviewing.key("ArrowRight", "k", "ArrowLeft", "3")
        reviewing.page.wait_for_function("window.deep('.pad').dataset.image !== ''")
    reviewing.page.wait_for_timeout(1000)
    # Each round keeps the next image, comes back to it from the one after, and says something else.
    assert set(said(workspace).values()) == {("staining", "")}
    assert len(said(workspace)) == 3


def test_drafts_wait_through_jumps_the_queue_the_grid_and_a_reload(
    reviewing: Browser, queue: list[str]
) -> None:
    write(reviewing, "half done")
    reviewing.page.mouse.click(400, 400)  # Left by mouse, without Enter.
    reviewing.key("End")
    reviewing.wait_until_shown(queue[-1])
    assert note(reviewing) == ""
    reviewing.key("j")
    reviewing.page.keyboard.type("1")
    reviewing.key("Enter")
    reviewing.wait_until_shown(queue[0])
    wait_for_note(reviewing, "half done")
    reviewing.key("x")
    reviewing.wait_for("!!window.deep('.tile.framed')")
    assert note(reviewing) == "half done"
    reviewing.key("ArrowRight")
    assert note(reviewing) == ""
    reviewing.open(f"review?order=all&magnification=100&image={queue[0]}")
    reviewing.wait_until_shown(queue[0])
    wait_for_note(reviewing, "half done")
    assert reviewing.errors == []


@pytest.mark.parametrize("wanted", ["key", "click"])
def test_esc_in_the_note_of_other_saves_nothing(
    wanted: str, reviewing: Browser, workspace: Workspace, queue: list[str]
) -> None:
    other = reviewing.page.get_by_role("button", name="Other")
    top = "window.deep('.answer').getBoundingClientRect().top"
    before = reviewing.page.evaluate(top)
    other.click() if wanted == "click" else reviewing.key("9")
    reviewing.wait_until_in_note()
    assert reviewing.page.evaluate("window.deep('.note').placeholder").startswith("What is wrong?")
    assert reviewing.page.evaluate(top) == before  # Nothing jumps.
    assert reviewing.page.evaluate("getComputedStyle(window.deep('.answer.pending')).borderStyle") == "dashed"
    reviewing.page.keyboard.type("x")
    reviewing.key("Escape")
    assert note(reviewing) == ""
    assert reviewing.page.evaluate("window.deep('.answer.pending')") is None
    reviewing.page.wait_for_timeout(700)
    assert said(workspace) == {}
    assert reviewing.shown() == queue[0]
    reviewing.key("3")  # The keys are back, and the wish is over.
    reviewing.wait_until_shown(queue[1])
    assert said(workspace) == {queue[0]: ("staining", "")}


def test_changing_the_reason_keeps_the_note_and_enter_changes_it(
    reviewing: Browser, workspace: Workspace, queue: list[str]
) -> None:
    write(reviewing, "blurred left half")
    reviewing.key("Enter", "1")
    reviewing.wait_until_shown(queue[1])
    reviewing.key("ArrowLeft")
    reviewing.wait_until_shown(queue[0])
    assert note(reviewing) == "blurred left half"
    reviewing.key("3")
    reviewing.wait_until_shown(queue[1])
    assert said(workspace) == {queue[0]: ("staining", "blurred left half")}
    reviewing.key("ArrowLeft")
    reviewing.wait_until_shown(queue[0])
    reviewing.key("n", "End")
    reviewing.page.keyboard.type(", pale")
    reviewing.key("Enter")
    reviewing.wait_for_words(".done", "Note saved")
    assert reviewing.shown() == queue[0]
    assert said(workspace) == {queue[0]: ("staining", "blurred left half, pale")}
    reviewing.key("u")
    reviewing.wait_for_words(".done", "Taken back: staining")
    wait_for_note(reviewing, "blurred left half")
    reviewing.key("n", "End")
    reviewing.page.keyboard.type(" nonsense")
    reviewing.key("Escape")
    assert note(reviewing) == "blurred left half"


def test_the_note_of_an_answer_taken_back_is_there_for_the_next(
    reviewing: Browser, workspace: Workspace, queue: list[str]
) -> None:
    write(reviewing, "fold at the top")
    reviewing.key("Enter", "1")
    reviewing.wait_until_shown(queue[1])
    reviewing.key("u")
    reviewing.wait_until_shown(queue[0])
    wait_for_note(reviewing, "fold at the top")
    reviewing.key("2")
    reviewing.wait_until_shown(queue[1])
    assert said(workspace) == {queue[0]: ("fold_or_tear", "fold at the top")}


def test_in_the_grid_a_note_stays_with_its_image_and_esc_cancels(
    browser: Browser, workspace: Workspace, queue: list[str]
) -> None:
    browser.open("review?order=all&view=grid")
    browser.wait_for("window.deep && !!window.deep('.tile.framed')")
    write(browser, "only this one")
    browser.key("Enter", "ArrowRight")
    assert note(browser) == ""
    browser.key("2")
    browser.wait_for_words(".done", "Flagged fold or tear")
    assert said(workspace) == {queue[1]: ("fold_or_tear", "")}
    browser.key("9")
    browser.page.keyboard.type("x")
    browser.key("Escape", "ArrowLeft", "ArrowLeft")
    assert note(browser) == "only this one"
    browser.key("1")
    browser.wait_for_words(".done", "Flagged out of focus")
    browser.key("ArrowLeft", "3")  # Another reason keeps the note.
    browser.wait_for_words(".done", "Flagged staining")
    assert said(workspace) == {
        queue[0]: ("staining", "only this one"),
        queue[1]: ("fold_or_tear", ""),
    }
    assert browser.errors == []
