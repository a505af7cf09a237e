import json
import os
import shutil

import numpy as np
import pandas as pd
import pytest

from breakhis_core.errors import InputError
from breakhis_core.runs import (
    PREDICTION_COLUMNS,
    RUN_FILES,
    RunRefusedError,
    check_name,
    free_name,
    list_runs,
    open_run,
    writing_run,
)
from tests.conftest import write_fake_run


def test_a_run_gives_back_what_was_written(fake_run, pictures):
    predictions = fake_run.predictions()
    assert tuple(predictions.columns) == PREDICTION_COLUMNS
    assert list(predictions["hash"]) == list(pictures["hash"])
    assert fake_run.class_maps().shape == (len(pictures), 8, 7, 7)
    assert fake_run.embeddings().dtype == np.float16
    assert list(fake_run.history()["epoch"]) == [1, 2]
    assert fake_run.recipe()["epochs"] == 2
    assert (fake_run.unit, fake_run.phantom, fake_run.improves) == ("case", True, None)


def test_changing_a_frame_changes_no_other(fake_run):
    mine = fake_run.predictions()
    mine["predicted"] = "A"
    assert set(fake_run.predictions()["predicted"]) != {"A"}


def test_a_run_copied_from_elsewhere_under_another_name_opens(fake_run, tmp_path):
    shutil.copytree(fake_run.path, tmp_path / "elsewhere" / "renamed")
    run = open_run(tmp_path / "elsewhere" / "renamed")
    assert run.name == "renamed"
    assert len(run.predictions()) == len(fake_run.predictions())


@pytest.mark.parametrize("name", RUN_FILES)
def test_one_changed_byte_is_noticed_and_named(fake_run, name):
    file = fake_run.path / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    times = file.stat()
    file.write_bytes(content)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(RunRefusedError, match=name):
        open_run(fake_run.path)


@pytest.mark.parametrize("name", [*RUN_FILES, "manifest.json"])
def test_a_missing_file_is_named(fake_run, name):
    (fake_run.path / name).unlink()
    with pytest.raises(RunRefusedError, match=f"{name} is missing"):
        open_run(fake_run.path)


def _rewrite_manifest(run, **changes):
    manifest = json.loads((run.path / "manifest.json").read_text()) | changes
    (run.path / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": 2}, "format 1"),
        ({"unit": "patient"}, "neither image nor case"),
        ({"phantom": "yes"}, "phantom"),
        ({"files": {}}, "does not list recipe.json"),
    ],
)
def test_a_manifest_that_is_not_ours_is_refused(fake_run, changes, reason):
    _rewrite_manifest(fake_run, **changes)
    with pytest.raises(RunRefusedError, match=reason):
        open_run(fake_run.path)


def test_a_manifest_cannot_point_outside_its_folder(fake_run):
    _rewrite_manifest(fake_run, files={**fake_run.manifest["files"], "../../secret": "00"})
    with pytest.raises(RunRefusedError, match="outside the folder"):
        open_run(fake_run.path)


@pytest.mark.parametrize("content", ["", "[]", "{", '"run"', "null"])
def test_a_manifest_that_is_not_json_of_ours_is_refused(fake_run, content):
    (fake_run.path / "manifest.json").write_text(content)
    with pytest.raises(RunRefusedError, match="manifest.json"):
        open_run(fake_run.path)


def _write_with(workspace, pictures, monkeypatch, file, content):
    import tests.conftest as fixtures

    original = fixtures.write_facts

    def spoil(folder, **facts):
        content(folder / file)
        original(folder, **facts)

    monkeypatch.setattr(fixtures, "write_facts", spoil)
    return write_fake_run(workspace.models, "spoiled", pictures)


def _swap_classes(file):
    frame = pd.read_parquet(file)
    columns = list(frame.columns)
    a, b = columns.index("p_A"), columns.index("p_F")
    columns[a], columns[b] = columns[b], columns[a]
    frame[columns].to_parquet(file)


def _shorten(file):
    np.save(file, np.zeros((3, 8, 7, 7), np.float16))


