import json

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as reference

from breakhis_core.errors import InputError
from breakhis_core.images.taxonomy import CODES, MALIGNANT, side_of
from breakhis_core.metrics import ranking
from breakhis_core.metrics.intervals import case_weights
from breakhis_core.results.case_sums import sum_by_case
from breakhis_core.results.evaluate import evaluate, value_at
from breakhis_core.results.metric_registry import METRICS, measure, places_in
from breakhis_core.results.predicted_arrays import read_answers
from tests.prediction_tables import certain, predictions_table, table_of

ONE_OF_EACH = list(range(8))


@pytest.fixture(scope="module")
def table():
    return predictions_table()


@pytest.fixture(scope="module")
def evaluation(table):
    validation = predictions_table(seed=5, part="validation")
    return evaluate(pd.concat([table, validation]), "case")


def arrays(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    probabilities = table[[f"p_{code}" for code in CODES]].to_numpy(dtype=float)
    true = np.array([CODES.index(code) for code in table["subtype"]])
    return true, np.array([CODES.index(code) for code in table["predicted"]]), probabilities


def by_scikit_learn(table: pd.DataFrame) -> dict[str, float]:
    """Compute what scikit-learn has, from the table alone."""
    true, predicted, probabilities = arrays(table)
    malignant, malignancy = np.array(MALIGNANT)[true], probabilities[:, np.array(MALIGNANT)].sum(1)
    called = np.array(MALIGNANT)[predicted]
    scores = table.assign(right=true == predicted).groupby("case")["right"].mean()
    values = {
        "accuracy": reference.accuracy_score(true, predicted),
        "balanced_accuracy": reference.balanced_accuracy_score(true, predicted),
        "macro_f1": reference.f1_score(true, predicted, labels=np.unique(true), average="macro"),
        "kappa": reference.cohen_kappa_score(true, predicted),
        "auc.macro": reference.roc_auc_score(
            true, probabilities / probabilities.sum(1, keepdims=True), multi_class="ovr"
        ),
        "binary.accuracy": reference.accuracy_score(malignant, called),
        "binary.sensitivity": reference.recall_score(malignant, called),
        "binary.specificity": reference.recall_score(malignant, called, pos_label=False),
        "binary.precision": reference.precision_score(malignant, called),
        "binary.f1": reference.f1_score(malignant, called),
        "binary.auc": reference.roc_auc_score(malignant, malignancy),
        "binary.average_precision": reference.average_precision_score(malignant, malignancy),
        "patients.recognition_rate": scores.mean(),
        "calibration.brier": ((probabilities - np.eye(8)[true]) ** 2).sum(1).mean(),
    }
    for k, code in enumerate(CODES):
        of_class, called_class = true == k, predicted == k
        values[f"per_class.{code}.f1"] = reference.f1_score(of_class, called_class)
        values[f"per_class.{code}.sensitivity"] = reference.recall_score(of_class, called_class)
        values[f"per_class.{code}.precision"] = reference.precision_score(of_class, called_class)
        values[f"per_class.{code}.auc"] = reference.roc_auc_score(of_class, probabilities[:, k])
    return values


def test_values_equal_scikit_learn(evaluation, table):
    for name, expected in by_scikit_learn(table).items():
        assert value_at(evaluation, name) == pytest.approx(expected, abs=1e-6), name


def test_a_bootstrap_sample_is_what_scikit_learn_says_of_repeated_images(table):
    answers = read_answers(table)
    weights = case_weights(len(answers.case_names), 12)
    measured = measure(sum_by_case(answers), weights)
    for draw in range(1, 13):
        repeated = table.loc[np.repeat(table.index, weights[draw][answers.cases].astype(int))]
        if repeated["subtype"].nunique() < 8:
            continue
        expected = by_scikit_learn(repeated)
        # A case drawn twice is two patients: its score counts twice.
        right = (answers.true == answers.predicted).astype(float)
        scores = np.bincount(answers.cases, right) / np.bincount(answers.cases)
        expected["patients.recognition_rate"] = (scores * weights[draw]).sum() / weights[draw].sum()
        for name, value in expected.items():
            assert measured[name][draw] == pytest.approx(value, abs=1e-6), name


def test_it_says_what_it_was_measured_on(evaluation):
    facts = {key: evaluation[key] for key in ("unit", "part", "images", "cases", "few_cases", "resamples")}
    assert facts == {
        "unit": "case",
        "part": "test",
        "images": 240,
        "cases": 24,
        "few_cases": False,
        "resamples": 1000,
    }


def test_every_metric_of_a_full_test_set_has_an_interval_that_holds_it(evaluation):
    for name, limits in evaluation["intervals"].items():
        assert limits is not None, name
        if not name.endswith("ece"):
            assert limits[0] <= value_at(evaluation, name) <= limits[1], name
    assert set(METRICS) == set(evaluation["intervals"])


def test_names_that_readers_look_for(evaluation):
    entry = evaluation["per_class"]["DC"]
    assert entry["recall"] == entry["sensitivity"]
    assert evaluation["auc"]["DC"] == entry["auc"]
    assert evaluation["binary"]["recall"] == evaluation["binary"]["sensitivity"]
    assert sum(evaluation["binary"]["support"].values()) == 240
    assert np.sum(evaluation["confusion"]) == np.sum(evaluation["binary"]["confusion"]) == 240


def test_each_magnification_is_evaluated_alone(evaluation, table):
    alone = evaluate(table[table["magnification"] == 200], "case")
    found = evaluation["per_magnification"]["200"]
    assert found["images"] == 60
    assert found["macro_f1"] == alone["macro_f1"]
    assert found["binary"]["auc"] == alone["binary"]["auc"]
    assert found["intervals"]["accuracy"] == alone["intervals"]["accuracy"]


def test_only_what_is_wanted_is_measured_and_it_is_the_same(table):
    sums = sum_by_case(read_answers(table), temperature=1.3)
    weights = case_weights(len(sums.confusion), 50)
    everything = measure(sums, weights)
    for name, expected in everything.items():
        np.testing.assert_array_equal(measure(sums, weights, [name])[name], expected, err_msg=name)
    wanted = places_in("each magnification")
    assert list(measure(sums, weights, wanted)) == wanted


def test_magnifications_sort_no_image_for_an_average_precision_that_they_do_not_show(table, monkeypatch):
    asked = []
    whole = ranking.average_precision
    monkeypatch.setattr(
        ranking, "average_precision", lambda *given: asked.append(len(given[0])) or whole(*given)
    )
    evaluate(table, "case", resamples=20)
    assert asked == [len(table)]


def test_cases_come_worst_first_with_their_patient_score(evaluation, table):
    scores = [case["patient_score"] for case in evaluation["per_case"]]
    assert scores == sorted(scores)
    assert np.mean(scores) == pytest.approx(evaluation["patients"]["recognition_rate"])
    sides = table["predicted"].map(side_of) == table["side"]
    worst = evaluation["per_case"][0]
    rows = table[table["case"] == worst["case"]]
    assert worst["images"] == len(rows)
    assert worst["subtypes"] == rows["subtype"].iloc[0]
    assert worst["side_score"] == sides[rows.index].mean()


def test_temperature_comes_from_validation_and_leaves_the_answers_alone(evaluation, table):
    without = evaluate(table, "case")
    assert evaluation["calibration"]["temperature"] > 0
    assert without["calibration"]["temperature"] is None
    assert "scaled" not in without["calibration"]
    assert without["accuracy"] == evaluation["accuracy"]
    assert without["calibration"]["ece"] == evaluation["calibration"]["ece"]


@pytest.mark.parametrize("part", ["validation", "all"])
def test_validation_is_not_scaled_by_a_temperature_fitted_on_itself(part):
    both = pd.concat([predictions_table(), predictions_table(seed=5, part="validation")])
    assert evaluate(both, "case", part=part, resamples=10)["calibration"]["temperature"] is None


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(table_of(ONE_OF_EACH, certain(ONE_OF_EACH), range(8)), id="perfect"),
        pytest.param(table_of(ONE_OF_EACH, certain(ONE_OF_EACH[::-1]), range(8)), id="worst"),
        pytest.param(table_of([4], certain([4]), [0]), id="one image"),
        pytest.param(table_of([4], certain([0]), [0]), id="one wrong image"),
        pytest.param(table_of(ONE_OF_EACH, certain(ONE_OF_EACH), [0] * 8), id="one case"),
        pytest.param(predictions_table(codes=["F", "DC"]), id="six classes empty"),
        pytest.param(predictions_table(codes=["DC", "LC"]), id="one side"),
        pytest.param(table_of([0, 1, 4], np.full((3, 8), 0.125), range(3)), id="all the same"),
    ],
)
def test_json_never_holds_nan_and_every_share_is_a_share(answers):
    result = evaluate(answers, "case", resamples=200)
    json.dumps(result, allow_nan=False)
    for name, limits in result["intervals"].items():
        value = value_at(result, name)
        if value is None:
            assert limits is None, name
        elif name not in ("kappa", "calibration.brier", "calibration.log_loss"):
            assert 0 <= value <= 1, name


