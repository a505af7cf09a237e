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


def another(run: Run, image: str) -> str:
    """Return a sub-type that the image is not published as."""
    published = run.predictions().set_index("hash")["subtype"][image]
    return "PC" if published != "PC" else "MC"


def correct(workspace: Workspace, run: Run, *images: str) -> dict[str, str]:
    right = {image: another(run, image) for image in images}
    for image, code in right.items():
        reviews.flag(workspace, "Ada", image, "wrong_label", correction=code)
    return right


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


def test_corrected_images_stay_and_the_other_flagged_ones_leave(workspace: Workspace, fake_run: Run) -> None:
    (first, second), validation = of_part(fake_run, "train")[:2], of_part(fake_run, "validation")[0]
    test = of_part(fake_run, "test")[0]
    right = correct(workspace, fake_run, first, validation, test)
    flag(workspace, second)
    plan = retraining.plan(workspace, fake_run)
    assert (plan.mode, plan.title) == ("both", "Retrain corrected and without flagged")
    assert (plan.train, plan.validation, plan.relabelled, plan.test) == (1, 0, 2, 1)
    assert plan.words == (
        "Same split, recipe and first weights as fake: 1 training image and 0 validation images leave. "
        "2 images get a corrected label. 1 flagged test image stays as published: the test set is frozen."
    )
    request = retraining.request(workspace, fake_run, plan)
    assert (request.exclude, request.name) == ((second,), "fake-corrected")
    assert request.labels == {image: right[image] for image in (first, validation)}


def test_corrected_labels_alone_and_leaving_out_alone(workspace: Workspace, fake_run: Run) -> None:
    first, second = of_part(fake_run, "train")[:2]
    right = correct(workspace, fake_run, first)
    flag(workspace, second)
    plan = retraining.plan(workspace, fake_run, mode="corrected")
    assert (plan.excluded, plan.labels, plan.title) == ((), right, "Retrain with corrected labels")
    assert plan.leaving_words == "1 image gets a corrected label."
    plan = retraining.plan(workspace, fake_run, mode="without")
    assert (set(plan.excluded), plan.labels) == ({first, second}, {})
    assert plan.title == "Retrain without flagged images"
    assert retraining.request(workspace, fake_run, plan).name == "fake-without-flagged"


def test_a_correction_of_a_test_image_is_no_retraining(workspace: Workspace, fake_run: Run) -> None:
    correct(workspace, fake_run, of_part(fake_run, "test")[0])
    plan = retraining.plan(workspace, fake_run, mode="corrected")
    assert (plan.mode, plan.changes, plan.labels) == ("without", False, {})


def test_what_was_learnt_corrected_is_not_relabelled_again_and_may_be_taken_back(
    workspace: Workspace, fake_run: Run, pictures: pd.DataFrame
) -> None:
    first, second = of_part(fake_run, "train")[:2]
    right = correct(workspace, fake_run, first, second)
    known = {first: right[first]}
    run = write_fake_run(workspace.models, "next", pictures, improves="fake", corrected=known)
    plan = retraining.plan(workspace, run)
    assert (plan.relabelled, plan.already_corrected, plan.changes) == (1, 1, True)
    reviews.undo(workspace, "Ada")
    plan = retraining.plan(workspace, run)
    assert not plan.changes
    assert plan.words == (
        "next was trained with 1 corrected label; a retraining would change nothing but chance."
    )
    assert (
        "1 training image and 0 validation images leave."
        in retraining.plan(workspace, run, mode="without").words
    )
    reviews.undo(workspace, "Ada")
    plan = retraining.plan(workspace, run)
    assert (plan.published_again, plan.changes) == (1, True)
    assert plan.leaving_words == "1 image gets the published label back."


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
