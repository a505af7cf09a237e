"""What a training is asked for: of checked types, and read again in any later version."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from breakhis_core.errors import InputError
from breakhis_core.recipes import RECIPES, Recipe
from breakhis_core.storage.kept_models import read_kept
from breakhis_core.training.request import TrainRequest

OLDER: dict[str, Any] = {
    "recipe": {
        "name": "mine",
        "summary": "",
        "epochs": 3,
        "seed": 5,
        "batch_size": 32,
        "optimizer": "adamw",
        "learning_rate": 0.0003,
        "schedule": "cosine",
        "decay": 0.9,
        "momentum": 0.95,
        "weight_decay": 0.0001,
        "label_smoothing": 0.0,
        "balance": 0.5,
        "flips": True,
        "upside_down": True,
        "crop": 112,
        "stain": 0.35,
        "boundary": "head",
        "trained_statistics": False,
        "head": "linear",
        "dropout": 0.2,
        "head_epochs": 100,
        "head_learning_rate": 0.01,
    },
    "data": 1,
    "unit": "image",
    "split_seed": 5,
    "weights": "imagenet",
    "exclude": ["a", "b"],
    "improves": None,
    "name": "",
    "compact": False,
    "folds": 0,
    "fold_files": [],
}
"""A job's row of a version whose recipes took settings that they ignore: crop, stain and decay here."""
TROUBLE = "This training cannot be started"


def test_a_request_survives_json() -> None:
    request = TrainRequest(
        recipe=RECIPES["paper"],
        exclude=("a", "b"),
        improves="other",
        data=3,
        compact=True,
        labels={"c": "PC"},
    )
    assert read_kept(TrainRequest, json.loads(request.model_dump_json()), TROUBLE) == request


def test_a_row_of_an_older_version_opens_and_is_written_alike() -> None:
    request = read_kept(TrainRequest, OLDER, TROUBLE)
    assert (request.exclude, request.recipe.crop) == (("a", "b"), 112)
    written = request.model_dump(mode="json")
    newer = {name: value for name, value in written["recipe"].items() if name not in OLDER["recipe"]}
    assert newer == {name: Recipe.model_fields[name].default for name in newer}
    assert {**written, "recipe": {**OLDER["recipe"], **newer}} == {**OLDER, "recipe": written["recipe"]}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"unit": "slide"}, "unit should be 'image' or 'case'"),
        ({"split_seed": "x"}, "split_seed should be a valid integer"),
        ({"exclude": "abc"}, "exclude should be a valid tuple"),
        ({"labels": {"a": "benign"}}, "'benign' among the labels is none of A, F, "),
        ({"colour": 1}, "colour is not known to this version"),
        ({"recipe": {"name": "x"}}, "recipe.epochs is missing"),
        ({"recipe": None}, "recipe should be a valid dictionary"),
    ],
    ids=str,
)
def test_a_wrong_row_is_refused_with_a_sentence(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=rf"^This training cannot be started: {sentence}.*\.$"):
        read_kept(TrainRequest, {**OLDER, **wrong}, TROUBLE)


def test_a_new_request_takes_no_recipe_that_says_what_would_not_happen() -> None:
    with pytest.raises(ValidationError, match="decay is 0.9 but only counts with schedule=exponential"):
        TrainRequest.model_validate(OLDER)


def test_a_request_does_not_change() -> None:
    request = TrainRequest(recipe=RECIPES["paper"])
    with pytest.raises(ValidationError, match="frozen"):
        request.split_seed = 3  # type: ignore[misc]
    assert hash(request) == hash(TrainRequest(recipe=RECIPES["paper"]))
    assert hash(request.model_copy(update={"labels": {"a": "PC"}}))
