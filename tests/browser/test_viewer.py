"""The viewer's own keys: they ask nothing of the server, and stay across images."""

from __future__ import annotations

import re

import numpy as np
import pytest

from breakhis_core.images.datasets import picture_path
from breakhis_core.images.taxonomy import CODES, subtype
from breakhis_core.runs import Run
from breakhis_core.runs.queues import build_queue
from breakhis_core.workspace import Workspace
from pages.parts.components.common.assets import address
from tests.browser.conftest import Browser


@pytest.fixture
def viewing(browser: Browser, fake_run: Run) -> tuple[Browser, list[str]]:
    """The review screen on its first image, and the queue."""
    queue: list[str] = build_queue(fake_run)["hash"].tolist()
    browser.open("review")
    browser.wait_until_shown(queue[0])
    return browser, queue


def layer(browser: Browser) -> str:
    return browser.page.evaluate("window.deep('.layer').style.width")


def map_hidden(browser: Browser) -> bool:
    return browser.page.evaluate("window.deep('canvas.map').hidden")


def test_m_flips_between_picture_and_map(viewing: tuple[Browser, list[str]]) -> None:
    browser, _ = viewing
    assert not map_hidden(browser)
    browser.key("m")
    assert map_hidden(browser)
    browser.key("m")
    assert not map_hidden(browser)


def test_views_have_one_two_or_nine_panes(viewing: tuple[Browser, list[str]]) -> None:
    browser, _ = viewing
    for key, panes in (("s", "2"), ("v", "2"), ("d", "1"), ("g", "9"), ("o", "1")):
        browser.key(key)
        assert browser.page.evaluate("window.deep('.panes').dataset.count") == panes


def test_zoom_stays_across_next(viewing: tuple[Browser, list[str]]) -> None:
    browser, queue = viewing
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


def test_opacity_and_view_survive_a_refresh(viewing: tuple[Browser, list[str]]) -> None:
    browser, queue = viewing
    browser.key("ArrowUp")
    browser.key("s")
    wanted = browser.page.evaluate("window.deep('input[type=range]').value")
    browser.open("review")
    browser.wait_until_shown(queue[0])
    assert browser.page.evaluate("window.deep('input[type=range]').value") == wanted
    assert browser.page.evaluate("window.deep('.panes').dataset.count") == "2"


def test_a_bar_chooses_whose_map_is_shown(viewing: tuple[Browser, list[str]]) -> None:
    browser, _ = viewing
    browser.page.get_by_role("button", name="mucinous carcinoma").click()
    caption = browser.text(".caption")
    assert caption.startswith("map of mucinous carcinoma")


def colour_at(browser: Browser, cell: tuple[int, int]) -> tuple[int, int, int]:
    """Return the map's colour in the middle of one of its 7 x 7 cells."""
    row, column = cell
    red, green, blue = browser.page.evaluate(
        "([x, y]) => [...window.deep('canvas.map').getContext('2d').getImageData(x, y, 1, 1).data]"
        ".slice(0, 3)",
        [16 * int(column) + 8, 16 * int(row) + 8],
    )
    return red, green, blue


def test_the_difference_sets_the_predicted_against_the_true_map(
    viewing: tuple[Browser, list[str]], fake_run: Run
) -> None:
    browser, queue = viewing
    predictions = fake_run.predictions().set_index("hash", drop=False)
    row = predictions.loc[queue[0]]
    maps = fake_run.class_maps()[predictions.index.get_loc(queue[0])].astype(float)
    difference = maps[CODES.index(row["predicted"])] - maps[CODES.index(row["subtype"])]
    browser.key("d")
    caption = browser.text(".caption")
    signs = f"+speaks for {subtype(row['predicted']).name}−speaks for {subtype(row['subtype']).name}"
    assert caption.removesuffix(" · weak") == signs
    said = browser.text(".strength")
    found = re.match(r"Difference: (\w+) \+([\d.]+), (\w+) −([\d.]+)maps usually", said)
    assert found is not None, said
    assert (found[1], found[3]) == (row["predicted"], row["subtype"])
    peaks = [float(found[2]), float(found[4])]
    assert peaks == pytest.approx([difference.max(), -difference.min()], abs=0.011)
    red, _, blue = colour_at(browser, np.unravel_index(difference.argmax(), (7, 7)))
    assert blue > red + 60
    red, _, blue = colour_at(browser, np.unravel_index(difference.argmin(), (7, 7)))
    assert red > blue + 60


