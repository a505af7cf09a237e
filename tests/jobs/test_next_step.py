"""What comes next is asked of the rules: nothing is recommended that would change nothing."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from breakhis_core import jobs, reviews
from breakhis_core.images import datasets
from breakhis_core.images.catalogue import Catalogue
from breakhis_core.jobs import retraining
from breakhis_core.jobs.next_step import Do, Step, next_step, reviewed, run_in_focus
from breakhis_core.runs import Run, list_runs
from breakhis_core.workspace import Workspace
from tests.conftest import write_fake_run

NO_PROBLEMS = pd.DataFrame(columns=["path", "kind", "reason"])


def asked(workspace: Workspace, reviewer: str = "Ada") -> Step:
    return next_step(workspace, datasets.datasets(workspace), list_runs(workspace.models)[0], reviewer)


def mistakes(workspace: Workspace, run: Run, part: str | None = None) -> tuple[str, ...]:
    return reviewed(workspace, run, "nobody", part).left


def test_from_the_first_mistake_to_the_outcome(workspace: Workspace, fake_run: Run) -> None:
    assert asked(workspace).do is Do.BEGIN
    tested, learnt = mistakes(workspace, fake_run), mistakes(workspace, fake_run, "train")
    reviews.flag(workspace, "Ada", tested[0], "staining")
    assert asked(workspace).do is Do.GO_ON
    for image in tested[1:]:
        reviews.keep(workspace, "Ada", image)
    step = asked(workspace)
    assert step.do is Do.LEARNT
    assert "1 flagged test image stays" in step.words
    for image in learnt:
        reviews.keep(workspace, "Ada", image)
    assert asked(workspace).do is Do.OUTCOME
    reviews.flag(workspace, "Ada", learnt[0], "artefact")
    assert asked(workspace).do is Do.RETRAIN


def test_the_rule_and_the_settlements_decide_whether_a_retraining_is_offered(
    workspace: Workspace, fake_run: Run
) -> None:
    for image in mistakes(workspace, fake_run):
        reviews.keep(workspace, "Ada", image)
    image = mistakes(workspace, fake_run, "train")[0]
    reviews.flag(workspace, "Ada", image, "artefact")
    assert asked(workspace).do is Do.RETRAIN
    reviews.settle(workspace, "Eve", image, exclude=False)
    assert asked(workspace).do is Do.LEARNT


def test_a_retraining_that_is_in_line_is_not_offered_again(
    workspace: Workspace, fake_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for image in mistakes(workspace, fake_run):
        reviews.keep(workspace, "Ada", image)
    reviews.flag(workspace, "Ada", mistakes(workspace, fake_run, "train")[0], "artefact")
    plan = retraining.plan(workspace, fake_run)
    monkeypatch.setattr("breakhis_core.jobs.starting.notice", lambda workspace: None)
    jobs.submit(workspace, "train", retraining.request(workspace, fake_run, plan).model_dump(mode="json"))
    assert asked(workspace).do is Do.LEARNT
    reviews.flag(workspace, "Ada", mistakes(workspace, fake_run, "train")[1], "artefact")
    assert asked(workspace).do is Do.RETRAIN


def test_the_button_says_that_labels_are_corrected(workspace: Workspace, fake_run: Run) -> None:
    for image in mistakes(workspace, fake_run):
        reviews.keep(workspace, "Ada", image)
    image = mistakes(workspace, fake_run, "train")[0]
    reviews.flag(workspace, "Ada", image, "wrong_label")
    assert asked(workspace).label == "Retrain without flagged images"
    published = fake_run.predictions().set_index("hash")["subtype"][image]
    reviews.correct(workspace, "Ada", image, "PC" if published != "PC" else "MC")
    assert asked(workspace).label == "Retrain with corrected labels"
    assert asked(workspace).words.endswith("1 image gets a corrected label.")


def test_after_the_retraining_the_same_is_not_recommended_again(
    workspace: Workspace, fake_run: Run, pictures: pd.DataFrame
) -> None:
    image = mistakes(workspace, fake_run, "train")[0]
    reviews.flag(workspace, "Ada", image, "artefact")
    run = write_fake_run(workspace.models, "next", pictures, improves="fake", excluded=[image])
    for wrong in mistakes(workspace, run):
        reviews.keep(workspace, "Ada", wrong)
    assert asked(workspace).run is not None
    assert (asked(workspace).do, asked(workspace).run.name) == (Do.LEARNT, "next")  # type: ignore[union-attr]


def test_each_reviewer_has_a_next_step_of_her_own(workspace: Workspace, fake_run: Run) -> None:
    for image in mistakes(workspace, fake_run):
        reviews.flag(workspace, "Ada", image, "staining")
    assert asked(workspace, "Ada").do is Do.LEARNT
    assert asked(workspace, "Bea").do is Do.BEGIN


def test_an_archive_around_a_sample_with_a_run_is_not_new(
    workspace: Workspace, fake_run: Run, pictures: pd.DataFrame, tmp_path: Path
) -> None:
    more = pictures.assign(hash=[image[::-1] for image in pictures["hash"]])
    archive = Catalogue(tmp_path / "archive", pd.concat([pictures, more]), NO_PROBLEMS, phantom=True)
    datasets.save_catalogue(workspace, archive)
    assert asked(workspace).do is Do.BEGIN
    other = more.assign(hash=[f"{image[:-2]}zz" for image in more["hash"]])
    datasets.save_catalogue(workspace, Catalogue(tmp_path / "new", other, NO_PROBLEMS, phantom=True))
    step = asked(workspace)
    assert (step.do, step.words) == (Do.TRAIN, "No model was trained on new yet.")


def test_a_run_whose_images_are_elsewhere_is_not_in_focus(
    workspace: Workspace, fake_run: Run, pictures: pd.DataFrame
) -> None:
    away = pictures.assign(hash=[image[::-1] for image in pictures["hash"]])
    copied = write_fake_run(workspace.models, "copied", away, phantom=False)
    assert run_in_focus(workspace, [copied, fake_run]) is fake_run
    assert run_in_focus(workspace, [copied]) is copied
    assert run_in_focus(workspace, []) is None
