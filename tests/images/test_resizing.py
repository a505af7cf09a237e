"""Resizing without antialiasing gives TensorFlow's own values, rounded."""

from __future__ import annotations

import numpy as np
import pytest

from breakhis_core.images.resizing import between_four


@pytest.mark.parametrize(
    "size", [(460, 700), (456, 700), (700, 460), (461, 699), (150, 100), (1, 1)], ids=str
)
@pytest.mark.parametrize("wanted", [(224, 224), (336, 512)], ids=str)
def test_values_are_tensorflows(size: tuple[int, int], wanted: tuple[int, int]) -> None:
    import tensorflow as tf

    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    theirs = tf.image.resize(picture, wanted, method="bilinear", antialias=False).numpy()
    ours = between_four(picture, wanted[1], wanted[0])
    assert ours.dtype == np.uint8
    np.testing.assert_array_equal(ours, np.rint(theirs))


def test_a_picture_of_the_wanted_size_stays() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    np.testing.assert_array_equal(between_four(picture, 224, 224), picture)
