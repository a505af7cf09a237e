"""Images as points have a group and a colour each, whatever they are coloured by."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from breakhis_core.charts import image_groups
from breakhis_core.charts.colours import SUBTYPE_COLOURS, WRONG


@pytest.fixture
def predictions() -> pd.DataFrame:
    """Four images of three cases."""
    return pd.DataFrame(
        {
            "hash": list("abcd"),
            "subtype": ["DC", "A", "DC", "PC"],
            "part": ["train", "test", "test", "validation"],
            "case": ["14-2", "14-9", "14-2", "14-1"],
        }
    )


def groups_of(colouring: image_groups.Colouring) -> list[str]:
    """Return the group of each image in words."""
    return [colouring.labels[place] for place in colouring.group]


def test_by_subtype_has_the_colours_of_all_charts(predictions: pd.DataFrame) -> None:
    found = image_groups.by_subtype(predictions)
    assert [found.colours[place] for place in found.group] == [
        SUBTYPE_COLOURS[code] for code in predictions["subtype"]
    ]
    assert sum(found.counts) == 4
    assert len(found.labels) == len(found.colours) == 8


def test_by_part_names_the_parts_that_there_are(predictions: pd.DataFrame) -> None:
    assert groups_of(image_groups.by_part(predictions)) == ["Train", "Test", "Test", "Validation"]
    assert groups_of(image_groups.by_part(predictions.assign(part="out_of_fold"))) == ["Out of fold"] * 4


def test_by_case_lists_cases_by_sub_type_in_colours_of_their_own(predictions: pd.DataFrame) -> None:
    found = image_groups.by_case(predictions)
    assert found.labels == ("14-9 · A", "14-2 · DC", "14-1 · PC")
    assert groups_of(found) == ["14-2 · DC", "14-9 · A", "14-2 · DC", "14-1 · PC"]
    assert len(set(found.colours)) == 3


def test_by_flag_tells_flagged_kept_and_unanswered_apart(predictions: pd.DataFrame) -> None:
    found = image_groups.by_flag(predictions, {"a": "flag", "b": "keep", "elsewhere": "flag"})
    assert groups_of(found) == ["Flagged", "Kept", "No answer", "No answer"]
    assert found.colours[found.group[0]] == WRONG


def test_suspicion_is_in_tenths_and_may_be_missing() -> None:
    found = image_groups.by_suspicion(np.array([0.0, 0.05, 0.95, 1.0, np.nan]))
    assert groups_of(found) == ["0.0 to 0.1", "0.0 to 0.1", "0.9 to 1.0", "0.9 to 1.0", "No score"]
    assert found.counts == [1, 2, *[0] * 8, 2]
