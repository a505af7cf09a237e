"""Recipes: all settings of a training, and the ones that ship.

Nothing heavy is imported here: the screens read recipes, and the server never loads TensorFlow.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import cos, pi
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from breakhis_core.storage.kept_models import is_kept, read_kept

Optimizer = Literal["sgd", "adamw"]
Schedule = Literal["exponential", "cosine"]
Head = Literal["paper", "linear"]

WHOLE_BASE = "conv"
"""Boundary that trains the base from its first layer on."""
NO_BASE = "head"
"""Boundary that trains the head alone."""

BOUNDARIES: dict[int, str] = {
    60: "expanded_conv_4_project",
    70: "expanded_conv_5_depthwise_bn",
    80: "expanded_conv_5_project",
    90: "expanded_conv_6_depthwise",
    100: "expanded_conv_7_depthwise",
    110: "expanded_conv_7_project",
    120: "expanded_conv_8_depthwise_bn",
    130: "expanded_conv_9_depthwise",
    140: "expanded_conv_9_project",
    150: "expanded_conv_10_depthwise_bn",
    160: "expanded_conv_10_project",
    170: "expanded_conv_11_depthwise",
    180: "expanded_conv_11_squeeze_excite_conv_1",
    190: "expanded_conv_12_depthwise",
    200: "expanded_conv_12_squeeze_excite_conv",
    210: "expanded_conv_12_project_bn",
    220: "expanded_conv_13_squeeze_excite_conv",
    230: "expanded_conv_13_project",
    240: "expanded_conv_14_depthwise",
    250: "expanded_conv_14_project",
    260: NO_BASE,
}
"""First trainable layer of the authors' study: their Keras 2 index and the layer's name in Keras 3.

