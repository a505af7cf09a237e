"""The viewer's own keys: they ask nothing of the server, and stay across images."""

from __future__ import annotations

import pytest

from breakhis_core.datasets import picture_path
from breakhis_core.queues import build_queue
from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace
from tests.browser.conftest import Browser


@pytest.fixture
def reviewing(browser: Browser, fake_run: Run) -> tuple[Browser, list[str]]:
    """The review screen on its first image, and the queue."""
    queue: list[str] = build_queue(fake_run)["hash"].tolist()
    browser.open("review")
    browser.wait_until_shown(queue[0])
    return browser, queue


def layer(browser: Browser) -> str:
    return browser.page.evaluate("window.deep('.layer').style.width")


def map_hidden(browser: Browser) -> bool:
    return browser.page.evaluate("window.deep('canvas.map').hidden")


def test_m_flips_between_picture_and_map(reviewing: tuple[Browser, list[str]]) -> None:
    browser, _ = reviewing
    assert not map_hidden(browser)
    browser.key("m")
    assert map_hidden(browser)
    browser.key("m")
    assert not map_hidden(browser)


def test_views_have_one_two_or_eight_panes(reviewing: tuple[Browser, list[str]]) -> None:
    browser, _ = reviewing
    for key, panes in (("s", "2"), ("v", "2"), ("g", "8"), ("o", "1")):
        browser.key(key)
        assert browser.page.evaluate("window.deep('.panes').dataset.count") == panes


def test_zoom_stays_across_next(reviewing: tuple[Browser, list[str]]) -> None:
    browser, queue = reviewing
    whole = layer(browser)
    box = browser.page.evaluate(
        "(({x, y, width, height}) => [x + width / 2, y + height / 2])"
        "(window.deep('.pane').getBoundingClientRect())"
    )
    browser.page.mouse.move(*box)
    browser.page.mouse.wheel(0, -500)
    browser.page.wait_for_function("before => window.deep('.layer').style.width !== before", arg=whole)
    zoomed = layer(browser)
    browser.key("ArrowRight")
    browser.wait_until_shown(queue[1])
    assert layer(browser) == zoomed
    browser.key("0")
    assert layer(browser) == whole


def test_opacity_and_view_survive_a_refresh(reviewing: tuple[Browser, list[str]]) -> None:
    browser, queue = reviewing
    browser.key("ArrowUp")
    browser.key("s")
    wanted = browser.page.evaluate("window.deep('input[type=range]').value")
    browser.open("review")
    browser.wait_until_shown(queue[0])
    assert browser.page.evaluate("window.deep('input[type=range]').value") == wanted
    assert browser.page.evaluate("window.deep('.panes').dataset.count") == "2"


def test_a_bar_chooses_whose_map_is_shown(reviewing: tuple[Browser, list[str]]) -> None:
    browser, _ = reviewing
    browser.page.get_by_role("button", name="mucinous carcinoma").click()
    caption = browser.page.evaluate("window.deep('.caption').textContent")
    assert caption.startswith("map of mucinous carcinoma")


def test_the_next_two_pictures_are_there_before_they_are_asked_for(browser: Browser, fake_run: Run) -> None:
    queue = build_queue(fake_run)["hash"].tolist()
    asked: list[str] = []
    browser.page.on("request", lambda request: asked.append(request.url.rsplit("/", 1)[-1]))
    browser.open("review")
    browser.wait_until_shown(queue[0])
    browser.page.wait_for_timeout(500)
    assert [image for image in asked if image in queue] == queue[:3]


def test_a_picture_that_is_gone_is_said_and_the_next_one_comes(
    browser: Browser, fake_run: Run, workspace: Workspace
) -> None:
    queue = build_queue(fake_run)["hash"].tolist()
    file = picture_path(workspace, queue[0])
    assert file is not None
    file.unlink()
    browser.open("review")
    browser.wait_until_shown(queue[0])
    assert "cannot be shown" in browser.page.evaluate("window.deep('.problem').textContent")
    browser.key("ArrowRight")
    browser.wait_until_shown(queue[1])
    assert browser.page.evaluate("window.deep('.problem').hidden")
