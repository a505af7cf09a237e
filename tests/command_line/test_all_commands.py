import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from breakhis_core import __version__
from breakhis_core.command_line.commands import app
from breakhis_core.command_line.terminal.answer import answering
from breakhis_core.errors import InputError

PROJECT = Path(__file__).parents[2]
COMMANDS = [
    "demo",
    "catalogue",
    "train",
    "runs",
    "evaluate",
    "compare",
    "classify",
    "flags export",
    "flags import",
    "flags agreement",
    "flags settle",
    "flags policy",
    "sweep",
    "explain",
    "features show",
    "features clear",
]


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_offers_json(command):
    told = call(*command.split(), "--help")
    assert told.exit_code == 0
    assert "--json" in told.stdout
    assert f"Example: {command}" in told.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["catalogue"],
        ["evaluate"],
        ["classify", "x.png"],
        ["flags", "export"],
        ["train", "--data", "x", "--recipe", "none-such"],
        ["train", "--data", "x", "--unit", "slide"],
        ["train", "--data", "x", "--epochs", "0"],
        ["paint"],
    ],
)
def test_a_wrong_call_ends_with_2(arguments, settings):
    assert call(*arguments).exit_code == 2


def started_as(name, *arguments, **environment):
    """Run the command line as the shell would under a name."""
    script = f"import sys; sys.argv[0] = {name!r}; from breakhis_core.command_line import main; main()"
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=PROJECT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def test_the_version_and_what_it_is_are_told():
    told = started_as("breakhis", "--version")
    assert told.stdout == f"BreakHis Review {__version__}. Research tool, not a medical device.\n"


def test_help_is_the_same_under_both_names_and_says_which_was_called():
    installed = started_as("/usr/bin/breakhis", "--help").stdout
    module = started_as("/x/breakhis_core/__main__.py", "--help").stdout
    assert "Usage: breakhis [OPTIONS]" in installed
    assert "Usage: python -m breakhis_core [OPTIONS]" in module
    assert installed.splitlines()[2:] == module.splitlines()[2:]


def test_the_demo_says_where_its_run_is_when_only_pip_was_used(workspace, monkeypatch):
    painted = SimpleNamespace(root=workspace.phantoms, images=656, cases=81, problems=16)
    monkeypatch.setattr("breakhis_core.command_line.demo._prepared", lambda workspace: painted)
    assert "BREAKHIS_MODELS" in call("demo").stdout
    (workspace.models / "demo").mkdir()
    assert "BREAKHIS_MODELS" not in call("demo").stdout


def test_a_shell_completes_commands_and_choices():
    for line, expected in {
        "breakhis cat": ["catalogue"],
        "breakhis train --recipe ": ["paper", "recommended", "thorough", "quick", "scratch"],
    }.items():
        told = started_as(
            "breakhis",
            _BREAKHIS_COMPLETE="complete_bash",
            COMP_WORDS=line,
            COMP_CWORD=str(line.count(" ")),
        )
        assert told.stdout.split() == expected


def test_completion_is_refused_where_a_shell_could_not_use_it():
    told = started_as("/x/breakhis_core/__main__.py", "--show-completion")
    assert (told.returncode, told.stdout) == (2, "")
    assert "pip install" in told.stderr


def test_help_loads_nothing_heavy():
    script = """
import sys
from typer.testing import CliRunner
from breakhis_core.command_line.commands import app
assert CliRunner().invoke(app, ["train", "--help"]).exit_code == 0
heavy = {"pandas", "numpy", "sqlalchemy", "tensorflow", "keras", "onnxruntime", "altair"}
print(sorted(heavy & set(sys.modules)))
"""
    told = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"


def test_bad_input_is_one_sentence_on_standard_error_and_status_1(settings):
    told = call("evaluate", "no-such-run")
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr.startswith("There is no run called no-such-run; there is no run in ")


def test_bad_input_reaches_a_machine_as_json_too(settings):
    told = call("catalogue", "no-such-folder", "--json")
    assert told.exit_code == 1
    assert list(json.loads(told.stdout)) == ["error"]


def test_what_libraries_print_does_not_mix_with_the_answer(capsys):
    with answering(as_json=True) as answer:
        print("Downloading data from somewhere")
        answer.give({"images": 3})
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"images": 3, "disclaimer": "Research tool, not a medical device."}
    assert "Downloading" in printed.err


def test_an_error_that_is_nobodys_input_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError), answering(as_json=True):
        raise ZeroDivisionError


def test_square_brackets_are_not_markup(capsys):
    with pytest.raises(typer.Exit), answering(as_json=False):
        raise InputError("[red]a.png: the picture is damaged.")
    assert capsys.readouterr().err == "[red]a.png: the picture is damaged.\n"


def test_a_path_that_cannot_be_written_is_a_sentence(capsys, tmp_path):
    with pytest.raises(typer.Exit), answering(as_json=False):
        (tmp_path / "none" / "flags.csv").write_bytes(b"")
    assert capsys.readouterr().err == f"{tmp_path}/none/flags.csv: No such file or directory.\n"
