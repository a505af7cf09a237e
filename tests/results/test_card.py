import pandas as pd
import pytest

from breakhis_core.images.taxonomy import CODES
from breakhis_core.recipes import RECIPES
from breakhis_core.results.card import _changes, card, known_limits
from breakhis_core.results.evaluate import evaluate
from breakhis_core.results.tables import class_table
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
    assert "| Learning rate | 0.001 | Learning rate of the first epoch. |" in text
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


def test_a_card_counts_the_images_of_each_part_and_names_their_folder():
    parts = [predictions_table(), *(predictions_table(60, 6, part=part) for part in ("train", "validation"))]
    found = evaluate(pd.concat(parts), "case")
    text = card(MANIFEST | {"catalogue": "BreaKHis_v1"}, RECIPE, found, phantom=False)
    assert "- Images from: BreaKHis_v1" in text
    assert "- Images: 60 to train, 60 to validate, 240 to test" in text


def test_a_card_says_what_its_numbers_have_to_beat():
    train = predictions_table(40, 4, part="train", codes=["DC"])
    found = evaluate(pd.concat([train, predictions_table(skill=0.0)]), "case")
    text = card(MANIFEST, RECIPE, found, phantom=False)
    always = found["baselines"]["commonest"]["accuracy"]["value"]
    assert f"; always saying ductal carcinoma: {always:.3f})" in text
    assert f"| Accuracy | {found['accuracy']:.3f} |" in text
    assert "Not better than always naming the commonest sub-type of the training: accuracy" in text
    assert "means over all 8 sub-types" in text


def test_a_card_says_over_how_many_subtypes_macro_figures_are():
    found = evaluate(predictions_table(90, 9, skill=1.0, codes=["F", "DC", "MC"]), "case")
    more = len(found["predicted_only"])
    text = card(MANIFEST, RECIPE, found, phantom=False)
    assert f"means over the 3 sub-types with test images; {more} more were predicted" in text


def test_a_missing_interval_says_why():
    found = evaluate(predictions_table(images=30, cases=3), "case")
    rows = dict(zip(CODES, class_table(found).rows, strict=True))
    assert rows["A"][4].endswith("(one case)")
    assert rows["TA"][4] == "–"


def test_a_changed_recipe_says_what_was_changed():
    changed = RECIPES["paper"].model_copy(update={"dropout": 0.3, "seed": 4})
    assert _changes(changed.model_dump()) == ["The recipe paper with changes: dropout 0.5 → 0.3."]
    assert _changes(RECIPES["paper"].model_dump()) == []
    assert _changes({"name": "of another version"}) == []
