"""What must be in sight on small screens, and what the keys do after the mouse."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from breakhis_core import reviews
from breakhis_core.images import datasets
from breakhis_core.images.catalogue import Catalogue
from breakhis_core.workspace import Workspace
from tests.browser.conftest import Browser
from tests.conftest import paint_pictures, write_fake_run

# Edges of everything that a reviewer presses, and of the picture's place.
EDGES = """[...window.deep('.pad').querySelectorAll('button:not(.switch), .note'), window.deep('.help'),
  window.deep('.fit')].map((one) => { const { left, top, right, bottom } = one.getBoundingClientRect();
  return [one.textContent || 'note', left, top, right, bottom, one.scrollWidth - one.clientWidth]; })"""


def middle(browser: Browser, selector: str) -> tuple[float, float]:
    x, y = browser.page.evaluate(
        f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])"
        f"(window.deep('{selector}').getBoundingClientRect())"
    )
    return x, y


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1366, 768), (800, 900), (1366, 640)])
def test_all_that_is_pressed_is_in_sight_without_scrolling(
    width: int, height: int, reviewing: Browser
) -> None:
    reviewing.page.set_viewport_size({"width": width, "height": height})
    reviewing.page.wait_for_timeout(300)
    found = reviewing.page.evaluate(EDGES)
    assert len(found) == 10 + 1 + 4 + 2
    for name, left, top, right, bottom, cut in found:
        assert min(left, top) >= 0, name
        assert right <= width, name
        assert bottom <= height, name
        assert cut <= 0, name
    main = reviewing.page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth")
    assert main <= width


def test_on_a_narrow_screen_the_picture_fills_the_width(reviewing: Browser) -> None:
    reviewing.page.set_viewport_size({"width": 800, "height": 900})
    reviewing.page.wait_for_timeout(300)
    width, height = reviewing.page.evaluate(
        "(({width, height}) => [width, height])(window.deep('.layer').getBoundingClientRect())"
    )
    assert width > 755
    assert height > 490


def test_keys_work_after_the_slider_and_a_click_on_an_answer(
    reviewing: Browser, workspace: Workspace, queue: list[str]
) -> None:
    page = reviewing.page
    page.mouse.click(*middle(reviewing, "input[type=range]"))
    reviewing.key("k")
    reviewing.wait_until_shown(queue[1])
    page.mouse.click(*middle(reviewing, "input[type=range]"))
    reviewing.key("u")
    reviewing.wait_until_shown(queue[0])
    assert reviews.standing(workspace).empty
    page.evaluate("window.deep('input[type=range]').focus()")  # As by the key Tab.
    reviewing.key("ArrowRight")
    reviewing.wait_until_shown(queue[1])
    page.evaluate("window.deep('input[type=range]').focus()")
    reviewing.key("ArrowLeft")
    reviewing.wait_until_shown(queue[0])
    page.mouse.click(*middle(reviewing, "input[type=range]"))
    reviewing.key("i")
    page.get_by_role("button", name="Close the context").wait_for()
    reviewing.key("i")
    page.get_by_role("button", name="Context of this image").wait_for()
    page.get_by_role("button", name="Staining").click()
    reviewing.wait_until_shown(queue[1])
    reviewing.key("ArrowLeft")
    reviewing.wait_until_shown(queue[0])
    page.evaluate("window.deep('.answer').focus()")
    reviewing.key("ArrowRight")
    reviewing.wait_until_shown(queue[1])
    page.mouse.click(*middle(reviewing, "input[type=range]"))
    reviewing.key("x")
    reviewing.wait_for("!!window.deep('.tile.framed')")
    reviewing.key("x")
    reviewing.wait_until_shown(queue[1])
    assert reviewing.errors == []


@pytest.mark.parametrize("pause", [0, 10])
def test_the_grid_right_behind_a_move_or_an_answer_takes_neither_back(
    pause: int, reviewing: Browser, workspace: Workspace, queue: list[str]
) -> None:
    for step, key in enumerate(("ArrowRight", "2", "ArrowRight", "k"), start=1):
        reviewing.key(key)
        reviewing.page.wait_for_timeout(pause)
        reviewing.key("x")
        reviewing.wait_for("!!window.deep('.tile.framed')")
        reviewing.key("x")
        reviewing.wait_until_shown(queue[step])
    assert set(reviews.standing(workspace)["hash"]) == {queue[1], queue[3]}


def test_back_right_behind_a_move_goes_back(reviewing: Browser, queue: list[str]) -> None:
    reviewing.key("ArrowRight")
    reviewing.wait_until_shown(queue[1])
    reviewing.key("ArrowRight")
    reviewing.wait_until_shown(queue[2])
    reviewing.page.wait_for_url(f"**image={queue[2]}**")
    reviewing.page.go_back()
    reviewing.wait_until_shown(queue[1])


def test_at_the_end_of_a_queue_the_keys_lead_back(reviewing: Browser, queue: list[str]) -> None:
    reviewing.key("End")
    reviewing.wait_until_shown(queue[-1])
    reviewing.key("ArrowRight")
    reviewing.page.get_by_text("End of this queue").wait_for()
    reviewing.wait_for("window.deep('.answer').disabled && window.deep('.note').disabled")
    reviewing.key("2", "ArrowLeft")
    reviewing.wait_until_shown(queue[-1])
    reviewing.key("ArrowRight")
    reviewing.page.get_by_text("End of this queue").wait_for()
    reviewing.key("Home")
    reviewing.wait_until_shown(queue[0])
    assert reviewing.errors == []


def test_single_keys_can_be_turned_off_in_this_browser(
    reviewing: Browser, workspace: Workspace, queue: list[str]
) -> None:
    reviewing.page.get_by_role("button", name="?").click()
    reviewing.page.get_by_role("switch", name="Keys on").click()
    reviewing.key("Escape", "2", "k", "ArrowRight", "x")
    reviewing.page.wait_for_timeout(700)
    assert reviewing.shown() == queue[0]
    assert reviews.standing(workspace).empty
    reviewing.open("review?order=all")  # Kept.
    reviewing.wait_until_shown(queue[0])
    reviewing.key("2")
    reviewing.page.get_by_role("button", name="Staining").click()  # The mouse goes on.
    reviewing.wait_until_shown(queue[1])
    assert reviews.standing(workspace)["reason"].tolist() == ["staining"]
    reviewing.page.get_by_role("button", name="? keys off").click()
    reviewing.page.get_by_role("switch", name="Keys off").click()
    reviewing.key("2")
    reviewing.wait_until_shown(queue[2])


def test_keys_with_ctrl_alt_and_meta_are_the_browsers(
    reviewing: Browser, workspace: Workspace, queue: list[str]
) -> None:
    for key in ("Control+k", "Alt+2", "Meta+3", "Control+ArrowRight"):
        reviewing.key(key)
    reviewing.page.wait_for_timeout(500)
    assert reviewing.shown() == queue[0]
    assert reviews.standing(workspace).empty


def test_a_click_and_a_key_leave_no_frame_round_the_screen(reviewing: Browser, queue: list[str]) -> None:
    reviewing.page.mouse.click(*middle(reviewing, ".pane"))
    reviewing.page.mouse.click(400, 880)
    reviewing.key("ArrowRight")
    reviewing.wait_until_shown(queue[1])
    reviewing.key("Shift")
    frames = reviewing.page.evaluate(
        "['', '::before', '::after'].map((part) => getComputedStyle("
        "document.querySelector('[data-testid=stMain]'), part).boxShadow)"
    )
    assert frames == ["none"] * 3


def test_a_link_skips_to_the_answers(reviewing: Browser) -> None:
    reviewing.page.get_by_role("link", name="To the answers").focus()
    reviewing.key("Enter")
    assert reviewing.page.evaluate("window.focused().textContent") == "Out of focus 1"


def test_all_eight_is_nine_panes_with_the_bare_picture_first(reviewing: Browser) -> None:
    reviewing.key("g")
    captions = reviewing.page.evaluate(
        "[...window.deep('.panes').querySelectorAll('.caption')].map((one) => one.textContent)"
    )
    assert len(captions) == 9
    assert captions[0] == "picture"
    reviewing.key("s")
    below, picture = reviewing.page.evaluate(
        "[window.deep('.caption'), window.deep('.layer')].map((one) => one.getBoundingClientRect().bottom)"
    )
    assert 0 < picture - below < 20


@pytest.mark.parametrize(
    ("phantom", "wide", "known"), [(False, 700, True), (False, 70, False), (True, 700, False)]
)
def test_a_bar_of_micrometres_follows_the_zoom_where_the_scale_is_known(
    phantom: bool, wide: int, known: bool, browser: Browser, workspace: Workspace, tmp_path: Path
) -> None:
    images = paint_pictures(tmp_path / "tissue", per_slide=1, size=(wide, wide * 46 // 70))
    problems = pd.DataFrame(columns=["path", "kind", "reason"])
    datasets.save_catalogue(workspace, Catalogue(tmp_path / "tissue", images, problems, phantom=phantom))
    write_fake_run(workspace.models, "tissue", images, phantom=phantom)
    browser.open("review?order=all&run=tissue")
    browser.wait_for("window.deep && !!window.deep('.viewer')?.dataset.shown")
    assert browser.page.evaluate("window.deep('.ruler').hidden") is not known
    if not known:
        return

    def measured() -> float:
        """Return the micrometres of a pixel of the picture, by the bar's length and words."""
        words, length, drawn = browser.page.evaluate(
            "[window.deep('.ruler').textContent, parseFloat(window.deep('.ruler').style.getPropertyValue("
            "'--length')), window.deep('.layer').getBoundingClientRect().width]"
        )
        assert 20 < length <= 160
        return float(words.removesuffix(" µm")) / length * drawn / wide

    assert measured() == pytest.approx(0.49, abs=0.001)
    before = browser.text(".ruler")
    browser.key("+", "+", "+")
    assert measured() == pytest.approx(0.49, abs=0.001)
    assert browser.text(".ruler") != before
