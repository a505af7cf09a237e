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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

from breakhis_core.errors import InputError
from breakhis_core.recipes import BOUNDARIES, Recipe
from breakhis_core.sweeps.values import Value, cell_text, refuse_idle, typed_choices
from breakhis_core.training.data import TrainingData
from breakhis_core.training.request import TrainRequest

Grid = dict[str, tuple[Value, ...]]
StudyKind = Literal["learning-rate", "boundary", "grid"]
Metric = Literal["accuracy", "macro_f1"]

METRICS: dict[str, str] = {"accuracy": "accuracy", "macro_f1": "macro F1"}
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


@dataclass(frozen=True)
class SweepRequest:
    """What to try.

    Attributes:
        base: the training that is varied: recipe, images, split, first weights.
        study: one of the authors' studies, or any grid.
        grid: the choices of each field of the recipe.
        metric: what is measured on the validation part after each epoch; the last epoch's is a trial's value.
        seeds: trainings of each cell; the first has the recipe's seed, the next one more.
        prune: end a trial early when its curve lies below the median of the finished ones.
    """

    base: TrainRequest
    study: StudyKind
    grid: Grid
    metric: Metric = "accuracy"
    seeds: int = 1
    prune: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        grid = [[name, list(choices)] for name, choices in self.grid.items()]
        return {**values, "base": self.base.to_dict(), "grid": grid}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SweepRequest:
        """Read what `to_dict` gave.

        Raises:
            InputError: it is not a sweep; the message says what is wrong.
        """
        try:
            grid = {str(name): tuple(choices) for name, choices in values["grid"]}
            request = cls(**{**values, "base": TrainRequest.from_dict(values["base"]), "grid": grid})
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"This is not a sweep that can be started: {error}") from error
        check(request)
        return request

    @property
    def trials(self) -> int:
        """Trainings in all."""
        cells = 1
        for choices in self.grid.values():
            cells *= len(choices)
        return cells * self.seeds


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
    choices = (
        STUDIES.get(study) if study != "grid" else {name: tuple(some) for name, some in (grid or {}).items()}
    )
    if choices is None:
        raise InputError(f"There is no study {study!r}; choose {', '.join(STUDIES)} or grid.")
    request = SweepRequest(base, study, choices, metric, seeds, prune)
    typed = {name: typed_choices(base.recipe, name, some) for name, some in choices.items()}
    request = replace(request, grid=typed)
    check(request)
    return request


def check(request: SweepRequest) -> None:
    """Refuse a sweep that cannot be run.

    Raises:
        InputError: one sentence says what is wrong.
    """
    if request.metric not in METRICS:
        raise InputError(f"{request.metric!r} cannot be measured; choose {' or '.join(METRICS)}.")
    if request.study not in get_args(StudyKind):
        raise InputError(f"There is no study {request.study!r}; choose {', '.join(get_args(StudyKind))}.")
    if not 1 <= request.seeds <= MOST_SEEDS:
        raise InputError(f"A cell can be trained with 1 to {MOST_SEEDS} seeds, not {request.seeds}.")
    if not request.grid:
        raise InputError(
            "The grid is empty; give at least one field with its choices, such as learning_rate."
        )
    if request.trials > MOST_TRIALS:
        raise InputError(
            f"That is {request.trials:,} trainings; a sweep has {MOST_TRIALS:,} at most: give fewer choices."
        )
    for name, choices in request.grid.items():
        typed_choices(request.base.recipe, name, choices)
    for name in request.grid:
        refuse_idle(name, [cell.recipe for cell in cells(request)])


def cells(request: SweepRequest) -> list[Cell]:
    """Enumerate the grid: the last field varies fastest.

    >>> from breakhis_core.recipes import NO_BASE
    >>> base = TrainRequest(Recipe(name="r", epochs=1, learning_rate=0.1, boundary=NO_BASE))
    >>> sweep = SweepRequest(base, "grid", {"learning_rate": (0.1, 0.2), "decay": (1.0, 0.9)})
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
    return BOUNDARY_EPOCHS if study == "boundary" and recipe.name == "paper" else recipe.epochs


def fingerprint(data: TrainingData) -> str:
    """Return what names the images that a study trains and measures on: another split is another study."""
    parts = [data.hashes(part) for part in ("train", "validation")]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def study_name(request: SweepRequest, data: TrainingData) -> str:
    """Return the name of a study: the same request on the same images gives the same name, and so goes on."""
    same = json.dumps([request.to_dict(), fingerprint(data)], sort_keys=True).encode()
    recipe = "".join(letter if letter.isalnum() else "-" for letter in request.base.recipe.name)[:40]
    mark = hashlib.sha256(same).hexdigest()[:6]
    return f"{request.study}-{recipe}-by-{data.split.unit}-{mark}"


def swept_recipe(request: SweepRequest, cell: Cell) -> Recipe:
    """Return the recipe of a cell under a name of its own, to train a run with."""
    name = request.base.recipe.name.removesuffix("-swept")
    return cell.recipe.model_copy(
        update={"name": f"{name}-swept", "summary": f"{name} with {cell_text(cell.values)}."}
    )
