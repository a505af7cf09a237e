"""docs/python.md does what it shows: its code runs here in order, on pictures painted for it."""

import ast
import re
import subprocess
import sys

import pandas as pd
import pytest
from PIL import Image

from breakhis_core import reviews
from tests.conftest import paint_pictures
from tests.test_readme import PROJECT, same

PAGE = (PROJECT / "docs" / "python.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```python\n(.*?)```(?:\n```text\n(.*?)```)?", re.DOTALL)


@pytest.fixture
def home(settings, tmp_path, monkeypatch):
    """A folder with what the page names: images, and one picture more."""
    paint_pictures(tmp_path)
    (tmp_path / "BreaKHis_v1" / "phantoms.csv").write_text("name\n")
    Image.new("RGB", (700, 460), "plum").save(tmp_path / "picture.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown(code, names):
    """Run a block; return how a prompt shows the value of its last line."""
    *before, last = ast.parse(code).body
    exec(compile(ast.Module(before, []), "docs/python.md", "exec"), names)
    if not isinstance(last, ast.Expr):
        exec(compile(ast.Module([last], []), "docs/python.md", "exec"), names)
        return ""
    value = eval(compile(ast.Expression(last.value), "docs/python.md", "eval"), names)
    with pd.option_context("display.width", 200, "display.max_colwidth", None):
        return repr(value)


def somebody_reviews(project, run):
    train = run.predictions.query("part == 'train'")
    reviews.flag_many(project._workspace, "Ada", list(train["hash"][:2]), "out_of_focus")


def test_the_page_shows_what_its_code_gives(home):
    names = {}
    blocks = BLOCK.findall(PAGE)
    assert len(blocks) >= 6
    for code, output in blocks:
        if "retrain" in code:
            somebody_reviews(names["project"], names["first"])
        told = shown(code, names).split()
        assert len(told) == len(output.split()), f"{code}\n{told}"
        assert all(map(same, told, output.split())), f"{code}\n{told}"
    assert set(names["problems"]["kind"]) == {"size"}
    assert names["maps_of_mistakes"].shape == (len(names["wrong"]), 8, 7, 7)
    assert list(names["leaving"]["reasons"]) == ["out_of_focus"] * 2


def test_the_page_is_about_twenty_lines_of_code():
    lines = [line for code, _ in BLOCK.findall(PAGE) for line in code.splitlines() if line]
    assert len(lines) <= 25


def test_a_type_checker_understands_the_page(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("\n".join(code for code, _ in BLOCK.findall(PAGE)))
    told = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", "pyproject.toml", script],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stdout
