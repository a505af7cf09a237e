"""The predictor says what Keras and tf-keras-vis say, for every head and on real images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from breakhis_core.images.input_form import InputForm
from breakhis_core.images.model_inputs import shown
from breakhis_core.images.pixels import decode
from breakhis_core.maps.reference import PredictorDiffersError, check_average, check_predictor, class_maps
from breakhis_core.networks.backbone import build_base
from breakhis_core.networks.export import export_predictor, round_weights, score_bias
from breakhis_core.networks.network import build_network
from breakhis_core.recipes import RECIPES
from breakhis_core.runs.predictor import Predictor
from tests.training.fixtures_ml import lively_base, smooth_images


@pytest.fixture(scope="module")
def real_base(shared_weights: Path) -> Any:
    return build_base(shared_weights / "mobilenetv3_large_notop.weights.h5")


@pytest.fixture(scope="module")
def real_inputs(shared_breakhis: Path) -> np.ndarray:
    files = sorted(shared_breakhis.rglob("*.png"))[::101]
    return np.stack([InputForm().of(decode(file)) for file in files])


def model_of(recipe: str, base: Any) -> Any:
    """Return a model with a head that is not fresh: statistics and biases of its own."""
    model = build_network(RECIPES[recipe], base).model
    draw = np.random.default_rng(4)
    for layer in model.layers[-6:]:
        if layer.name == "dense_64_bn":
            size = layer.gamma.shape[0]
            centres = (draw.normal(1, 0.3, size), draw.normal(0, 1, size), draw.normal(0, 1, size))
            layer.set_weights([*centres, draw.uniform(0.5, 2, size)])
        elif getattr(layer, "bias", None) is not None:
            layer.bias.assign(draw.normal(0, 0.3, layer.bias.shape))
    return model


@pytest.mark.parametrize("recipe", ["paper", "quick"])
def test_predictor_equals_keras_and_tf_keras_vis(
    recipe: str, real_base: Any, real_inputs: np.ndarray, tmp_path: Path
) -> None:
    model = model_of(recipe, real_base)
    export_predictor(model, tmp_path / "predictor.onnx")
    predictor = Predictor.load(tmp_path)
    differences = check_predictor(predictor, model, real_inputs)
    assert max(differences.values()) < 2e-5
    maps = predictor.predict(real_inputs).class_maps
    np.testing.assert_allclose(np.maximum(maps, 0), class_maps(model, real_inputs), atol=2e-5 * maps.max())
    # Eight classes, eight maps.
    assert len(np.unique(maps.reshape(len(maps), 8, -1), axis=1)[0]) == 8


def test_cells_and_bias_add_up_to_the_score(real_base: Any, real_inputs: np.ndarray, tmp_path: Path) -> None:
    import keras

    model = model_of("quick", real_base)
    export_predictor(model, tmp_path / "predictor.onnx")
    maps = Predictor.load(tmp_path).predict(real_inputs).class_maps
    assert (maps < 0).any()
    bias = score_bias(model)
    assert bias is not None
    scores = maps.sum(axis=(2, 3)) + np.array(bias)
    dense = model.get_layer("probabilities")
    pooled = keras.Model(model.input, model.get_layer("pool").output)
    embeddings = np.asarray(pooled.predict_on_batch(real_inputs.astype(np.float32)))
    expected = embeddings @ np.asarray(dense.kernel) + np.asarray(dense.bias)
    np.testing.assert_allclose(scores, expected, atol=1e-5 * np.abs(expected).max())


def test_the_maps_of_a_deep_head_add_up_to_nothing(real_base: Any) -> None:
    assert score_bias(model_of("paper", real_base)) is None


@pytest.mark.parametrize("variants", [(0, 1), (0, 2), (0, 1, 2, 3)])
def test_the_mean_over_flips(
    variants: tuple[int, ...], real_base: Any, real_inputs: np.ndarray, tmp_path: Path
) -> None:
    model = model_of("quick", real_base)
    plain, mean = tmp_path / "plain.onnx", tmp_path / "mean.onnx"
    export_predictor(model, plain)
    export_predictor(model, mean, variants=variants)
    averaged = Predictor.load(mean)
    check_average(averaged, Predictor.load(plain), real_inputs, variants)
    # What a picture is does not hang on how it lies, and its map turns with it.
    one, other = averaged.predict(real_inputs), averaged.predict(shown(real_inputs, variants[-1]).copy())
    np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-5)
    axes = tuple(axis for axis, bit in ((2, 2), (3, 1)) if variants[-1] & bit)
    np.testing.assert_allclose(np.flip(one.class_maps, axes), other.class_maps, atol=1e-4)
    with pytest.raises(PredictorDiffersError, match="mean over the flips"):
        check_average(Predictor.load(plain), Predictor.load(plain), real_inputs, variants)


def test_any_size_of_input(shared_weights: Path, shared_breakhis: Path, tmp_path: Path) -> None:
    weights = shared_weights / "mobilenetv3_large_notop.weights.h5"
    form = InputForm(256, 176, keep_proportions=True)
    model = model_of("quick", build_base(weights, size=form.shape[:2]))
    export_predictor(model, tmp_path / "predictor.onnx")
    predictor = Predictor.load(tmp_path)
    assert predictor.input_shape == (176, 256, 3)
    assert predictor.map_shape == (6, 8)
    files = sorted(shared_breakhis.rglob("*.png"))[::101]
    inputs = np.stack([form.of(decode(file)) for file in files])
    assert max(check_predictor(predictor, model, inputs).values()) < 2e-5


def test_rounded_weights_take_half_the_room_and_say_the_same(
    real_base: Any, real_inputs: np.ndarray, tmp_path: Path
) -> None:
    model = model_of("paper", real_base)
    whole, half = tmp_path / "whole.onnx", tmp_path / "half.onnx"
    with pytest.raises(ValueError, match="round the weights first"):
        export_predictor(model, half, half=True)
    before = model.predict_on_batch(real_inputs.astype(np.float32))
    round_weights(model)
    export_predictor(model, whole)
    export_predictor(model, half, half=True)
    assert half.stat().st_size < 0.55 * whole.stat().st_size
    one, other = Predictor.load(whole).predict(real_inputs), Predictor.load(half).predict(real_inputs)
    np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-6)
    np.testing.assert_allclose(one.class_maps, other.class_maps, atol=1e-5 * one.class_maps.max())
    np.testing.assert_allclose(before, other.probabilities, atol=5e-3)
    check_predictor(Predictor.load(half), model, real_inputs[:1])


def test_a_predictor_that_differs_is_refused(tmp_path: Path) -> None:
    model = build_network(RECIPES["quick"], lively_base()).model
    inputs = smooth_images(1)
    layer = model.get_layer("probabilities")
    kernel, bias = layer.get_weights()
    # Small scores, so that the answers are far from certain and each change shows.
    layer.set_weights([kernel * 0.01, bias])
    export_predictor(model, tmp_path / "predictor.onnx")
    predictor = Predictor.load(tmp_path)
    layer.set_weights([kernel * 0.01, bias + np.linspace(0, 0.1, 8, dtype=np.float32)])
    with pytest.raises(PredictorDiffersError, match="probabilities differ"):
        check_predictor(predictor, model, inputs)
    layer.set_weights([kernel[:, ::-1] * 0.01, bias])
    with pytest.raises(PredictorDiffersError, match="differ"):
        check_predictor(predictor, model, inputs)


def test_a_head_of_other_layers_cannot_be_exported(tmp_path: Path) -> None:
    import keras

    base = lively_base()
    tensor = keras.layers.GlobalAveragePooling2D(name="pool")(base.output)
    tensor = keras.layers.LayerNormalization(name="strange")(tensor)
    model = keras.Model(base.input, keras.layers.Dense(8, activation="softmax")(tensor))
    with pytest.raises(ValueError, match="strange"):
        export_predictor(model, tmp_path / "predictor.onnx")
