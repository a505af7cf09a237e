import numpy as np
import pytest
import sklearn.metrics as reference

from breakhis_core.images.taxonomy import CODES
from breakhis_core.results.evaluate import evaluate
from breakhis_core.results.operating_points import at_threshold, malignancy_table, roc_curves
from tests.prediction_tables import certain, predictions_table, table_of


@pytest.mark.parametrize("threshold", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_a_threshold_gives_what_scikit_learn_counts(threshold):
    table = predictions_table()
    scores = malignancy_table(table)
    malignant, called = scores["side"] == "malignant", scores["malignancy"] >= threshold
    found = at_threshold(table, threshold, resamples=50)
    assert found["confusion"] == reference.confusion_matrix(malignant, called).tolist()
    assert found["sensitivity"] == pytest.approx(reference.recall_score(malignant, called))
    assert found["specificity"] == pytest.approx(reference.recall_score(~malignant, ~called))
    assert found["intervals"]["sensitivity"] is not None


def test_changed_images_are_on_another_side_than_their_predicted_subtype():
    probabilities = np.zeros((3, 8))
    probabilities[:, 0], probabilities[:, 4], probabilities[:, 5] = (
        0.4,
        0.35,
        0.25,
    )  # A leads, malignant has 0.6
    probabilities[2] = certain([0])[0]
    table = table_of([0, 4, 0], probabilities, [0, 1, 2])
    assert at_threshold(table, 0.5)["changed"] == table["hash"][:2].tolist()
    assert at_threshold(table, 0.7)["changed"] == []


def test_a_test_set_of_one_side_has_no_specificity():
    found = at_threshold(predictions_table(codes=["DC", "LC"]), 0.5)
    assert found["specificity"] is None
    assert found["intervals"]["specificity"] is None
    assert found["sensitivity"] is not None


def test_curves_have_the_areas_of_the_evaluation():
    table = predictions_table()
    areas = roc_curves(table).drop_duplicates("curve").set_index("curve")["area"]
    evaluation = evaluate(table, "case", resamples=10)
    assert areas["malignant"] == pytest.approx(evaluation["binary"]["auc"])
    for code in CODES:
        assert areas[code] == pytest.approx(evaluation["auc"][code])


def test_a_class_without_images_has_no_curve():
    assert set(roc_curves(predictions_table(codes=["F", "DC"]))["curve"]) == {"F", "DC", "malignant"}
    assert roc_curves(predictions_table(images=4, cases=4, codes=["DC"])).empty
