"""The colours of a comparison, as the browser draws them."""

from __future__ import annotations

import colorsys

from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace
from tests.browser.conftest import Browser
from tests.screens.test_results import a_run_that_is_wrong

DELTA = '[data-testid="stMetric"]:has-text("Accuracy") [data-testid="stMetricDelta"]'


def is_green(colour: str) -> bool:
    """Return whether a computed colour, as ``rgb(…)``, has a green hue."""
    red, green, blue = (float(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3])
    return 0.22 < colorsys.rgb_to_hsv(red, green, blue)[0] < 0.47


def test_a_surely_worse_run_is_drawn_in_no_green_and_a_surely_better_one_is(
    browser: Browser, workspace: Workspace, fake_run: Run
) -> None:
    a_run_that_is_wrong(fake_run, workspace.models, "worse")
    for address, green in (("run=worse&with=fake", False), ("run=fake&with=worse", True)):
        browser.open(f"results?{address}&view=Compare")
        delta = browser.page.locator(DELTA).first
        delta.wait_for()
        assert is_green(delta.evaluate("one => getComputedStyle(one).color")) is green, address
