"""The training screen, run without a browser; nothing is really trained here."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from breakhis_core import jobs, reviews
from breakhis_core.images import datasets
from breakhis_core.images.catalogue import Catalogue
from breakhis_core.jobs import Job, first_weights
from breakhis_core.recipes import RECIPES
from breakhis_core.results.evaluate import evaluate_run
from breakhis_core.runs import Run
from breakhis_core.settings import Settings
from breakhis_core.training import duration
from breakhis_core.training.request import TrainRequest
from breakhis_core.workspace import Workspace
from pages.parts.shared import job_panel
from tests.conftest import paint_pictures, write_fake_run
from tests.screens.conftest import PROJECT
from tests.screens.in_app import in_app


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[TrainRequest]:
    """Trainings that were asked for, instead of being started."""
    requests: list[TrainRequest] = []

    def submit(workspace: Workspace, kind: str, arguments: dict[str, Any]) -> int:
        assert kind == "train"
        requests.append(TrainRequest.model_validate(arguments))
        return len(requests)

    monkeypatch.setattr(jobs, "submit", submit)
    return requests


def a_job(workspace: Workspace, state: str, **about: Any) -> Job:
    """Return a training in some state, as ``jobs`` would tell of it."""
    values: dict[str, Any] = {
        "id": 7,
        "kind": "train",
        "arguments": TrainRequest(
            recipe=RECIPES["recommended"], exclude=("a", "b"), improves="fake"
        ).model_dump(mode="json"),
        "state": state,
        "message": "Training: epoch 2, batch 3 of 9",
        "fraction": 0.4,
        "seconds_left": 95.0,
        "data": {"loss": 1.25, "accuracy": 0.5},
        "created": "2026-01-02T03:04:05.000Z",
        "started": "2026-01-02T03:04:06.000Z",
        "ended": None if state in ("queued", "running") else "2026-01-02T03:14:06.000Z",
        "attempt": 1,
        "pid": None,
        "stopping": False,
        "result": None,
        "error": None,
        "folder": workspace.jobs / "7",
    }
    return Job(**dict.fromkeys(field.name for field in fields(Job)) | values | about)


@pytest.fixture
def show_jobs(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that lets the screen find these jobs."""

    def show(*found: Job) -> None:
        monkeypatch.setattr(jobs, "list_jobs", lambda workspace, kind=None, limit=50: list(found))
        monkeypatch.setattr(jobs, "get", lambda workspace, job: next(one for one in found if one.id == job))

    return show


def said(screen: AppTest) -> str:
    assert not screen.exception, screen.exception
    kinds = (screen.markdown, screen.caption, screen.info, screen.warning, screen.error)
    return "\n".join(one.value for kind in kinds for one in kind)


def press(screen: AppTest, label: str) -> AppTest:
    next(button for button in screen.button if button.label == label).click()
    screen.run()
    assert not screen.exception, screen.exception
    return screen


def links(screen: AppTest) -> dict[str, str]:
    return {link.proto.label: link.proto.query_string for link in screen.get("page_link")}


def test_without_images_it_says_what_to_do(workspace: Workspace) -> None:
    screen = in_app("train")
    assert "no images to train on" in said(screen)
    assert [button.label for button in screen.button] == ["Go to Home"]


def test_as_it_stands_it_trains_phantoms_by_case_with_what_needs_no_internet(
    pictures: pd.DataFrame, submitted: list[TrainRequest]
) -> None:
    screen = in_app("train")
    assert "64 images of 16 cases · synthetic phantoms, not tissue" in said(screen)
    assert "No case is in two parts" in said(screen)
    press(screen, "Start training")
    assert submitted == [TrainRequest(recipe=RECIPES["scratch"], data=1, weights="none")]


def test_tissue_is_trained_with_the_recommended_recipe_from_imagenet(
    workspace: Workspace, tmp_path: Path, submitted: list[TrainRequest]
) -> None:
    images = paint_pictures(tmp_path / "tissue")
    problems = pd.DataFrame(columns=["path", "kind", "reason"])
    datasets.save_catalogue(workspace, Catalogue(tmp_path / "tissue", images, problems, phantom=False))
    press(in_app("train"), "Start training")
    assert submitted == [TrainRequest(recipe=RECIPES["recommended"], data=1)]