def test_perfect_and_worst():
    perfect = evaluate(table_of(ONE_OF_EACH, certain(ONE_OF_EACH), range(8)), "case")
    assert [perfect[name] for name in ("accuracy", "macro_f1", "kappa")] == [1, 1, 1]
    assert perfect["auc"]["macro"] == 1
    assert perfect["calibration"]["ece"] == perfect["calibration"]["brier"] == 0
    assert perfect["patients"]["recognition_rate"] == 1
    worst = evaluate(table_of(ONE_OF_EACH, certain(ONE_OF_EACH[::-1]), range(8)), "case")
    assert [worst["accuracy"], worst["macro_f1"], worst["binary"]["f1"]] == [0, 0, 0]
    assert worst["calibration"]["ece"] == 1
    assert worst["calibration"]["brier"] == 2


def test_one_case_has_values_and_no_interval():
    result = evaluate(table_of(ONE_OF_EACH, certain(ONE_OF_EACH), [0] * 8), "case")
    assert result["accuracy"] == 1
    assert result["few_cases"]
    assert set(result["intervals"].values()) == {None}


def test_a_class_of_one_case_has_no_interval_of_its_own():
    table = predictions_table(images=170, cases=17)  # sub-type A has three cases, every other one two
    alone = table[~table["case"].isin(["14-00000", "14-00008"])]
    result = evaluate(alone, "case")
    assert result["per_class"]["A"]["cases"] == 1
    for name in ("sensitivity", "f1", "auc"):
        assert result["intervals"][f"per_class.A.{name}"] is None
        assert result["intervals"][f"per_class.F.{name}"] is not None


