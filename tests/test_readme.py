"""The README shows what its commands print: run here, in order, on a demo workspace of its own.

``make readme`` writes into it what they print now.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from breakhis_core.phantoms.painting import is_complete

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
TOLERANCE = 0.002
"""Processors round differently; a figure may differ in its last place."""


BLOCK = re.compile(r"(?<=```console\n)\$ (.*?)\n(.*?)(?=```)", re.DOTALL)
"""A console block: the command, and all that it prints."""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder to run the commands in, with what a clone has."""
    return prepare(tmp_path_factory.mktemp("clone"))


def prepare(folder: Path) -> Path:
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


def printed(command, home):
    """Return what a command prints, without the blanks at the ends of lines."""
    lines = run(command, home).stdout.splitlines()
    return "".join(f"{line.rstrip()}\n" for line in lines)


def same(word, expected):
    try:
        return abs(float(word) - float(expected)) <= TOLERANCE
    except ValueError:
        return word == expected


def test_the_commands_print_what_the_readme_shows(home):
    blocks = BLOCK.findall(README)
    assert len(blocks) >= 6
    for command, output in blocks:
        lines, expected = printed(command, home).splitlines(), output.splitlines()
        assert len(lines) == len(expected), f"{command} printed\n" + "\n".join(lines)
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


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        clone = prepare(Path(folder))
        written = BLOCK.sub(lambda block: f"$ {block[1]}\n{printed(block[1], clone)}", README)
    (PROJECT / "README.md").write_text(written, encoding="utf-8")
