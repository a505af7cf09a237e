"""What signed maps say in the viewer: evidence in few cells, a line around them, weighed differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from breakhis_core.images.taxonomy import CODES, subtype
from breakhis_core.runs import Run
from breakhis_core.runs.queues import build_queue
from breakhis_core.workspace import Workspace
from tests.browser.conftest import Browser
from tests.conftest import write_fake_run

ROWS, COLUMNS = 3, 4
BIAS = [0.25 * place for place in range(8)]
# The two ends of each line of the contour, as shares of the picture's width and height.
LINES = """[...window.deep('.contour .light').getAttribute('d')
  .matchAll(/M([\\d.]+) ([\\d.]+)([HV])([\\d.]+)/g)]
  .map(([, x, y, way, end]) => way === 'H' ? [+x, +y, +end, +y] : [+x, +y, +x, +end])"""


@pytest.fixture
def fake_run(workspace: Workspace, pictures: pd.DataFrame) -> Run:
    """A run whose maps add up: 3 x 4 cells, 5 and 3 of them for and some against each class, by its place."""
    maps = np.zeros((len(pictures), 8, ROWS, COLUMNS))
    maps[:, :, 0, 0] = 5 + np.arange(8)
    maps[:, :, 0, 1] = 3
    maps[:, :, 2, 3] = 4
    maps[:, :, 1, 2] = -2
    return write_fake_run(
        workspace.models, "fake", pictures, class_maps=maps, evidence={"bias": BIAS},
        settings={"width": 128, "height": 96},
    )  # fmt: skip


@pytest.fixture
def viewing(browser: Browser, fake_run: Run) -> tuple[Browser, pd.Series]:
    """The review screen on the first image of its queue, and that image's row."""
    row = build_queue(fake_run).iloc[0]
    browser.open("review")
    browser.wait_until_shown(row["hash"])
    return browser, row


def test_it_says_in_how_few_cells_half_of_the_evidence_lies(viewing: tuple[Browser, pd.Series]) -> None:
    browser, row = viewing
    first = 5 + CODES.index(row["predicted"])
    # One cell where it alone has half of what speaks for the class, else the two strongest.
    held, count = (first, 1) if first >= 7 else (first + 4, 2)
    share = round(100 * held / (first + 7))
    assert browser.text(".evidence") == f"{share} % of the positive evidence lies in {count} of 12 cells"
    bias = BIAS[CODES.index(row["predicted"])]
    title = browser.read("window.deep('.evidence').title")
    name = subtype(row["predicted"]).name
    assert f"All cells together, {first + 5:.2f}, and the bias, {bias:.2f}, are the score of {name}" in title
    assert f"{first + 5 + bias:.2f}. Map: peak" in title


def test_the_line_runs_around_those_cells_and_stays(viewing: tuple[Browser, pd.Series]) -> None:
    browser, row = viewing
    assert browser.read("window.deep('.contour').hasAttribute('hidden')")
    browser.key("t", "c")
    browser.page.get_by_role(
        "button", name=subtype("A").name
    ).click()  # 5, 4 and 3 in three cells: two hold 3/4.
    assert browser.read("window.deep('canvas.map').hidden")
    assert browser.text(".caption") == "75 % of the positive evidence for adenosis lies in these 2 cells"
    third, fourth = 2 / 3, 3 / 4
    wanted = [
        [0, 0, 1 / 4, 0], [0, 1 / 3, 1 / 4, 1 / 3], [0, 0, 0, 1 / 3], [1 / 4, 0, 1 / 4, 1 / 3],
        [fourth, third, 1, third], [fourth, 1, 1, 1], [fourth, third, fourth, 1], [1, third, 1, 1],
    ]  # fmt: skip
    np.testing.assert_allclose(browser.read(LINES), wanted, atol=1e-6)
    browser.key("m")
    assert browser.read("window.deep('.contour').hasAttribute('hidden')")
    assert browser.text(".caption") == "picture"
    browser.key("m", "g")
    assert browser.read("window.deep('.panes').textContent").count("cell") == 8
    browser.key("o")
    browser.open("review")
    browser.wait_until_shown(row["hash"])
    assert not browser.read("window.deep('.contour').hasAttribute('hidden')")
    assert browser.read("window.deep('.bar .as-line').getAttribute('aria-pressed')") == "true"
    browser.key("c")
    assert not browser.read("window.deep('canvas.map').hidden")
    assert browser.errors == []


def test_the_line_is_as_thick_at_every_zoom(viewing: tuple[Browser, pd.Series]) -> None:
    browser, _ = viewing
    browser.key("c")
    for _ in range(2):
        style = "getComputedStyle(window.deep('.contour .light'))"
        assert browser.read(f"[{style}.strokeWidth, {style}.vectorEffect]") == ["2px", "non-scaling-stroke"]
        browser.key("+", "+", "+")


@pytest.mark.parametrize(("width", "height"), [(1400, 900), (1280, 720), (1024, 768), (800, 900)])
def test_zoom_and_help_stay_in_sight_in_every_view(
    width: int, height: int, viewing: tuple[Browser, pd.Series]
) -> None:
    browser, _ = viewing
    browser.page.set_viewport_size({"width": width, "height": height})
    browser.page.wait_for_timeout(300)
    for view in "osvdg":
        browser.key(view)
        edges = "['.viewer > .bar', '.help'].map((one) => window.deep(one).getBoundingClientRect().right)"
        bar, end = browser.read(edges)
        assert end <= bar, view


def colour(browser: Browser, row: int, column: int) -> list[int]:
    """Return red, green, blue and cover of the map in the middle of a cell."""
    return browser.page.evaluate(
        "([x, y]) => { const canvas = window.deep('canvas.map'); return [...canvas.getContext('2d')"
        ".getImageData(x * canvas.width, y * canvas.height, 1, 1).data]; }",
        [(column + 0.5) / COLUMNS, (row + 0.5) / ROWS],
    )


def test_the_difference_weighs_the_second_sub_type(viewing: tuple[Browser, pd.Series]) -> None:
    browser, row = viewing
    browser.key("d")
    first, second = row["predicted"], row["subtype"]
    if CODES.index(first) < CODES.index(second):  # Equal everywhere but in the first cell.
        assert browser.text(".strength").startswith(f"Difference: {first} +0.00")
    assert colour(browser, 2, 3)[3] == 0
    browser.key(*[","] * 4)
    assert browser.text(".weight").startswith("γ 0.60")
    assert f"speaks for {subtype(second).name}, weighed 0.6" in browser.text(".caption")
    assert browser.text(".strength").startswith(f"{first} less 0.6 × {second}: ")
    red, _, blue, cover = colour(browser, 2, 3)  # 4 - 0.6 * 4 is for the first, -2 + 0.6 * 2 against it.
    assert blue > red
    assert cover > 0
    red, _, blue, cover = colour(browser, 1, 2)
    assert red > blue
    assert cover > 0
    browser.key(*[","] * 8)
    assert f"speaks against {subtype(first).name}" in browser.text(".caption")
    top = 5 + CODES.index(first)
    assert browser.text(".strength").startswith(f"{first} less 0 × {second}: +{top:.0f}" if top >= 10 else
                                                f"{first} less 0 × {second}: +{top:.1f} to −2.0")  # fmt: skip
    browser.page.evaluate(
        "() => { const slider = window.deep('input.gamma'); slider.value = 25;"
        " slider.dispatchEvent(new Event('input')); }"
    )
    assert browser.text(".weight").startswith("γ 0.25")
    assert browser.errors == []