The index is a label only. Keras 3 counts fewer layers, so the same index there is another network.
"""


class Recipe(BaseModel):
    """All settings of a training.

    >>> RECIPES["paper"].learning_rate_at(2)
    0.0009025
    >>> RECIPES["paper"].paper_index
    150
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="What the recipe is called.")
    summary: str = Field(default="", description="One line for people who choose a recipe.")
    epochs: int = Field(ge=1, le=1000, description="Passes over the training images.")
    seed: int = Field(default=0, ge=0, description="Draws initial weights, order, flips, crops and dropout.")
    width: int = Field(default=224, ge=64, le=1024, multiple_of=16, description="Width of the model input.")
    height: int = Field(default=224, ge=64, le=1024, multiple_of=16, description="Height of the model input.")
    keep_proportions: bool = Field(
        default=False,
        description="Do not stretch pictures of other proportions; a mirrored margin fills the rest.",
    )
    antialias: bool = Field(
        default=True, description="Resize with Pillow's filter; else as TensorFlow does, between four pixels."
    )
    normalise_stain: bool = Field(
        default=False, description="Bring the stain of every picture to that of the training images."
    )
    batch_size: int = Field(default=32, ge=2, le=512, description="Images in one step.")
    optimizer: Optimizer = Field(default="sgd", description="SGD with momentum, or AdamW.")
    learning_rate: float = Field(gt=0, le=1, description="Learning rate of the first epoch.")
    schedule: Schedule = Field(
        default="exponential",
        description="Falls in every step: by `decay` over an epoch, or half a cosine wave to nothing.",
    )
    decay: float = Field(default=0.95, gt=0, le=1, description="Factor per epoch of `exponential`.")
    warm_up: float = Field(
        default=0.0, ge=0, le=0.5, description="Share of the steps in which the learning rate still rises."
    )
    clip_norm: float = Field(
        default=0.0, ge=0, description="A step's gradients together are made no longer than this; 0 never."
    )
    averaging: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Share that the weights from before the epochs keep in those at the end.",
    )
    momentum: float = Field(default=0.95, ge=0, lt=1, description="Nesterov momentum of SGD.")
    weight_decay: float = Field(default=0.0, ge=0, description="Decoupled weight decay of AdamW.")
    label_smoothing: float = Field(default=0.0, ge=0, lt=1, description="Share of the target spread evenly.")
    balance: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="A sub-type with n images weighs n to minus this power.",
    )
    flips: bool = Field(default=True, description="Flip training images left to right at random.")
    upside_down: bool = Field(default=False, description="Flip training images top to bottom at random too.")
    crop: int | None = Field(
        default=None,
        ge=64,
        le=224,
        description="Side of a random crop; only with the whole base trained.",
    )
    stain: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="Largest random change of each colour's density; only with the whole base trained.",
    )
    boundary: str = Field(description="Name of the first trained layer of the base; `conv` all, `head` none.")
    trained_statistics: bool = Field(
        default=False,
        description="Batch normalisation of the trained base learns its statistics.",
    )
    head: Head = Field(default="paper", description="The authors' head, or dropout and one dense layer.")
    dropout: float = Field(default=0.5, ge=0, lt=1, description="Dropout before the first dense layer.")
    average_flips: bool = Field(
        default=False,
        description="Predict the mean over the flips; only with one dense layer.",
    )
    head_epochs: int = Field(
        default=0, ge=0, description="Epochs that train the head alone on pooled features before the others."
    )
    head_learning_rate: float = Field(default=1e-2, gt=0, le=1, description="Learning rate of those epochs.")

    @field_validator("boundary")
    @classmethod
    def _known_boundary(cls, name: str) -> str:
        if name != WHOLE_BASE and name not in BOUNDARIES.values():
            raise ValueError(f"boundary must be one of {[WHOLE_BASE, *BOUNDARIES.values()]}, got {name!r}")
        return name

    @model_validator(mode="after")
    def _nothing_ignored(self, info: ValidationInfo) -> Recipe:
        """Refuse new recipes that say what would not happen; runs of before said so, and must open."""
        if not is_kept(info):
            for sentence in self.ignored.values():
                raise ValueError(sentence)
        return self

    @model_validator(mode="after")
    def _crop_fits(self) -> Recipe:
        if self.crop is not None and self.crop > min(self.width, self.height):
            raise ValueError(f"crop is {self.crop} but the model input is {self.width}x{self.height}")
        return self

    @property
    def idle(self) -> dict[str, str]:
        """The settings that change nothing beside the others, each with what it would need.

        >>> list(RECIPES["paper"].idle)
        ['weight_decay', 'head_learning_rate', 'crop', 'stain', 'average_flips']
        """
        needs = {
            "decay": ("schedule=exponential", self.schedule == "exponential"),
            "momentum": ("optimizer=sgd", self.optimizer == "sgd"),
            "weight_decay": ("optimizer=adamw", self.optimizer == "adamw"),
            "head_learning_rate": ("head_epochs above 0", self.head_epochs > 0),
            "crop": (f"boundary={WHOLE_BASE}", self.boundary == WHOLE_BASE),
            "stain": (f"boundary={WHOLE_BASE}", self.boundary == WHOLE_BASE),
            "average_flips": ("head=linear and flips", self.head == "linear" and len(self.variants) > 1),
            "trained_statistics": ("a trained base", self.boundary != NO_BASE),
            "averaging": (
                "a trained base that keeps its statistics",
                self.boundary != NO_BASE and not self.trained_statistics,
            ),
        }
        return {name: need for name, (need, met) in needs.items() if not met}

    @property
    def ignored(self) -> dict[str, str]:
        """Those of the idle settings that say something, each with a sentence without its full stop.

        >>> RECIPES["scratch"].model_copy(update={"boundary": NO_BASE}).ignored["crop"]
        'crop is 112 but only counts with boundary=conv'
        """
        return {
            name: f"{name} is {getattr(self, name)} but only counts with {need}"
            for name, need in self.idle.items()
            if getattr(self, name) != type(self).model_fields[name].default
        }

    @property
    def variants(self) -> tuple[int, ...]:
        """The ways a training image is shown: 0 as it is, 1 left to right, 2 top to bottom, 3 both."""
        sides = (0, 1) if self.flips else (0,)
        return (*sides, *(2 + side for side in sides)) if self.upside_down else sides

    @property
    def averaged(self) -> tuple[int, ...]:
        """The ways an image is shown when it is predicted, as ``variants``."""
        return self.variants if self.average_flips else (0,)

    @property
    def main_epochs(self) -> int:
        """The epochs that people mean: of a frozen base those of the head too.

        >>> RECIPES["paper"].main_epochs, RECIPES["recommended"].main_epochs, RECIPES["quick"].main_epochs
        (15, 20, 103)
        """
        return self.epochs + (self.head_epochs if self.boundary == NO_BASE else 0)

    def lasting(self, epochs: int) -> Recipe:
        """Return the recipe with another number of ``main_epochs``; see ``shortest``."""
        if self.boundary == NO_BASE and self.head_epochs:
            return self.model_copy(update={"head_epochs": epochs - self.epochs})
        return self.model_copy(update={"epochs": epochs})

    @property
    def shortest(self) -> int:
        """The fewest ``main_epochs`` that leave each phase one."""
        return self.main_epochs - max(self.epochs, self.head_epochs) + 1

    @property
    def paper_index(self) -> int | None:
        """The authors' Keras 2 index of the boundary, if it is one of theirs."""
        return next((index for index, name in BOUNDARIES.items() if name == self.boundary), None)

    def learning_rate_at(self, epoch: int, part: float = 0.0) -> float:
        """Return the learning rate of a step.

        Args:
            epoch: epoch, counted from 0.
            part: share of the epoch's steps that are done.
        """
        done, rising = epoch + part, self.warm_up * self.epochs
        if done < rising:
            return self.learning_rate * (0.1 + 0.9 * done / rising)
        if self.schedule == "exponential":
            return float(self.learning_rate * self.decay ** (done - rising))
        falling = min(1.0, (done - rising) / (self.epochs - rising))
        return float(self.learning_rate * 0.5 * (1.0 + cos(pi * falling)))


