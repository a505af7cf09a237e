import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
TOOLS = ("sh", "uname", "rm", "touch", "sed", "cat")


def pins(file):
    lines = (PROJECT / file).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-"))]


@pytest.fixture
def clone(tmp_path):
    """The files that make needs, and nothing that was set up before."""
    for file in ("Makefile", "requirements.txt", "requirements-test.txt", "constraints.txt"):
        shutil.copy(PROJECT / file, tmp_path)
    (tmp_path / "tools").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, f"{tool} is missing"
        (tmp_path / "tools" / tool).symlink_to(found)
    return tmp_path


def make(clone, *arguments):
    program = shutil.which("make")
    if program is None:
        pytest.skip("make is not installed")
    return subprocess.run(
        [program, *arguments], cwd=clone, env={"PATH": f"{clone}/tools"}, capture_output=True, text=True
    )


def test_a_machine_without_a_suitable_python_is_told_what_to_install(clone):
    told = make(clone, "install")
    assert told.returncode != 0
    assert "No Python 3.11, 3.12 or 3.13" in told.stderr
    assert not (clone / ".venv").exists()


def test_a_python_that_is_too_old_is_passed_over(clone):
    old = clone / "tools" / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    assert "No Python 3.11, 3.12 or 3.13" in make(clone, "install").stderr


def set_up(clone):
    """Stand in for an installed environment: a Python that answers, and the stamps."""
    python = clone / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho 1\n")
    python.chmod(0o755)
    for stamp in (".created", ".installed", ".installed-test"):
        (clone / ".venv" / stamp).touch()


def test_a_second_call_installs_nothing(clone):
    set_up(clone)
    assert "pip" not in make(clone, "--dry-run", "install-test").stdout


@pytest.mark.parametrize("file", ["requirements.txt", "constraints.txt", "requirements-test.txt"])
def test_a_changed_pin_installs_again(clone, file):
    set_up(clone)
    later = (clone / ".venv" / ".installed-test").stat().st_mtime + 60
    (clone / file).touch()
    os.utime(clone / file, (later, later))
    assert "pip install" in make(clone, "--dry-run", "install-test").stdout


def test_a_graphics_card_takes_the_pinned_tensorflow_with_cuda(clone):
    set_up(clone)
    told = make(clone, "GPU=1", "install-test")
    assert told.returncode == 0, told.stderr
    made = (clone / ".venv" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    (version,) = (
        pin.split("==")[1].split(";")[0] for pin in pins("requirements.txt") if "tensorflow-cpu" in pin
    )
    assert [line for line in made if line.startswith("tensorflow")] == [f"tensorflow[and-cuda]=={version}"]
    # Where pip will look for them from .venv.
    assert "-c ../constraints.txt" in made
    tests = (clone / ".venv" / "requirements-test.txt").read_text(encoding="utf-8")
    assert "-r requirements.txt" in tests
    # It stays so, and installs nothing more.
    assert "pip" not in make(clone, "--dry-run", "install-test").stdout
    assert ".venv/requirements" in make(clone, "--dry-run", "--always-make", "install-test").stdout


def test_an_environment_whose_python_is_gone_is_made_anew(clone):
    set_up(clone)
    (clone / ".venv" / "bin" / "python").unlink()
    assert "-m venv" in make(clone, "--dry-run", "install").stdout


@pytest.mark.parametrize("file", ["requirements.txt", "constraints.txt", "requirements-test.txt"])
def test_every_package_is_pinned(file):
    assert pins(file)
    assert [
        line for line in pins(file) if not re.match(r"[A-Za-z0-9._-]+(\[\w+\])?==[\w.]+($|;)", line)
    ] == []


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-test.txt"])
def test_a_table_says_why_each_package_is_there(file):
    table = (PROJECT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    names = [re.split(r"[=\[]", line)[0].lower() for line in pins(file)]
    assert [name for name in names if not re.search(rf"\b{re.escape(name)}\b", table)] == []
