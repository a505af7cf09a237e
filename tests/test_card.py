import pytest

from breakhis_core.card import card, known_limits
from breakhis_core.evaluate import evaluate
from tests.prediction_tables import predictions_table

MANIFEST = {
    "name": "first",
    "created": "2026-01-02T03:04:05Z",
    "split_seed": 7,
    "weights": "imagenet",
    "excluded": ["a", "b"],
    "seconds": 61.4,
    "versions": {"keras": "3.15.1"},
    "improves": None,
}
RECIPE = {"name": "paper", "learning_rate": 0.001}


@pytest.fixture(scope="module")
def evaluation():
    return evaluate(predictions_table(), "case")


def test_a_card_says_data_split_recipe_numbers_and_limits(evaluation):
    text = card(MANIFEST, RECIPE, evaluation, phantom=False)
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings == [
        "# first",
        "## Data and split",
        "## Numbers",
        "## Sub-types",
        "## Magnifications",
        "## Recipe",
        "## Known limits",
    ]
    assert "- Split: by case, seed 7" in text
    assert "- Images excluded from train and validation: 2" in text
    assert "| learning_rate | 0.001 |" in text
    assert "not a medical device" in text


def test_every_number_stands_with_its_interval_and_what_it_rests_on(evaluation):
    text = card(MANIFEST, RECIPE, evaluation, phantom=False)
    low, high = evaluation["intervals"]["macro_f1"]
    assert f"| Macro F1 | {evaluation['macro_f1']:.3f} | {low:.3f} to {high:.3f} |" in text
    assert "240 images of 24 cases, split by case" in text


def test_phantoms_are_called_phantoms(evaluation):
    assert "synthetic phantoms, not tissue" in card(MANIFEST, RECIPE, evaluation, phantom=True)
    assert "phantom" not in card(MANIFEST, RECIPE, evaluation, phantom=False)


def test_a_split_by_image_is_warned_of():
    text = card(MANIFEST, RECIPE, evaluate(predictions_table(), "image"), phantom=False)
    assert "images of one case stand in train and in test" in text


def test_a_manifest_of_nothing_makes_a_card(evaluation):
    assert card({}, {}, evaluation, phantom=False).startswith("# Run\n")


def test_limits_name_few_cases_absent_and_single_subtypes():
    found = evaluate(predictions_table(images=30, cases=3), "case")
    limits = " ".join(known_limits(found, phantom=False))
    assert "The numbers rest on 3 cases" in limits
    assert "No image of TA, DC, LC, MC, PC here" in limits
    assert "One case each of A, F, PT" in limits
    assert "No temperature could be fitted" in limits


def test_limits_name_the_subtypes_whose_intervals_are_short(evaluation):
    assert any(
        "Fewer than 6 cases each of A, F, PT" in limit for limit in known_limits(evaluation, phantom=False)
    )
