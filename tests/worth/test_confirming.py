"""Confirming by real trainings: what is trained, what comes out, and where it goes on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from breakhis_core.errors import InputError
from breakhis_core.progress import JobStopped
from breakhis_core.training.one_model import Training
from breakhis_core.worth import confirming
from breakhis_core.worth.confirmation import ConfirmRequest, another_seed, sentence
from breakhis_core.worth.kept import kept_confirmation, last_confirmation, last_result
from breakhis_core.worth.measuring import results_folder
from tests.training.fixtures_ml import Small
from tests.worth.questions import Telling


@pytest.fixture
def request_(small: Small) -> Iterator[ConfirmRequest]:
    table = small.run.predictions()
    first, second, third = table.loc[table["part"] == "train", "hash"].iloc[:3]
    wrong = {first: "PC" if table.set_index("hash").loc[first, "subtype"] != "PC" else "DC"}
    yield ConfirmRequest(run="tiny", arm="both", flagged=(first, second, third), corrected=wrong, seeds=2)
    # The workspace is that of other tests too.
    shutil.rmtree(results_folder(small.workspace, small.run), ignore_errors=True)


def test_it_trains_each_arm_with_each_seed_and_goes_on_behind_the_last_whole_training(
    small: Small, request_: ConfirmRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    fit = Training.fit

    def noted(training: Training) -> object:
        asked.append(training.request)
        if len(asked) == 4:
            raise JobStopped
        return fit(training)

    monkeypatch.setattr(Training, "fit", noted)
    with pytest.raises(JobStopped):
        confirming.confirm(request_, "none", small.workspace, Telling(tmp_path))
    assert last_confirmation(small.workspace, small.run) is None
    result = confirming.confirm(request_, "none", small.workspace, Telling(tmp_path))
    assert [one.recipe.seed for one in asked] == [0, 1, 0, 1, 1, 0, 1]
    arms = [(len(one.exclude), dict(one.labels)) for one in asked]
    assert arms[0] == arms[1] == (0, {})
    assert arms[2] == arms[4] == (2, request_.corrected)
    assert arms[5][0] == arms[6][0] == 3
    assert not set(asked[5].exclude) & set(request_.flagged)
    assert (result["seeds"], result["test_images"]) == (2, 6)
    assert all(len(arm["by_seed"]) == 2 for arm in result["arms"].values())
    assert "With its own recipe, 2 seeds, 6 test images" in sentence(result)
    assert "Another seed alone changes" in another_seed(result)
    assert kept_confirmation(small.workspace, small.run, request_) == result
    assert last_result(small.workspace, small.run) is None


def test_a_cross_validation_is_refused(
    small: Small, request_: ConfirmRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(small.run), "folds", 5)
    with pytest.raises(InputError, match="cross-validation"):
        confirming.confirm(request_, "none", small.workspace, Telling(tmp_path))
