"""Starting a training or a sweep in the browser: what began is in sight at once, on a small screen too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from breakhis_core import jobs
from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace
from tests.browser.conftest import Browser


@pytest.fixture
def starting(browser: Browser, workspace: Workspace, fake_run: Run) -> Iterator[Browser]:
    """The app in a small window; whatever was started is ended with the test."""
    browser.page.set_viewport_size({"width": 1280, "height": 720})
    yield browser
    for job in jobs.active(workspace):
        jobs.request_stop(workspace, job.id, kill=True)


def in_sight(browser: Browser, selector: str) -> bool:
    """Tell whether an element lies in the window whole."""
    box = browser.page.locator(selector).first.bounding_box()
    return box is not None and box["y"] >= 0 and box["y"] + box["height"] <= 720


def start(browser: Browser, key: str) -> None:
    """Press a start button, as far down as the screen goes."""
    button = browser.page.locator(f".st-key-{key} button")
    button.scroll_into_view_if_needed()
    browser.page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 1e6)")
    button.click()
    browser.page.locator("[data-testid=stProgress]").first.wait_for()


def test_after_start_the_progress_of_a_training_is_in_sight(starting: Browser) -> None:
    starting.open("train?improves=fake")
    starting.page.get_by_text("Epochs, seed, name").click()
    start(starting, "start")
    starting.page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollTop === 0")
    assert in_sight(starting, "[data-testid=stProgress]")
    assert in_sight(starting, "text=New training")


def test_after_start_the_progress_of_a_sweep_is_in_sight(starting: Browser) -> None:
    starting.open("sweeps")
    starting.page.get_by_text("Any settings", exact=True).click()
    starting.page.locator(".st-key-weights-paper- label").get_by_text("none", exact=True).click()
    starting.page.get_by_text("Random weights").wait_for()
    start(starting, "sweep-start")
    starting.page.wait_for_function("document.querySelector('[data-testid=stMain]').scrollTop === 0")
    assert in_sight(starting, "[data-testid=stProgress]")
    assert in_sight(starting, "text=New sweep")
