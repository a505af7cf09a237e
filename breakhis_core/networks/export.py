"""Export a model as one ONNX graph that gives probabilities, embedding and all eight class maps in one pass.

Behind global average pooling the gradient of a class score is the same at every position, so the Grad-CAM map
of class c is ``relu(sum_k J[c, k] * A[k]) / 49`` with A the base's last activation and J the Jacobian of the
head. The head is a short chain of dense layers: J is a product of its matrices, with the rows of inactive
units set to nothing. So the eight maps need no gradient and no second pass.

Source: Selvaraju et al., "Grad-CAM", ICCV 2017, doi 10.1109/ICCV.2017.74.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from breakhis_core.images.pixels import MODEL_SIZE
from breakhis_core.images.taxonomy import CODES
from breakhis_core.networks.network import EMBEDDING, POOL, last_activation
from breakhis_core.networks.onnx_graph import Graph, add_base

if TYPE_CHECKING:
    import keras

MAP_SIZE = 7


def export_predictor(model: keras.Model, file: Path, half: bool = False) -> None:
    """Write the predictor of a model.

    Args:
        model: flat model as `network.build_network` makes it.
        file: the ONNX file to write.
        half: store the weights as float16; they must be rounded already (`round_weights`).

    Raises:
        ValueError: the head holds a layer that is not dropout, dense or batch normalisation.
    """
    graph = Graph(half)
    activation = add_base(graph, model, last_activation(model))
    pooled = graph.node("GlobalAveragePool", [activation], "pooled")
    flat = graph.constant("flat_shape", np.array([0, EMBEDDING], np.int64))
    embedding = graph.node("Reshape", [pooled, flat], "embeddings")
    _add_maps(graph, activation, _add_head(graph, head_layers(model), embedding))
    outputs = {
        "probabilities": (len(CODES),),
        "embeddings": (EMBEDDING,),
        "class_maps": (len(CODES), MAP_SIZE, MAP_SIZE),
    }
    file.write_bytes(graph.model(MODEL_SIZE, outputs))


def export_part(model: keras.Model, last: str) -> bytes:
    """Return the ONNX file of the base up to one layer, with channels last as Keras has them."""
    graph = Graph()
    output = add_base(graph, model, last)
    shape = model.get_layer(last).output.shape[1:]
    if len(shape) == 1:
        flat = graph.constant("flat_shape", np.array([0, shape[0]], np.int64))
        graph.node("Reshape", [output, flat], "features")
    else:
        graph.node("Transpose", [output], "features", perm=[0, 2, 3, 1])
    return graph.model(MODEL_SIZE, {"features": tuple(shape)})


def round_weights(model: keras.Model) -> None:
    """Round every kernel to float16 with eight bits behind the point, so that files take half the room.

    The two bits dropped from float16 are a thousandth of a weight, and a fifth of the packed Keras file.
    """
    for layer in model.layers:
        kernel = getattr(layer, "kernel", None)
        if kernel is not None:
            bits = np.asarray(kernel).astype(np.float16).view(np.uint16)
            rounded = ((bits + np.uint16(2)) & np.uint16(0xFFFC)).view(np.float16)
            kernel.assign(rounded.astype(np.float32))


def head_layers(model: keras.Model) -> list[Any]:
    """Return the layers behind the pooling, first to last."""
    at = model.layers.index(model.get_layer(POOL))
    return list(model.layers[at + 1 :])


def _add_head(graph: Graph, layers: list[Any], embedding: str) -> str:
    """Add the head and return the name of its Jacobian: (8, 960), or (N, 8, 960) behind hidden layers."""
    steps: list[tuple[str, Any]] = []
    tensor = embedding
    for layer in layers:
        kind = type(layer).__name__
        if kind == "Dropout":
            continue
        if kind == "BatchNormalization":
            spread = np.sqrt(np.asarray(layer.moving_variance) + np.float32(layer.epsilon))
            scale = np.asarray(layer.gamma) / spread
            shift = np.asarray(layer.beta) - np.asarray(layer.moving_mean) * scale
            factor = graph.constant(f"{layer.name}_scale", scale.astype(np.float32))
            tensor = graph.node("Mul", [tensor, factor], f"{layer.name}_scaled")
            addend = graph.constant(f"{layer.name}_shift", shift.astype(np.float32))
            tensor = graph.node("Add", [tensor, addend], layer.name)
            steps.append(("scale", scale.astype(np.float32)))
        elif kind == "Dense":
            tensor = _add_dense(graph, layer, tensor, steps)
        else:
            raise ValueError(f"{layer.name}: a head may not hold a layer of type {kind}")
    return _add_jacobian(graph, steps)


def _add_dense(graph: Graph, layer: Any, tensor: str, steps: list[tuple[str, Any]]) -> str:
    from onnx import TensorProto

    kernel, name = np.asarray(layer.kernel), layer.name
    inputs = [tensor, graph.constant(f"{name}_kernel", kernel), graph.constant(f"{name}_bias", layer.bias)]
    score = graph.node("Gemm", inputs, f"{name}_score")
    steps.append(("kernel", kernel))
    activation = layer.activation.__name__
    if activation == "relu":
        active = graph.node(
            "Greater", [score, graph.constant(f"{name}_zero", np.float32(0))], f"{name}_active"
        )
        mask = graph.node("Cast", [active], f"{name}_mask", to=TensorProto.FLOAT)
        axis = graph.constant(f"{name}_axis", np.array([1], np.int64))
        steps.append(("mask", graph.node("Unsqueeze", [mask, axis], f"{name}_rows")))
        return graph.node("Relu", [score], name)
    if activation == "softmax":
        return graph.node("Softmax", [score], name, axis=1)
    raise ValueError(f"{name}: a head may not use the activation {activation}")


def _add_jacobian(graph: Graph, steps: list[tuple[str, Any]]) -> str:
    # Constant factors are multiplied here, once; only what depends on the image stays in the graph.
    product = np.eye(len(CODES), dtype=np.float64)
    varying: str | None = None
    for at, (kind, value) in enumerate(reversed(steps)):
        if kind == "scale":
            product = product * value[None, :]
        elif kind == "kernel":
            product = product @ value.T.astype(np.float64)
        else:
            varying = _times(graph, varying, product, f"jacobian_{at}")
            varying = graph.node("Mul", [varying, value], f"jacobian_{at}_active")
            product = np.eye(product.shape[1])
    return _times(graph, varying, product, "jacobian")


def _times(graph: Graph, varying: str | None, product: np.ndarray[Any, Any], name: str) -> str:
    if varying is None:
        return _exact(graph, f"{name}_constant", product)
    return graph.node("MatMul", [varying, _exact(graph, f"{name}_factor", product)], name)


def _exact(graph: Graph, name: str, value: np.ndarray[Any, Any]) -> str:
    from onnx import numpy_helper

    # Products of rounded weights are not float16 any more, and small: they stay float32.
    graph.constants.append(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name))
    return name


def _add_maps(graph: Graph, activation: str, jacobian: str) -> None:
    positions = MAP_SIZE * MAP_SIZE
    columns = graph.constant("columns_shape", np.array([0, EMBEDDING, positions], np.int64))
    flat = graph.node("Reshape", [activation, columns], "activation_columns")
    scores = graph.node("MatMul", [jacobian, flat], "map_scores")
    even = graph.node("Mul", [scores, graph.constant("position", np.float32(1 / positions))], "map_even")
    positive = graph.node("Relu", [even], "map_positive")
    square = graph.constant("map_shape", np.array([0, len(CODES), MAP_SIZE, MAP_SIZE], np.int64))
    graph.node("Reshape", [positive, square], "class_maps")
