import json

import numpy as np
import pandas as pd
import pytest

from breakhis_core.errors import InputError
from breakhis_core.results.compare import TestSetsDifferError, compare
from breakhis_core.results.evaluate import evaluate, value_at
from breakhis_core.results.provenance import macro_note
from tests.prediction_tables import certain, predictions_table, table_of


@pytest.fixture
def before():
    return predictions_table(skill=2.0)


@pytest.fixture
def after():
    return predictions_table(skill=3.0, seed=1)


def test_deltas_are_differences_of_evaluations(before, after):
    compared = compare([("old", before, "case"), ("new", after, "case")])
    entry = compared["against"][0]
    first, second = evaluate(before, "case"), evaluate(after, "case")
    for name, delta in entry["deltas"].items():
        was, is_now = value_at(first, name), value_at(second, name)
        assert (delta["before"], delta["after"]) == (was, is_now)
        assert delta["delta"] == pytest.approx(is_now - was)
    json.dumps(compared, allow_nan=False)
    assert (compared["images"], compared["cases"], compared["unit"]) == (240, 24, "case")


def test_a_run_against_itself_changes_nothing(before):
    entry = compare([("a", before, "case"), ("b", before.sample(frac=1, random_state=0), "case")])["against"][
        0
    ]
    assert entry["fixed"] == entry["broken"] == []
    assert entry["mcnemar"]["p_value"] == entry["swap_test"]["p_value"] == 1
    assert {delta["delta"] for delta in entry["deltas"].values()} == {0}
    assert entry["deltas"]["accuracy"]["interval"] == [0, 0]


def test_pairing_narrows_the_interval(before):
    """A run that fixes one image in each case is surely better, however much the cases differ."""
    better = before.copy()
    wrong = before[before["predicted"] != before["subtype"]].groupby("case").head(1).index
    better.loc[wrong, "predicted"] = better.loc[wrong, "subtype"]
    delta = compare([("a", before, "case"), ("b", better, "case")])["against"][0]["deltas"]["accuracy"]
    single = evaluate(before, "case")["intervals"]["accuracy"]
    assert delta["interval"][0] > 0
    assert delta["interval"][1] - delta["interval"][0] < (single[1] - single[0]) / 3


def test_fixed_and_broken_are_the_images_that_changed(before, after):
    entry = compare([("a", before, "case"), ("b", after, "case")])["against"][0]
    was, is_now = before["predicted"] == before["subtype"], after["predicted"] == after["subtype"]
    assert set(entry["fixed"]) == set(before.loc[~was & is_now, "hash"])
    assert set(entry["broken"]) == set(before.loc[was & ~is_now, "hash"])
    assert entry["mcnemar"] == {
        "fixed": len(entry["fixed"]),
        "broken": len(entry["broken"]),
        "p_value": entry["mcnemar"]["p_value"],
    }
    gained = len(entry["fixed"]) - len(entry["broken"])
    assert entry["swap_test"]["gained"] == gained == is_now.sum() - was.sum()


def test_sides_are_compared_as_sides():
    before = table_of([0, 4], certain([1, 0]), [0, 1])  # A called F: right side; DC called A: wrong side
    after = table_of([0, 4], certain([4, 5]), [0, 1])
    entry = compare([("a", before, "image"), ("b", after, "image")])["against"][0]
    assert entry["fixed"] == entry["broken"] == []
    assert entry["fixed_sides"] == [before["hash"][1]]
    assert entry["broken_sides"] == [before["hash"][0]]


def test_the_order_of_rows_does_not_matter(before, after):
    shuffled = after.sample(frac=1, random_state=3)
    assert compare([("a", before, "case"), ("b", after, "case")]) == compare(
        [("a", before, "case"), ("b", shuffled, "case")]
    )


def test_more_than_two_runs_stand_against_the_first(before, after):
    compared = compare([("a", before, "case"), ("b", after, "case"), ("c", before, "case")], resamples=50)
    assert [entry["name"] for entry in compared["against"]] == ["b", "c"]


def test_flagged_images_never_leave_the_headline(before, after):
    runs = [("a", before, "case"), ("b", after, "case")]
    flagged = before.loc[before["predicted"] != before["subtype"], "hash"].head(20).tolist()
    compared = compare(runs, flagged=[*flagged, "a hash of the training part"])
    assert compared["against"] == compare(runs)["against"]
    second = compared["minus_flagged"]
    assert (second["images"], second["flagged_images"]) == (220, 20)
    rest = [(name, table[~table["hash"].isin(flagged)], unit) for name, table, unit in runs]
    assert second["against"] == compare(rest)["against"]
    assert compare(runs)["minus_flagged"] is None