def test_what_is_chosen_is_what_is_trained(pictures: pd.DataFrame, submitted: list[TrainRequest]) -> None:
    screen = in_app("train")
    screen.radio(key="unit").set_value("image")
    screen.radio(key="recipe-").set_value("paper")
    screen.run()
    screen.radio(key="weights-paper-").set_value("none")
    screen.run()
    assert "the model knows the patient" in said(screen)
    screen.number_input(key="epochs-paper-").set_value(3)
    screen.number_input(key="seed-paper-").set_value(5)
    screen.text_input(key="name").set_value("mine")
    screen.run()
    press(screen, "Start training")
    recipe = RECIPES["paper"].model_copy(update={"epochs": 3, "seed": 5})
    assert submitted == [
        TrainRequest(recipe=recipe, data=1, unit="image", split_seed=5, weights="none", name="mine")
    ]


def test_both_units_are_two_trainings_of_one_recipe(
    pictures: pd.DataFrame, submitted: list[TrainRequest]
) -> None:
    screen = in_app("train")
    screen.radio(key="unit").set_value("both")
    screen.text_input(key="name").set_value("leak")
    screen.run()
    press(screen, "Start training")
    assert [(one.unit, one.name) for one in submitted] == [
        ("case", "leak-by-case"),
        ("image", "leak-by-image"),
    ]
    assert submitted[0].recipe == submitted[1].recipe


def test_a_link_from_the_flags_improves_on_a_run_without_the_flagged_images(
    workspace: Workspace, pictures: pd.DataFrame, submitted: list[TrainRequest]
) -> None:
    recipe = RECIPES["paper"].model_copy(update={"epochs": 2})
    run = write_fake_run(workspace.models, "first", pictures, weights="none")
    (run.path / "recipe.json").write_text(recipe.model_dump_json())
    run = _sealed(run)
    table = run.predictions()
    train, test = (table.loc[table["part"] == part, "hash"].iloc[0] for part in ("train", "test"))
    for image in (train, test):
        reviews.flag(workspace, "Ada", image, "staining")
    screen = in_app("train", improves="first", exclude="flagged")
    assert (
        "1 training image and 0 validation images leave. 1 flagged test image stays: the test set is frozen"
        in said(screen)
    )
    press(screen, "Start training")
    assert submitted[0].improves == "first"
    assert submitted[0].exclude == tuple(sorted((train, test)))
    assert (submitted[0].recipe, submitted[0].weights) == (recipe, "none")


def test_flagged_images_with_a_corrected_label_may_stay_with_it(
    workspace: Workspace, fake_run: Run, submitted: list[TrainRequest]
) -> None:
    table = fake_run.predictions()
    first, second = table.loc[table["part"] == "train", "hash"].iloc[:2]
    reviews.flag(workspace, "Ada", first, "wrong_label", correction="PC")
    reviews.flag(workspace, "Ada", second, "staining")
    screen = in_app("train")
    choice = screen.selectbox(key="flagged")
    assert (choice.label, choice.value) == ("2 flagged images, 1 with a corrected label", None)
    choice.set_value("both").run()
    press(screen, "Start training")
    assert (submitted[0].exclude, submitted[0].labels) == ((second,), {first: "PC"})


def test_a_link_from_the_flags_keeps_what_becomes_of_flagged_images(
    workspace: Workspace, fake_run: Run
) -> None:
    table = fake_run.predictions()
    image = table.loc[table["part"] == "train", "hash"].iloc[0]
    reviews.flag(workspace, "Ada", image, "wrong_label", correction="PC")
    screen = in_app("train", improves="fake", exclude="flagged", mode="corrected")
    assert screen.selectbox(key="flagged").value == "corrected"
    assert "1 image gets a corrected label." in said(screen)
    assert in_app("train", improves="fake", exclude="flagged").selectbox(key="flagged").value == "both"
    assert in_app("train", improves="fake").selectbox(key="flagged").value is None


