"""The network that a recipe describes: base and head in one flat graph, and the parts that training runs.

The graph is flat because Grad-CAM needs the base's last activation inside the model, not inside a nested one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from breakhis_core.images.taxonomy import CODES
from breakhis_core.networks import backbone
from breakhis_core.networks.keras_graph import inputs_of, output_of
from breakhis_core.recipes import NO_BASE, WHOLE_BASE, Recipe

if TYPE_CHECKING:
    import keras

EMBEDDING = 960
POOL = "pool"
_MOMENTUM = 0.9


@dataclass(frozen=True)
class Network:
    """A model and its parts, which share all weights.

    Attributes:
        model: the whole: (N, H, W, 3) with values 0 to 255 to (N, 8) probabilities.
        frozen: images to the tensor that enters the trained part; None when the whole base is trained.
        trained: that tensor to the pooled embedding (N, 960); None when only the head is trained.
        head: embedding to probabilities.
        cut: name of the last frozen operation; ``"images"`` when the whole base is trained.
    """

    model: keras.Model
    frozen: keras.Model | None
    trained: keras.Model | None
    head: keras.Model
    cut: str

    @property
    def trainable_variables(self) -> list[Any]:
        """Everything that training changes by gradient."""
        trained = [] if self.trained is None else self.trained.trainable_variables
        return [*trained, *self.head.trainable_variables]

    @property
    def frozen_key(self) -> str:
        """What the frozen part's output depends on besides the image: its weights and where it ends."""
        assert self.frozen is not None
        return f"{self.cut}-{backbone.weights_hash(self.frozen.layers)}"


def build_network(recipe: Recipe, base: keras.Model) -> Network:
    """Put the recipe's head on a base and cut the whole where the frozen part ends.

    Args:
        recipe: gives boundary, head and seed.
        base: as `backbone.build_base` makes it; its layers' ``trainable`` is set.
    """
    import keras

    backbone.set_boundary(base, recipe.boundary)
    if recipe.trained_statistics:
        _hasten_statistics(base)
    # Layer names decide where weights go in a file, and the head's random draws must not hang on what the
    # process built before.
    keras.utils.set_random_seed(recipe.seed + 1)
    pool = keras.layers.GlobalAveragePooling2D(name=POOL)
    layers = _head_layers(recipe)
    embedding = pool(base.output)
    model = keras.Model(base.input, _chain(layers, embedding), name=f"breakhis_{recipe.name}")
    entry = keras.Input((EMBEDDING,), name="embedding")
    head_model = keras.Model(entry, _chain(layers, entry), name="head")
    if recipe.boundary == NO_BASE:
        return Network(model, keras.Model(base.input, embedding, name="frozen"), None, head_model, POOL)
    if recipe.boundary == WHOLE_BASE:
        whole = keras.Model(base.input, embedding, name="trained")
        # Pooling makes the size free, so that random crops can be trained on.
        whole.input_spec = keras.InputSpec(ndim=4)
        return Network(model, None, whole, head_model, "images")
    name, tensor = narrowest_cut(base, recipe.boundary)
    frozen = keras.Model(base.input, tensor, name="frozen")
    trained = keras.Model(tensor, embedding, name="trained")
    return Network(model, frozen, trained, head_model, name)


def last_activation(model: keras.Model) -> str:
    """Return the name of the base's last layer, the one before the pooling, of which class maps are made."""
    names = [layer.name for layer in model.layers]
    return str(names[names.index(POOL) - 1])


def narrowest_cut(base: keras.Model, boundary: str) -> tuple[str, Any]:
    """Find the smallest tensor before the boundary that all of the trained part is computed from.

    Keeping this tensor costs the least room; frozen layers between it and the boundary run again in every
    step. For the authors' 150 it is the 14x14x80 sum that enters block 10 instead of the block's 14x14x480.

    Returns:
        Name of the operation that makes the tensor, and the tensor.
    """
    operations = list(base.operations)
    place = {id(output_of(op)): at for at, op in enumerate(operations)}
    end = next(at for at, op in enumerate(operations) if op.name == boundary)
    last_use = [0] * len(operations)
    for at, op in enumerate(operations):
        for tensor in inputs_of(op):
            last_use[place[id(tensor)]] = at
    best, best_size = 0, math.inf
    for at in range(1, end):
        alone = all(last_use[before] <= at for before in range(at))
        size = math.prod(output_of(operations[at]).shape[1:])
        if alone and size <= best_size:
            best, best_size = at, size
    return operations[best].name, output_of(operations[best])


def _hasten_statistics(base: keras.Model) -> None:
    """Let running means follow within dozens of steps: the base was made for hundreds of thousands."""
    for layer in base.layers:
        if hasattr(layer, "moving_mean"):
            layer.momentum = _MOMENTUM


def _head_layers(recipe: Recipe) -> list[Any]:
    from keras import layers

    dropout = layers.Dropout(recipe.dropout, seed=recipe.seed, name="dropout")
    probabilities = layers.Dense(len(CODES), activation="softmax", name="probabilities")
    if recipe.head == "linear":
        return [dropout, probabilities]
    return [
        dropout,
        layers.Dense(64, activation="relu", name="dense_64"),
        layers.BatchNormalization(name="dense_64_bn"),
        layers.Dense(32, activation="relu", name="dense_32"),
        layers.Dense(16, activation="relu", name="dense_16"),
        probabilities,
    ]


def _chain(layers: list[Any], tensor: Any) -> Any:
    for layer in layers:
        tensor = layer(tensor)
    return tensor
