"""The README shows what its commands print: run here, in order, on a demo workspace of its own."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from breakhis_core.phantoms import is_complete

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
TOLERANCE = 0.002
"""Processors round differently; a figure may differ in its last place."""


def shown():
    """Return the commands of the console blocks, each with the lines that it is shown to print."""
    commands = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                commands.append((line[2:], []))
            else:
                commands[-1][1].append(line.rstrip())
    return commands


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder to run the commands in, with what a clone has."""
    folder = tmp_path_factory.mktemp("clone")
    shutil.copy(PROJECT / "README.md", folder)
    prepared = PROJECT / "workspace" / "phantoms"
    if is_complete(prepared):
        shutil.copytree(prepared, folder / "workspace" / "phantoms")  # Painting takes most of a minute.
    return folder


def run(command, home):
    words = shlex.split(command)
    assert words[0] == "python"
    environment = {
        **os.environ,
        "PYTHONPATH": str(PROJECT),
        "BREAKHIS_WORKSPACE": "workspace",
        "BREAKHIS_MODELS": str(PROJECT / "models"),
        "DATABASE_URL": "",
        "BREAKHIS_DATA": "",
    }
    told = subprocess.run(
        [sys.executable, *words[1:]], cwd=home, env=environment, capture_output=True, text=True
    )
    assert "Traceback" not in told.stderr
    return told


def same(word, expected):
    try:
        return abs(float(word) - float(expected)) <= TOLERANCE
    except ValueError:
        return word == expected


def test_the_commands_print_what_the_readme_shows(home):
    commands = shown()
    assert len(commands) >= 6
    for command, expected in commands:
        lines = [line.rstrip() for line in run(command, home).stdout.rstrip().splitlines()]
        assert len(lines) == len([*expected]), f"{command} printed\n" + "\n".join(lines)
        for line, wanted in zip(lines, expected, strict=True):
            words, wanted_words = line.split(), wanted.split()
            matches = len(words) == len(wanted_words) and all(map(same, words, wanted_words))
            assert matches, f"{command} printed {line!r} where the README shows {wanted!r}"


def test_every_file_that_the_readme_links_to_is_there():
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert targets
    assert [target for target in targets if not (PROJECT / target).exists()] == []


def test_every_command_of_the_readme_is_one(home):
    for words in re.findall(r"^python -m breakhis_core (\w+(?: (?:export|import))?)", README, re.MULTILINE):
        assert run(f"python -m breakhis_core {words} --help", home).returncode == 0


def test_every_variable_of_the_readme_is_a_setting():
    from breakhis_core.settings import Settings

    named = set(re.findall(r"^\| `([A-Z_]+)`", README, re.MULTILINE))
    assert named == set(Settings().environment())
