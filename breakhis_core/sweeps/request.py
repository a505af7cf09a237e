"""Sweeps: one training after another over a grid of settings, such as the two studies of the authors.

A *study* is a grid on top of a recipe, its *cells* are the combinations, a *trial* is the training of one
cell with one seed. Its value is measured on the validation part; the test part is never looked at.

Nothing heavy is imported here: screens define and read sweeps, and the server loads neither TensorFlow nor
Optuna for that.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_serializer,
    field_validator,
    model_validator,
)

from breakhis_core.errors import InputError
from breakhis_core.recipes import BOUNDARIES, Recipe
from breakhis_core.storage.kept_models import in_words, read_kept
from breakhis_core.sweeps.values import Value, cell_text, refuse_idle, typed_choices
from breakhis_core.training.data import TrainingData
from breakhis_core.training.request import TrainRequest

Grid = dict[str, tuple[Value, ...]]
StudyKind = Literal["learning-rate", "boundary", "grid"]
Metric = Literal["accuracy", "macro_f1"]

MEASURES: dict[str, str] = {"accuracy": "accuracy", "macro_f1": "macro F1"}
STUDIES: dict[str, Grid] = {
    "learning-rate": {
        "learning_rate": (0.01, 0.003, 0.001, 0.0003, 0.0001),
        "decay": (1.0, 0.95, 0.9, 0.8),
    },
    "boundary": {"boundary": tuple(BOUNDARIES.values())},
}
"""The two studies of the authors: learning rate against decay, and the first trained layer."""
BOUNDARY_EPOCHS = 13
"""After so many epochs the authors read the validation accuracy of their study of the boundary."""
MOST_TRIALS = 1000
MOST_SEEDS = 20


@dataclass(frozen=True)
class Cell:
    """One combination of a grid.

    Attributes:
        number: its place in the grid, counted from 0; the last field varies fastest.
        values: value of each field of the grid.
        recipe: the recipe with these values.
    """

    number: int
    values: dict[str, Value]
    recipe: Recipe


class SweepRequest(BaseModel):
    """What to try; a job's row and the study keep ``model_dump(mode="json")``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: TrainRequest = Field(description="The training that is varied: recipe, images, split, weights.")
    study: StudyKind = Field(description="One of the authors' studies, or any grid.")
    grid: Grid = Field(description="The choices of each field of the recipe.")
    metric: Metric = Field(
        default="accuracy",
        description="Measured on the validation part after each epoch; the last epoch's is a trial's value.",
    )
    seeds: int = Field(
        default=1,
        ge=1,
        le=MOST_SEEDS,
        description="Trainings of each cell; the first has the recipe's seed, the next one more.",
    )
    prune: bool = Field(
        default=True,
        description="End a trial early when its curve lies below the median of the finished ones.",
    )

    @field_validator("grid", mode="before")
    @classmethod
    def _from_pairs(cls, given: object) -> object:
        return dict(given) if isinstance(given, list) else given

    @field_serializer("grid")
    def _as_pairs(self, grid: Grid) -> list[list[Any]]:
        # Objects of JSON lose their order where a study's attributes are kept; the last field varies fastest.
        return [[name, list(choices)] for name, choices in grid.items()]

    @model_validator(mode="after")
    def _can_be_run(self) -> SweepRequest:
        if not self.grid:
            raise ValueError(
                "The grid is empty; give at least one field with its choices, such as learning_rate"
            )
        if self.trials > MOST_TRIALS:
            raise ValueError(
                f"That is {self.trials:,} trainings; a sweep has {MOST_TRIALS:,} at most: give fewer choices"
            )
        recipes = [cell.recipe for cell in cells(self)]
        for name, choices in self.grid.items():
            typed_choices(self.base.recipe, name, choices)
            refuse_idle(name, recipes)
        return self

    @property
    def trials(self) -> int:
        """Trainings in all."""
        return math.prod(map(len, self.grid.values())) * self.seeds


def new_request(
    base: TrainRequest,
    study: StudyKind,
    grid: Mapping[str, Iterable[Value]] | None = None,
    metric: Metric = "accuracy",
    seeds: int = 1,
    prune: bool = True,
) -> SweepRequest:
    """Return a sweep with its choices checked and turned into the types of the recipe's fields.

    Args:
        base: the training that is varied.
        study: one of ``STUDIES``, or ``"grid"``.
        grid: choices of each field as text or values; the studies of the authors bring their own.
        metric: ``"accuracy"`` or ``"macro_f1"``.
        seeds: trainings of each cell.
        prune: whether hopeless trials end early.

    Raises:
        InputError: a field, a choice or a number cannot be used; one sentence says why.
    """
    if study != "grid" and grid:
        raise InputError(f"The study {study} brings its own grid; for another one choose the study grid.")
    choices: Mapping[str, Iterable[Value]] | None = STUDIES.get(study) if study != "grid" else grid or {}
    if choices is None:
        raise InputError(f"There is no study {study!r}; choose {', '.join(STUDIES)} or grid.")
    typed = {name: typed_choices(base.recipe, name, some) for name, some in choices.items()}
    try:
        return SweepRequest(base=base, study=study, grid=typed, metric=metric, seeds=seeds, prune=prune)
    except ValidationError as error:
        raise InputError(f"{in_words(error)}.") from error


def kept_request(values: object) -> SweepRequest:
    """Read a sweep from a job's row or a study.

    Raises:
        InputError: it cannot be run, or another version of the program wrote it; one sentence says why.
    """
    return read_kept(SweepRequest, values, "This sweep cannot be run by this version of the program")


def cells(request: SweepRequest) -> list[Cell]:
    """Enumerate the grid: the last field varies fastest.

    >>> from breakhis_core.recipes import RECIPES
    >>> base = TrainRequest(recipe=RECIPES["paper"])
    >>> sweep = new_request(base, "grid", {"learning_rate": (0.1, 0.2), "decay": (1.0, 0.9)})
    >>> [tuple(cell.values.values()) for cell in cells(sweep)]
    [(0.1, 1.0), (0.1, 0.9), (0.2, 1.0), (0.2, 0.9)]
    """
    found = []
    for number, values in enumerate(itertools.product(*request.grid.values())):
        chosen = dict(zip(request.grid, values, strict=True))
        recipe = request.base.recipe.model_copy(update=chosen)
        found.append(Cell(number, chosen, recipe))
    return found


def usual_epochs(study: str, recipe: Recipe) -> int:
    """Return the epochs of a study when nobody says otherwise: the authors' where it is their study."""
    return BOUNDARY_EPOCHS if study == "boundary" and recipe.name == "paper" else recipe.main_epochs


def fingerprint(data: TrainingData) -> str:
    """Return what names the images that a study trains and measures on: another split is another study."""
    parts = [data.hashes(part) for part in ("train", "validation")]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def study_name(request: SweepRequest, data: TrainingData) -> str:
    """Return the name of a study: the same request on the same images gives the same name, and so goes on."""
    same = json.dumps([request.model_dump(mode="json"), fingerprint(data)], sort_keys=True).encode()
    recipe = "".join(letter if letter.isalnum() else "-" for letter in request.base.recipe.name)[:40]
    mark = hashlib.sha256(same).hexdigest()[:6]
    return f"{request.study}-{recipe}-by-{data.split.unit}-{mark}"


def swept_recipe(request: SweepRequest, cell: Cell) -> Recipe:
    """Return the recipe of a cell under a name of its own, to train a run with."""
    name = request.base.recipe.name.removesuffix("-swept")
    return cell.recipe.model_copy(
        update={"name": f"{name}-swept", "summary": f"{name} with {cell_text(cell.values)}."}
    )
