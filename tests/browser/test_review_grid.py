"""The grid: choosing many images and answering them together, by key and by mouse, in a real browser."""

from __future__ import annotations

import pytest

from breakhis_core import reviews
from breakhis_core.workspace import Workspace
from tests.browser.conftest import Browser

STATE = """(() => {
  const tiles = [...window.deep('.desk').querySelectorAll('.tile')];
  const places = (test) => tiles.map((tile, i) => test(tile) ? i : -1).filter((i) => i >= 0);
  return {
    hashes: tiles.map((tile) => tile.dataset.hash),
    framed: places((tile) => tile.classList.contains('framed'))[0],
    chosen: places((tile) => tile.getAttribute('aria-selected') === 'true'),
    answers: tiles.map((tile) => tile.querySelector('.answer').textContent),
    said: window.deep('.desk .done').textContent,
  };
})()"""


@pytest.fixture
def grid(browser: Browser, queue: list[str]) -> Browser:
    """The grid on its first page."""
    browser.open("review?order=all&view=grid")
    wait_for_page(browser, 0)
    return browser


def wait_for_page(browser: Browser, first: int) -> None:
    browser.page.wait_for_function(f"window.deep && window.deep('.desk')?.dataset.first === '{first}'")


def keys(browser: Browser, *pressed: str) -> dict[str, object]:
    for key in pressed:
        browser.key(key)
    return browser.page.evaluate(STATE)


def test_every_key_of_the_grid(grid: Browser, workspace: Workspace, queue: list[str]) -> None:
    page = grid.page
    listed = page.evaluate(
        "[...window.deep('.desk .keys').querySelectorAll('dt')].map((one) => one.textContent)"
    )
    assert listed == [
        "← → ↑ ↓", "Space", "Ctrl A", "E", "Esc", "1 … 9", "1 … 8", "K", "N", "U Y", "PgDn PgUp", "Home End",
        "J", "Enter", "X", "Q", "?",
    ]  # fmt: skip
    assert keys(grid)["hashes"] == queue[:20]

    # Choosing asks nothing of the server.
    assert keys(grid, "ArrowRight", "Space")["chosen"] == [1]
    assert keys(grid, "Shift+ArrowRight", "Shift+ArrowDown")["chosen"] == list(range(1, 8))
    assert keys(grid, "ArrowUp", "ArrowLeft")["framed"] == 1
    assert keys(grid, "Space")["chosen"] == list(range(2, 8))
    assert keys(grid, "Control+a")["chosen"] == list(range(20))
    assert keys(grid, "Escape")["chosen"] == []

    # One gesture, one undo.
    keys(grid, "Space", "ArrowRight", "Space", "3")
    grid.wait_for_words(".desk .done", "Flagged staining: 2 images")
    standing = reviews.standing(workspace)
    assert set(standing["hash"]) == {queue[1], queue[2]}
    assert set(standing["reason"]) == {"staining"}
    events = [reviews.history(workspace, image).iloc[-1] for image in (queue[1], queue[2])]
    assert events[0]["batch"] == events[1]["batch"] is not None
    assert {event["shown"] for event in events} == {"Grid"}
    assert all(event["predicted"] and 0 < event["confidence"] <= 1 for event in events)
    state = keys(grid)
    assert (state["chosen"], state["answers"][1:3], state["framed"]) == ([], ["⚑ Staining"] * 2, 2)
    keys(grid, "u")
    grid.wait_for_words(".desk .done", "Taken back: staining on 2 images")
    assert reviews.standing(workspace).empty
    assert not any(keys(grid)["answers"])
    keys(grid, "y")
    grid.wait_for_words(".desk .done", "Brought back: staining on 2 images")

    # What has no answer yet, kept together; without a choice an answer goes to the framed image.
    assert keys(grid, "e")["chosen"] == [0, *range(3, 20)]
    keys(grid, "k")
    grid.wait_for_words(".desk .done", "Kept: 18 images")
    assert len(reviews.standing(workspace)) == 20
    framed = keys(grid)["framed"]
    keys(grid, "5")
    grid.wait_for_words(".desk .done", "Flagged too little tissue: ")
    assert keys(grid)["framed"] == framed + 1

    # "Other" asks for the note; what is typed there is no key.
    keys(grid, "ArrowLeft", "9")
    page.keyboard.type("ux3 jk")
    keys(grid, "Enter")
    grid.wait_for_words(".desk .done", "Flagged other: ")
    assert reviews.standing(workspace)["note"].tolist()[-1] == "ux3 jk"
    keys(grid, "n")
    page.keyboard.type("e")
    assert keys(grid, "Escape")["chosen"] == []

    # Pages.
    keys(grid, "PageDown")
    wait_for_page(grid, 20)
    assert keys(grid)["hashes"] == queue[20:]
    keys(grid, "PageUp")
    wait_for_page(grid, 0)
    keys(grid, "End")
    wait_for_page(grid, 20)
    assert keys(grid)["framed"] == len(queue) - 21
    keys(grid, "Home")
    wait_for_page(grid, 0)
    keys(grid, "j")
    page.keyboard.type("23")
    keys(grid, "Enter")
    wait_for_page(grid, 20)
    assert keys(grid)["framed"] == 2

    keys(grid, "?")
    assert page.evaluate("window.deep('.desk .keys').matches(':popover-open')")
    keys(grid, "?", "q")
    page.wait_for_function("document.activeElement.matches('.st-key-choice-show input')")
    keys(grid, "Escape")
    # A popover that closes gives the focus back to its button, where Enter would open it again.
    page.wait_for_function(
        "!document.querySelector('[data-testid=stPopoverBody]')"
        " && document.activeElement.matches('body, .st-key-queue-choice *')"
    )

    # Opening an image, and back to its page.
    page.mouse.click(5, 300)
    # Of what Enter opens nothing is read before it is there: the grid may be gone by then.
    keys(grid, "ArrowRight")
    grid.key("Enter")
    grid.wait_until_shown(queue[23])
    keys_back(grid)
    wait_for_page(grid, 20)
    assert keys(grid)["framed"] == 3
    grid.open(page.url.removeprefix(f"{grid.url}/"))  # A refresh.
    wait_for_page(grid, 20)
    assert keys(grid)["framed"] == 3
    assert grid.errors == []
    assert grid.strangers == []


