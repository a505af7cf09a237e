"""What a retraining leaves out: one rule, of the run's own images, told in the words of what is done."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from breakhis_core import reviews
from breakhis_core.errors import InputError
from breakhis_core.images import datasets
from breakhis_core.images.catalogue import Catalogue
from breakhis_core.jobs import retraining
from breakhis_core.recipes import RECIPES, completed
from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace
from tests.conftest import write_fake_run


def of_part(run: Run, part: str) -> list[str]:
    table = run.predictions()
    return table.loc[table["part"] == part, "hash"].tolist()


def flag(workspace: Workspace, *images: str) -> None:
    for image in images:
        reviews.flag(workspace, "Ada", image, "staining")


def test_train_and_validation_leave_and_the_test_stays(workspace: Workspace, fake_run: Run) -> None:
    some = [*of_part(fake_run, "train")[:2], of_part(fake_run, "validation")[0], of_part(fake_run, "test")[0]]
    flag(workspace, *some)
    plan = retraining.plan(workspace, fake_run)
    assert (plan.train, plan.validation, plan.test, plan.changes) == (2, 1, 1, True)
    assert plan.words == (
        "Same split, recipe and first weights as fake: 2 training images and 1 validation image leave. "
        "1 flagged test image stays: the test set is frozen."
    )


def test_flags_on_test_images_alone_change_nothing(workspace: Workspace, fake_run: Run) -> None:
    flag(workspace, *of_part(fake_run, "test")[:3])
    plan = retraining.plan(workspace, fake_run)
    assert not plan.changes
    assert "fake was trained on none of the excluded images; a retraining would change nothing" in plan.words


def test_flags_of_other_images_do_not_count(
    workspace: Workspace, fake_run: Run, pictures: pd.DataFrame, tmp_path: Path
) -> None:
    tissue = pictures.assign(hash=[image[::-1] for image in pictures["hash"]])
    nothing = pd.DataFrame(columns=["path", "kind", "reason"])
    datasets.save_catalogue(workspace, Catalogue(tmp_path, tissue, nothing, phantom=False))
    flag(workspace, *tissue["hash"].iloc[:5])
    plan = retraining.plan(workspace, fake_run)
    assert plan.excluded == ()
    assert plan.words == "No image is excluded by this rule."


def test_what_left_before_does_not_leave_again_and_may_come_back(
    workspace: Workspace, fake_run: Run, pictures: pd.DataFrame
) -> None:
    first, second = of_part(fake_run, "train")[:2]
    flag(workspace, first)
    run = write_fake_run(workspace.models, "next", pictures, improves="fake", excluded=[first])
    plan = retraining.plan(workspace, run)
    assert (plan.already, plan.leaving, plan.changes) == (1, 0, False)
    assert "next was trained without 1 excluded image" in plan.words
    reviews.undo(workspace, "Ada")
    plan = retraining.plan(workspace, run)
    assert (plan.returning, plan.changes) == (1, True)
    assert "1 image that next was trained without comes back." in plan.words
    flag(workspace, second)
    words = retraining.plan(workspace, run).leaving_words
    assert words.startswith("1 training image and 0 validation images leave.")


def test_each_policy_has_its_plan(workspace: Workspace, fake_run: Run) -> None:
    flag(workspace, of_part(fake_run, "train")[0])
    plans = retraining.plans(workspace, fake_run)
    assert {code: plan.train for code, plan in plans.items()} == {"any": 1, "majority": 1, "settled": 0}


def test_the_request_repeats_the_run(workspace: Workspace, fake_run: Run) -> None:
    image = of_part(fake_run, "train")[0]
    flag(workspace, image)
    request = retraining.request(workspace, fake_run, retraining.plan(workspace, fake_run))
    assert request.recipe == completed(fake_run.recipe())
    assert (request.weights, request.exclude, request.improves) == ("none", (image,), "fake")


def test_no_request_begins_with_weights_that_are_not_the_runs(
    workspace: Workspace, pictures: pd.DataFrame
) -> None:
    run = write_fake_run(workspace.models, "by-hand", pictures, weights="mine.weights.h5")
    with pytest.raises(InputError, match="choose weights under Train"):
        retraining.request(workspace, run, retraining.plan(workspace, run))


def test_an_older_recipe_is_completed_by_its_name_everywhere() -> None:
    older = RECIPES["scratch"].model_dump()
    for field in ("trained_statistics", "stain", "head"):
        del older[field]
    assert completed(older) == RECIPES["scratch"]
    with pytest.raises(
        InputError, match=r"of another version of this program: warp is not known to this version\.$"
    ):
        completed({**older, "warp": 9})
