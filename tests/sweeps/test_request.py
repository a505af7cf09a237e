import json
from dataclasses import replace

import pytest

from breakhis_core.errors import InputError
from breakhis_core.recipes import BOUNDARIES, RECIPES
from breakhis_core.sweeps import request as sweeps
from breakhis_core.sweeps.request import cells, kept_request, new_request
from breakhis_core.sweeps.values import parse_grid
from breakhis_core.training.data import load_training_data
from breakhis_core.training.request import TrainRequest

PAPER = TrainRequest(recipe=RECIPES["paper"], data=1, unit="image", weights="none")


def test_the_authors_study_of_the_learning_rate_has_twenty_cells():
    found = cells(new_request(PAPER, "learning-rate"))
    assert [tuple(cell.values.values()) for cell in found] == [
        (rate, decay) for rate in (0.01, 0.003, 0.001, 0.0003, 0.0001) for decay in (1.0, 0.95, 0.9, 0.8)
    ]
    assert [cell.number for cell in found] == list(range(20))
    assert found[9].recipe == RECIPES["paper"]


def test_the_authors_study_of_the_boundary_goes_by_name_from_60_to_260():
    found = cells(new_request(PAPER, "boundary"))
    assert [cell.recipe.paper_index for cell in found] == list(range(60, 261, 10))
    assert [cell.recipe.boundary for cell in found] == list(BOUNDARIES.values())


def test_a_choice_gets_the_type_of_its_field():
    given = {"boundary": ["150", "head"], "batch_size": ["16"], "flips": ["true", "false"], "crop": ["none"]}
    assert new_request(PAPER, "grid", given | {"boundary": ["150", "conv"]}).grid == {
        "boundary": ("expanded_conv_10_depthwise_bn", "conv"),
        "batch_size": (16,),
        "flips": (True, False),
        "crop": (None,),
    }
    assert new_request(PAPER, "grid", {"decay": ["1", "1.0", "0.9"]}).grid == {"decay": (1.0, 0.9)}


def test_a_sweep_survives_json():
    request = new_request(PAPER, "grid", {"decay": [1.0, 0.9], "flips": [True]}, "macro_f1", 3, prune=False)
    assert kept_request(json.loads(request.model_dump_json())) == request
    assert (request.trials, list(request.grid)) == (6, ["decay", "flips"])


@pytest.mark.parametrize(
    ("grid", "sentence"),
    [
        ({}, "The grid is empty"),
        ({"depth": ["1"]}, "'depth' is no setting of a recipe; the settings are epochs, width,"),
        ({"seed": ["1"]}, "The seed is no choice of a grid"),
        ({"name": ["x"]}, "'name' is no setting of a recipe"),
        ({"learning_rate": ["fast"]}, "'fast' cannot be used: learning_rate should be a valid number"),
        ({"learning_rate": ["5"]}, "'5' cannot be used: learning_rate should be less than or equal to 1."),
        ({"learning_rate": [float("nan")]}, "nan cannot be used: learning_rate"),
        ({"learning_rate": []}, "learning_rate has no choices"),
        ({"boundary": ["155"]}, "The paper has no boundary 155; its indices are 60, 70 and so on to 260."),
        ({"boundary": ["re_lu_7"]}, "'re_lu_7' cannot be used: boundary must be one of"),
        ({"weight_decay": ["0.1"]}, "weight_decay changes nothing in the recipe paper: it only counts with"),
        ({"epochs": range(1, 999), "batch_size": range(2, 99)}, "That is 96,806 trainings"),
    ],
)
def test_what_cannot_be_tried_is_refused_with_a_sentence(grid, sentence):
    with pytest.raises(InputError) as refused:
        new_request(PAPER, "grid", grid)
    assert str(refused.value).startswith(sentence)


def test_the_authors_grid_is_refused_where_its_decay_would_change_nothing():
    with pytest.raises(InputError, match="decay changes nothing in the recipe quick"):
        new_request(PAPER.model_copy(update={"recipe": RECIPES["quick"]}), "learning-rate")
    steady = PAPER.model_copy(update={"recipe": RECIPES["quick"]})
    assert new_request(steady, "grid", {"schedule": ["cosine", "exponential"], "decay": [1, 0.9]}).trials == 4


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"metric": "loss"}, "metric should be 'accuracy' or 'macro_f1'"),
        ({"seeds": 0}, "seeds should be greater than or equal to 1"),
        ({"study": "depth"}, "study should be 'learning-rate', 'boundary' or 'grid'"),
        ({"base": None}, "base should be a valid dictionary"),
        ({"colour": 1}, "colour is not known to this version"),
        ({"grid": [["decay", [7]]]}, "7 cannot be used: decay should be less than or equal to 1"),
        ({"grid": []}, "The grid is empty"),
    ],
)
def test_a_wrong_request_is_refused(change, sentence):
    with pytest.raises(InputError, match=sentence):
        kept_request({**new_request(PAPER, "learning-rate").model_dump(mode="json"), **change})


def test_a_study_of_the_authors_takes_no_other_grid():
    with pytest.raises(InputError, match="brings its own grid"):
        new_request(PAPER, "boundary", {"decay": ["1"]})


def test_a_grid_is_read_from_text():
    assert parse_grid(["decay=1,0.9", " head = linear ,"]) == {"decay": ("1", "0.9"), "head": ("linear",)}
    for text, sentence in [
        ("decay", "is no choice of settings"),
        ("decay=", "is no choice of settings"),
        ("=1", "is no choice of settings"),
    ]:
        with pytest.raises(InputError, match=sentence):
            parse_grid([text])
    with pytest.raises(InputError, match="decay is given twice"):
        parse_grid(["decay=1", "decay=2"])


def test_a_study_is_the_same_only_for_the_same_request_on_the_same_images(workspace, pictures):
    request = new_request(PAPER, "learning-rate")
    data = load_training_data(workspace, 1, "image", 0)
    name = sweeps.study_name(request, data)
    assert name.startswith("learning-rate-paper-by-image-")
    assert sweeps.study_name(kept_request(request.model_dump(mode="json")), data) == name
    assert sweeps.study_name(request.model_copy(update={"seeds": 2}), data) != name
    assert sweeps.study_name(request, load_training_data(workspace, 1, "image", 1)) != name
    left_out = data.hashes("train")[:1]
    assert sweeps.study_name(request, load_training_data(workspace, 1, "image", 0, left_out)) != name


def test_the_test_part_does_not_name_a_study(workspace, pictures):
    data = load_training_data(workspace, 1, "image", 0)
    kept = data.kept.frame[data.kept.frame["part"] != "test"]
    without_test = replace(data, kept=replace(data.kept, frame=kept))
    assert sweeps.fingerprint(without_test) == sweeps.fingerprint(data)


def test_epochs_are_those_of_the_study_or_of_the_recipe():
    assert sweeps.usual_epochs("boundary", RECIPES["paper"]) == 13
    assert sweeps.usual_epochs("learning-rate", RECIPES["paper"]) == 15
    assert sweeps.usual_epochs("boundary", RECIPES["quick"]) == 103
