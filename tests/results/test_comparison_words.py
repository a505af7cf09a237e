"""The verdict of a comparison, in words: never more than the interval allows."""

from __future__ import annotations

from typing import Any

import pytest

from breakhis_core.results.compare import verdict
from breakhis_core.results.comparison_words import (
    corrected_in_words,
    in_words,
    minus_flagged_in_words,
    surely,
)
from breakhis_core.results.leakage_worth import gap_in_words


def a_delta(low: float | None, delta: float, high: float | None, higher: bool = True) -> dict[str, Any]:
    limits = None if low is None else [low, high]
    return {
        "before": 0.7,
        "after": 0.7 + delta,
        "delta": delta,
        "interval": limits,
        "higher_is_better": higher,
    }


OUT = "Leaving out 8 images"


def compared(delta: dict[str, Any], changed: bool = True) -> dict[str, Any]:
    entry = {"name": "after", "fixed": ["a"] if changed else [], "broken": [], "deltas": {"accuracy": delta}}
    return {
        "first": {"name": "before"},
        "against": [entry],
        "images": 30,
        "cases": 17,
        "part": "test",
        "split": "split by image",
    }


@pytest.mark.parametrize(
    ("low", "delta", "high", "higher", "found"),
    [
        (0.01, 0.1, 0.2, True, "better"),
        (-0.2, -0.1, -0.01, True, "worse"),
        (-0.2, -0.1, -0.01, False, "better"),
        (0.01, 0.1, 0.2, False, "worse"),
        (0.0, 0.1, 0.2, True, "may be chance"),
        (None, 0.1, None, True, "may be chance"),
    ],
)
def test_a_difference_is_what_its_sign_and_direction_make_it(
    low: float | None, delta: float, high: float | None, higher: bool, found: str
) -> None:
    assert verdict(a_delta(low, delta, high, higher)) == found


@pytest.mark.parametrize(
    ("delta", "said"),
    [
        (a_delta(0.01, 0.1, 0.2), "Leaving out 8 images helped on these 30 test images of 17 cases"),
        (a_delta(-0.2, -0.1, -0.01), "Leaving out 8 images made the model worse on these 30 test images"),
        (a_delta(-0.1, 0.05, 0.2), "Leaving out 8 images may have helped on these 30 test images"),
        (a_delta(-0.214, -0.067, 0.0), "Leaving out 8 images did not help on these 30 test images"),
    ],
)
def test_a_retraining_is_judged_by_what_was_left_out(delta: dict[str, Any], said: str) -> None:
    assert in_words(compared(delta), OUT).startswith(said)


def test_the_sentence_names_split_figures_and_doubt() -> None:
    assert in_words(compared(a_delta(-0.214, -0.067, 0.0)), OUT).endswith(
        ", split by image: accuracy 0.700 → 0.633, −0.067 (−0.214 to 0.000), which may be chance."
    )
    assert in_words(compared(a_delta(None, -0.067, None)), OUT).endswith("and too few cases to tell.")


def test_two_runs_of_their_own_are_named() -> None:
    assert in_words(compared(a_delta(-0.2, -0.1, -0.01))).startswith("after is worse than before on these 30")
    assert in_words(compared(a_delta(-0.2, 0.1, 0.3))).startswith("after cannot be told from before on these")


def test_runs_that_say_the_same_are_called_so() -> None:
    same = compared(a_delta(0.0, 0.0, 0.0), changed=False)
    assert in_words(same, OUT) == "before and after give the same answers on all 30 test images."


def test_what_surely_changed_is_named() -> None:
    deltas = {"macro_f1": a_delta(0.1, 0.2, 0.3), "kappa": a_delta(-0.3, -0.2, -0.1)}
    assert surely(deltas, list(deltas)) == "Surely better: Macro F1. Surely worse: Cohen's kappa."
    assert surely({"accuracy": a_delta(-0.1, 0.0, 0.1)}, ["accuracy"]) == ""


def test_what_knowing_the_patient_is_worth_claims_no_more_than_it_knows() -> None:
    found = {"by_image": 0.7, "by_case": 0.65, "gap": 0.05, "interval": [-0.1, 0.2]}
    assert gap_in_words(found).endswith("is worth cannot be told here (−0.10 to 0.20).")
    assert "patient" not in gap_in_words(found, phantom=True)
    assert "too few cases" in gap_in_words(found | {"interval": None})


def test_second_lines_say_that_they_are_none_of_the_headline() -> None:
    places = ("accuracy", "macro_f1", "binary.f1")
    entry = {"deltas": dict.fromkeys(places, a_delta(0.01, 0.1, 0.2))}
    line = {"against": [entry], "images": 30, "cases": 17}
    found = compared(a_delta(0.01, 0.1, 0.2)) | {"minus_flagged": None, "with_corrected": None}
    assert (minus_flagged_in_words(found), corrected_in_words(found, 2)) == ("", "")
    found |= {
        "with_corrected": line | {"relabelled": ["a", "b"]},
        "minus_flagged": line | {"flagged_images": 4},
    }
    assert corrected_in_words(found, 2).startswith(
        "With corrected labels: 2 test images of 30 relabelled, split by image: "
        "Accuracy 0.700 → 0.800, +0.100 (+0.010 to +0.200) · "
    )
    assert corrected_in_words(found, 1).endswith(
        "(second line, on labels that 1 reviewer corrected; not the headline)."
    )
    assert "without the 4 flagged test images, on 30 images of 17 cases" in minus_flagged_in_words(found)