def test_a_missing_weights_file_or_a_bad_name_stops_the_start(pictures: pd.DataFrame) -> None:
    screen = in_app("train")
    screen.radio(key="weights-scratch-").set_value("file").run()
    screen.text_input(key="weights-file-scratch-").set_value("/nowhere/mine.h5").run()
    assert "mine.h5: there is no such file on the server." in said(screen)
    assert screen.button(key="start").disabled
    screen.text_input(key="name").set_value("a/b").run()
    assert "cannot name a run" in said(screen)


def test_the_estimate_rests_on_the_newest_run_of_the_same_kind(workspace: Workspace, fake_run: Run) -> None:
    recipe = RECIPES["recommended"]
    assumed = duration.pace(recipe, [fake_run])
    assert assumed.measured is None
    (fake_run.path / "recipe.json").write_text(recipe.model_dump_json())
    measured = duration.pace(recipe, [_sealed(fake_run)])
    # The made-up run says 2 and 1 seconds for its epochs.
    train = int((fake_run.predictions()["part"] == "train").sum())
    assert (measured.measured, measured.images_per_second) == ("fake", pytest.approx(train / 1.5))
    slow = duration.Pace(1.0, None)
    more = duration.seconds_needed(recipe, 1000, 1000, slow)
    assert more - duration.seconds_needed(recipe, 1000, 1000, duration.Pace(2.0, None)) == (
        pytest.approx(recipe.epochs * 500)
    )
    assert [duration.in_words(s) for s in (37, 1500, 9000)] == [
        "about 1 min",
        "about 25 min",
        "about 2.5 h",
    ]


