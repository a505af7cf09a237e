import json

import pandas as pd
from PIL import Image

from breakhis_core.images.datasets import datasets, load_images
from breakhis_core.images.measuring import load_checks
from tests.command_line.test_all_commands import call
from tests.conftest import paint_pictures


def test_json_has_the_counts_and_the_workspace_the_images(workspace, tmp_path):
    images = paint_pictures(tmp_path / "data")
    told = call("catalogue", tmp_path / "data", "--json")
    counted = json.loads(told.stdout)
    assert told.exit_code == 0
    assert (counted["images"], counted["cases"]) == (64, 16)
    assert counted["subtypes"] == {code: 8 for code in ["A", "F", "PT", "TA", "DC", "LC", "MC", "PC"]}
    assert counted["magnifications"] == {"40": 16, "100": 16, "200": 16, "400": 16}
    assert {problem["kind"] for problem in counted["problems"]} == {"size"}
    saved = load_images(workspace, datasets(workspace)[0].id)
    assert set(saved["hash"]) == set(images["hash"])


def test_a_broken_file_gets_its_sentence_and_the_others_go_on(workspace, tmp_path):
    first, second = paint_pictures(tmp_path / "data")["path"][:2]
    (tmp_path / "data" / first).write_bytes(b"not a picture")
    (tmp_path / "data" / second).rename((tmp_path / "data" / second).with_name("holiday.png"))
    told = call("catalogue", tmp_path / "data", "--json")
    counted = json.loads(told.stdout)
    assert told.exit_code == 1
    assert counted["images"] == 62
    assert counted["problem_counts"]["unreadable"] == counted["problem_counts"]["misnamed"] == 1


def test_two_labels_on_one_picture_are_quarantined_and_stop_nothing(workspace, tmp_path):
    images = paint_pictures(tmp_path / "data")
    ductal = images[images["subtype"] == "DC"].iloc[0]
    lobular = images[images["subtype"] == "LC"].iloc[0]
    # Equal pixels in an unequal file, as in the published archive.
    Image.open(tmp_path / "data" / ductal["path"]).save(tmp_path / "data" / lobular["path"], compress_level=0)
    told = call("catalogue", tmp_path / "data")
    assert told.exit_code == 0
    assert "2 quarantined" in told.stdout
    assert "2 conflict" in told.stdout


def test_the_table_says_what_was_published_beside_what_was_found(workspace, tmp_path):
    paint_pictures(tmp_path / "data")
    told = call("catalogue", tmp_path / "data")
    assert "64 images of 16 cases" in told.stdout
    line = next(line for line in told.stdout.splitlines() if line.startswith("DC"))
    assert line.split() == [
        "DC",
        "2",
        "(864)",
        "2",
        "(903)",
        "2",
        "(896)",
        "2",
        "(788)",
        "8",
        "2",
        "(38)",
        "2",
        "(38)",
    ]


def test_the_row_of_all_says_what_was_published_too(workspace, tmp_path):
    paint_pictures(tmp_path / "data")
    lines = call("catalogue", tmp_path / "data").stdout.splitlines()
    total = next(line for line in lines if line.startswith("all")).split()
    assert total[:3] + total[7:11] == ["all", "16", "(1995)", "16", "(1820)", "64", "(7909)"]


def test_a_second_time_replaces_the_first(workspace, tmp_path):
    paint_pictures(tmp_path / "data")
    call("catalogue", tmp_path / "data")
    call("catalogue", tmp_path / "data")
    assert len(datasets(workspace)) == 1
    assert isinstance(load_images(workspace), pd.DataFrame)
    assert len(load_images(workspace)) == 64


def test_its_images_are_measured_and_have_thumbnails_as_after_the_job(workspace, tmp_path):
    images = paint_pictures(tmp_path / "data")
    call("catalogue", tmp_path / "data")
    checks = load_checks(workspace)
    assert checks is not None
    assert set(checks.table.index) == set(images["hash"])
    assert len(list(workspace.thumbnails.rglob("*.jpg"))) == len(images)


def test_where_it_was_read_already_nothing_is_measured_again(workspace, tmp_path, monkeypatch):
    paint_pictures(tmp_path / "data")
    call("catalogue", tmp_path / "data")
    asked = []
    monkeypatch.setattr("breakhis_core.images.measuring._measure", asked.append)
    call("catalogue", tmp_path / "data")
    assert asked == []
