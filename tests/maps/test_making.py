"""The maps say what their papers say, and change, or do not, when the model's weights are random."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from breakhis_core.maps.making import averaged_gradcam, map_maker, pooled
from breakhis_core.maps.methods import CODES as METHOD_CODES
from breakhis_core.maps.methods import method_of
from breakhis_core.maps.sanity import ALIKE, Sanity, check, rank_correlation, with_random_weights
from breakhis_core.networks.network import build_network
from breakhis_core.recipes import RECIPES
from tests.training.fixtures_ml import lively_base, smooth_images

CLASSES = [4, 1]


@pytest.fixture(scope="module")
def model() -> Any:
    return build_network(RECIPES["quick"], lively_base()).model


@pytest.fixture(scope="module")
def inputs() -> np.ndarray:
    return smooth_images(2, 3)


def gradients(model: Any, inputs: np.ndarray, layer: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a layer's output and the gradient of the linear scores of CLASSES in it, by our own tape."""
    import keras
    import tensorflow as tf

    parts = keras.Model(model.input, [model.get_layer(layer).output, model.layers[-1].input])
    kernel, bias = model.layers[-1].weights
    with tf.GradientTape() as tape:
        output, hidden = parts(inputs.astype(np.float32))
        scores = tf.matmul(hidden, kernel) + bias
        chosen = tf.reduce_sum(scores * tf.one_hot(CLASSES, 8))
    return np.asarray(output), np.asarray(tape.gradient(chosen, output))


def test_every_method_gives_finite_maps_of_its_size(model: Any, inputs: np.ndarray) -> None:
    for code in METHOD_CODES:
        size = 7 * method_of(code).finer
        maps = map_maker(model, code)(inputs, CLASSES)
        assert maps.shape == (2, size, size), code
        assert np.isfinite(maps).all(), code
        assert maps.min() >= 0, code
        assert maps.max() > 0, code


def test_grad_cam_plus_plus_is_the_positive_channels_behind_pooling(model: Any, inputs: np.ndarray) -> None:
    names = [layer.name for layer in model.layers]
    output, gradient = gradients(model, inputs, names[names.index("pool") - 1])
    expected = np.maximum((np.maximum(gradient, 0) * output).sum(axis=-1), 0)
    maps = map_maker(model, "gradcampp")(inputs, CLASSES)
    assert maps == pytest.approx(expected, rel=1e-3, abs=1e-4 * float(expected.max()))


def test_averaged_grad_cam_is_grad_cam_of_what_is_shown(model: Any, inputs: np.ndarray) -> None:
    single = averaged_gradcam(model, [0])(inputs, CLASSES)
    assert single == pytest.approx(map_maker(model, "gradcam")(inputs, CLASSES), rel=1e-3, abs=1e-5)
    both = averaged_gradcam(model, [0, 1])
    assert both(inputs[:, :, ::-1], CLASSES) == pytest.approx(
        both(inputs, CLASSES)[:, :, ::-1], rel=1e-4, abs=1e-6
    )


def test_layer_cam_weighs_every_place_of_an_earlier_layer(model: Any, inputs: np.ndarray) -> None:
    earlier = [
        layer.name
        for layer in model.layers
        if type(layer).__name__ == "Activation" and layer.output.shape[1] == 14
    ]
    output, gradient = gradients(model, inputs, earlier[-1])
    expected = np.maximum((np.maximum(gradient, 0) * output).sum(axis=-1), 0)
    maps = map_maker(model, "layercam")(inputs, CLASSES)
    assert maps == pytest.approx(expected, rel=1e-3, abs=1e-4 * float(expected.max()))


def test_smooth_grad_is_the_same_tomorrow_and_leaves_the_generator_alone(
    model: Any, inputs: np.ndarray
) -> None:
    make = map_maker(model, "saliency")
    np.random.seed(5)
    first = make(inputs[:1], CLASSES[:1])
    after = np.random.random()
    np.random.seed(5)
    assert np.random.random() == after
    assert np.array_equal(first, make(inputs[:1], CLASSES[:1]))


def test_pooling_keeps_the_mean() -> None:
    maps = np.random.default_rng(0).random((3, 224, 224)).astype(np.float32)
    assert pooled(maps, 56, 28).shape == (3, 56, 28)
    assert pooled(maps, 56, 28).mean(axis=(1, 2)) == pytest.approx(maps.mean(axis=(1, 2)), rel=1e-5)
    uneven = pooled(maps[:, :10, :7], 4, 3)
    assert uneven[0, 1, 2] == pytest.approx(maps[0, 2:5, 4:7].mean())


def test_any_input_gives_maps_of_its_proportions(model: Any, inputs: np.ndarray) -> None:
    from breakhis_core.networks.backbone import build_base

    wide = build_network(RECIPES["quick"], build_base("none", size=(96, 160))).model
    wide.set_weights(model.get_weights())
    expected = {"gradcam": (3, 5), "gradcampp": (3, 5), "layercam": (6, 10), "saliency": (24, 40)}
    for code, shape in expected.items():
        maps = map_maker(wide, code)(inputs[:, :96, :160], CLASSES)
        assert maps.shape == (2, *shape), code
        assert maps.max() > 0, code


def test_rank_correlation_equals_scipys() -> None:
    draw = np.random.default_rng(2)
    for _ in range(20):
        a = np.maximum(draw.normal(size=(7, 7)), 0)  # Half of it tied at zero, as maps are.
        b = np.maximum(a + draw.normal(size=(7, 7)), 0)
        assert rank_correlation(a, b) == pytest.approx(spearmanr(a.ravel(), b.ravel()).statistic)
    assert rank_correlation(np.zeros((7, 7)), np.ones((7, 7))) == 0.0


def test_random_weights_leave_the_original_alone(model: Any, inputs: np.ndarray) -> None:
    before = [value.copy() for value in model.get_weights()]
    head_only = with_random_weights(model, inputs, base=False)
    everything = with_random_weights(model, inputs, base=True)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    changed = [
        not np.array_equal(a, b) for a, b in zip(before, head_only.get_weights(), strict=True) if a.ndim > 1
    ]
    assert changed == [False] * (len(changed) - 1) + [True]
    kernels = zip(before, everything.get_weights(), strict=True)
    assert all(not np.array_equal(a, b) for a, b in kernels if a.ndim > 1)
    # As large as the trained one, so that strengths compare.
    learnt, drawn = (one.layers[-1].get_weights()[0] for one in (model, head_only))
    assert np.linalg.norm(drawn) == pytest.approx(np.linalg.norm(learnt), rel=1e-5)
    # The signal passes: a dead network would let every method pass.
    assert map_maker(everything, "gradcam")(inputs, CLASSES).max() > 1e-4


def test_a_map_that_ignores_the_weights_fails() -> None:
    maps = np.random.default_rng(0).random((2, 7, 7)).astype(np.float32)
    inputs = np.zeros((2, 224, 224, 3), np.uint8)

    def stubborn(_: np.ndarray, __: object) -> np.ndarray:
        return maps

    def turned(_: np.ndarray, __: object) -> np.ndarray:
        return -maps

    peak = float(maps.max())
    assert check([stubborn, stubborn], inputs, CLASSES, maps) == Sanity(1.0, 1.0, 2, peak)
    assert "do not trust it" in str(Sanity(1.0, 1.0, 2, peak).warning)
    assert "last layers" in str(check([stubborn, turned], inputs, CLASSES, maps).warning)
    assert check([turned, turned], inputs, CLASSES, maps) == Sanity(-1.0, -1.0, 2, float(-maps.min()))
    assert Sanity(ALIKE - 0.01, 0.0, 8, 1.0).passed
