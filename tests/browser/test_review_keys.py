"""Every key of the review screen, in a real browser: the list on "?" says all that works, and only that."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from breakhis_core import reviews
from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace
from tests.browser.conftest import Browser
from tests.conftest import write_fake_run


def listed(browser: Browser, root: str) -> set[str]:
    """Return the keys of the list, as they stand there."""
    return set(
        browser.page.evaluate(
            f"[...window.deep('{root}').querySelectorAll('dt')].map(one => one.textContent)"
        )
    )


def test_every_key_of_the_viewer_does_what_the_list_says(
    browser: Browser, workspace: Workspace, fake_run: Run, queue: list[str], pictures: pd.DataFrame
) -> None:
    # The same predictions, with maps that add up: only those have a contour and weights.
    write_fake_run(workspace.models, "adding", pictures, evidence={"bias": [0.0] * 8})
    browser.open("review?run=adding&order=all")
    browser.wait_until_shown(queue[0])

    labels = fake_run.predictions().set_index("hash")["subtype"]

    def goes(key: str, place: int) -> None:
        browser.key(key)
        browser.wait_until_shown(queue[place])

    def jumps(words: str, place: int) -> None:
        browser.key("j")
        browser.page.keyboard.type(words)
        goes("Enter", place)

    def flips(key: str, code: str) -> None:
        before = browser.read(code)
        browser.key(key)
        browser.page.wait_for_function(f"before => {code} !== before", arg=before)

    def arrows() -> None:
        goes("ArrowRight", 1)
        browser.wait_for("!window.deep('.moves button').disabled")
        goes("ArrowLeft", 0)

    def ends() -> None:
        goes("End", len(queue) - 1)
        goes("Home", 0)

    def jump() -> None:
        name = fake_run.predictions().set_index("hash").loc[queue[6], "name"]
        jumps(name.lower(), 6)
        jumps("3", 2)
        jumps("no such name", 2)
        browser.wait_for("window.deep('.done').textContent.startsWith('No image of this queue')")

    def flags() -> None:
        for place in range(2, 10):
            browser.key(str(place - 1))
            if place == 8:  # "Wrong label" asks which sub-type is right.
                browser.wait_for_words(".question", "Which sub-type is right?")
                browser.key("Enter")
            browser.wait_until_shown(queue[place + 1])
        said = reviews.standing(workspace).set_index("hash").loc[queue[2:10], "reason"].tolist()
        assert said == list(reviews.REASON_CODES[:8])

    def corrections() -> None:
        goes("ArrowLeft", 9)
        label, code = ("F", "2") if labels[queue[9]] != "F" else ("PT", "3")
        browser.key("7")
        goes(code, 10)
        assert reviews.standing(workspace)[["reason", "correction"]].iloc[-1].tolist() == [
            "wrong_label",
            label,
        ]

    def keep() -> None:
        browser.key("k")
        browser.wait_until_shown(queue[11])
        assert reviews.standing(workspace)["action"].iloc[-1] == "keep"

    def undo() -> None:
        before = len(reviews.standing(workspace))
        goes("u", 10)
        assert len(reviews.standing(workspace)) == before - 1
        browser.key("y")
        browser.wait_for("window.deep('.done').textContent.startsWith('Brought back: keep')")
        assert len(reviews.standing(workspace)) == before

    def note() -> None:
        browser.key("9")  # Asks for the note; what is typed there is no key.
        browser.wait_until_in_note()
        browser.page.keyboard.type("xjuk")
        goes("Enter", 11)
        assert reviews.standing(workspace)[["reason", "note"]].iloc[-1].tolist() == ["other", "xjuk"]
        browser.wait_until_in_note(False)
        browser.key("n")
        browser.wait_until_in_note()
        browser.key("Escape")
        browser.wait_until_in_note(False)

    def grid() -> None:
        browser.key("x")
        browser.wait_for("!!window.deep('.tile.framed')")
        browser.key("x")
        browser.wait_until_shown(queue[11])

    def choose() -> None:
        browser.key("q")
        browser.wait_for("document.activeElement.matches('.st-key-choice-show input')")
        browser.key("Escape")
        browser.wait_for("!document.querySelector('.st-key-choice-show')")

    def context() -> None:
        browser.key("i")
        browser.page.get_by_role("button", name="Close the context").wait_for()
        browser.key("i")
        browser.page.get_by_role("button", name="Context of this image").wait_for()

    def views() -> None:
        for key, view in (("s", "side"), ("v", "versus"), ("d", "diff"), ("g", "all"), ("o", "overlay")):
            browser.key(key)
            assert browser.read("window.deep('.view[aria-pressed=true]').dataset.view") == view

    def zoom() -> None:
        width = "window.deep('.layer').style.width"
        whole = browser.read(width)
        flips("+", width)
        flips("-", width)
        flips("+", width)
        browser.key("0")
        assert browser.read(width) == whole

    def sub_types() -> None:
        chosen = "window.deep('.verdict .bar[aria-pressed=true]').classList"
        browser.key("t")
        assert browser.read(f"{chosen}.contains('true')")
        browser.key("p")
        assert browser.read(f"{chosen}.contains('predicted')")

    def methods() -> None:
        """Go through all ways to draw the map, back to the run's own."""
        chosen = "window.deep('select.method').value"
        own = browser.read(chosen)
        flips("e", chosen)
        for _ in range(int(browser.read("window.deep('select.method').options.length")) - 1):
            flips("e", chosen)
        assert browser.read(chosen) == own

    def opacity() -> None:
        flips("ArrowDown", "window.deep('input[type=range]').value")
        flips("ArrowUp", "window.deep('input[type=range]').value")

    def contour() -> None:
        flips("c", "window.deep('canvas.map').hidden")
        flips("c", "window.deep('canvas.map').hidden")

    def weights() -> None:
        browser.key("d")
        flips(",", "window.deep('.weight').textContent")
        flips(".", "window.deep('.weight').textContent")
        browser.key("o")

    checks: dict[str, Callable[[], None]] = {
        "→ ←": arrows,
        "Home End": ends,
        "J": jump,
        "1 … 9": flags,
        "1 … 8": corrections,
        "K": keep,
        "U Y": undo,
        "N": note,
        "X": grid,
        "Q": choose,
        "I": context,
        "M": lambda: flips("m", "window.deep('canvas.map').hidden"),
        "O S V D G": views,
        "E": methods,
        "P T": sub_types,
        "↑ ↓": opacity,
        "C": contour,
        ", .": weights,
        "A": lambda: flips("a", "window.deep('.scale').title"),
        "+ − 0": zoom,
        "?": lambda: flips("?", "window.deep('.keys').matches(':popover-open')"),
    }
    assert listed(browser, ".pad .keys") == set(checks)
    for check in checks.values():
        check()
    assert browser.errors == []
    assert browser.strangers == []