def test_a_running_job_shows_how_far_it_is_and_can_be_stopped(
    workspace: Workspace, pictures: pd.DataFrame, show_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    show_jobs(a_job(workspace, "running"))
    stopped: list[int] = []
    monkeypatch.setattr(jobs, "request_stop", lambda workspace, job, kill=False: stopped.append(job))
    screen = in_app("train")
    text = screen.get("progress")[0].proto.text
    assert text.startswith("Training: epoch 2, batch 3 of 9")
    assert text.endswith("loss 1.250, accuracy 0.500 · about 1 min 35 s left")
    assert "recommended recipe · " in said(screen)
    assert "split of fake · weights imagenet · without flagged images" in said(screen)
    assert "Job 7 is training; this one waits" in said(screen)
    assert screen.button(key="start").label == "Add to the queue"
    screen.button(key="stop-7").click()
    screen.run()
    assert stopped == [7]


def test_a_failed_job_says_why_with_its_log_folded_away(
    workspace: Workspace, pictures: pd.DataFrame, show_jobs: Any
) -> None:
    job = a_job(workspace, "failed", error="The weights cannot be downloaded; give a file.")
    job.folder.mkdir(parents=True)
    (job.folder / "log.txt").write_text("first\nlast line\n")
    show_jobs(job)
    screen = in_app("train")
    assert screen.error[0].value == job.error
    assert screen.code[0].value.endswith("last line")
    assert "Last lines of its log" in [one.label for one in screen.expander]
    assert screen.button(key="start").label == "Start training"


@pytest.mark.parametrize("state", ["stopped", "interrupted"])
def test_a_job_that_ended_early_can_go_on(
    workspace: Workspace,
    pictures: pd.DataFrame,
    show_jobs: Any,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
) -> None:
    show_jobs(a_job(workspace, state))
    resumed: list[int] = []
    monkeypatch.setattr(jobs, "resume", lambda workspace, job: resumed.append(job))
    screen = in_app("train")
    screen.button(key="resume-7").click()
    screen.run()
    assert resumed == [7]


def test_a_finished_job_says_how_good_it_is_and_leads_on(
    workspace: Workspace, pictures: pd.DataFrame, show_jobs: Any
) -> None:
    run = write_fake_run(workspace.models, "better", pictures)
    job = a_job(workspace, "finished", result={"run": "better"})
    job.folder.mkdir(parents=True)
    row = '{"epoch": %d, "loss": 1.0, "accuracy": 0.5, "val_loss": 1.2, "val_accuracy": 0.4}\n'
    (job.folder / "curve.jsonl").write_text(row % 1 + row % 2)
    show_jobs(job)
    screen = in_app("train")
    assert "Took 10 min" in said(screen)
    accuracy = evaluate_run(run)["accuracy"]
    assert f"Accuracy **{accuracy:.3f}** (" in said(screen)
    assert "Test · split by case · 32 images of 8 cases · always saying " in said(screen)
    assert links(screen) == {
        "Results": "run=better",
        "Review its mistakes": "run=better",
        "Compare with fake": "run=better&view=Compare&with=fake",
    }
    assert len(screen.get("vega_lite_chart")) == 2


def test_settings_of_a_training_stand_in_one_line() -> None:
    request = TrainRequest(recipe=RECIPES["paper"], unit="image", split_seed=3, weights="/data/mine.h5")
    assert job_panel.settings_in_words(request.model_dump(mode="json")).replace("\\", "") == (
        "paper recipe · 15 epochs · split by image, seed 3 · weights mine.h5"
    )


USED = """
import sys
from streamlit.testing.v1 import AppTest
screen = AppTest.from_file("app.py", default_timeout=120)
screen.switch_page("pages/train.py")
screen.query_params["improves"] = "fake"
screen.run()
assert not screen.exception, screen.exception
assert [one.label for one in screen.button if one.key == "start"]
print(sorted({name.split(".")[0] for name in sys.modules} & {"tensorflow", "keras", "tf_keras_vis"}))
"""


def test_the_form_does_not_load_tensorflow(fake_run: Run, settings: Settings) -> None:
    (fake_run.path / "recipe.json").write_text(RECIPES["paper"].model_dump_json())
    _sealed(fake_run)
    command = [sys.executable, "-c", USED]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    assert done.stdout.strip().endswith("[]"), done.stdout + done.stderr[-2000:]


def _sealed(run: Run) -> Run:
    """Write the hash of a changed recipe into the manifest, as if the run had been made with it."""
    import hashlib
    import json

    from breakhis_core.runs import open_run

    manifest = json.loads((run.path / "manifest.json").read_text())
    manifest["files"]["recipe.json"] = hashlib.sha256((run.path / "recipe.json").read_bytes()).hexdigest()
    (run.path / "manifest.json").write_text(json.dumps(manifest))
    return open_run(run.path)


def test_folds_are_asked_for_with_their_number(pictures: pd.DataFrame, submitted: list[TrainRequest]) -> None:
    screen = in_app("train")
    screen.radio(key="tested-images").set_value("drawn").run()
    screen.number_input(key="folds").set_value(3).run()
    assert "3 folds, each with about " in said(screen)
    press(screen, "Start training")
    assert submitted == [TrainRequest(recipe=RECIPES["scratch"], data=1, weights="none", folds=3)]
    # The published folds name images of BreakHis: phantoms are none.
    assert "the authors’ folds" not in screen.radio(key="tested-images").options


def test_weights_that_worked_before_are_not_asked_for_again(
    workspace: Workspace, tmp_path: Path, pictures: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mine.weights.h5"
    file.write_bytes(b"\x89HDF\r\n\x1a\n")
    monkeypatch.setattr(first_weights, "last_used", lambda workspace: str(file))
    screen = in_app("train")
    screen.radio(key="recipe-").set_value("paper").run()
    assert screen.radio(key="weights-paper-").value == "file"
    assert screen.text_input(key="weights-file-paper-").value == str(file)
    assert not screen.button(key="start").disabled
    text = tmp_path / "README.md"
    text.write_text("no weights")
    screen.text_input(key="weights-file-paper-").set_value(str(text)).run()
    assert "neither an HDF5 file of weights nor a .keras model" in said(screen)
    assert screen.button(key="start").disabled


def test_any_setting_of_the_recipe_can_be_changed(
    pictures: pd.DataFrame, submitted: list[TrainRequest]
) -> None:
    screen = in_app("train")
    screen.text_area(key="settings-scratch-").set_value("dropout = 0.3\nlabel_smoothing=0.1").run()
    press(screen, "Start training")
    recipe = RECIPES["scratch"].model_copy(update={"dropout": 0.3, "label_smoothing": 0.1})
    assert submitted == [TrainRequest(recipe=recipe, data=1, weights="none")]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("foo = 1", "is no setting of a recipe"),
        ("dropout = 7", "'7' cannot be used: dropout should be less than 1"),
        ("dropout = 0.1, 0.2", "a training takes one"),
        ("head_learning_rate = 0.1", "changes nothing"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_before_the_start(
    pictures: pd.DataFrame, text: str, why: str
) -> None:
    screen = in_app("train")
    screen.text_area(key="settings-scratch-").set_value(text).run()
    assert why in said(screen).replace("\\", "")
    assert "start" not in [button.key for button in screen.button]


def test_size_steps_and_predictions_have_fields_of_their_own(
    pictures: pd.DataFrame, submitted: list[TrainRequest]
) -> None:
    screen = in_app("train")
    screen.radio(key="recipe-").set_value("recommended").run()
    screen.radio(key="weights-recommended-").set_value("none").run()
    screen.number_input(key="width-recommended-").set_value(512)
    screen.number_input(key="height-recommended-").set_value(336)
    screen.checkbox(key="keep_proportions-recommended-").set_value(False)
    screen.checkbox(key="average_flips-recommended-").set_value(True)
    screen.number_input(key="clip_norm-recommended-").set_value(2.5).run()
    press(screen, "Start training")
    changed = {
        "width": 512,
        "height": 336,
        "keep_proportions": False,
        "average_flips": True,
        "clip_norm": 2.5,
    }
    recipe = RECIPES["recommended"].model_copy(update=changed)
    assert [request.recipe for request in submitted] == [recipe]


def test_a_size_that_cannot_be_used_is_one_sentence(pictures: pd.DataFrame) -> None:
    screen = in_app("train")
    screen.number_input(key="width-scratch-").set_value(230).run()
    assert "'230' cannot be used: width should be a multiple of 16" in said(screen).replace("\\", "")
    assert "start" not in [button.key for button in screen.button]


def test_epochs_of_a_frozen_base_are_those_of_its_head(
    pictures: pd.DataFrame, submitted: list[TrainRequest]
) -> None:
    screen = in_app("train")
    screen.radio(key="recipe-").set_value("quick").run()
    screen.radio(key="weights-quick-").set_value("none").run()
    assert screen.number_input(key="epochs-quick-").value == 103
    assert "head_epochs-quick-" not in [field.key for field in screen.number_input]
    screen.number_input(key="epochs-quick-").set_value(50).run()
    press(screen, "Start training")
    recipe = submitted[0].recipe
    assert (recipe.main_epochs, recipe.head_epochs, recipe.epochs) == (50, 47, 3)


def test_two_trainings_that_differ_in_unit_lead_to_what_that_is_worth(
    workspace: Workspace, pictures: pd.DataFrame, show_jobs: Any
) -> None:
    found = []
    for number, unit in enumerate(("case", "image"), start=1):
        write_fake_run(workspace.models, f"by-{unit}", pictures, unit=unit)
        request = TrainRequest(
            recipe=RECIPES["recommended"], data=1, unit="image" if unit == "image" else "case"
        )
        about = {"id": number, "arguments": request.model_dump(mode="json"), "result": {"run": f"by-{unit}"}}
        found.append(a_job(workspace, "finished", **about))
    show_jobs(*reversed(found))
    assert links(in_app("train"))["What knowing the patient is worth"] == (
        "run=by-image&view=Compare&with=by-case"
    )


def test_a_run_that_was_deleted_since_leads_nowhere(
    workspace: Workspace, pictures: pd.DataFrame, show_jobs: Any
) -> None:
    show_jobs(a_job(workspace, "finished", result={"run": "gone"}))
    screen = in_app("train")
    assert "gone: there is no such run." in said(screen)
    assert links(screen) == {}
