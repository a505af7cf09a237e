"""Uploading a picture in the browser, with the run that ships."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from breakhis_core.images.pixels import decode, pixel_hash
from breakhis_core.settings import PROJECT, Settings
from tests.browser.conftest import Browser, browse, serve

if TYPE_CHECKING:
    from playwright.sync_api import Browser as Chrome


@pytest.fixture
def classifying(settings: Settings, chrome: Chrome) -> Iterator[Browser]:
    """The app with the shipped run, open in Chromium."""
    if not (PROJECT / "models" / "demo" / "predictor.onnx").is_file():
        pytest.skip("models/demo is not there")
    for server in serve(settings.model_copy(update={"models": PROJECT / "models"})):
        yield from browse(server, chrome)


def test_a_picture_that_is_uploaded_is_shown_with_its_map(
    classifying: Browser, pictures: pd.DataFrame, tmp_path: Path
) -> None:
    file = tmp_path / "pictures" / pictures["path"].iloc[0]
    broken = tmp_path / "broken.png"
    broken.write_bytes(file.read_bytes()[:100])
    classifying.open("classify")
    classifying.page.locator("input[type=file]").set_input_files([str(file), str(broken)])
    classifying.page.wait_for_function(
        "image => window.deep('.viewer')?.dataset.shown === image", arg=pixel_hash(decode(file))
    )
    classifying.page.get_by_text("broken.png").first.wait_for()
    assert not classifying.page.evaluate("window.deep('canvas.map').hidden")
    classifying.assert_loaded_once("components/viewer/viewer.js", "components/viewer/verdict.js")
    assert classifying.errors == []
    assert classifying.strangers == []
