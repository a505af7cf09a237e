"""What a run has to beat: always saying what is commonest in its training, and chance."""

import json

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as reference
from sklearn.dummy import DummyClassifier

from breakhis_core.images.taxonomy import CODES, side_of
from breakhis_core.results.baselines import (
    always_saying,
    baseline_text,
    commonest,
    doubt_in_words,
    named_in_words,
)
from breakhis_core.results.evaluate import evaluate
from tests.prediction_tables import certain, predictions_table, table_of


def with_training(tested: pd.DataFrame, counts: dict[str, int]) -> pd.DataFrame:
    """Put a training part of so many images of each sub-type before the test part."""
    labels = [CODES.index(code) for code, count in counts.items() for _ in range(count)]
    train = table_of(labels, certain(labels), np.arange(len(labels)) + 90000, part="train")
    return pd.concat([train, tested], ignore_index=True)


def test_equals_scikit_learns_most_frequent_classifier():
    tested = predictions_table(images=90, cases=9)
    predictions = with_training(tested, {"PT": 7, "DC": 4, "LC": 4, "F": 1})
    labels = predictions.loc[predictions["part"] == "train", "subtype"]
    dummy = DummyClassifier(strategy="most_frequent").fit(np.zeros((len(labels), 1)), labels)
    said = dummy.predict(np.zeros((len(tested), 1)))
    found = evaluate(predictions, "case", resamples=50)["baselines"]
    always = found["commonest"]
    assert always["subtypes"] == ["PT"]
    assert found["chance"] == 1 / 8
    assert always["accuracy"]["value"] == pytest.approx(reference.accuracy_score(tested["subtype"], said))
    expected = reference.f1_score(
        tested["subtype"], said, labels=sorted(set(tested["subtype"])), average="macro", zero_division=0
    )
    assert always["macro_f1"]["value"] == pytest.approx(expected)


def test_a_side_is_named_by_the_sides_of_the_training_not_by_its_commonest_subtype():
    """PT, benign, is the commonest sub-type, but more images are malignant."""
    tested = predictions_table(images=80, cases=8)
    predictions = with_training(tested, {"PT": 7, "DC": 5, "LC": 5})
    always = evaluate(predictions, "case", resamples=50)["baselines"]["commonest"]
    assert (always["subtypes"], always["sides"]) == (["PT"], ["malignant"])
    malignant = tested["subtype"].map(side_of) == "malignant"
    assert always["binary.accuracy"]["value"] == pytest.approx(malignant.mean())
    swapped = with_training(tested, {"PT": 7, "DC": 2})
    assert evaluate(swapped, "case", resamples=20)["baselines"]["commonest"]["sides"] == ["benign"]
    # Whichever side is commoner, the F1 to beat is that of calling everything malignant.
    assert always["binary.f1"]["value"] == pytest.approx(
        reference.f1_score(malignant, np.ones(len(malignant), bool))
    )


def test_the_difference_is_paired_and_holds_what_it_is_of():
    predictions = with_training(predictions_table(), {"DC": 3})
    result = evaluate(predictions, "case")
    found = result["baselines"]["commonest"]["accuracy"]
    assert found["difference"] == pytest.approx(result["accuracy"] - found["value"])
    assert found["interval"][0] < found["difference"] < found["interval"][1]
    json.dumps(result, allow_nan=False)


def test_a_model_that_always_says_the_commonest_is_its_own_baseline():
    tested = predictions_table(images=80, cases=8).assign(predicted="DC")
    result = evaluate(with_training(tested, {"DC": 3, "F": 1}), "case", resamples=100)
    found = result["baselines"]["commonest"]
    assert found["accuracy"] == {"value": result["accuracy"], "difference": 0, "interval": [0, 0]}
    assert doubt_in_words(result).endswith("of the training: accuracy 0.000 (0.000 to 0.000).")


def test_each_fold_is_held_against_its_own_training():
    codes = ["F", "F", "F", "DC", "DC", "DC", "DC", "MC"]
    labels = [CODES.index(code) for code in codes]
    predictions = table_of(labels, certain(labels), range(8), part="out_of_fold").assign(
        fold=[1, 1, 1, 1, 2, 2, 2, 2], folds=["1"] * 4 + ["2"] * 4
    )
    split = pd.DataFrame(
        {
            "hash": predictions["hash"],
            "fold_1": ["test"] * 4 + ["train"] * 4,
            "fold_2": ["train"] * 4 + ["test"] * 4,
        }
    )
    said = always_saying(predictions, predictions, split)
    assert said["subtype"].tolist() == ["DC"] * 4 + ["F"] * 4
    by_fold = predictions[["hash", "fold", *[f"p_{code}" for code in CODES]]]
    result = evaluate(predictions, "case", "out_of_fold", resamples=20, by_fold=by_fold, split=split)
    assert result["baselines"]["commonest"]["accuracy"]["value"] == 1 / 8
    assert [fold["always_commonest"] for fold in result["folds"]["per_fold"]] == [0.25, 0]
    assert "the commonest of each fold’s training: 0.125" in baseline_text(result, "accuracy")


def test_each_magnification_has_its_own():
    predictions = with_training(predictions_table(), {"DC": 3})
    result = evaluate(predictions, "case", resamples=20)
    for magnification, found in result["per_magnification"].items():
        rows = predictions[
            (predictions["part"] == "test") & (predictions["magnification"] == int(magnification))
        ]
        assert found["always_commonest"] == pytest.approx((rows["subtype"] == "DC").mean())


def test_without_a_training_part_only_chance_is_known():
    result = evaluate(predictions_table(), "case", resamples=20)
    assert result["baselines"] == {"chance": 0.125, "commonest": None}
    assert baseline_text(result, "accuracy") == "chance: 0.125"
    assert baseline_text(result, "macro_f1") == doubt_in_words(result) == ""


def test_of_equals_the_first_in_the_order_of_the_taxonomy():
    assert commonest(pd.Series(["PC", "F", "PC", "F"])) == "F"
    assert named_in_words([commonest(pd.Series(["malignant", "benign"]))]) == "benign"


@pytest.mark.parametrize(
    ("limits", "begins"),
    [([-0.2, -0.1], "Worse than"), ([-0.1, 0.1], "Not better"), (None, "Too few cases"), ([0.1, 0.2], "")],
)
def test_the_sentence_follows_the_interval_of_the_difference(limits, begins):
    found = {"value": 0.3, "difference": 0.05, "interval": limits}
    known = {"chance": 0.125, "commonest": {"subtypes": ["PT"], "accuracy": found}}
    words = doubt_in_words({"baselines": known})
    assert words.startswith(begins)
    assert bool(words) == bool(begins)
