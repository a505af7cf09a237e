"""The quick way through the trained part: values and gradients of Keras' own layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from breakhis_core.networks.network import build_network
from breakhis_core.networks.quick_layers import quick_forward
from breakhis_core.recipes import BOUNDARIES, RECIPES
from tests.training.fixtures_ml import lively_base


@pytest.fixture(scope="module")
def base() -> Any:
    base = lively_base(4)
    # Batch normalisation as it is after a training, not the ones and zeros that it begins with.
    random = np.random.default_rng(0)
    for layer in base.layers:
        if hasattr(layer, "gamma"):
            layer.gamma.assign(random.uniform(0.5, 1.5, layer.gamma.shape))
            layer.beta.assign(random.normal(0, 0.5, layer.beta.shape))
    return base


# 150 is the paper's; at 210 the trained part begins with a normalisation whose convolution is frozen away.
@pytest.mark.parametrize("index", [150, 210])
def test_values_and_gradients_are_those_of_keras(base: Any, index: int) -> None:
    import tensorflow as tf

    recipe = RECIPES["paper"].model_copy(update={"boundary": BOUNDARIES[index]})
    network = build_network(recipe, base)
    trained = network.trained
    assert trained is not None
    inputs = np.random.default_rng(1).normal(size=(3, *trained.input.shape[1:])).astype(np.float32)
    quick = quick_forward(trained)

    def measured(forward: Any) -> Any:
        def run(tensor: Any) -> Any:
            with tf.GradientTape() as tape:
                embedding = forward(tensor)
                loss = tf.reduce_sum(embedding * embedding)
            return embedding, tape.gradient(loss, trained.trainable_variables)

        return tf.function(run)(inputs)

    expected, gradients = measured(lambda tensor: trained(tensor, training=False))
    embedding, ours = measured(quick)
    np.testing.assert_allclose(embedding, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())
    assert len(ours) == len(trained.trainable_variables) > 10
    for variable, one, other in zip(trained.trainable_variables, ours, gradients, strict=True):
        scale = np.abs(other).max()
        assert scale > 0, variable.path
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-4 * scale, err_msg=variable.path)


def test_weights_are_read_anew(base: Any) -> None:
    trained = build_network(RECIPES["paper"], base).trained
    assert trained is not None
    inputs = np.random.default_rng(1).normal(size=(1, *trained.input.shape[1:])).astype(np.float32)
    quick = quick_forward(trained)
    before = np.array(quick(inputs))
    gamma = trained.get_layer("conv_1_bn").gamma
    gamma.assign(2.0 * gamma)
    after = np.asarray(quick(inputs))
    assert not np.allclose(before, after, rtol=1e-2)
    np.testing.assert_allclose(after, trained(inputs, training=False), rtol=1e-4, atol=1e-5 * after.max())