def test_corrected_labels_never_reach_the_headline(before, after):
    runs = [("a", before, "case"), ("b", after, "case")]
    wrong = before[(before["predicted"] != before["subtype"]) & (after["predicted"] == before["predicted"])]
    labels = dict(zip(wrong["hash"].head(9), wrong["predicted"].head(9), strict=True))
    as_published = {before["hash"][0]: before["subtype"][0]}
    compared = compare(runs, corrected={**as_published, **labels, "an image of the training part": "PC"})
    assert compared["against"] == compare(runs)["against"]
    second = compared["with_corrected"]
    assert (second["relabelled"], second["images"]) == (sorted(labels), 240)
    right = [
        (name, table.assign(subtype=table["hash"].map(labels).fillna(table["subtype"])), unit)
        for name, table, unit in runs
    ]
    assert second["against"] == compare(right)["against"]
    published = compared["first"]["values"]["accuracy"]
    assert second["first"]["values"]["accuracy"] == pytest.approx(published + 9 / 240)
    assert compare(runs, corrected=as_published)["with_corrected"] is None


def test_flagging_everything_leaves_no_second_line(before, after):
    runs = [("a", before, "case"), ("b", after, "case")]
    assert compare(runs, flagged=before["hash"])["minus_flagged"] is None


def test_other_parts_may_differ(before, after):
    train = predictions_table(seed=9, part="train")
    first = pd.concat([before, train])
    second = pd.concat([after, train.assign(part="excluded")])
    assert compare([("a", first, "case"), ("b", second, "case")], resamples=10)["images"] == 240


def test_missing_and_added_images_are_named(before, after):
    with pytest.raises(TestSetsDifferError) as refused:
        compare([("old", before.iloc[2:], "case"), ("new", after.iloc[:-1], "case")])
    message = str(refused.value)
    assert message.startswith("The runs old and new cannot be compared")
    assert f"1 of 238 test images are only in old, such as {before['name'].iloc[-1]}" in message
    assert f"2 of 239 test images are only in new, such as {', '.join(before['name'].iloc[:2])}" in message


def test_another_truth_is_named(before, after):
    after.loc[3, "subtype"] = "PC"
    with pytest.raises(TestSetsDifferError, match="1 shared images have another true sub-type, such as SOB"):
        compare([("a", before, "case"), ("b", after, "case")])


def test_another_case_is_named(before, after):
    after.loc[3, "case"] = "14-99999"
    with pytest.raises(TestSetsDifferError, match="1 shared images have another case"):
        compare([("a", before, "case"), ("b", after, "case")])


def test_another_unit_is_named(before, after):
    with pytest.raises(TestSetsDifferError, match="a is split by image, b by case"):
        compare([("a", before, "image"), ("b", after, "case")])


def test_an_image_twice_is_refused(before, after):
    twice = pd.concat([before, before.head(1)])
    with pytest.raises(InputError, match="The run a has 1 test images twice"):
        compare([("a", twice, "case"), ("b", after, "case")])


def test_one_run_cannot_be_compared(before):
    with pytest.raises(InputError, match="at least two runs"):
        compare([("a", before, "case")])


@pytest.mark.parametrize("part", ["test", "validation", "train"])
def test_what_a_temperature_was_fitted_on_is_scaled_nowhere(part):
    parts = ("train", "validation", "test")
    runs = [
        (name, pd.concat([predictions_table(seed=seed, part=one) for one in parts]), "case")
        for name, seed in (("a", 1), ("b", 2))
    ]
    compared = compare(runs, part=part, resamples=20)
    evaluated = evaluate(runs[0][1], "case", part=part, resamples=20)
    scaled = {name for name in evaluated["intervals"] if name.startswith("calibration.scaled")}
    assert {name for name in compared["first"]["values"] if name.startswith("calibration.scaled")} == scaled
    assert bool(scaled) == (part != "validation")


def test_both_runs_are_averaged_over_the_same_subtypes():
    """One run calls images a sub-type that has none here, the other does not: both means are of three."""
    codes = ["F", "DC", "MC"]
    clean = table_of([1, 4, 6] * 4, certain([1, 4, 6] * 4), range(12))
    stray = clean.assign(predicted=["TA", *clean["predicted"][1:]])
    compared = compare([("a", clean, "case"), ("b", stray, "case")], resamples=20)
    assert compared["tested_subtypes"] == codes
    assert macro_note(compared) == "over the 3 sub-types with test images; 1 more was predicted"
    delta = compared["against"][0]["deltas"]["macro_f1"]
    assert (delta["before"], delta["after"]) == (1, pytest.approx((6 / 7 + 2) / 3))


def test_errors_count_as_better_when_smaller(before, after):
    deltas = compare([("a", before, "case"), ("b", after, "case")], resamples=20)["against"][0]["deltas"]
    assert not deltas["calibration.brier"]["higher_is_better"]
    assert deltas["macro_f1"]["higher_is_better"]
    assert np.isfinite(deltas["calibration.brier"]["delta"])