def test_the_difference_against_a_class_that_a_bar_chose(
    viewing: tuple[Browser, list[str]], fake_run: Run
) -> None:
    browser, queue = viewing
    row = fake_run.predictions().set_index("hash").loc[queue[0]]
    other = next(code for code in CODES if code not in (row["predicted"], row["subtype"]))
    browser.key("d")
    browser.page.get_by_role("button", name=subtype(other).name).click()
    caption = browser.text(".caption")
    assert f"−speaks for {subtype(other).name}" in caption


def test_clipped_maps_of_before_have_no_contour_and_no_weights(viewing: tuple[Browser, list[str]]) -> None:
    browser, _ = viewing
    browser.key("c")
    assert not map_hidden(browser)
    assert browser.read("window.deep('.bar .as-line').hidden")
    assert browser.text(".strength").startswith("Map of ")
    browser.key("d", ",")
    assert browser.read("window.deep('.weight').hidden")
    assert browser.text(".strength").startswith("Difference: ")


# Machado, Oliveira and Fernandes 2009, severity 1: what is seen without the green, without the red cones.
BLINDNESS = {
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
}


def lab(linear: np.ndarray) -> np.ndarray:
    """Return CIE L*a*b* (D65) of linear RGB, (N, 3)."""
    xyz = linear @ np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]).T
    ratio = xyz / np.array([0.9505, 1.0, 1.089])
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)


def test_the_diverging_colours_are_even_and_readable_without_red_green_vision(
    viewing: tuple[Browser, list[str]],
) -> None:
    browser, _ = viewing
    script = address("components/viewer/colours.js")
    flat = browser.page.evaluate(f"import('{script}').then((colours) => [...colours.diverging])")
    rgb = np.array(flat, float).reshape(256, 3) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    light = lab(linear)[:, 0]
    assert (np.diff(light[:128:8]) > 0).all()
    assert (np.diff(light[128::8]) < 0).all()
    assert np.abs(light - light[::-1]).max() < 3  # Neither sign looks stronger than the other.
    steps = np.abs(np.diff(light[:128:8]))
    assert steps.max() < 1.6 * steps.min()
    for name, matrix in BLINDNESS.items():
        seen = lab(np.clip(linear @ np.array(matrix).T, 0, 1))
        for share in (0.5, 1.0):
            negative, positive = seen[round(127.5 - 127.5 * share)], seen[round(127.5 + 127.5 * share)]
            assert np.linalg.norm(negative - positive) > 25, (name, share)


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
    assert "cannot be shown" in browser.text(".problem")
    browser.key("ArrowRight")
    browser.wait_until_shown(queue[1])
    assert browser.page.evaluate("window.deep('.problem').hidden")


def test_the_next_image_is_shown_before_the_server_answers(viewing: tuple[Browser, list[str]]) -> None:
    browser, queue = viewing
    # The viewer has asked for the picture before us: once we have it, it is there.
    browser.page.evaluate(
        "hash => { const image = new Image(); image.src = `/picture/${hash}`; return image.decode(); }",
        queue[1],
    )
    shown = browser.page.evaluate(
        """async () => {
          document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
          for (let i = 0; i < 50; i++) await null;  // No message can arrive meanwhile.
          return window.deep(".viewer").dataset.shown;
        }"""
    )
    assert shown == queue[1]
    browser.page.wait_for_url(f"**image={queue[1]}**")
    browser.page.wait_for_timeout(300)
    assert browser.shown() == queue[1]
    assert browser.errors == []
