"""Export a model as one ONNX graph that gives probabilities, embedding and all eight class maps in one pass.

Behind global average pooling the gradient of a class score is the same at every position. So the map of
class c is ``sum_k J[c, k] * A[k] / positions`` with A the base's last activation and J the Jacobian of the
head; its positive part is the Grad-CAM map. The head is a short chain of dense layers: J is a product of its
matrices, with the rows of inactive units set to nothing. So the eight maps need no gradient and no second
pass. With one dense layer the cells of a map add up to the class score without its bias: the evidence.

Source: Selvaraju et al., "Grad-CAM", ICCV 2017, doi 10.1109/ICCV.2017.74.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from breakhis_core.images.taxonomy import CODES
from breakhis_core.networks.network import EMBEDDING, POOL, last_activation
from breakhis_core.networks.onnx_graph import Graph, add_base

if TYPE_CHECKING:
    import keras


def export_predictor(
    model: keras.Model, file: Path, half: bool = False, variants: tuple[int, ...] = (0,)
) -> None:
    """Write the predictor of a model.

    Args:
        model: flat model as `network.build_network` makes it.
        file: the ONNX file to write.
        half: store the weights as float16; they must be rounded already (`round_weights`).
        variants: the ways in which an image is looked at, as ``Recipe.variants``; the last activation is the
            mean over them, each turned back.

    Raises:
        ValueError: the head holds a layer that is not dropout, dense or batch normalisation.
    """
    graph = Graph(half)
    last = last_activation(model)
    activation = _mean_activation(graph, add_base(graph, model, last, _turned(graph, variants)), variants)
    rows, columns = model.get_layer(last).output.shape[1:3]
    pooled = graph.node("GlobalAveragePool", [activation], "pooled")
    flat = graph.constant("flat_shape", np.array([0, EMBEDDING], np.int64))
    embedding = graph.node("Reshape", [pooled, flat], "embeddings")
    _add_maps(graph, activation, _add_head(graph, head_layers(model), embedding), (rows, columns))
    outputs = {
        "probabilities": (len(CODES),),
        "embeddings": (EMBEDDING,),
        "class_maps": (len(CODES), rows, columns),
    }
    file.write_bytes(graph.model(_size(model), outputs))


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
    return graph.model(_size(model), {"features": tuple(shape)})


def enlarged(content: bytes, times: int) -> bytes:
    """Return a predictor of pictures so many times as wide and as high; pooling makes the size free.

    Args:
        content: of a predictor's ONNX file, as `export_predictor` writes it.
        times: how many times.

    Returns:
        The content of an ONNX file, whose maps have the rows and columns of the larger activation.
    """
    import onnx
    from onnx import numpy_helper

    model = onnx.load_from_string(content)
    constants = {constant.name: constant for constant in model.graph.initializer}
    for side in model.graph.input[0].type.tensor_type.shape.dim[1:3]:
        side.dim_value *= times
    inferred = onnx.shape_inference.infer_shapes(model).graph.value_info
    (columns,) = (node for node in model.graph.node if node.name == "activation_columns")
    (found,) = (value for value in inferred if value.name == columns.input[0])
    rows, across = (side.dim_value for side in found.type.tensor_type.shape.dim[2:4])
    values = {
        "columns_shape": np.array([0, EMBEDDING, rows * across], np.int64),
        "map_shape": np.array([0, len(CODES), rows, across], np.int64),
        "position": np.float32(1 / (rows * across)),
    }
    for name, value in values.items():
        constants[name].CopyFrom(numpy_helper.from_array(np.asarray(value), name))
    for side, size in zip(model.graph.output[2].type.tensor_type.shape.dim[2:4], (rows, across), strict=True):
        side.dim_value = size
    return bytes(model.SerializeToString())


def score_bias(model: keras.Model) -> list[float] | None:
    """Return what the cells of a class map lack to the class score, for each class.

    Returns:
        Eight biases of a head of one dense layer; None for a deeper head, whose maps do not add up.
    """
    dense = [layer for layer in head_layers(model) if type(layer).__name__ != "Dropout"]
    if len(dense) != 1:
        return None
    return [float(value) for value in np.asarray(dense[0].bias)]


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


def _size(model: keras.Model) -> tuple[int, int]:
    height, width = model.input.shape[1:3]
    return int(height), int(width)


_WHOLE = np.iinfo(np.int64)


def _turned(graph: Graph, variants: tuple[int, ...]) -> str:
    """Put the images the ways of ``variants`` one after the other and return the name of them all."""
    if variants == (0,):
        return "images"
    shown = [_turn(graph, "images", variant, (1, 2), "images") for variant in variants]
    return graph.node("Concat", shown, "images_shown", axis=0)


def _mean_activation(graph: Graph, activation: str, variants: tuple[int, ...]) -> str:
    if variants == (0,):
        return activation
    parts = [f"activation_{variant}" for variant in variants]
    graph.split(activation, parts)
    back = [_turn(graph, part, variant, (2, 3), part) for part, variant in zip(parts, variants, strict=True)]
    return graph.node("Mean", back, "activation_mean")


def _turn(graph: Graph, tensor: str, variant: int, axes: tuple[int, int], name: str) -> str:
    """Swap top and bottom (2) and left and right (1); the same again turns back."""
    chosen = [axis for axis, bit in zip(axes, (2, 1), strict=True) if variant & bit]
    if not chosen:
        return tensor
    ends = [np.full(len(chosen), value, np.int64) for value in (-1, _WHOLE.min, -1)]
    constants = [
        graph.constant(f"{name}_{variant}_{part}", value)
        for part, value in zip(("from", "to", "step"), ends, strict=True)
    ]
    along = graph.constant(f"{name}_{variant}_axes", np.array(chosen, np.int64))
    return graph.node("Slice", [tensor, *constants[:2], along, constants[2]], f"{name}_turned_{variant}")


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


def _add_maps(graph: Graph, activation: str, jacobian: str, shape: tuple[int, int]) -> None:
    positions = shape[0] * shape[1]
    columns = graph.constant("columns_shape", np.array([0, EMBEDDING, positions], np.int64))
    flat = graph.node("Reshape", [activation, columns], "activation_columns")
    scores = graph.node("MatMul", [jacobian, flat], "map_scores")
    even = graph.node("Mul", [scores, graph.constant("position", np.float32(1 / positions))], "map_even")
    places = graph.constant("map_shape", np.array([0, len(CODES), *shape], np.int64))
    graph.node("Reshape", [even, places], "class_maps")
