"""The network: the authors' head, where it is cut, and that its parts make the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from breakhis_core.networks.backbone import trainable_parameters
from breakhis_core.networks.network import Network, build_network, narrowest_cut
from breakhis_core.recipes import BOUNDARIES, RECIPES
from tests.training.fixtures_ml import lively_base


@pytest.fixture(scope="module")
def base() -> Any:
    return lively_base(1)


def test_head_of_paper(base: Any) -> None:
    model = build_network(RECIPES["paper"], base).model
    head = model.layers[-7:]
    kinds = [type(layer).__name__ for layer in head]
    assert kinds == [
        "GlobalAveragePooling2D",
        "Dropout",
        "Dense",
        "BatchNormalization",
        "Dense",
        "Dense",
        "Dense",
    ]
    assert head[1].rate == 0.5
    assert head[3].momentum == 0.99
    assert [(layer.units, layer.activation.__name__) for layer in head if hasattr(layer, "units")] == [
        (64, "relu"),
        (32, "relu"),
        (16, "relu"),
        (8, "softmax"),
    ]
    # Dense 64, batch normalisation, 32, 16, 8, with biases.
    assert trainable_parameters(model) == 2_736_328 + 61_504 + 128 + 2_080 + 528 + 136


@pytest.mark.parametrize(
    ("index", "name", "shape"),
    [
        (60, "expanded_conv_3_project_bn", (28, 28, 40)),
        (150, "expanded_conv_9_add", (14, 14, 80)),
        (170, "expanded_conv_9_add", (14, 14, 80)),
        (210, "expanded_conv_12_project", (7, 7, 160)),
        (250, "expanded_conv_13_add", (7, 7, 160)),
    ],
)
def test_the_cut_is_the_narrowest(base: Any, index: int, name: str, shape: tuple[int, ...]) -> None:
    found, tensor = narrowest_cut(base, BOUNDARIES[index])
    assert (found, tensor.shape[1:]) == (name, shape)


@pytest.mark.parametrize("boundary", [BOUNDARIES[60], BOUNDARIES[150], "head", "conv"])
def test_parts_make_the_whole(base: Any, boundary: str) -> None:
    recipe = RECIPES["paper"].model_copy(update={"boundary": boundary})
    network = build_network(recipe, base)
    images = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3)).astype(np.float32)
    tensor: Any = images
    for part in (network.frozen, network.trained, network.head):
        tensor = tensor if part is None else part(tensor, training=False)
    np.testing.assert_allclose(tensor, network.model(images, training=False), atol=1e-6)
    assert _names(network.trainable_variables) == _names(network.model.trainable_variables)


def test_nothing_frozen_is_trained(base: Any) -> None:
    network: Network = build_network(RECIPES["paper"], base)
    assert network.frozen is not None
    assert trainable_parameters(network.frozen) == 0


def _names(variables: list[Any]) -> list[int]:
    return sorted(id(variable) for variable in variables)
