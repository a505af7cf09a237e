"""A map lies where the model saw it, on pictures of any proportions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from breakhis_core.images import datasets
from breakhis_core.images.catalogue import Catalogue
from breakhis_core.images.pixels import decode, pixel_hash
from breakhis_core.runs import Run
from breakhis_core.runs.queues import build_queue
from breakhis_core.workspace import Workspace
from tests.browser.conftest import Browser
from tests.conftest import paint_pictures, write_fake_run
from tests.screens.test_classify import with_predictor

WIDE = {"width": 512, "height": 320, "keep_proportions": True}
ROWS, COLUMNS = 10, 16
# Where the map is brightest, as shares of the picture's width and height, and how much of it is covered.
BRIGHTEST = """(() => {
  const canvas = window.deep('canvas.map'), { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  let most = -1, at = 0;
  const places = [];
  for (let pixel = 0; pixel < width * height; pixel++) {
    const bright = data[4 * pixel + 3] ? data[4 * pixel] + data[4 * pixel + 1] : 0;
    if (bright > most + 1) { most = bright; places.length = 0; }
    const place = [(pixel % width + 0.5) / width, (Math.floor(pixel / width) + 0.5) / height];
    if (bright >= most - 1) places.push(place);
  }
  return [0, 1].map((axis) => places.reduce((sum, place) => sum + place[axis], 0) / places.length);
})()"""


@pytest.fixture
def pictures(workspace: Workspace, tmp_path: Path) -> pd.DataFrame:
    """Square pictures, of which a model that sees 512 x 320 pixels sees three fifths of its width."""
    images = paint_pictures(tmp_path / "pictures", size=(60, 60))
    problems = pd.DataFrame(columns=["path", "kind", "reason"])
    datasets.save_catalogue(workspace, Catalogue(tmp_path / "pictures", images, problems, phantom=True))
    return images


@pytest.fixture
def fake_run(workspace: Workspace, pictures: pd.DataFrame) -> Run:
    """A run of wide inputs whose maps mark one cell, in the fifth row and column of 10 x 16."""
    maps = np.zeros((len(pictures), 8, ROWS, COLUMNS))
    maps[:, :, 4, 4] = 1
    maps[:, :, 1, 1] = 2  # In the margin: not on the picture.
    run = write_fake_run(
        workspace.models, "fake", pictures, class_maps=maps, settings=WIDE, evidence={"bias": [0.0] * 8}
    )
    return with_predictor(run, 320, 512)


def on_picture(row: int, column: int) -> list[float]:
    """Return where the middle of a cell lies on a square picture: columns 3 to 12 of 16 cover it."""
    return [(column + 0.5 - 3) / 10, (row + 0.5) / ROWS]


def test_a_planted_cell_lies_where_it_was_planted(browser: Browser, fake_run: Run) -> None:
    image = build_queue(fake_run)["hash"].iloc[0]
    browser.open("review")
    browser.wait_until_shown(image)
    assert browser.read(BRIGHTEST) == pytest.approx(on_picture(4, 4), abs=0.02)
    # The contour's one cell, the strongest, lies in the margin, which is said.
    assert browser.text(".evidence").endswith("in 1 of 160 cells, 1 in the mirrored margin")
    browser.key("c")
    assert browser.read("window.deep('.contour .light').getAttribute('d')") == ""
    assert browser.text(".caption").endswith(" lies in 1 cell of the mirrored margin")
    assert browser.errors == []


def test_the_map_of_another_run_lies_where_that_run_saw_the_picture(
    browser: Browser, fake_run: Run, workspace: Workspace, pictures: pd.DataFrame
) -> None:
    write_fake_run(workspace.models, "squeezed", pictures)
    image = build_queue(fake_run)["hash"].iloc[0]
    browser.open(f"review?run=squeezed&image={image}&order=all")
    browser.wait_until_shown(image)
    browser.key("i")
    canvas = "window.deep('.context .other canvas')"
    browser.wait_for(f"!!window.deep && !!{canvas}")
    found = browser.read(BRIGHTEST.replace("window.deep('canvas.map')", canvas))
    assert found == pytest.approx(on_picture(4, 4), abs=0.02)


@pytest.mark.parametrize("size", [(600, 600), (900, 300), (300, 500)])
def test_an_uploaded_picture_of_any_proportions_bears_its_map_where_it_is_bright(
    size: tuple[int, int], browser: Browser, tmp_path: Path
) -> None:
    width, height = size
    pixels = np.full((height, width, 3), 20, np.uint8)
    x, y = round(0.7 * width), round(0.3 * height)
    half = min(size) // 12
    pixels[y - half : y + half, x - half : x + half] = 250
    file = tmp_path / "bright.png"
    Image.fromarray(pixels).save(file)
    browser.open("classify")
    browser.page.locator("input[type=file]").set_input_files(str(file))
    browser.page.wait_for_function(
        "image => window.deep('.viewer')?.dataset.shown === image", arg=pixel_hash(decode(file))
    )
    browser.key("a")  # Its own scale: the cells are not all at the end of the colours.
    # A cell is a sixteenth of the model input; of these pictures it is up to an eighth.
    assert browser.read(BRIGHTEST) == pytest.approx([0.7, 0.3], abs=0.09)
    assert browser.errors == []