def _pickle(file):
    np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)


@pytest.mark.parametrize(
    ("file", "spoil", "reason"),
    [
        ("predictions.parquet", _swap_classes, "in this order"),
        ("class_maps.npy", _shorten, "shape"),
        ("embeddings.npy", _pickle, "cannot be read as an array"),
        ("predictions.parquet", lambda file: file.write_text("no table"), "cannot be read as a table"),
    ],
)
def test_a_run_that_would_be_refused_is_never_written(workspace, pictures, monkeypatch, file, spoil, reason):
    with pytest.raises(RunRefusedError, match=reason):
        _write_with(workspace, pictures, monkeypatch, file, spoil)
    assert not (workspace.models / "spoiled").exists()
    assert [path for path in workspace.models.iterdir() if path.is_dir()] == []


def test_a_block_that_fails_leaves_nothing(workspace):
    def stop_halfway():
        with writing_run(workspace.models, "broken") as folder:
            (folder / "recipe.json").write_text("{}")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop_halfway()
    assert list(workspace.models.iterdir()) == []


def test_a_taken_name_is_refused_and_a_free_one_found(fake_run, workspace):
    with pytest.raises(InputError, match="exists already"), writing_run(workspace.models, "fake"):
        pass
    assert free_name(workspace.models, "fake") == "fake-2"
    assert free_name(workspace.models, "../../etc") == "etc"


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "a" * 81, "a\n"])
def test_names_that_no_folder_should_have_are_refused(name):
    with pytest.raises(InputError):
        check_name(name)


def test_the_list_is_newest_first_and_gives_reasons(workspace, pictures):
    for name, created in (("old", "2024-01-01T00:00:00.000Z"), ("new", "2024-06-01T00:00:00.000Z")):
        write_fake_run(workspace.models, name, pictures, created=created)
    (workspace.models / "photos").mkdir()
    (workspace.models / ".writing-x").mkdir()
    runs, refused = list_runs(workspace.models)
    assert [run.name for run in runs] == ["new", "old"]
    assert [bad.name for bad in refused] == ["photos"]
    assert "manifest.json is missing" in refused[0].reason


def test_no_models_folder_is_an_empty_list(tmp_path):
    assert list_runs(tmp_path / "none") == ([], [])


def test_a_run_replaced_under_its_name_is_read_anew(workspace, pictures):
    first = write_fake_run(workspace.models, "same", pictures, seed=1)
    before = first.predictions()["p_A"].to_numpy()
    shutil.rmtree(first.path)
    second = write_fake_run(workspace.models, "same", pictures, seed=2)
    assert not np.array_equal(before, second.predictions()["p_A"].to_numpy())


def test_a_run_that_cannot_be_put_in_place_says_why_and_not_that_its_name_is_taken(
    workspace, fake_run, monkeypatch
):
    from breakhis_core.runs import writing

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "_finish", lambda folder, name: None)
    monkeypatch.setattr(writing.Path, "rename", full)
    with (
        pytest.raises(InputError, match="cannot be put into .*No space left"),
        writing_run(workspace.models, "another"),
    ):
        pass
    assert sorted(one.name for one in workspace.models.iterdir() if one.is_dir()) == ["fake"]


def test_a_run_is_opened_by_the_text_of_its_path_and_by_its_name(fake_run, tmp_path, monkeypatch):
    assert open_run(str(fake_run.path)).path == fake_run.path
    assert open_run("fake").path == fake_run.path
    monkeypatch.chdir(fake_run.path.parent.parent)
    assert open_run(f"{fake_run.path.parent.name}/fake").path == fake_run.path


def test_who_names_a_run_that_is_not_there_hears_which_are(fake_run, workspace):
    with pytest.raises(RunRefusedError) as told:
        open_run("first")
    assert str(told.value) == f"There is no run called first; the runs in {workspace.models} are fake."
    shutil.rmtree(fake_run.path)
    with pytest.raises(RunRefusedError, match=r"^There is no run called ; there is no run in "):
        open_run("")
