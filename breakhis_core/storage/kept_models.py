"""Models of pydantic read from what people or other versions of this program wrote."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError, ValidationInfo

from breakhis_core.errors import InputError

Model = TypeVar("Model", bound=BaseModel)

_KEPT = {"kept": True}


def read_kept(model: type[Model], values: object, trouble: str) -> Model:
    """Read what ``model_dump`` gave, today or in an older version.

    Types, bounds and names are checked. What only a new choice must keep to is not, so that all that was ever
    trained can be read again: validators ask `is_kept`.

    Args:
        model: the model.
        values: what a job's row, a study or a run's folder says.
        trouble: begins the sentence that refuses them, as in ``"This is no training that can be started"``.

    Raises:
        InputError: it is no such thing; one sentence says why.
    """
    try:
        return model.model_validate(values, context=_KEPT)
    except ValidationError as error:
        raise InputError(f"{trouble}: {in_words(error)}.") from error


def is_kept(info: ValidationInfo) -> bool:
    """Return whether `read_kept` reads, and nobody chooses."""
    return bool(info.context == _KEPT)


def in_words(error: ValidationError) -> str:
    """Return what is wrong, without the full stop; of several things the first.

    >>> from breakhis_core.recipes import Recipe
    >>> try:
    ...     Recipe.model_validate({"name": "r", "epochs": 1, "boundary": "head", "learning_rate": 5})
    ... except ValidationError as error:
    ...     in_words(error)
    'learning_rate should be less than or equal to 1'
    """
    first = error.errors()[0]
    field = ".".join(map(str, first["loc"])) or "it"
    if first["type"] == "missing":
        return f"{field} is missing"
    if first["type"] == "extra_forbidden":
        return f"{field} is not known to this version"
    said = first["msg"].removeprefix("Value error, ")
    return f"{field}{said.removeprefix('Input')}" if said.startswith("Input ") else said