_RECOMMENDED = Recipe(
    name="recommended",
    summary="Head first, then from layer 150 on, averaged with before; pictures unsquashed.",
    epochs=20,
    width=384,
    height=256,
    keep_proportions=True,
    optimizer="adamw",
    learning_rate=1e-3,
    schedule="cosine",
    warm_up=0.05,
    clip_norm=1.0,
    averaging=0.4,
    weight_decay=1e-2,
    label_smoothing=0.05,
    balance=0.5,
    upside_down=True,
    boundary=BOUNDARIES[150],
    head="linear",
    dropout=0.2,
    head_epochs=100,
    head_learning_rate=1e-2,
)
RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="paper",
            summary="The authors' method, from layer 150 on; but split 75:15:10, without slide 14-13412.",
            epochs=15,
            antialias=False,
            learning_rate=1e-3,
            boundary=BOUNDARIES[150],
        ),
        _RECOMMENDED,
        _RECOMMENDED.model_copy(
            update={
                "name": "thorough",
                "summary": "As recommended, on larger pictures: twice the time.",
                "width": 512,
                "height": 336,
            }
        ),
        Recipe(
            name="quick",
            summary="Base frozen, one dense layer: much faster, and no worse by case where cases are few.",
            epochs=3,
            optimizer="adamw",
            learning_rate=3e-4,
            schedule="cosine",
            weight_decay=1e-4,
            balance=0.5,
            upside_down=True,
            boundary=NO_BASE,
            head="linear",
            dropout=0.2,
            head_epochs=100,
            head_learning_rate=1e-2,
        ),
        Recipe(
            name="scratch",
            summary="Trains the whole base from random weights; made the run that ships with the demo.",
            epochs=70,
            optimizer="adamw",
            learning_rate=3e-3,
            schedule="cosine",
            weight_decay=1e-2,
            label_smoothing=0.05,
            crop=112,
            stain=0.35,
            boundary=WHOLE_BASE,
            trained_statistics=True,
            head="linear",
            dropout=0.2,
        ),
    )
}
"""The recipes that ship, by name."""


# fmt: off
_BY_NAME = {
    "epochs", "batch_size", "optimizer", "learning_rate", "schedule", "decay", "momentum",
    "weight_decay", "label_smoothing", "balance", "flips", "upside_down", "crop", "stain", "boundary",
    "trained_statistics", "head", "dropout", "head_epochs", "head_learning_rate",
}
# fmt: on
"""Settings that runs of before may not say, and had as their recipe's name says. A newer setting's default is
what was done before there was a choice."""


def completed(said: Mapping[str, Any]) -> Recipe:
    """Return the recipe that a run was trained with, whatever its age.

    >>> completed({"name": "scratch", "epochs": 5}).crop
    112
    >>> completed({"name": "paper"}).antialias
    True
    >>> completed({"name": "recommended"}).name
    'quick'

    Args:
        said: what ``recipe.json`` of the run says.

    Raises:
        InputError: another version of the program wrote it.
    """
    if said.get("name") == "recommended" and "clip_norm" not in said:
        # What is quick now was recommended before recipes could clip gradients.
        said = {**said, "name": "quick"}
    known = RECIPES.get(str(said.get("name")))
    values = {**(known.model_dump(include=_BY_NAME) if known else {}), **said}
    return read_kept(Recipe, values, "The run's recipe is of another version of this program")
