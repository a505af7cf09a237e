import json

import pytest

from breakhis_core import reviews
from breakhis_core.results.evaluate import evaluate
from tests.command_line.test_all_commands import call


def test_json_names_the_split_and_has_every_figure(fake_run):
    told = call("evaluate", "fake", "--json")
    result = json.loads(told.stdout)
    assert told.exit_code == 0
    expected = evaluate(fake_run.predictions(), fake_run.unit)
    assert result.items() >= {"run": "fake", "phantom": True, **json.loads(json.dumps(expected))}.items()
    assert "split by case" in result["rests_on"]
    assert result["disclaimer"] == "Research tool, not a medical device."
    assert result["images_are"] == "Synthetic phantoms, not tissue."
    assert result["unit"] == "case"
    assert {"f1", "precision", "recall", "specificity"} <= set(result["binary"])
    assert {"images", "accuracy", "macro_f1", "per_class", "auc"} <= set(result)


def test_a_folder_names_a_run_too(fake_run, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    fake_run.path.rename(elsewhere / "copied")
    told = call("evaluate", elsewhere / "copied", "--json")
    assert json.loads(told.stdout)["run"] == "copied"


def test_people_read_the_split_the_images_and_the_intervals(fake_run):
    told = call("evaluate", "fake")
    images = int((fake_run.predictions()["part"] == "test").sum())
    assert told.exit_code == 0
    assert told.stdout.startswith(
        f"fake: {images} test images of 8 cases, split by case, synthetic phantoms, not tissue"
    )
    accuracy = next(line for line in told.stdout.splitlines() if line.startswith("Accuracy"))
    assert " to " in accuracy


def test_what_has_to_be_beaten_stands_beside_the_accuracy(fake_run):
    found = evaluate(fake_run.predictions(), "case")["baselines"]["commonest"]
    told = call("evaluate", "fake").stdout
    accuracy = next(line for line in told.splitlines() if line.startswith("Accuracy"))
    assert accuracy.endswith(f": {found['accuracy']['value']:.3f}")
    assert "always saying" in accuracy
    assert "Macro figures and balanced accuracy are means over all 8 sub-types." in told


def test_a_damaged_run_is_refused_with_its_file(fake_run):
    (fake_run.path / "predictions.parquet").write_bytes(b"")
    told = call("evaluate", "fake")
    assert told.exit_code == 1
    assert "predictions.parquet" in told.stderr


def test_the_report_is_one_page_that_asks_nobody(fake_run, tmp_path):
    page = tmp_path / "fake.html"
    told = call("evaluate", "fake", "--report", page)
    assert told.exit_code == 0
    written = page.read_text(encoding="utf-8")
    assert "<svg" in written
    assert "not a medical device" in written
    assert "<script" not in written


def test_a_report_that_cannot_be_written_is_said(fake_run, tmp_path):
    told = call("evaluate", "fake", "--report", tmp_path / "gone" / "fake.html")
    assert told.exit_code == 1
    assert "cannot be written" in told.stderr


def test_the_review_is_told_when_asked_for(workspace, fake_run):
    table = fake_run.predictions()
    wrong = table[(table["part"] == "test") & (table["predicted"] != table["subtype"])]["hash"].tolist()
    reviews.flag(workspace, "Ada", wrong[0], "staining")
    result = json.loads(call("evaluate", "fake", "--review", "--json").stdout)["review"]
    assert (result["mistakes"]["images"], result["mistakes"]["flagged"]) == (len(wrong), 1)
    told = call("evaluate", "fake", "--review").stdout
    assert (
        f"Of {len(wrong)} mistakes, 1 is flagged, 0 are kept and {len(wrong) - 1} are not reviewed." in told
    )
    assert "the flags explain nothing yet" in told
    assert "Minus flagged, on 31 images of 8 cases, split by case, without 1 flagged image" in told


def test_corrected_labels_are_told_in_a_second_line(workspace, fake_run):
    table = fake_run.predictions()
    wrong = table[(table["part"] == "test") & (table["predicted"] != table["subtype"])]
    image, right = wrong[["hash", "predicted"]].iloc[0]
    reviews.flag(workspace, "Ada", image, "wrong_label", correction=right)
    told = json.loads(call("evaluate", "fake", "--review", "--json").stdout)
    second = told["review"]["with_corrected"]
    assert second["relabelled"] == [image]
    assert second["metrics"]["accuracy"]["whole"] == told["accuracy"]
    assert second["metrics"]["accuracy"]["corrected"] == pytest.approx(told["accuracy"] + 1 / 32)
    lines = call("evaluate", "fake", "--review").stdout
    assert "With corrected labels, on 32 images of 8 cases, split by case, 1 of them relabelled: " in lines
    assert "Second line, on labels that 1 reviewer corrected; not the headline" in lines
