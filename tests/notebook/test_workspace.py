"""A workspace from a notebook gives what the screens and commands give."""

import asyncio
import io
import signal
import subprocess
import sys

import pandas as pd
import pytest

import breakhis_core as breakhis
from breakhis_core import reviews
from breakhis_core.flags.csv_json import export_csv
from breakhis_core.flags.statements import statements
from breakhis_core.jobs.retraining import plan
from breakhis_core.notebook import workspace as module
from breakhis_core.notebook.workspace import OpenWorkspace
from breakhis_core.progress import JobStopped
from breakhis_core.recipes import RECIPES
from tests.conftest import paint_pictures, write_fake_run


@pytest.fixture
def project(any_workspace, tmp_path):
    """Sixty-four pictures and a run on them, on SQLite and on PostgreSQL."""
    paint_pictures(tmp_path / "pictures")
    (tmp_path / "pictures" / "phantoms.csv").write_text("name\n")
    opened = OpenWorkspace(any_workspace)
    opened.catalogue(tmp_path / "pictures", progress=False)
    write_fake_run(any_workspace.models, "fake", opened.images())
    return opened


def flag_one_of_each_part(project):
    predictions = project.open_run("fake").predictions
    images = predictions.groupby("part").head(1).set_index("part")["hash"]
    reviews.flag_many(project._workspace, "Ada", list(images), "staining")
    return images


def test_a_workspace_is_opened_twice_and_says_what_is_there(project, settings):
    again = OpenWorkspace(module.Workspace.open(project._workspace.settings))
    assert repr(again) == repr(project)
    assert repr(project) == (
        "<workspace workspace: pictures (64 images, synthetic phantoms, not tissue); 1 run>"
    )
    (row,) = project.datasets.to_dict("records")
    assert (row["images"], row["cases"], row["contents"]) == (64, 16, "synthetic phantoms, not tissue")


def test_cataloguing_gives_the_problems_and_the_counts(project, tmp_path):
    problems = project.catalogue(tmp_path / "pictures", progress=False)
    assert list(problems.columns) == ["path", "kind", "reason"]
    assert set(problems["kind"]) == {"size"}
    assert problems.attrs["count"] == 64
    assert problems.attrs["images"] == "synthetic phantoms, not tissue"
    with pytest.raises(breakhis.InputError, match="there is no such folder"):
        project.catalogue(tmp_path / "gone")


def test_a_running_event_loop_is_no_hindrance(project):
    async def cell():
        return project.open_run("fake").metrics(), project.flags()

    metrics, flags = asyncio.run(cell())
    assert len(metrics) > 20
    assert flags.empty


def test_flags_are_what_the_export_holds(project):
    flag_one_of_each_part(project)
    run = project.open_run("fake")
    flags = project.flags(run)
    exported = pd.read_csv(
        io.BytesIO(export_csv(statements(project._workspace, run._run))), keep_default_na=False
    )
    assert len(flags) == 3
    assert list(flags.columns) == list(exported.columns)
    assert flags["outcome"].to_list() == exported["outcome"].to_list()
    assert flags.attrs["split"] == "split by case"


def test_exclusions_are_what_a_retraining_leaves_out(project):
    images = flag_one_of_each_part(project)
    run = project.open_run("fake")
    what = plan(project._workspace, run._run)
    assert set(project.exclusions()["hash"]) == set(what.excluded) == set(images)
    assert set(project.exclusions()["correction"]) == {""}
    leaving = project.exclusions("fake")
    assert set(leaving["hash"]) == {images["train"], images["validation"]}
    assert len(leaving) == what.leaving
    assert set(leaving["reasons"]) == {"staining"}


def test_without_flags_there_is_nothing_to_retrain(project):
    assert project.exclusions().empty
    with pytest.raises(breakhis.InputError, match="No image is excluded"):
        project.retrain("fake")


def test_the_runs_stand_in_one_frame(project):
    (row,) = project.runs.to_dict("records")
    metrics = project.open_run("fake").metrics()
    assert row["accuracy"] == metrics.loc["accuracy", "value"]
    assert row["low"] == metrics.loc["accuracy", "low"]
    assert row["split"] == "split by case"


def test_a_comparison_says_its_verdict_and_has_paired_differences(project):
    write_fake_run(project.models, "better", project.images(), skill=9.0, improves="fake")
    comparison = project.compare("better", base=project.open_run("fake"))
    row = comparison.differences.loc["accuracy"]
    assert row["verdict"] == "better"
    assert row["difference"] == pytest.approx(row["after"] - row["before"])
    assert 0 < row["low"] <= row["difference"] <= row["high"]
    assert comparison.words.startswith("better is better than fake on these 32 test images of 8 cases")
    assert set(comparison.images["outcome"]) <= {"fixed", "broken", "still_wrong"}
    assert comparison.differences.attrs["images"] == "synthetic phantoms, not tissue"
    assert "split by case" in repr(comparison)


