"""README and docs show what commands print: run here, in order, on a demo workspace of its own.

``make readme`` writes into them what they print now.
"""

from __future__ import annotations

import functools
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from breakhis_core.command_line.commands import app
from breakhis_core.phantoms import painting

PROJECT = Path(__file__).parents[1]
README, COMMANDS, IMAGES = (PROJECT / name for name in ("README.md", "docs/commands.md", "docs/images.md"))
# The page of the commands first: it prepares the demo.
PAGES = {page: page.read_text(encoding="utf-8") for page in (COMMANDS, IMAGES, README)}
DOCUMENTS = [README, *(PROJECT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md"))]
DOCUMENTS += sorted((PROJECT / "docs").glob("*.md"))
TOLERANCE = 0.002
"""Processors round differently; a figure may differ in its last place."""


BLOCK = re.compile(r"(?<=```console\n)\$ (.*?)\n(.*?)(?=```)", re.DOTALL)
"""A console block: the command, and all that it prints."""


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What a command prints in a folder that has what a clone has; one that two pages show runs once."""
    return printing(prepare(tmp_path_factory.mktemp("clone")))


def prepare(folder: Path) -> Path:
    """Put the README, a black square and the demo's phantoms into a folder.

    Painting them all takes a minute and a half. What the commands print hangs on their names, on which are
    the same picture twice, and on the pixels of those that are classified: the others are coloured squares.
    """
    shutil.copy(README, folder)
    Image.new("RGB", (600, 600)).save(folder / "black.png")
    root = folder / "workspace" / "phantoms"
    painting._prepare(root)
    squares = np.random.default_rng(0)
    pictures: dict[tuple[str, int, int], Image.Image] = {}
    for each in painting.plan():
        if f"{each.name} " in PAGES[COMMANDS]:
            painting.paint_file((root, each))
            continue
        slide = (each.slide, each.magnification, each.sequence)
        small = Image.fromarray(squares.integers(0, 256, (9, 9, 3), np.uint8))
        picture = pictures.setdefault(slide, small.resize((700, 460), Image.Resampling.NEAREST))
        file = root / each.path
        file.parent.mkdir(parents=True, exist_ok=True)
        picture.save(file, compress_level=1)
    (root / painting._COMPLETE_FILE).write_text(f"{painting.VERSION}\n")
    return folder


def printing(home: Path):
    @functools.cache
    def printed(command: str) -> str:
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
        # Without the blanks at the ends of lines.
        return "".join(f"{line.rstrip()}\n" for line in told.stdout.splitlines())

    return printed


def same(word, expected):
    try:
        return abs(float(word) - float(expected)) <= TOLERANCE
    except ValueError:
        return word == expected


def test_the_commands_print_what_the_pages_show(printed):
    blocks = [block for page in PAGES.values() for block in BLOCK.findall(page)]
    assert len(blocks) >= 8
    for command, output in blocks:
        lines, expected = printed(command).splitlines(), output.splitlines()
        assert len(lines) == len(expected), f"{command} printed\n" + "\n".join(lines)
        for line, wanted in zip(lines, expected, strict=True):
            words, wanted_words = line.split(), wanted.split()
            matches = len(words) == len(wanted_words) and all(map(same, words, wanted_words))
            assert matches, f"{command} printed {line!r} where it is shown {wanted!r}"


def test_the_readme_is_short():
    assert len(PAGES[README].splitlines()) <= 150


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: page.name)
def test_every_place_that_a_page_links_to_is_there(page):
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", text)
    assert [target for target, _ in links if not (page.parent / target).exists()] == []
    for target, place in links:
        if place:
            linked = (page.parent / target).read_text(encoding="utf-8")
            headings = re.findall(r"^#+ (.*)$", linked, re.MULTILINE)
            assert place in {heading.lower().replace(" ", "-") for heading in headings}


def commands_of(group, before=()):
    for name, command in group.commands.items():
        words = (*before, name)
        yield from commands_of(command, words) if hasattr(command, "commands") else [words]


def test_every_command_is_explained_and_every_explained_one_is_there():
    from typer.main import get_command

    there = {" ".join(words) for words in commands_of(get_command(app))}
    headings = re.findall(r"^## (.*)$", PAGES[COMMANDS], re.MULTILINE)
    explained = {name for heading in headings for name in re.findall(r"`([a-z ]+)`", heading)}
    assert explained == there


def test_every_option_that_a_page_gives_a_command_is_one():
    for page in PAGES.values():
        for line in re.findall(r"^(?:\$ )?python -m breakhis_core (.*)$", page, re.MULTILINE):
            words = shlex.split(line)
            command = words[: 2 if words[0] in ("flags", "features") else 1]
            told = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"})
            assert told.exit_code == 0, line
            for option in (word for word in words if word.startswith("--")):
                assert option in told.stdout or option == "--version", line


def test_every_variable_of_the_documentation_is_a_setting():
    from breakhis_core.settings import Settings

    page = (PROJECT / "docs" / "installing.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([A-Z_]+)`", page, re.MULTILINE)) == set(Settings().environment())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        show = printing(prepare(Path(folder)))
        for page, text in PAGES.items():
            shown = BLOCK.sub(lambda block: f"$ {block[1]}\n{show(block[1])}", text)
            page.write_text(shown, encoding="utf-8")
