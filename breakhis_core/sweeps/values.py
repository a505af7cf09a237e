"""Values of a recipe's settings: of their type, as people write them and as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from breakhis_core.errors import InputError
from breakhis_core.recipes import BOUNDARIES, Recipe
from breakhis_core.storage.kept_models import read_kept

Value = bool | int | float | str | None
SETTINGS = tuple(field for field in Recipe.model_fields if field not in ("name", "summary", "seed"))
"""The fields of a recipe that a grid may vary."""


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


def typed_choices(recipe: Recipe, name: str, choices: Iterable[Value]) -> tuple[Value, ...]:
    """Return choices in the type of their field; twice the same counts once."""
    if name == "seed":
        raise InputError("The seed is no choice of a grid; ask for several seeds of each cell instead.")
    if name not in SETTINGS:
        raise InputError(f"{name!r} is no setting of a recipe; the settings are {', '.join(SETTINGS)}.")
    typed: list[Value] = []
    for choice in choices:
        value = _as_boundary(choice) if name == "boundary" else choice
        value = None if name == "crop" and value == "none" else value
        # Whether it counts beside the other settings is for the whole grid to say.
        checked = read_kept(Recipe, {**recipe.model_dump(), name: value}, f"{choice!r} cannot be used")
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


def with_settings(recipe: Recipe, texts: Iterable[str]) -> Recipe:
    """Return a recipe with settings changed, one text for each.

    >>> recipe = Recipe(name="r", epochs=1, learning_rate=0.1, boundary="head")
    >>> with_settings(recipe, ["dropout = 0.3"]).dropout
    0.3

    Raises:
        InputError: a text is no setting, its value cannot be used or would change nothing, or it takes the
            effect from another setting.
    """
    changed = recipe
    for name, choices in parse_grid(texts).items():
        if len(choices) > 1:
            raise InputError(
                f"{name} has {len(choices)} values; a training takes one, a sweep tries several."
            )
        changed = changed.model_copy(update={name: typed_choices(recipe, name, choices)[0]})
    for name, sentence in changed.ignored.items():
        if getattr(changed, name) != getattr(recipe, name):
            refuse_idle(name, [changed])
        if name not in recipe.ignored:
            usual = value_text(name, Recipe.model_fields[name].default)
            raise InputError(f"{sentence}; say {name}={usual} too.")
    return changed


def refuse_idle(name: str, recipes: list[Recipe]) -> None:
    """Refuse a field that changes nothing in any cell: its cells would only repeat each other."""
    if all(name in recipe.idle for recipe in recipes):
        raise InputError(
            f"{name} changes nothing in the recipe {recipes[0].name}: it only counts with "
            f"{recipes[0].idle[name]}."
        )
