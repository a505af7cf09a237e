import json
import shutil

from breakhis_core.results.evaluate import evaluate_run
from breakhis_core.runs.notes import describe
from tests.command_line.test_all_commands import call


def test_json_has_what_the_table_of_the_screen_has(workspace, fake_run):
    describe(workspace, "Ada", "fake", "First try", "a note")
    told = call("runs", "--json")
    assert told.exit_code == 0
    answer = json.loads(told.stdout)
    (run,) = answer["runs"]
    found = evaluate_run(fake_run)
    assert (run["run"], run["title"], run["note"]) == ("fake", "First try", "a note")
    assert (run["accuracy"], run["interval"]) == (found["accuracy"], list(found["intervals"]["accuracy"]))
    assert run["baseline"] == found["baselines"]["commonest"]["accuracy"]["value"]
    assert (run["phantom"], run["unit"], run["part"]) == (True, "case", "test")
    assert answer["disclaimer"] == "Research tool, not a medical device."


def test_people_read_title_and_phantoms(workspace, fake_run):
    describe(workspace, "Ada", "fake", "First try", "")
    line = call("runs").stdout.splitlines()[1]
    assert line.startswith("First try (fake) ")
    assert "phantoms" in line


def test_a_damaged_folder_is_listed_with_its_reason(workspace, fake_run):
    shutil.copytree(fake_run.path, workspace.models / "hurt")
    (workspace.models / "hurt" / "predictions.parquet").write_bytes(b"")
    told = call("runs", "--json")
    assert told.exit_code == 1
    answer = json.loads(told.stdout)
    assert [run["run"] for run in answer["runs"]] == ["fake"]
    assert [one["name"] for one in answer["damaged"]] == ["hurt"]
    assert "predictions.parquet" in call("runs").stdout


def test_no_runs_are_said(workspace):
    told = call("runs")
    assert (told.exit_code, told.stdout.startswith("No runs in ")) == (0, True)