def test_an_absent_class_is_undefined():
    entry = evaluate(predictions_table(codes=["F", "DC"], skill=50), "case")["per_class"]["MC"]
    assert entry["support"] == entry["cases"] == 0
    assert [entry[name] for name in ("precision", "recall", "f1", "auc")] == [None] * 4


def untested_but_predicted() -> pd.DataFrame:
    """Make a table of three sub-types in which now and then a fourth and a fifth is predicted."""
    table = predictions_table(images=90, cases=9, codes=["F", "DC", "MC"])
    table.loc[[3, 33], "predicted"] = ["TA", "PC"]
    return table.assign(predicted=table["predicted"].where(table["predicted"] != "LC", "F"))


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.parametrize("codes", [["F"], ["F", "DC"], ["F", "DC", "MC"], list(CODES[:6]), list(CODES)])
@pytest.mark.parametrize("skill", [0.0, 1.0, 4.0])
def test_macro_figures_are_over_the_subtypes_with_images(codes, skill):
    table = predictions_table(images=90, cases=12, codes=codes, skill=skill)
    true, predicted, probabilities = arrays(table)
    result = evaluate(table, "case", resamples=20)
    assert result["tested_subtypes"] == codes
    extra = sorted(set(predicted) - set(true))
    assert result["predicted_only"] == [CODES[k] for k in extra]
    options = {"labels": np.unique(true), "average": "macro", "zero_division": 0}
    assert result["macro_f1"] == pytest.approx(reference.f1_score(true, predicted, **options))
    assert result["macro_precision"] == pytest.approx(reference.precision_score(true, predicted, **options))
    recall = reference.recall_score(true, predicted, **options)
    assert result["balanced_accuracy"] == pytest.approx(recall)
    if len(codes) > 1:
        areas = [reference.roc_auc_score(true == k, probabilities[:, k]) for k in np.unique(true)]
        assert result["auc"]["macro"] == pytest.approx(np.mean(areas))


def test_a_predicted_subtype_without_an_image_has_no_f1_and_is_counted():
    result = evaluate(untested_but_predicted(), "case", resamples=20)
    assert {"TA", "PC"} <= set(result["predicted_only"])
    assert result["per_class"]["TA"]["f1"] is None
    assert result["per_class"]["TA"]["precision"] == 0


def test_no_macro_interval_where_draws_of_few_cases_average_something_else():
    """One case of each sub-type, half of its images called others: draws lack a third of the errors."""
    rows = [(k, k if image % 2 else (k + 1 + image % 7) % 8) for k in range(8) for image in range(12)]
    true, said = zip(*rows, strict=True)
    table = table_of(true, certain(said), true)
    result = evaluate(table, "case")
    measured = measure(sum_by_case(read_answers(table)), case_weights(8))
    assert np.mean(measured["macro_precision"][1:] > result["macro_precision"]) > 0.9
    assert result["intervals"]["macro_precision"] is None
    assert result["intervals"]["balanced_accuracy"] is not None
    assert result["intervals"]["accuracy"] is not None


def test_whole_cases_are_drawn():
    """Copies of the same image in the same case add no knowledge: the interval stays as wide."""
    once = predictions_table(images=40, cases=40, skill=1.5)
    often = pd.concat([once] * 5, ignore_index=True)
    assert evaluate(often, "case")["intervals"]["accuracy"] == pytest.approx(
        evaluate(once, "case")["intervals"]["accuracy"]
    )


def test_an_empty_part_is_refused():
    with pytest.raises(InputError, match="no predictions in its part 'train'"):
        evaluate(predictions_table(), "case", part="train")


def test_all_parts_together():
    both = pd.concat([predictions_table(), predictions_table(seed=5, part="train")])
    assert evaluate(both, "image", part="all", resamples=10)["images"] == 480


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda table: table.drop(columns=["p_DC", "case"]), "lack the columns case, p_DC"),
        (lambda table: table.assign(subtype="XX"), "'XX', which is none of A, F"),
        (lambda table: table.assign(p_A=float("nan")), "240 images whose probabilities"),
        (lambda table: table.assign(p_A=-0.1), "240 images whose probabilities"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(spoil, words):
    with pytest.raises(InputError, match=words):
        evaluate(spoil(predictions_table()), "case")
