"""What ``pip install .`` gives: the library whole, nothing else, and the packages that it needs."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import breakhis_core

PROJECT = Path(__file__).parents[1]
DECLARED = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SCREENS = DECLARED["optional-dependencies"]["screens"]


@pytest.fixture(scope="module")
def wheel_files(tmp_path_factory):
    # Built from a copy: setuptools leaves a folder in what it builds from.
    copy, built = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("built")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, copy)
    shutil.copytree(PROJECT / "breakhis_core", copy / "breakhis_core")
    shutil.copytree(PROJECT / "pages", copy / "pages")
    offline = ["--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", *offline, "--wheel-dir", built, copy], check=True
    )
    (wheel,) = built.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_holds_all_of_the_library(wheel_files):
    files = {path for path in (PROJECT / "breakhis_core").rglob("*") if path.is_file()}
    ours = {str(path.relative_to(PROJECT)) for path in files if "__pycache__" not in path.parts}
    assert any(name.endswith("migrations/env.py") for name in ours)
    assert {".mako", ".j2", ".css"} <= {Path(name).suffix for name in ours}
    assert ours - wheel_files == set()


def test_the_wheel_holds_nothing_else(wheel_files):
    about = f"breakhis_review-{breakhis_core.__version__}.dist-info"
    assert {name.split("/")[0] for name in wheel_files} == {"breakhis_core", about}
    assert not any("__pycache__" in name for name in wheel_files)


def pins():
    lines = (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and line[0] not in "#-"]


def key(requirement):
    return requirement.name.lower(), tuple(sorted(requirement.extras)), str(requirement.marker)


def test_the_pins_of_a_checkout_are_what_the_library_and_the_screens_declare():
    declared = map(Requirement, [*DECLARED["dependencies"], *SCREENS])
    assert sorted(map(key, pins())) == sorted(map(key, declared))


def test_the_pinned_versions_lie_within_what_is_declared():
    bounds = {key(each): each.specifier for each in map(Requirement, [*DECLARED["dependencies"], *SCREENS])}
    for pin in pins():
        (only,) = pin.specifier
        assert only.operator == "=="
        assert bounds[key(pin)].contains(only.version), pin


def imported():
    for file in (PROJECT / "breakhis_core").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (name.name.split(".")[0] for name in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                yield node.module.split(".")[0]


def test_everything_that_the_library_imports_is_declared():
    needed = set(imported()) - sys.stdlib_module_names - {"breakhis_core"}
    sources = metadata.packages_distributions()
    declared = {canonicalize_name(Requirement(each).name) for each in DECLARED["dependencies"]}
    missing = {
        name for name in needed if declared.isdisjoint(map(canonicalize_name, sources.get(name, [name])))
    }
    assert missing == set()


def test_the_screens_find_what_they_stand_on():
    assert {"streamlit", "tensorflow", "tf-keras-vis", "pillow", "pandas", "altair"} <= {
        pin.name for pin in pins()
    }


def test_one_version_is_told_everywhere():
    cited = (PROJECT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.+)$", cited, re.MULTILINE)[1] == breakhis_core.__version__
    changes = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {breakhis_core.__version__} " in changes
