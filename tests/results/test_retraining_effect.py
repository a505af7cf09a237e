import numpy as np
import pytest

from breakhis_core.results.compare import TestSetsDifferError
from breakhis_core.results.retraining_effect import (
    EFFECT_COLUMNS,
    effect_in_words,
    fixed_by_flag,
    retraining_effect,
    retrainings,
)
from tests.prediction_tables import certain, table_of

TRUE = np.zeros(8, int)
BEFORE = np.array([0, 0, 1, 1, 1, 1, 2, 0])
AFTER = np.array([0, 1, 0, 0, 1, 1, 3, 0])


@pytest.fixture
def runs():
    cases = np.arange(8) % 4
    return table_of(TRUE, certain(BEFORE), cases), table_of(TRUE, certain(AFTER), cases)


def test_every_flagged_mistake_and_every_changed_image_is_told(runs):
    before, after = runs
    image = before["hash"]
    flagged = [image[2], image[4], image[7]]
    found = retraining_effect(before, after.sample(frac=1, random_state=0), flagged)
    assert tuple(found.columns) == EFFECT_COLUMNS
    # Image 5 stays wrong in the same way and is not flagged, 0 and 7 stay right.
    assert found[["hash", "before", "after", "flagged", "outcome"]].to_numpy().tolist() == [
        [image[2], "F", "A", True, "fixed"],
        [image[3], "F", "A", False, "fixed"],
        [image[1], "A", "F", False, "broken"],
        [image[4], "F", "F", True, "still_wrong"],
        [image[6], "PT", "TA", False, "still_wrong"],
    ]
    counts = fixed_by_flag(before, found, flagged)
    assert counts == {
        "flagged": {"mistakes": 2, "fixed": 1},
        "others": {"mistakes": 3, "fixed": 1},
        "broken": 1,
    }
    assert effect_in_words(counts) == (
        "Fixed: 1 of 2 flagged mistakes and 1 of 3 others. Broken: 1 image that was right."
    )


def test_nothing_changed_tells_nothing(runs):
    assert retraining_effect(runs[0], runs[0], []).empty


def test_other_test_sets_are_refused(runs):
    before, after = runs
    with pytest.raises(TestSetsDifferError, match="old and new cannot be compared"):
        retraining_effect(before, after[:6], [], unit="case", names=("old", "new"))


def test_the_pairs_that_a_run_is_part_of():
    improves = {"first": None, "second": "first", "other": "first", "lost": "gone"}
    assert retrainings("first", improves) == [("first", "second"), ("first", "other")]
    assert retrainings("second", improves) == [("first", "second")]
    assert retrainings("lost", improves) == []
