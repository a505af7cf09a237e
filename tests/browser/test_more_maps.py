"""Maps by other methods: chosen by key, fetched when wanted, and honest about what they are worth."""

from __future__ import annotations

import numpy as np
import pytest

from breakhis_core import jobs
from breakhis_core.images.taxonomy import subtype
from breakhis_core.maps.faithfulness import Faithfulness
from breakhis_core.maps.store import KeptMaps, MapStore, run_key
from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace
from tests.browser.conftest import Browser

BETTER = Faithfulness(0.9, 0.3, 0.7, 0.5, 0.02)
NO_BETTER = Faithfulness(0.1, 0.2, 0.1, 0.1, 0.02)
PASSED = {"head": 0.1, "whole": 0.0, "images": 8, "peak": 0.0, "passed": True, "warning": None}


@pytest.fixture
def store(workspace: Workspace, fake_run: Run, mistakes: list[str]) -> MapStore:
    """SmoothGrad maps of the first image: the predicted class's marks one cell, the true class's another."""
    made = MapStore(workspace, run_key(fake_run))
    row = fake_run.predictions().set_index("hash").loc[mistakes[0]]
    maps = np.zeros((2, 56, 56), np.float16)
    maps[0, 4:12, 40:48] = 2.0
    maps[1, 40:48, 4:12] = 1.0
    made.add("saliency", mistakes[0], KeptMaps((row["predicted"], row["subtype"]), maps, (BETTER, NO_BETTER)))
    made.note("saliency", strong=2.0, sanity={**PASSED, "peak": 1.5})
    return made


def covers(browser: Browser, row: int, column: int) -> int:
    """Return how opaque the map is in a cell of 56 x 56."""
    return browser.page.evaluate(
        "([x, y]) => window.deep('canvas.map').getContext('2d').getImageData(x, y, 1, 1).data[3]",
        [2 * column + 1, 2 * row + 1],
    )


def choose(browser: Browser, method: str) -> None:
    browser.page.evaluate(
        "method => { const chooser = window.deep('select.method'); chooser.value = method;"
        " chooser.dispatchEvent(new Event('change')); }",
        method,
    )


def test_a_fine_map_is_drawn_with_what_it_is_worth(
    browser: Browser, fake_run: Run, mistakes: list[str], store: MapStore
) -> None:
    row = fake_run.predictions().set_index("hash").loc[mistakes[0]]
    browser.open("review")
    browser.wait_until_shown(mistakes[0])
    for _ in range(4):
        browser.key("e")
    browser.wait_for_words(".faith", "Beats chance: 20 points, chance alone up to 2")
    assert browser.text(".caption") == f"SmoothGrad map of {subtype(row['predicted']).name}"
    assert covers(browser, 8, 44) == 255
    assert covers(browser, 44, 8) == 0
    browser.key("t")
    browser.wait_for_words(".faith", "No better than chance: −5 points, chance alone up to 2")
    # It lies over the picture only where that is asked for.
    assert browser.text(".caption").endswith(": no better than chance (M shows it)")
    assert browser.page.evaluate("window.deep('canvas.map').hidden")
    browser.key("m")
    browser.wait_for_words(".caption", "· weak")
    assert covers(browser, 44, 8) == 255
    browser.key("m")
    browser.wait_for_words(".caption", "M shows it")
    browser.key("p")
    browser.wait_for_words(".faith", "Beats chance: 20 points")
    assert not browser.page.evaluate("window.deep('canvas.map').hidden")
    browser.key("d")
    browser.wait_for_words(".strength", f"Difference: {row['predicted']} +2.0, {row['subtype']} −1.0")
    assert browser.errors == []


def test_a_method_that_fails_the_sanity_check_says_so(
    browser: Browser, mistakes: list[str], store: MapStore
) -> None:
    failed = {**PASSED, "head": 0.9, "whole": 0.95, "passed": False, "warning": "This map hardly changes."}
    store.note("saliency", sanity=failed)
    browser.open("review")
    browser.wait_until_shown(mistakes[0])
    choose(browser, "saliency")
    browser.wait_for_words(".strength .plain", "Hardly changes with random weights: do not trust it.")


def test_what_is_not_computed_offers_to_be_and_tells_why_it_failed(
    browser: Browser, workspace: Workspace, mistakes: list[str], store: MapStore
) -> None:
    browser.open("review")
    browser.wait_until_shown(mistakes[0])
    choose(browser, "saliency")
    browser.wait_for_words(".faith", "Beats chance")
    browser.key("ArrowRight")
    browser.wait_until_shown(mistakes[1])
    browser.wait_for_words(".bar .compute", "Not computed")
    assert f"Compute {len(mistakes)}" in browser.text(".compute")
    # The run's own map stays until the other is there, and nothing lies over the picture.
    assert browser.text(".caption").startswith("Grad-CAM map of ")
    assert not browser.page.evaluate("window.deep('canvas.map').hidden")
    assert browser.page.evaluate("window.deep('.scale').hidden")
    choose(browser, "gradcam")
    browser.wait_for_words(".faith", "Not checked against chance.")
    assert browser.page.evaluate("window.deep('.compute').hidden")
    browser.page.evaluate("window.deep('.faith .check').click()")
    browser.wait_for_words(".compute", "the predictor is damaged")  # A fake run has none.
    (job,) = jobs.list_jobs(workspace, "maps")
    assert job.arguments["methods"] == ["gradcam"]
    assert job.arguments["first"] == [mistakes[1]]
    assert browser.errors == []
    assert browser.strangers == []


def test_nothing_of_other_methods_travels_until_one_is_chosen(
    browser: Browser, mistakes: list[str], store: MapStore
) -> None:
    asked: list[str] = []
    browser.page.on("request", lambda request: asked.append(request.url))
    browser.open("review")
    browser.wait_until_shown(mistakes[0])
    browser.key("ArrowRight")
    browser.wait_until_shown(mistakes[1])
    assert not [url for url in asked if "/maps/" in url and "/gradcam?" not in url]


def test_only_hashes_and_methods_that_can_be_lead_to_maps(browser: Browser, store: MapStore) -> None:
    get = browser.page.request.get
    for path in (
        f"maps/{'z' * 16}/gradcam?image={'0' * 32}",
        f"maps/{store.key}/gradcam?image=..",
        f"maps/{store.key}/lime",
    ):
        assert get(f"{browser.url}/{path}").status == 404
    missing = get(f"{browser.url}/maps/{store.key}/layercam?image={'0' * 32}")
    assert missing.json() == {"ready": False, "job": None}