def test_an_answer_keeps_what_was_on_screen(browser: Browser, workspace: Workspace, queue: list[str]) -> None:
    browser.open("review?order=all")
    browser.wait_until_shown(queue[0])
    browser.key("m")
    browser.key("2")
    browser.wait_until_shown(queue[1])
    browser.key("m")
    browser.key("s")
    browser.page.get_by_text("Staining").click()
    browser.wait_until_shown(queue[2])
    browser.key("g")
    browser.key("k")
    browser.wait_until_shown(queue[3])
    shown = [reviews.history(workspace, image).iloc[-1] for image in queue[:3]]
    assert shown[0]["shown"] == "Overlay: picture"
    assert shown[1]["shown"].startswith("Side by side: picture | map of ")
    assert shown[1]["shown"].endswith(", map at 70 %")
    assert shown[2]["shown"] == "All eight"
    assert [event["reason"] for event in shown[:2]] == ["fold_or_tear", "staining"]
    assert all(event["run"] == "fake" and 0 < event["seconds"] < 60 for event in shown)


def test_a_key_pressed_twice_answers_one_image(
    browser: Browser, workspace: Workspace, queue: list[str]
) -> None:
    browser.open("review?order=all")
    browser.wait_until_shown(queue[0])
    browser.key("3")
    browser.key("3")
    browser.wait_until_shown(queue[1])
    browser.page.wait_for_timeout(700)
    assert browser.shown() == queue[1]
    assert reviews.standing(workspace)["hash"].tolist() == [queue[0]]
