"""Statuses hold in every command: bad input and an unreachable database are 1, readers may go away."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.command_line.test_all_commands import PROJECT, call

NEED_THE_DATABASE = [
    ["demo"],
    ["catalogue", "DATA"],
    ["train", "--data", "DATA", "--weights", "none"],
    ["sweep", "--list"],
    ["runs"],
    ["compare", "other", "fake"],
    ["explain", "fake"],
    ["evaluate", "fake", "--review"],
    ["flags", "export", "flags.csv"],
    ["flags", "import", "flags.csv"],
    ["flags", "agreement"],
    ["flags", "settle", "x.png", "--include"],
    ["flags", "policy"],
    ["features", "show"],
    ["features", "clear"],
]
BAD_INPUT = [
    ["catalogue", "gone"],
    ["train", "--data", "gone", "--weights", "none"],
    ["sweep", "--study", "grid", "--grid", "colour=red", "--data", "gone", "--weights", "none"],
    ["sweep", "--remove", "gone"],
    ["evaluate", "gone"],
    ["compare", "gone", "fake"],
    ["classify", "x.png", "--run", "gone"],
    ["explain", "gone"],
    ["explain", "fake", "--method", "gone"],
    ["flags", "export", "flags.gone"],
    ["flags", "import", "gone.csv"],
    ["flags", "agreement", "--run", "gone"],
    ["flags", "settle", "gone.png", "--include"],
    ["flags", "policy", "gone"],
    ["flags", "policy", "--run", "gone"],
]


def words(command):
    return " ".join(command)


@pytest.mark.parametrize("command", NEED_THE_DATABASE, ids=words)
def test_a_database_that_does_not_answer_is_one_sentence(fake_run, tmp_path, monkeypatch, command):
    shutil.copytree(fake_run.path, fake_run.path.parent / "other")
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/none")
    told = call(*(str(tmp_path) if word == "DATA" else word for word in command), "--json")
    assert told.exit_code == 1
    assert "database server" in json.loads(told.stdout)["error"]
    assert len(told.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", BAD_INPUT, ids=words)
def test_bad_input_is_1_and_said_in_both_ways(fake_run, command):
    told = call(*command, "--json")
    assert told.exit_code == 1
    answer = json.loads(told.stdout)
    assert answer.get("error") or answer["errors"]
    assert call(*command).exit_code == 1


@pytest.mark.parametrize(
    "command", [["--help"], ["evaluate", "fake"], ["runs", "--json"], ["runs"]], ids=words
)
@pytest.mark.parametrize("gone", ["stdout", "stderr", "both"])
def test_a_reader_that_went_away_changes_nothing(fake_run, command, gone):
    reads, writes = os.pipe()
    os.close(reads)
    others = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    ends = others | {name: writes for name in ("stdout", "stderr") if gone in (name, "both")}
    told = subprocess.run([sys.executable, "-m", "breakhis_core", *command], cwd=PROJECT, **ends)
    os.close(writes)
    assert told.returncode == 0
    assert not told.stderr


def test_a_wrong_call_is_said_to_machines_too(settings):
    command = [sys.executable, "-m", "breakhis_core", "evaluate", "--json", "--nope"]
    told = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert told.returncode == 2
    assert list(json.loads(told.stdout)) == ["error"]
    assert "--nope" in told.stderr
