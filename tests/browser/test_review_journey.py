"""The reviewer's way through the app, by key, in a real browser."""

from __future__ import annotations

from pathlib import Path

from breakhis_core import reviews
from breakhis_core.flags import parsing
from breakhis_core.workspace import Workspace
from tests.browser.conftest import Browser


def test_from_home_to_the_downloaded_list(
    browser: Browser, workspace: Workspace, mistakes: list[str], tmp_path: Path
) -> None:
    page = browser.page
    browser.open("")
    page.get_by_role("button", name="Start reviewing").click()
    page.wait_for_url("**/review*")
    browser.wait_until_shown(mistakes[0])

    browser.key("ArrowRight")
    browser.wait_until_shown(mistakes[1])
    browser.key("2")
    browser.wait_until_shown(mistakes[2])
    assert reviews.standing(workspace)[["hash", "reason"]].to_numpy().tolist() == [
        [mistakes[1], "fold_or_tear"]
    ]

    browser.key("u")
    browser.wait_until_shown(mistakes[1])
    assert reviews.standing(workspace).empty
    browser.key("3")
    browser.wait_until_shown(mistakes[2])

    page.get_by_role("link", name="Flags").first.click()
    page.get_by_text("1 image flagged").wait_for()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    file = tmp_path / "flags.csv"
    download.value.save_as(file)
    (row,) = parsing.read_flags(file).rows
    assert (row["hash"], row["reason"], row["run"]) == (mistakes[1], "staining", "fake")

    assert browser.errors == []
    assert browser.strangers == []


def test_typing_a_note_never_triggers_a_key(
    browser: Browser, workspace: Workspace, mistakes: list[str]
) -> None:
    browser.open("review")
    browser.wait_until_shown(mistakes[0])
    browser.key("n")
    browser.wait_until_in_note()
    browser.page.keyboard.type("12 k u m 9")
    browser.key("ArrowLeft")
    assert browser.shown() == mistakes[0]
    assert reviews.standing(workspace).empty
    browser.key("Enter")
    browser.wait_until_in_note(False)
    browser.page.wait_for_timeout(500)
    browser.key("4")
    browser.wait_until_shown(mistakes[1])
    assert reviews.standing(workspace)["note"].tolist() == ["12 k u m 9"]


def test_other_moves_the_cursor_to_the_note(
    browser: Browser, workspace: Workspace, mistakes: list[str]
) -> None:
    browser.open("review")
    browser.wait_until_shown(mistakes[0])
    browser.key("9")
    browser.wait_until_in_note()
    browser.page.keyboard.type("ink")
    browser.key("Enter")
    browser.wait_until_shown(mistakes[1])
    assert reviews.standing(workspace)[["reason", "note"]].to_numpy().tolist() == [["other", "ink"]]


def test_a_refresh_shows_the_same_image_and_the_same_reviewer(
    browser: Browser, workspace: Workspace, mistakes: list[str]
) -> None:
    browser.open("review")
    browser.wait_until_shown(mistakes[0])
    browser.key("k")
    browser.wait_until_shown(mistakes[1])
    browser.page.reload()
    browser.page.get_by_text("Research tool, not a medical device.").wait_for()
    browser.open(browser.page.url.removeprefix(f"{browser.url}/"))
    browser.wait_until_shown(mistakes[1])
    browser.key("1")
    browser.wait_until_shown(mistakes[2])
    assert reviews.standing(workspace)["reviewer"].nunique() == 1


def test_at_1400_by_900_nothing_scrolls_and_the_picture_has_half_the_screen(
    browser: Browser, mistakes: list[str]
) -> None:
    browser.open("review")
    browser.wait_until_shown(mistakes[0])
    main = browser.page.evaluate(
        "(({scrollHeight, clientHeight}) => [scrollHeight, clientHeight])"
        "(document.querySelector('[data-testid=stMain]'))"
    )
    assert main[0] <= main[1]
    width, height = browser.page.evaluate(
        "(({width, height}) => [width, height])(window.deep('.pane').getBoundingClientRect())"
    )
    assert width * height >= 0.5 * 1400 * 900


def test_controls_stay_where_they_are(browser: Browser, mistakes: list[str]) -> None:
    browser.open("review")
    browser.wait_until_shown(mistakes[0])

    def places() -> list[dict[str, float]]:
        return [
            browser.page.get_by_text(name, exact=True).first.bounding_box()
            for name in ("Out of focus 1", "Keep K", "Undo", "Next")
        ]

    before = places()
    browser.key("2")
    browser.wait_until_shown(mistakes[1])
    browser.key("ArrowRight")
    browser.wait_until_shown(mistakes[2])
    assert places() == before
