"""The maps of a predictor add up: cells and bias are a score, whatever the input and the flips."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from breakhis_core.networks.backbone import build_base, settle_statistics
from breakhis_core.networks.export import export_predictor, score_bias
from breakhis_core.networks.network import build_network
from breakhis_core.recipes import RECIPES
from breakhis_core.runs.predictor import Predictor


def squares(count: int, height: int, width: int) -> np.ndarray:
    """Return (count, height, width, 3) coloured squares of 32 pixels."""
    rough = np.random.default_rng(3).integers(0, 256, (count, height // 32, width // 32, 3), dtype=np.uint8)
    return rough.repeat(32, axis=1).repeat(32, axis=2)


@pytest.mark.parametrize(
    ("height", "width", "variants"), [(96, 160, (0,)), (224, 224, (0,)), (96, 160, (0, 1, 2, 3))]
)
def test_cells_and_bias_are_the_logarithm_of_the_probability_but_for_one_number_an_image(
    height: int, width: int, variants: tuple[int, ...], tmp_path: Path
) -> None:
    inputs = squares(12, height, width)
    base = build_base("none", size=(height, width))
    settle_statistics(base, inputs)
    model = build_network(RECIPES["quick"], base).model
    draw = np.random.default_rng(5)
    model.layers[-1].bias.assign(draw.normal(0, 1, 8))
    export_predictor(model, tmp_path / "predictor.onnx", variants=variants)
    predicted = Predictor.load(tmp_path).predict(inputs)
    assert predicted.class_maps.shape == (12, 8, -(-height // 32), -(-width // 32))
    assert (predicted.class_maps < 0).any()
    bias = score_bias(model)
    assert bias is not None
    scores = predicted.class_maps.sum(axis=(2, 3), dtype=np.float64) + bias
    rest = np.log(predicted.probabilities.astype(np.float64)) - scores
    np.testing.assert_allclose(rest - rest.mean(axis=1, keepdims=True), 0, atol=1e-5)