def test_runs_of_other_test_images_are_not_compared(project):
    write_fake_run(project.models, "other", project.images().iloc[:40])
    with pytest.raises(breakhis.InputError, match="cannot be compared"):
        project.compare("other", "fake")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {"recipe": "magic"},
            "'magic' is no recipe; the recipes are paper, recommended, thorough, quick, scratch.",
        ),
        ({"weights": "no.h5"}, "no.h5: there is no such file; give imagenet, none, or a weights file."),
        ({"name": "fake"}, "A run named fake exists already; choose another name, or open it."),
        ({"data": "gone"}, "gone is no data set of this workspace; there are: pictures."),
        ({"unit": "patient"}, "A split is by image or by case, not by 'patient'."),
        ({"epochs": 0}, "epochs: Input should be greater than or equal to 1"),
        ({"correct": {"first.png": "PC"}}, "'first.png' is no hash of an image that is catalogued here."),
        ({"correct": {"first.png": "benign"}}, "'benign' is no sub-type; the sub-types are A, F, PT, TA,"),
        (
            {"correct": pd.DataFrame({"hash": ["a", "a"], "correction": ["PC", "MC"]})},
            "a is said to be PC and MC; give one of them.",
        ),
        ({"exclude": ["first.png"]}, "'first.png' is no hash of an image that is catalogued here."),
    ],
)
def test_what_cannot_be_trained_with_is_one_sentence(project, arguments, sentence):
    with pytest.raises(breakhis.InputError) as told:
        project.train(**arguments)
    assert str(told.value).startswith(sentence)


def test_a_training_is_asked_for_as_by_command(project, monkeypatch):
    asked = []

    def train(request, workspace, context):
        asked.append(request)
        return project.models / "fake"

    monkeypatch.setattr(module, "train", train)
    images = project.images()
    project.train("paper", unit="image", weights="none", epochs=2, seed=3, data="pictures", progress=False)
    project.train(weights="none", exclude=images.head(2), improves="fake", name="second", progress=False)
    assert asked[0].recipe == RECIPES["paper"].model_copy(update={"epochs": 2, "seed": 3})
    assert (asked[0].unit, asked[0].split_seed, asked[0].data) == ("image", 3, images["dataset"][0])
    assert asked[1].exclude == tuple(sorted(images["hash"][:2]))
    assert (asked[1].unit, asked[1].improves, asked[1].name) == ("case", "fake", "second")
    assert list(project._workspace.jobs.glob("foreground-*")) == []
    said = images.head(2).assign(correction=["PC", None])
    project.train(weights="none", exclude=said, correct=said, improves="fake", progress=False)
    assert (asked[2].exclude, asked[2].labels) == ((images["hash"][1],), {images["hash"][0]: "PC"})


def test_the_stop_button_stops_at_a_safe_point_and_the_same_call_goes_on(project, monkeypatch):
    folders = []

    def train(request, workspace, context):
        folders.append(context.folder)
        if len(folders) == 1:
            signal.raise_signal(signal.SIGINT)
            assert context.should_stop()
            raise JobStopped
        assert not context.should_stop()
        return project.models / "fake"

    monkeypatch.setattr(module, "train", train)
    with pytest.raises(KeyboardInterrupt, match="The same call goes on from there"):
        project.train(weights="none")
    assert project.train(weights="none").name == "fake"
    assert folders[0] == folders[1]
    assert not folders[0].exists()


def test_progress_is_one_line_that_goes_away(project, tmp_path, capsys):
    project.catalogue(tmp_path / "pictures", progress=False)
    assert capsys.readouterr() == ("", "")
    project.catalogue(tmp_path / "pictures")
    told = capsys.readouterr()
    assert told.out == ""
    assert "\n" not in told.err
    assert "Reading the images" in told.err
    assert told.err.endswith(" \r")


def test_what_is_imported_is_only_what_is_asked_for():
    program = (
        "import sys, breakhis_core\n"
        "assert 'open_workspace' in dir(breakhis_core)\n"
        "import breakhis_core.settings\n"
        "assert not {'pandas', 'breakhis_core.notebook'} & set(sys.modules)\n"
        "breakhis_core.open_workspace\n"
        "assert not {'tensorflow', 'keras', 'onnxruntime'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    with pytest.raises(AttributeError, match="has no attribute 'open_everything'"):
        _ = breakhis.open_everything
