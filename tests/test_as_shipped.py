"""What is measured and tested is what ships: the same settings, and no others."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from benchmarks import server
from breakhis_core.settings import PROJECT

WHERE_ONLY = {"--server.headless", "--server.address", "--server.port"}


@pytest.fixture(scope="module")
def config() -> dict[str, dict[str, object]]:
    """What ships in ``.streamlit/config.toml``."""
    return tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


def test_no_rerun_pays_for_watching_the_files(config):
    assert config["server"]["fileWatcherType"] == "none"
    assert config["runner"]["postScriptGC"] is False


def test_contributors_are_told_how_to_watch_the_files_while_developing(config):
    guide = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert "streamlit run app.py --server.fileWatcherType auto" in guide


def test_a_server_of_tests_and_benchmarks_is_told_only_where_to_listen():
    command = server.as_shipped("app.py", 8600)
    options = {word.split("=")[0] for word in command if word.startswith("--")}
    assert options == WHERE_ONLY


def test_a_streamlit_setting_of_the_caller_does_not_reach_it(monkeypatch, tmp_path):
    monkeypatch.setenv("STREAMLIT_SERVER_FILE_WATCHER_TYPE", "poll")
    told = tmp_path / "told"
    script = "import os, pathlib, sys; pathlib.Path(sys.argv[1]).write_text('\\n'.join(os.environ))"
    monkeypatch.setattr(server, "as_shipped", lambda *_: [sys.executable, "-c", script, str(told)])
    with pytest.raises(RuntimeError, match="did not start"), server.serving("app.py", {"BREAKHIS_DATA": ""}):
        pass
    names = told.read_text().split("\n")
    assert "BREAKHIS_DATA" in names
    assert not [name for name in names if name.startswith("STREAMLIT_")]


def test_nothing_else_starts_a_server_or_sets_what_it_does():
    sources = [
        file
        for folder in ("tests", "benchmarks")
        for file in (PROJECT / folder).rglob("*.py")
        if file not in (Path(__file__).resolve(), PROJECT / "benchmarks" / "server.py")
    ]
    assert len(sources) > 50
    told = re.compile(r'"streamlit", "run"|--(server|runner|client)\.|STREAMLIT_(SERVER|RUNNER|CLIENT)_')
    assert [str(file) for file in sources if told.search(file.read_text(encoding="utf-8"))] == []


def test_the_first_screen_waits_for_no_library_that_it_does_not_need():
    code = (
        "import sys, app; from pages.parts.components.viewer import viewer; "
        "from pages.parts.review.context import context; "
        "from pages.parts.review import grid, maps, queue_choice; "
        "print(sorted({'altair', 'scipy', 'openpyxl', 'alembic', 'onnxruntime'} & set(sys.modules)))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert shown.stdout.strip() == "[]"
