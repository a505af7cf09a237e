"""What a training is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from breakhis_core.errors import InputError
from breakhis_core.recipes import Recipe
from breakhis_core.splits.split import Unit

_LISTS = ("exclude", "fold_files")


@dataclass(frozen=True)
class TrainRequest:
    """What to train.

    Attributes:
        recipe: all settings of the training itself.
        data: id of the data set; by default the newest, or with ``improves`` any that has the images.
        unit: unit of the split.
        split_seed: seed of the split.
        weights: ``"imagenet"``, ``"none"``, or path of a weights file.
        exclude: hashes left out of train and validation.
        improves: name of the run whose split is kept.
        name: name of the run; numbered when taken; by default made of recipe and unit.
        compact: round the weights to half precision and keep a small run folder.
        folds: folds of a cross-validation; 0 trains one model. With ``improves`` that run decides.
        fold_files: paths of published fold files, which then give the folds.
    """

    recipe: Recipe
    data: int | None = None
    unit: Unit = "case"
    split_seed: int = 0
    weights: str = "imagenet"
    exclude: tuple[str, ...] = ()
    improves: str | None = None
    name: str = ""
    compact: bool = False
    folds: int = 0
    fold_files: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        lists = {name: list(values[name]) for name in _LISTS}
        return {**values, **lists, "recipe": self.recipe.model_dump()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainRequest:
        """Read what `to_dict` gave.

        Raises:
            InputError: it is not a request; the message says what is wrong.
        """
        try:
            rest = {**values, **{name: tuple(values.get(name, ())) for name in _LISTS}}
            request = cls(**{**rest, "recipe": Recipe.model_validate(values["recipe"])})
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"This is not a training that can be started: {error}") from error
        if request.unit not in ("image", "case"):
            raise InputError(f"A split is by image or by case, not by {request.unit!r}.")
        return request


def weights_given(weights: str) -> str:
    """Return the weights as ``TrainRequest`` takes them: imagenet, none, or the whole path of a file.

    Raises:
        InputError: there is no such file.
    """
    if weights in ("imagenet", "none"):
        return weights
    file = Path(weights).expanduser()
    if not file.is_file():
        raise InputError(f"{weights}: there is no such file; give imagenet, none, or a weights file.")
    return str(file.resolve())
