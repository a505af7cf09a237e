"""The recipes: `paper` is what its authors wrote, and a recipe cannot be anything."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pydantic import ValidationError

from breakhis_core.images.input_form import InputForm
from breakhis_core.recipes import BOUNDARIES, RECIPES, Recipe, completed


def test_paper_is_the_authors_method() -> None:
    paper = RECIPES["paper"]
    assert (paper.optimizer, paper.momentum, paper.batch_size, paper.epochs) == ("sgd", 0.95, 32, 15)
    assert (paper.head, paper.dropout, paper.flips, paper.trained_statistics) == ("paper", 0.5, True, False)
    assert (paper.boundary, paper.paper_index) == ("expanded_conv_10_depthwise_bn", 150)
    assert (paper.balance, paper.label_smoothing, paper.weight_decay, paper.head_epochs) == (0, 0, 0, 0)


def test_paper_schedule_at_each_epoch() -> None:
    paper = RECIPES["paper"]
    expected = [1e-3]
    while len(expected) < paper.epochs:
        expected.append(expected[-1] * 0.95)
    assert [paper.learning_rate_at(epoch) for epoch in range(paper.epochs)] == pytest.approx(expected)
    # It falls within an epoch too.
    assert paper.learning_rate_at(3, 0.5) == pytest.approx(1e-3 * 0.95**3.5)


def test_cosine_falls_to_nothing() -> None:
    recipe = Recipe(name="r", epochs=4, learning_rate=0.1, schedule="cosine", boundary="head")
    rates = [recipe.learning_rate_at(epoch, part) for epoch in range(4) for part in (0.0, 0.5)]
    assert rates[0] == 0.1
    assert rates == sorted(rates, reverse=True)
    assert recipe.learning_rate_at(2) == pytest.approx(0.05)
    assert recipe.learning_rate_at(4) == pytest.approx(0.0)


def test_the_rate_rises_first_where_a_recipe_warms_up() -> None:
    recipe = Recipe(name="r", epochs=10, learning_rate=0.1, schedule="cosine", boundary="head", warm_up=0.2)
    rates = [recipe.learning_rate_at(epoch, part) for epoch in range(10) for part in (0.0, 0.5)]
    assert rates[:5] == pytest.approx([0.01, 0.0325, 0.055, 0.0775, 0.1])
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert recipe.learning_rate_at(6) == pytest.approx(0.05)
    assert recipe.learning_rate_at(10) == pytest.approx(0.0)
    falling = recipe.model_copy(update={"schedule": "exponential"})
    assert falling.learning_rate_at(3) == pytest.approx(0.095)


def test_a_run_of_before_keeps_the_recipe_that_was_recommended_then() -> None:
    quick = RECIPES["quick"].model_copy(update={"summary": ""})
    assert completed({"name": "recommended"}) == quick
    assert completed(RECIPES["recommended"].model_dump()) == RECIPES["recommended"]


def test_boundaries_are_the_authors_study() -> None:
    assert list(BOUNDARIES) == list(range(60, 261, 10))
    assert len(set(BOUNDARIES.values())) == len(BOUNDARIES)


@pytest.mark.parametrize(
    "wrong",
    [{"boundary": "re_lu_7"}, {"boundary": "150"}, {"epochs": 0}, {"learning_rate": 0}, {"colour": 1}],
    ids=str,
)
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    right = {"name": "r", "epochs": 1, "learning_rate": 0.1, "boundary": "head"}
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Recipe.model_validate({**right, **wrong})


@pytest.mark.parametrize(
    ("ignored", "sentence"),
    [
        ({"crop": 112}, "crop is 112 but only counts with boundary=conv"),
        ({"stain": 0.35}, "stain is 0.35 but only counts with boundary=conv"),
        ({"trained_statistics": True}, "trained_statistics is True but only counts with a trained base"),
        ({"weight_decay": 0.1}, "weight_decay is 0.1 but only counts with optimizer=adamw"),
        ({"schedule": "cosine", "decay": 0.9}, "decay is 0.9 but only counts with schedule=exponential"),
        ({"optimizer": "adamw", "momentum": 0.5}, "momentum is 0.5 but only counts with optimizer=sgd"),
        ({"head_learning_rate": 0.1}, "head_learning_rate is 0.1 but only counts with head_epochs above 0"),
    ],
    ids=str,
)
def test_a_setting_that_would_be_ignored_is_refused(ignored: dict[str, object], sentence: str) -> None:
    right = {"name": "r", "epochs": 1, "learning_rate": 0.1, "boundary": "head"}
    with pytest.raises(ValidationError, match=sentence):
        Recipe.model_validate({**right, **ignored})
    # Runs of before said so, and trained as they would have without it: they open.
    assert completed({**right, **ignored}).ignored == {next(reversed(ignored)): sentence}


def test_an_older_run_looked_at_pictures_as_was_done_before_there_was_a_choice() -> None:
    said = RECIPES["paper"].model_dump(exclude={"width", "height", "antialias", "keep_proportions"})
    assert InputForm.said(completed(said).model_dump()) == InputForm.said(said) == InputForm()
    assert not InputForm.said(RECIPES["paper"].model_dump()).antialias


def test_a_recipe_survives_json() -> None:
    for recipe in RECIPES.values():
        assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


def test_ways_a_training_image_is_shown() -> None:
    paper = RECIPES["paper"]
    for flips, upside_down, variants in (
        (False, False, (0,)),
        (True, False, (0, 1)),
        (False, True, (0, 2)),
        (True, True, (0, 1, 2, 3)),
    ):
        assert paper.model_copy(update={"flips": flips, "upside_down": upside_down}).variants == variants


def test_the_server_side_never_loads_tensorflow() -> None:
    code = (
        "import sys; from breakhis_core import recipes, runs; from breakhis_core.runs import predictor; "
        "from breakhis_core.training import train; "
        "print(sorted({'tensorflow', 'keras', 'tf_keras_vis'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
