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

from pydantic import ValidationError

from breakhis_core.errors import InputError
from breakhis_core.recipes import BOUNDARIES, NO_BASE, WHOLE_BASE, Recipe
from breakhis_core.training import TrainRequest
from breakhis_core.training_data import TrainingData

Value = bool | int | float | str | None
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
SETTINGS = tuple(field for field in Recipe.model_fields if field not in ("name", "summary", "seed"))
"""The fields of a recipe that a grid may vary."""


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
    typed = {name: _typed(base.recipe, name, some) for name, some in choices.items()}
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
        _typed(request.base.recipe, name, choices)
    for name in request.grid:
        _refuse_idle(name, [cell.recipe for cell in cells(request)])


def cells(request: SweepRequest) -> list[Cell]:
    """Enumerate the grid: the last field varies fastest.

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


def parse_grid(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Read ``field=a,b,c``, one text for each field.

    >>> parse_grid(["learning_rate=0.01, 0.001", "head=linear"])
    {'learning_rate': ('0.01', '0.001'), 'head': ('linear',)}

    Raises:
        InputError: a text has no field or no choices, or a field comes twice.
    """
    grid: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, equals, rest = text.partition("=")
        name, choices = name.strip(), tuple(part.strip() for part in rest.split(",") if part.strip())
        if not equals or not name or not choices:
            raise InputError(f"{text!r} is no choice of settings; write it as learning_rate=0.01,0.001.")
        if name in grid:
            raise InputError(f"{name} is given twice; put all its choices into one list.")
        grid[name] = choices
    return grid


def with_settings(recipe: Recipe, texts: Iterable[str]) -> Recipe:
    """Return a recipe with settings changed, one text for each.

    >>> recipe = Recipe(name="r", epochs=1, learning_rate=0.1, boundary=NO_BASE)
    >>> with_settings(recipe, ["dropout = 0.3"]).dropout
    0.3

    Raises:
        InputError: a text is no setting, its value cannot be used, or it would change nothing.
    """
    changed = recipe
    for name, choices in parse_grid(texts).items():
        if len(choices) > 1:
            raise InputError(
                f"{name} has {len(choices)} values; a training takes one, a sweep tries several."
            )
        changed = changed.model_copy(update={name: _typed(recipe, name, choices)[0]})
    for name in SETTINGS:
        if getattr(changed, name) != getattr(recipe, name):
            _refuse_idle(name, [changed])
    return changed


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


def value_text(field: str, value: Value) -> str:
    """Return a choice as people read it: a boundary by its name, with the paper's index where it has one.

    >>> value_text("boundary", "expanded_conv_10_depthwise_bn"), value_text("decay", 1.0)
    ('150 · expanded_conv_10_depthwise_bn', '1')
    """
    if field == "boundary":
        index = next((index for index, name in BOUNDARIES.items() if name == value), None)
        return str(value) if index is None else f"{index} · {value}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def cell_text(values: Mapping[str, Value]) -> str:
    """Return a cell in words.

    >>> cell_text({"learning_rate": 0.001, "decay": 0.95})
    'learning rate 0.001, decay 0.95'
    """
    return ", ".join(f"{field_text(name)} {value_text(name, value)}" for name, value in values.items())


def field_text(field: str) -> str:
    """Return a field of the recipe as people read it."""
    return "first trained layer" if field == "boundary" else field.replace("_", " ")


def _typed(recipe: Recipe, name: str, choices: Iterable[Value]) -> tuple[Value, ...]:
    """Return choices in the type of their field; twice the same counts once."""
    if name == "seed":
        raise InputError("The seed is no choice of a grid; ask for several seeds of each cell instead.")
    if name not in SETTINGS:
        raise InputError(f"{name!r} is no setting of a recipe; the settings are {', '.join(SETTINGS)}.")
    typed: list[Value] = []
    for choice in choices:
        value = _as_boundary(choice) if name == "boundary" else choice
        value = None if name == "crop" and value == "none" else value
        try:
            checked = Recipe.model_validate({**recipe.model_dump(), name: value})
        except ValidationError as error:
            told = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
            raise InputError(f"{name} cannot be {choice!r}: {told[0].lower()}{told[1:]}.") from error
        if getattr(checked, name) not in typed:
            typed.append(getattr(checked, name))
    if not typed:
        raise InputError(f"{name} has no choices; give at least one.")
    return tuple(typed)


def _as_boundary(choice: Value) -> Value:
    """Return a layer's name for the paper's index."""
    if isinstance(choice, bool) or not str(choice).isdigit():
        return choice
    if int(str(choice)) not in BOUNDARIES:
        raise InputError(f"The paper has no boundary {choice}; its indices are 60, 70 and so on to 260.")
    return BOUNDARIES[int(str(choice))]


def _refuse_idle(name: str, recipes: list[Recipe]) -> None:
    """Refuse a field that changes nothing in any cell: its cells would only repeat each other."""
    for recipe in recipes:
        needs = {
            "decay": ("schedule=exponential", recipe.schedule == "exponential"),
            "momentum": ("optimizer=sgd", recipe.optimizer == "sgd"),
            "weight_decay": ("optimizer=adamw", recipe.optimizer == "adamw"),
            "head_learning_rate": ("head_epochs above 0", recipe.head_epochs > 0),
            "crop": (f"boundary={WHOLE_BASE}", recipe.boundary == WHOLE_BASE),
            "stain": (f"boundary={WHOLE_BASE}", recipe.boundary == WHOLE_BASE),
            "trained_statistics": ("a trained base", recipe.boundary != NO_BASE),
        }
        if name not in needs or needs[name][1]:
            return
    raise InputError(
        f"{name} changes nothing in the recipe {recipes[0].name}: it only counts with {needs[name][0]}."
    )
