"""One reviewer in two tabs, and after the server ended: nothing that was said is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from breakhis_core import reviews
from breakhis_core.runs import Run
from breakhis_core.runs.queues import build_queue
from breakhis_core.settings import Settings
from breakhis_core.workspace import Workspace
from tests.browser.conftest import DEEP, Browser, browse, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser as Chrome

ADDRESS = "review?order=all&magnification=40&confidence=10-100"


def test_tabs_and_a_restart_share_what_was_said(
    request: pytest.FixtureRequest, settings: Settings, workspace: Workspace, fake_run: Run, chrome: Chrome
) -> None:
    queue = build_queue(fake_run, order="all", magnification=40, confidence=(0.1, 1.0))["hash"].tolist()
    ending = request.addfinalizer  # Also when an assertion fails.
    first_server = serve(settings)
    ending(first_server.close)
    browsing = browse(next(first_server), chrome)
    ending(browsing.close)
    one = next(browsing)
    one.open(ADDRESS)
    one.wait_until_shown(queue[0])
    one.key("2")
    one.wait_until_shown(queue[1])

    # The second tab stands on the same image; the first one's next answer shows there on its next click.
    page = one.page.context.new_page()
    two = Browser(page, one.url)
    two.open(one.page.url.removeprefix(f"{one.url}/"))
    two.wait_until_shown(queue[1])
    one.key("3")
    one.wait_until_shown(queue[2])
    two.key("ArrowLeft")
    two.wait_until_shown(queue[0])
    two.wait_for_words(".place", "2 reviewed")
    two.key("ArrowRight")
    two.wait_until_shown(queue[1])
    two.wait_for_words(".stands", "flagged: staining")
    two.key("u")  # Takes back what the other tab said.
    two.wait_for_words(".done", "Taken back: staining")
    one.key("ArrowLeft")
    one.wait_until_shown(queue[1])
    one.wait_for_words(".stands", "no answer from you yet")

    # Another server, as on another day: the same address, the same place, and undo and redo go on.
    address = one.page.url.removeprefix(f"{one.url}/")
    assert address.endswith(queue[1])
    page.close()
    one.page.goto("about:blank")  # Else the page complains of the server that is gone.
    first_server.close()
    second_server = serve(settings)
    ending(second_server.close)
    one.url = next(second_server).url
    one.open(address)
    one.page.evaluate(DEEP)
    one.wait_until_shown(queue[1])
    one.key("y")
    one.wait_for_words(".done", "Brought back: staining")
    one.key("u")
    one.wait_for_words(".done", "Taken back: staining")
    one.key("u")
    one.wait_for_words(".done", "Taken back: fold or tear")
    one.wait_until_shown(queue[0])
    assert reviews.standing(workspace).empty
    actions = [event for image in queue[:2] for event in reviews.history(workspace, image)["action"]]
    assert actions == ["flag", "undo", "flag", "undo", "redo", "undo"]
    assert one.errors == []
