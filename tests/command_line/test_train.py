import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from breakhis_core.command_line.train import RecipeName
from breakhis_core.images.pixels import decode, pixel_hash
from breakhis_core.recipes import RECIPES
from breakhis_core.runs import open_run
from breakhis_core.sweeps.values import with_settings
from tests.command_line.test_all_commands import PROJECT, call
from tests.conftest import paint_pictures

SMALL = ["--recipe", "quick", "--weights", "none", "--epochs", "2", "--unit", "case"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Sixty-four tiny pictures, not catalogued anywhere."""
    root = tmp_path_factory.mktemp("data")
    paint_pictures(root)
    return root


def start(data, *more):
    """Run the command in a process of its own: training loads TensorFlow."""
    command = [sys.executable, "-m", "breakhis_core", "train", "--data", str(data), *SMALL, *more]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_training_ends_with_a_run_and_its_headline_as_json(workspace, data):
    process = start(data, "--name", "tiny", "--json")
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    told = json.loads(out)
    run = open_run(workspace.models / "tiny")
    assert (told["run"], told["folder"], told["unit"]) == ("tiny", str(run.path), "case")
    assert told["images"] == int((run.predictions()["part"] == "test").sum())
    assert 0 <= told["accuracy"] <= 1
    history = run.history()
    assert (history["phase"] == "all").sum() == told["epochs"] == 102
    assert "val_accuracy" in err
    assert list(workspace.jobs.iterdir()) == []


def test_control_c_keeps_whole_epochs_and_the_same_command_goes_on(workspace, data):
    process = start(data, "--epochs", "900", "--name", "long")
    assert process.stderr is not None
    for line in process.stderr:
        # Epochs that rush by are not all told.
        if line.startswith("epoch ") and int(line.split()[1]) > 101:
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert err.rstrip().endswith("Stopped. The same command goes on behind the last whole epoch.")
    assert not (workspace.models / "long").exists()
    again = start(data, "--epochs", "900", "--name", "long")
    assert again.stderr is not None
    first = next(line for line in again.stderr if line.startswith("epoch "))
    again.kill()
    again.communicate()
    assert int(first.split()[1]) >= 103


def test_without_epochs_the_recipe_decides(monkeypatch, workspace, data):
    asked = []

    def train(request, workspace, context):
        asked.append(request)
        raise KeyboardInterrupt

    monkeypatch.setattr("breakhis_core.training.train.train", train)
    call("train", "--data", data, "--weights", "none", "--recipe", "paper", "--unit", "image", "--seed", 3)
    expected = RECIPES["paper"].model_copy(update={"seed": 3})
    assert [(each.recipe, each.unit, each.split_seed) for each in asked] == [(expected, "image", 3)]


def test_settings_change_the_recipe_as_on_the_screen(monkeypatch, workspace, data):
    asked = []
    monkeypatch.setattr(
        "breakhis_core.training.train.train", lambda request, *_: asked.append(request) or 1 / 0
    )
    more = ["--set", "dropout=0.3", "--set", "label_smoothing = 0.1"]
    call("train", "--data", data, "--weights", "none", "--recipe", "paper", *more)
    expected = with_settings(RECIPES["paper"], ["dropout=0.3", "label_smoothing=0.1"])
    assert asked[0].recipe == expected != RECIPES["paper"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--weights", "no.h5"], "no.h5: there is no such file; give imagenet, none, or a weights file."),
        (["--name", "../out"], "'../out' cannot name a run"),
        (["--name", "fake"], "A run named fake exists already; choose another name."),
        (["--improves", "gone"], "There is no run called gone; the runs in "),
        (["--improves", "fake", "--unit", "image"], "fake was split by case"),
        (["--exclude", "gone.csv"], "gone.csv"),
        (["--set", "colour=red"], "'colour' is no setting of a recipe; the settings are epochs, width"),
        (["--set", "dropout=9"], "'9' cannot be used: dropout should be less than 1."),
    ],
)
def test_what_cannot_be_trained_with_is_said_before_anything_is_read(fake_run, data, options, sentence):
    told = call("train", "--data", data, *options)
    assert told.exit_code == 1
    assert told.stderr.startswith(sentence)


def test_excluded_images_leave_train_and_validation_and_unknown_ones_are_said(monkeypatch, workspace, data):
    asked = []
    monkeypatch.setattr(
        "breakhis_core.training.train.train", lambda request, *_: asked.append(request) or 1 / 0
    )
    images = sorted((data / "BreaKHis_v1").rglob("*.png"))[:2]
    (workspace.root / "flags.csv").write_text(f"name\n{images[0].name}\nunknown.png\n{images[1].name}\n")
    told = call("train", "--data", data, "--weights", "none", "--exclude", workspace.root / "flags.csv")
    assert isinstance(told.exception, ZeroDivisionError)
    assert set(asked[0].exclude) == {pixel_hash(decode(image)) for image in images}
    assert "unknown.png is not in this workspace" in told.stderr


def test_corrected_images_stay_with_their_label_and_the_others_leave(monkeypatch, workspace, data):
    asked = []
    monkeypatch.setattr(
        "breakhis_core.training.train.train", lambda request, *_: asked.append(request) or 1 / 0
    )
    images = sorted((data / "BreaKHis_v1").rglob("*.png"))[:3]
    file = workspace.root / "flags.csv"
    file.write_text(
        "name,reason,correction,reviewer\n"
        f"{images[0].name},wrong_label,PC,Ada\n{images[0].name},wrong_label,PC,Bea\n"
        f"{images[0].name},wrong_label,MC,Cy\n{images[1].name},staining,,Ada\n"
        f"{images[2].name},wrong_label,PC,Ada\n{images[2].name},wrong_label,MC,Bea\n"
    )
    first, second, third = (pixel_hash(decode(image)) for image in images)
    call("train", "--data", data, "--weights", "none", "--correct", file)
    call("train", "--data", data, "--weights", "none", "--correct", file, "--exclude", file)
    assert [one.labels for one in asked] == [{first: "PC"}, {first: "PC"}]
    assert asked[0].exclude == ()
    assert set(asked[1].exclude) == {second, third}, "reviewers name different sub-types of the third"


def test_a_list_without_corrections_corrects_nothing(workspace, data):
    image = next((data / "BreaKHis_v1").rglob("*.png"))
    (workspace.root / "flags.csv").write_text(f"name,reason\n{image.name},staining\n")
    told = call("train", "--data", data, "--weights", "none", "--correct", workspace.root / "flags.csv")
    assert told.exit_code == 1
    assert "flags.csv names the right sub-type of no image here (column correction)." in told.stderr


def test_a_missing_folder_is_bad_input(workspace):
    told = call("train", "--data", "no-such-folder", "--weights", "none")
    assert told.exit_code == 1
    assert "no-such-folder" in told.stderr


def test_every_recipe_that_ships_can_be_named():
    assert [recipe.value for recipe in RecipeName] == list(RECIPES)


def test_help_names_the_options_of_the_documentation():
    told = call("train", "--help").stdout
    page = Path(PROJECT, "docs", "commands.md").read_text(encoding="utf-8")
    for option in ("--data", "--recipe", "--unit", "--weights", "--exclude", "--correct", "--improves"):
        assert option in told
        assert option in page
