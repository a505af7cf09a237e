"""What a split by image adds, and the pairs that make it."""

import pandas as pd
import pytest

from breakhis_core.results.evaluate import evaluate
from breakhis_core.results.leakage_worth import gaps, pairs_across
from tests.conftest import write_fake_run
from tests.prediction_tables import predictions_table


def test_gaps_are_differences_of_evaluations():
    good, poor = predictions_table(skill=4.0), predictions_table(images=120, cases=12, skill=1.0, seed=4)
    found = gaps(good, poor, ("accuracy", "binary.auc"), resamples=400)
    ours, theirs = evaluate(good, "image"), evaluate(poor, "case")
    for name, (a, b) in {
        "accuracy": (ours["accuracy"], theirs["accuracy"]),
        "binary.auc": (ours["binary"]["auc"], theirs["binary"]["auc"]),
    }.items():
        assert (found[name]["by_image"], found[name]["by_case"]) == (a, b)
        assert found[name]["gap"] == pytest.approx(a - b)
        low, high = found[name]["interval"]
        assert low < a - b < high
    # Two independent results: wider than either alone.
    width = [
        limits[1] - limits[0] for limits in (ours["intervals"]["accuracy"], theirs["intervals"]["accuracy"])
    ]
    low, high = found["accuracy"]["interval"]
    assert high - low > max(width)


def test_macro_figures_of_both_are_over_the_subtypes_that_both_test_sets_hold():
    by_image = predictions_table(skill=4.0)
    by_case = predictions_table(images=120, cases=12, skill=1.0, seed=4, codes=["F", "DC", "MC"])
    found = gaps(by_image, by_case, ("macro_f1", "accuracy"), resamples=50)
    assert found["macro_f1"]["over"] == ["F", "DC", "MC"]
    assert "over" not in found["accuracy"]
    scores = evaluate(by_image, "image", resamples=1)["per_class"]
    mean = (scores["F"]["f1"] + scores["DC"]["f1"] + scores["MC"]["f1"]) / 3
    assert found["macro_f1"]["by_image"] == pytest.approx(mean)


def test_pairs_are_counted_one_by_one(workspace, pictures):
    run = write_fake_run(workspace.models, "one", pictures)
    table = run.predictions()
    tested, learnt = table[table["part"] == "test"], table[table["part"] != "test"]
    same = pd.merge(tested[["case", "hash"]], learnt[["case", "hash"]], on="case")
    near = {tested["hash"].iloc[0]: [(learnt["hash"].iloc[0], ""), (tested["hash"].iloc[1], "")]}
    assert pairs_across(run, near) == {
        "tested": len(tested),
        "tested_of_learnt_cases": 0,
        "same_case_pairs": len(same),
        "pixel_equal_pairs": 0,
        "near_pairs": 1,
    }
    assert pairs_across(run)["near_pairs"] is None