def keys_back(browser: Browser) -> None:
    browser.key("x")


def test_the_mouse_chooses_too(grid: Browser, queue: list[str]) -> None:
    def click(place: int, **how: object) -> None:
        box = grid.page.evaluate(
            "i => (({x, y, width, height}) => [x + width / 2, y + height / 2])"
            "(window.deep('.desk').querySelectorAll('.tile')[i].getBoundingClientRect())",
            place,
        )
        grid.page.mouse.click(*box, **how)

    click(2)
    assert keys(grid)["chosen"] == [2]
    grid.page.keyboard.down("Shift")
    click(8)
    grid.page.keyboard.up("Shift")
    assert keys(grid)["chosen"] == list(range(2, 9))
    click(4)
    assert keys(grid)["chosen"] == [2, 3, 5, 6, 7, 8]
    grid.page.get_by_role("button", name="Staining 3").click()
    grid.wait_for_words(".desk .done", "Flagged staining: 6 images")
    assert [place for place, words in enumerate(keys(grid)["answers"]) if words] == [2, 3, 5, 6, 7, 8]
    click(0, click_count=2)
    grid.wait_until_shown(queue[0])


def test_at_1400_by_900_the_grid_needs_no_scrolling(grid: Browser) -> None:
    height, room = grid.page.evaluate(
        "(({scrollHeight, clientHeight}) => [scrollHeight, clientHeight])"
        "(document.querySelector('[data-testid=stMain]'))"
    )
    assert height <= room
