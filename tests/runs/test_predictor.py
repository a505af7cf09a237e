"""The predictor in the server: shapes, batches, and files that are none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest

from breakhis_core.errors import InputError
from breakhis_core.runs import Run
from breakhis_core.runs.predictor import Predictor


@pytest.fixture(scope="module")
def predictor(tiny_run: Run) -> Predictor:
    return Predictor.load(tiny_run.path)


@pytest.fixture(scope="module")
def inputs() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (35, 224, 224, 3), dtype=np.uint8)


@pytest.mark.parametrize("count", [0, 1, 33])
def test_shapes(predictor: Predictor, inputs: np.ndarray, count: int) -> None:
    predicted = predictor.predict(inputs[:count])
    assert predicted.probabilities.shape == (count, 8)
    assert predicted.embeddings.shape == (count, 960)
    assert predicted.class_maps.shape == (count, 8, 7, 7)
    np.testing.assert_allclose(predicted.probabilities.sum(axis=1), 1, atol=1e-5)
    assert predictor.input_shape == (224, 224, 3)
    assert predictor.map_shape == (7, 7)


def test_company_changes_nothing(predictor: Predictor, inputs: np.ndarray) -> None:
    together = predictor.predict(inputs)
    with ThreadPoolExecutor(4) as pool:
        alone = list(pool.map(lambda at: predictor.predict(inputs[at : at + 1]), range(0, 35, 5)))
    for at, one in zip(range(0, 35, 5), alone, strict=True):
        np.testing.assert_allclose(one.probabilities[0], together.probabilities[at], atol=1e-6)
        np.testing.assert_allclose(one.embeddings[0], together.embeddings[at], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    "wrong", [np.zeros((1, 224, 224, 3), np.float32), np.zeros((1, 100, 224, 3), np.uint8)]
)
def test_other_inputs_are_refused(predictor: Predictor, wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="uint8"):
        predictor.predict(wrong)


def test_files_that_are_no_predictor(tiny_run: Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such predictor"):
        Predictor.load(tmp_path)
    file = tmp_path / "predictor.onnx"
    file.write_bytes(tiny_run.predictor_file.read_bytes()[:5000])
    with pytest.raises(InputError, match="predictor.onnx: the predictor is damaged"):
        Predictor.load(file)
    node = onnx.helper.make_node("Identity", ["images"], ["same"])
    places = [
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in ("images", "same")
    ]
    graph = onnx.helper.make_graph([node], "other", places[:1], places[1:])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    file.write_bytes(model.SerializeToString())
    with pytest.raises(InputError, match="not a predictor of a run"):
        Predictor.load(file)
