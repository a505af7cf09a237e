"""The trained part of the base, computed in less time than Keras' layers take on a processor.

Half of a training step goes not to the matrix products but to passes over memory and to a few slow kernels:

- Batch normalisation, which stands still in these steps, is folded into the convolution before it: kernel
  times ``gamma / sqrt(variance + epsilon)``, and a bias. Its gradients come out of theirs.
- Hard swish is one fused pass each way, compiled by XLA, instead of nine.
- The gradient of a depthwise kernel is a depthwise convolution itself, of the input with the gradient as its
  kernel; for small outputs TensorFlow's own takes one core and more than twice the time.

Function and gradients are those of the layers, to the rounding of float32.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from breakhis_core.networks import keras_graph

if TYPE_CHECKING:
    import keras

Forward = Callable[..., Any]

_FEW_PLACES = 64
"""Largest H x W of an output for which the gradient of a depthwise kernel is better computed our way."""


@dataclass
class _Plan:
    """Which layers are computed together; keys are identities of layers.

    Attributes:
        folded: batch normalisation that is folded into a convolution, by the convolution.
        shifts: batch normalisation whose shift remains to be added, by the layer that adds it: itself, or
            the hard swish behind a depthwise convolution.
        passed: batch normalisations with nothing left to do.
        swishes: hard swishes.
    """

    folded: dict[int, Any] = field(default_factory=dict)
    shifts: dict[int, Any] = field(default_factory=dict)
    passed: set[int] = field(default_factory=set)
    swishes: set[int] = field(default_factory=set)


def quick_forward(model: keras.Model) -> Forward:
    """Return a function that computes ``model(tensor, training=False)`` and its gradients in less time.

    Args:
        model: a part of the base, as `network.build_network` cuts it; its weights stay its own and are read
            in every call.
    """
    plan, swish = _plan(model), _swish()

    def computed(layer: Any) -> Forward:
        key = id(layer)
        if key in plan.folded:
            convolve = _convolve_depthwise if _is_depthwise(layer) else _convolve
            return lambda tensor, **_: convolve(layer, _scale(plan.folded[key]), tensor)
        if key in plan.swishes:
            shift = plan.shifts.get(key)
            return lambda tensor, **_: swish(tensor, None if shift is None else _shift(shift))
        if key in plan.shifts:
            return lambda tensor, **_: _add(tensor, _shift(layer))
        if key in plan.passed:
            return lambda tensor, **_: tensor
        return layer  # type: ignore[no-any-return]

    return lambda tensor: keras_graph.run(model, tensor, computed)


def _plan(model: keras.Model) -> _Plan:
    nodes = keras_graph.calls(model)
    made_by = {id(tensor): node.operation for node in nodes for tensor in node.output_tensors}
    used_by: dict[int, list[Any]] = {}
    for node in nodes:
        for tensor in node.input_tensors:
            used_by.setdefault(id(tensor), []).append(node.operation)
    plan = _Plan(swishes={id(node.operation) for node in nodes if _is_swish(node.operation)})
    for node in nodes:
        norm = node.operation
        if type(norm).__name__ != "BatchNormalization":
            continue
        (before,) = node.input_tensors
        convolution, after = made_by.get(id(before)), used_by.get(id(node.output_tensors[0]), [])
        if not _is_convolution(convolution) or len(used_by[id(before)]) > 1:
            continue
        plan.folded[id(convolution)] = norm
        # TensorFlow adds the bias within other convolutions, and sums its gradient there too.
        if _is_depthwise(convolution) and len(after) == 1 and _is_swish(after[0]):
            plan.passed.add(id(norm))
            plan.shifts[id(after[0])] = norm
        else:
            plan.shifts[id(norm)] = norm
    return plan


def _is_convolution(layer: Any) -> bool:
    return type(layer).__name__ in ("Conv2D", "DepthwiseConv2D") and not layer.use_bias


def _is_depthwise(layer: Any) -> bool:
    return type(layer).__name__ == "DepthwiseConv2D"


def _is_swish(layer: Any) -> bool:
    return type(layer).__name__ == "Activation" and layer.get_config()["activation"] == "hard_silu"


def _scale(norm: Any) -> Any:
    import tensorflow as tf

    return tf.convert_to_tensor(norm.gamma) * tf.math.rsqrt(norm.moving_variance + norm.epsilon)


def _shift(norm: Any) -> Any:
    import tensorflow as tf

    return tf.convert_to_tensor(norm.beta) - norm.moving_mean * _scale(norm)


def _add(tensor: Any, shift: Any) -> Any:
    import tensorflow as tf

    return tf.nn.bias_add(tensor, shift)


def _convolve(layer: Any, scale: Any, tensor: Any) -> Any:
    import tensorflow as tf

    kernel = tf.convert_to_tensor(layer.kernel) * scale
    return tf.nn.conv2d(tensor, kernel, layer.strides, layer.padding.upper())


def _convolve_depthwise(layer: Any, scale: Any, tensor: Any) -> Any:
    import tensorflow as tf

    kernel = tf.convert_to_tensor(layer.kernel) * scale[:, None]
    strides, padding = [1, *layer.strides, 1], layer.padding.upper()
    same = padding == "SAME"
    rows, columns = (-(-size // strides[1]) for size in tensor.shape[1:3])
    if rows * columns > _FEW_PLACES or (same and strides[1] > 1):
        return tf.nn.depthwise_conv2d(tensor, kernel, strides, padding)

    def convolved(tensor: Any, kernel: Any) -> Any:
        def gradients(gradient: Any) -> tuple[Any, Any]:
            down = tf.raw_ops.DepthwiseConv2dNativeBackpropInput(
                input_sizes=tf.shape(tensor),
                filter=kernel,
                out_backprop=gradient,
                strides=strides,
                padding=padding,
            )
            return down, _kernel_gradient(tensor, gradient, kernel.shape, layer.strides, same)

        return tf.nn.depthwise_conv2d(tensor, kernel, strides, padding), gradients

    return tf.custom_gradient(convolved)(tensor, kernel)


def _kernel_gradient(
    tensor: Any, gradient: Any, shape: tuple[int, ...], strides: tuple[int, int], same: bool
) -> Any:
    """Return the gradient of a depthwise kernel.

    Args:
        tensor: (N, H, W, C), what was convolved.
        gradient: (N, H', W', C), of what came out.
        shape: of the kernel, (K, K, C, 1).
        strides: of the convolution.
        same: whether the tensor was padded by K // 2 on all sides.
    """
    import tensorflow as tf

    height, width, channels, _ = shape
    around = [[0, 0], [height // 2] * 2, [width // 2] * 2, [0, 0]] if same else "VALID"
    # Each channel of each image becomes a channel of one image, with its own gradient as its kernel.
    across = tf.shape(tensor)[0] * channels
    inputs = tf.reshape(tf.transpose(tensor, (1, 2, 0, 3)), (1, *tensor.shape[1:3], across))
    kernels = tf.reshape(tf.transpose(gradient, (1, 2, 0, 3)), (*gradient.shape[1:3], across, 1))
    each = tf.nn.depthwise_conv2d(inputs, kernels, [1, 1, 1, 1], around, dilations=strides)
    return tf.reduce_sum(tf.reshape(each, (height, width, -1, channels)), axis=2)[..., None]


@cache
def _swish() -> Callable[[Any, Any], Any]:
    """Return hard swish of a tensor (N, H, W, C), or of its sum with a shift (C,).

    There is one of it, since XLA compiles it for every size of batch and tensor that it meets.
    """
    import tensorflow as tf

    def forth(tensor: Any, shift: Any) -> Any:
        shifted = tensor + shift
        return shifted * (tf.nn.relu6(shifted + 3.0) / 6.0)

    def back(tensor: Any, shift: Any, gradient: Any) -> Any:
        shifted = tensor + shift
        slope = tf.where(tf.abs(shifted) < 3.0, shifted / 6.0, 0.0)
        return gradient * (tf.nn.relu6(shifted + 3.0) / 6.0 + slope)

    fused_forth, fused_back = (tf.function(each, jit_compile=True) for each in (forth, back))

    def alone(tensor: Any) -> Any:
        return fused_forth(tensor, 0.0), lambda gradient: fused_back(tensor, 0.0, gradient)

    def behind(tensor: Any, shift: Any) -> Any:
        def gradients(gradient: Any) -> tuple[Any, Any]:
            down = fused_back(tensor, shift, gradient)
            return down, _sum_places(down)

        return fused_forth(tensor, shift), gradients

    one, two = tf.custom_gradient(alone), tf.custom_gradient(behind)
    return lambda tensor, shift: one(tensor) if shift is None else two(tensor, shift)


def _sum_places(tensor: Any) -> Any:
    """Sum over all axes but the last, as a product with ones: faster than TensorFlow's own sum."""
    import tensorflow as tf

    rows = tf.reshape(tensor, (-1, tensor.shape[-1]))
    return tf.reshape(tf.matmul(tf.ones((1, tf.shape(rows)[0]), rows.dtype), rows), (-1,))
