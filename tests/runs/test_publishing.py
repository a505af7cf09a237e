"""The name of a run: when another takes it meanwhile, and which folder a second call takes for its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from breakhis_core.errors import InputError
from breakhis_core.runs.publishing import publish, published_run


def write(models: Path, name: str, mark: str) -> Path:
    if (models / name).exists():
        raise InputError(f"A run named {name} exists already.")
    (models / name).mkdir()
    (models / name / "manifest.json").write_text(json.dumps({"training": mark}))
    return models / name


def test_a_run_is_found_again_by_its_mark(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    assert published_run(tmp_path, note) is None
    folder = publish(tmp_path, note, "mine", lambda name, mark: write(tmp_path, name, mark))
    assert folder == tmp_path / "mine" == published_run(tmp_path, note)


def test_a_name_taken_before_a_kill_is_not_taken_for_ours(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"

    def killed(name: str, mark: str) -> Path:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path, note, "mine", killed)
    write(tmp_path, "mine", "of another")
    assert published_run(tmp_path, note) is None
    assert publish(tmp_path, note, "mine", lambda name, mark: write(tmp_path, name, mark)).name == "mine-2"


def test_a_name_taken_in_the_last_moment_is_numbered(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"

    def raced(name: str, mark: str) -> Path:
        if name == "mine":
            write(tmp_path, name, "of another")
        return write(tmp_path, name, mark)

    assert publish(tmp_path, note, "mine", raced).name == "mine-2"
    assert published_run(tmp_path, note) == tmp_path / "mine-2"


def test_other_bad_input_is_said(tmp_path: Path) -> None:
    def bad(name: str, mark: str) -> Path:
        raise InputError("x.png: the picture is damaged.")

    with pytest.raises(InputError, match=r"x\.png"):
        publish(tmp_path, tmp_path / "note.txt", "mine", bad)
