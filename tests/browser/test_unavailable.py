"""What stands in the way on a running server: one sentence, nothing that looks saved, and on it goes."""

from __future__ import annotations

import sqlite3
import urllib.error
import urllib.request

from benchmarks.server import serving
from breakhis_core import reviews
from breakhis_core.runs import Run
from breakhis_core.settings import Settings
from breakhis_core.workspace import Workspace
from tests.browser.conftest import Browser


def test_our_addresses_answer_503_until_the_workspace_can_be_opened(settings: Settings) -> None:
    settings.workspace.mkdir()
    file = settings.workspace / "breakhis.db"
    file.write_text("not a database, but long enough to look at" * 50)
    image, key = "0" * 32, "0" * 16
    addresses = (
        f"picture/{image}",
        f"thumbnail/{image}",
        f"maps/{key}/layercam?image={image}",
        "export/flags?format=csv",
    )
    with serving("app.py", settings.environment()) as server:
        for address in addresses:
            status, words = fetch(f"http://{server.address}/{address}")
            assert status == 503, address
            assert "damaged" in words
            assert "Traceback" not in words
        file.unlink()
        after = [fetch(f"http://{server.address}/{address}")[0] for address in addresses]
        assert after == [404, 404, 200, 200]


def fetch(address: str) -> tuple[int, str]:
    """Return an answer's status and text."""
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_an_answer_that_cannot_be_saved_is_said_and_given_again(
    workspace: Workspace, fake_run: Run, browser: Browser
) -> None:
    browser.open("review?run=fake&part=every&order=all")
    browser.page.wait_for_function("() => window.deep('.viewer')?.dataset.shown")
    image = browser.shown()
    browser.wait_until_shown(image)
    file = workspace.root / "breakhis.db"
    statement(file, "CREATE TRIGGER full BEFORE INSERT ON review_events BEGIN SELECT no_such_function(); END")
    browser.key("4")
    browser.page.get_by_text("Not saved.").wait_for()
    assert browser.shown() == image
    assert browser.page.locator("[data-testid='stException']").count() == 0
    assert browser.page.get_by_text("review_events").count() == 0
    assert browser.page.get_by_text("no answer from you yet").count() == 1
    statement(file, "DROP TRIGGER full")
    browser.key("4")
    browser.page.wait_for_function("image => window.deep('.viewer')?.dataset.shown !== image", arg=image)
    assert reviews.standing(workspace)["hash"].tolist() == [image]


def test_a_database_that_goes_away_is_said_in_place_and_comes_back(
    workspace: Workspace, fake_run: Run, browser: Browser
) -> None:
    browser.open("review?run=fake&part=every&order=all")
    browser.page.wait_for_function("() => window.deep('.viewer')?.dataset.shown")
    image = browser.shown()
    browser.wait_until_shown(image)
    file = workspace.root / "breakhis.db"
    statement(file, "ALTER TABLE review_events RENAME TO gone")
    browser.key("ArrowRight")
    browser.page.get_by_text("The database of the workspace refused").first.wait_for()
    assert browser.page.locator("[data-testid='stException']").count() == 0
    statement(file, "ALTER TABLE gone RENAME TO review_events")
    browser.page.get_by_role("button", name="Try again").click()
    browser.page.get_by_role("button", name="Next").wait_for()
    browser.key("4")
    browser.page.get_by_text("flagged: artefact").first.wait_for()


def statement(file: object, words: str) -> None:
    """Change the database under the server."""
    with sqlite3.connect(str(file)) as connection:
        connection.execute(words)
