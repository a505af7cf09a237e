"""One step of training and one of evaluation, compiled; the same code runs on a processor and on a GPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from breakhis_core.images.taxonomy import CODES
from breakhis_core.networks.network import Network
from breakhis_core.networks.quick_layers import quick_forward
from breakhis_core.recipes import Recipe

_NOT_DECAYED = ["bias", "gamma", "beta"]


def class_weights(labels: npt.NDArray[np.int64], balance: float) -> npt.NDArray[np.float32]:
    """Return the loss weight of each sub-type; over all images they average to one.

    Args:
        labels: of the training images.
        balance: 0 weighs all images alike, 1 all sub-types alike.

    >>> class_weights(np.array([0, 0, 0, 1]), 1.0)[:3]
    array([0.6666667, 2.       , 0.       ], dtype=float32)
    """
    counts = np.bincount(labels, minlength=len(CODES)).astype(np.float64)
    weights = np.where(counts > 0, np.maximum(counts, 1) ** -balance, 0.0)
    even = weights * (counts.sum() / (weights * counts).sum())
    return np.asarray(even, np.float32)


def make_optimizer(recipe: Recipe, variables: list[Any]) -> Any:
    """Return the recipe's optimiser, built for the variables it will change."""
    import keras

    common = {"learning_rate": recipe.learning_rate, "global_clipnorm": recipe.clip_norm or None}
    if recipe.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(momentum=recipe.momentum, nesterov=True, **common)
    else:
        optimizer = keras.optimizers.AdamW(weight_decay=recipe.weight_decay, **common)
        optimizer.exclude_from_weight_decay(var_names=_NOT_DECAYED)
    optimizer.build(variables)
    return optimizer


def make_train_step(
    network: Network, recipe: Recipe, optimizer: Any, inputs: npt.NDArray[Any]
) -> Callable[..., tuple[Any, Any]]:
    """Compile the step that changes the network.

    Args:
        network: trained from the frozen part's output on; with ``trained`` None, the head from embeddings on.
        recipe: gives smoothing, crop and how the base's batch normalisation behaves.
        optimizer: as `make_optimizer` makes it for ``network.trainable_variables``.
        inputs: examples, for type and shape (N, variants, ...).

    Returns:
        A function of inputs, labels and loss weights of a batch to the sum of the losses and the number of
        right answers, both as they were before the step.
    """
    import tensorflow as tf

    variables = network.trainable_variables
    trained = _trained(network, recipe.trained_statistics)
    shape = inputs.shape[2:]
    if recipe.crop is not None and inputs.dtype == np.uint8:
        shape = (recipe.crop, recipe.crop, 3)

    def step(inputs: Any, labels: Any, weights: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tensor = tf.cast(inputs, tf.float32)
            probabilities = network.head(trained(tensor), training=True)
            losses = _losses(labels, probabilities, recipe.label_smoothing) * weights
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, variables)
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return tf.reduce_sum(losses), _right(labels, probabilities)

    return _compile(step, inputs.dtype, shape, weighted=True)


def make_evaluation_step(network: Network, inputs: npt.NDArray[Any]) -> Callable[..., tuple[Any, Any]]:
    """Compile the step that only looks.

    Returns:
        A function of inputs and labels of a batch to the sum of the losses and the number of right answers.
    """
    import tensorflow as tf

    trained = _trained(network, statistics=False)

    def step(inputs: Any, labels: Any) -> tuple[Any, Any]:
        probabilities = network.head(trained(tf.cast(inputs, tf.float32)), training=False)
        return tf.reduce_sum(_losses(labels, probabilities, 0.0)), _right(labels, probabilities)

    return _compile(step, inputs.dtype, inputs.shape[2:], weighted=False)


def make_embedding_step(network: Network, inputs: npt.NDArray[Any]) -> Callable[..., Any]:
    """Compile what gives the pooled features (N, 960) of a batch with the trained part as it is then."""
    import tensorflow as tf

    trained = _trained(network, statistics=False)
    signature = [tf.TensorSpec((None, *inputs.shape[2:]), inputs.dtype)]
    compiled: Callable[..., Any] = tf.function(
        lambda inputs: trained(tf.cast(inputs, tf.float32)), input_signature=signature
    )
    return compiled


def _trained(network: Network, statistics: bool) -> Callable[[Any], Any]:
    """Return what leads from the inputs to the embedding.

    Args:
        network: whose trained part it is.
        statistics: whether batch normalisation learns its statistics.
    """
    import tensorflow as tf

    model = network.trained
    if model is None:
        return lambda embedding: embedding
    # A GPU has fast kernels for all of this.
    if statistics or tf.config.list_physical_devices("GPU"):
        return lambda tensor: model(tensor, training=statistics)
    return quick_forward(model)


def _compile(step: Any, kind: Any, shape: tuple[int, ...], weighted: bool) -> Callable[..., tuple[Any, Any]]:
    import tensorflow as tf

    # A fixed signature: the last, smaller batch must not cost a second tracing of seconds.
    signature = [tf.TensorSpec((None, *shape), kind), tf.TensorSpec((None,), tf.int64)]
    if weighted:
        signature.append(tf.TensorSpec((None,), tf.float32))
    compiled: Callable[..., tuple[Any, Any]] = tf.function(step, input_signature=signature)
    return compiled


def _losses(labels: Any, probabilities: Any, smoothing: float) -> Any:
    import keras
    import tensorflow as tf

    targets = tf.one_hot(labels, len(CODES))
    return keras.losses.categorical_crossentropy(targets, probabilities, label_smoothing=smoothing)


def _right(labels: Any, probabilities: Any) -> Any:
    import tensorflow as tf

    return tf.reduce_sum(tf.cast(tf.equal(tf.argmax(probabilities, axis=1), labels), tf.float32))
