"""How pictures become model inputs: sizes, proportions, what a picture covers."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from breakhis_core.images.input_form import InputForm
from breakhis_core.images.resizing import between_four


def speckled(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_the_default_squashes_bilinearly() -> None:
    picture = speckled(46, 70)
    expected = Image.fromarray(picture).resize((224, 224), Image.Resampling.BILINEAR)
    assert np.array_equal(InputForm().of(picture), np.asarray(expected))


def test_proportions_that_hardly_differ_are_stretched() -> None:
    form = InputForm(512, 336, keep_proportions=True)
    assert form.covered(700, 460) == form.covered(700, 456) == (0, 0, 1, 1)
    expected = Image.fromarray(speckled(460, 700)).resize((512, 336), Image.Resampling.BILINEAR)
    assert np.array_equal(form.of(speckled(460, 700)), np.asarray(expected))


@pytest.mark.parametrize(("height", "width"), [(300, 300), (100, 900), (900, 100), (1, 1), (2, 1000)])
def test_other_proportions_get_a_mirrored_margin(height: int, width: int) -> None:
    form, picture = InputForm(96, 64, keep_proportions=True), speckled(height, width)
    made = form.of(picture)
    left, top, right, bottom = form.covered(width, height)
    x0, y0, x1, y1 = round(left * 96), round(top * 64), round(right * 96), round(bottom * 64)
    inner = made[y0:y1, x0:x1]
    assert made.shape == form.shape
    assert np.array_equal(
        inner, Image.fromarray(picture).resize((x1 - x0, y1 - y0), Image.Resampling.BILINEAR)
    )
    assert abs((x1 - x0) / (y1 - y0) / (width / height) - 1) < 0.5 or min(x1 - x0, y1 - y0) == 1
    if x0:
        assert np.array_equal(made[:, x0 - 1], made[:, x0])
    if y0:
        assert np.array_equal(made[y0 - 1], made[y0])


def test_every_setting_is_in_the_key() -> None:
    forms = [InputForm(), InputForm(width=96), InputForm(height=96), InputForm(96, 96)]
    forms += [InputForm(antialias=False), InputForm(keep_proportions=True)]
    assert len({form.key for form in forms}) == len(forms)


def test_a_recipe_of_before_there_was_a_choice_means_the_default() -> None:
    assert InputForm.said({"name": "recommended", "epochs": 3}) == InputForm()
    said = {"width": 512, "height": 336, "antialias": False, "keep_proportions": True, "epochs": 3}
    assert InputForm.said(said) == InputForm(512, 336, antialias=False, keep_proportions=True)


def test_without_antialiasing_only_the_four_nearest_pixels_count() -> None:
    picture = speckled(460, 700)
    form = InputForm(antialias=False)
    assert np.array_equal(form.of(picture), between_four(picture, 224, 224))
    assert form.key == "224-squash-plain"
    wide = InputForm(96, 64, antialias=False, keep_proportions=True)
    assert np.array_equal(wide.of(speckled(100, 100))[:, 16:80], between_four(speckled(100, 100), 64, 64))
