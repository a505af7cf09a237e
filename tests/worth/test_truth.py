"""What is gained beside what could be gained, where the truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from breakhis_core.workspace import Workspace
from breakhis_core.worth.arms import arms_of
from breakhis_core.worth.truth import Truth, gained, in_words, truth_of
from tests.worth.questions import Telling, flagging, planted


def test_half_of_the_wrong_labels_corrected_gain_a_part_and_all_of_them_all(tmp_path: Path) -> None:
    asked, true = planted(wrong=40)
    truth = Truth(true, np.arange(160) < 45)
    found = {}
    for flagged in (12, 40):
        question = flagging(asked, np.arange(160) < flagged, true)
        arm = arms_of(question)["corrected"]
        found[flagged] = gained(question, truth, "corrected", arm, 3, Telling(tmp_path))
    some, all_of_them = found[12], found[40]
    assert 0 < some["flags"]["delta"] < some["corrected"]["delta"]
    assert all_of_them["flags"] == all_of_them["corrected"]
    assert (some["wrong_labels"], some["named"], some["spoiled"], some["flagged"]) == (40, 12, 45, 12)
    assert some["tested_images"] == 115
    first, rest = in_words(some)
    assert "that correcting all 40 wrong labels would give" in first
    assert "reviewers flagged 12" in rest
    nothing = {**some, "corrected": {"delta": 0.0, "interval": [-0.01, 0.01], "at_least": -0.01}}
    assert "There was nothing to gain that shows" in in_words(nothing)[0]


def test_only_of_phantoms_that_were_painted_here_the_truth_is_known(
    workspace: Workspace, pictures: object, tmp_path: Path
) -> None:
    assert truth_of(workspace, planted()[0]) is None
