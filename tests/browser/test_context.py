"""The context of an image, by key and by click, in a real browser."""

from __future__ import annotations

from breakhis_core import reviews
from breakhis_core.flags.importing import apply_import
from breakhis_core.flags.parsing import read_flags
from breakhis_core.runs import Run
from breakhis_core.runs.queues import build_queue
from breakhis_core.workspace import Workspace
from tests.browser.conftest import Browser

TILE = "[...window.deep('.context').querySelectorAll('.case .tile')]"


def context_of(browser: Browser, image: str) -> None:
    """Wait until the context of this image is on screen."""
    browser.page.wait_for_function(
        "image => window.deep('.context')?.dataset.hash === image && window.deep('.context h4')", arg=image
    )


def click(browser: Browser, image: str) -> None:
    """Click an image of the same case."""
    browser.page.evaluate(f"image => {TILE}.find((tile) => tile.dataset.hash === image).click()", image)


def test_a_key_opens_it_it_follows_and_a_click_goes_to_the_image(browser: Browser, fake_run: Run) -> None:
    queue = build_queue(fake_run)["hash"].tolist()
    cases = fake_run.predictions().set_index("hash")["case"]
    browser.open("review")
    browser.wait_until_shown(queue[0])
    assert browser.page.evaluate("window.deep('.context')") is None
    browser.key("i")
    context_of(browser, queue[0])
    assert browser.page.evaluate("window.deep('.context').querySelectorAll('.similar .tile').length") == 5
    main = browser.page.evaluate(
        "(({scrollHeight, clientHeight}) => [scrollHeight, clientHeight])"
        "(document.querySelector('[data-testid=stMain]'))"
    )
    assert main[0] <= main[1]

    browser.key("ArrowRight")
    browser.wait_until_shown(queue[1])
    context_of(browser, queue[1])
    inside = browser.page.evaluate(f"{TILE}.map((tile) => tile.dataset.hash)")
    outside = next(image for image in inside if image not in queue)
    click(browser, outside)
    browser.wait_until_shown(outside)
    case = browser.text(".context .case h4")
    assert case == f"Case {cases[outside]}"
    assert browser.text(".place").endswith("0 reviewed")

    # Now the queue is the case, so that a click stays in it.
    again = browser.page.evaluate(f"{TILE}[0].dataset.hash")
    address = browser.page.url.split("image=")[0]
    click(browser, again)
    browser.wait_until_shown(again)
    context_of(browser, again)
    assert browser.page.url.split("image=")[0] == address
    browser.key("i")
    browser.page.wait_for_function("!window.deep('.context h4')")

    assert browser.errors == []
    assert browser.strangers == []


def test_it_shows_what_was_settled_and_what_was_imported(
    browser: Browser, fake_run: Run, workspace: Workspace
) -> None:
    queue = build_queue(fake_run)
    settled, imported = queue["hash"].tolist()[:2]
    reviews.keep(workspace, "Grace", settled, run="fake")
    reviews.settle(workspace, "Grace", settled, exclude=False)
    apply_import(workspace, read_flags(queue["name"].iat[1].encode(), "list.txt"), "Grace")
    browser.open("review")
    browser.wait_until_shown(settled)
    browser.key("i")
    context_of(browser, settled)
    browser.key("k")
    browser.wait_until_shown(imported)
    context_of(browser, imported)
    browser.key("k")
    browser.key("ArrowLeft")
    browser.wait_until_shown(imported)
    said = "window.deep('.context[data-hash=\"%s\"] .history')?.textContent"
    browser.page.wait_for_function(f"({said % imported} ?? '').includes('flagged: other')")
    browser.key("ArrowLeft")
    browser.wait_until_shown(settled)
    browser.page.wait_for_function(f"({said % settled} ?? '').includes('settled: stays in the training')")
    assert browser.errors == []


def test_it_comes_back_after_the_end_of_the_queue(browser: Browser, fake_run: Run) -> None:
    last = build_queue(fake_run)["hash"].iat[-1]
    browser.open("review?image=end")
    browser.page.get_by_text("End of this queue").wait_for()
    browser.page.get_by_role("button", name="Previous").wait_for()  # The keys come with it.
    browser.key("i")
    browser.key("ArrowLeft")
    browser.wait_until_shown(last)
    browser.key("i")
    context_of(browser, last)

    browser.key("ArrowRight")
    browser.page.get_by_text("End of this queue").wait_for()
    browser.page.locator(".st-key-queue-choice button").first.click()  # The whole screen is drawn at the end.
    browser.page.locator(".st-key-choice-show").wait_for()
    browser.key("Escape")
    browser.page.get_by_role("button", name="Previous").click()
    browser.wait_until_shown(last)
    context_of(browser, last)
    assert browser.page.locator("[data-testid=stException]").count() == 0
    assert browser.errors == []
