from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from breakhis_core.jobs import first_weights
from breakhis_core.networks import weights_files
from breakhis_core.storage import database as db
from breakhis_core.storage import tables
from breakhis_core.workspace import Workspace


def a_job(workspace: Workspace, kind: str, arguments: dict[str, Any], state: str = "finished") -> None:
    with db.writing(workspace.engine, "jobs") as connection:
        connection.execute(
            insert(tables.jobs).values(
                kind=kind, arguments=arguments, state=state, created=db.now(), attempt=1
            )
        )


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    file = tmp_path / "mine.weights.h5"
    file.write_bytes(b"\x89HDF\r\n\x1a\n and more")
    return file


def test_what_is_no_file_of_weights_is_told_at_once(tmp_path: Path, weights: Path) -> None:
    text = tmp_path / "README.md"
    text.write_text("# Not weights")
    renamed = tmp_path / "model.keras"
    renamed.write_text("not a ZIP")
    assert weights_files.trouble(weights) is None
    assert (
        weights_files.trouble(text)
        == "README.md: this is neither an HDF5 file of weights nor a .keras model."
    )
    assert "neither" in str(weights_files.trouble(renamed))
    assert (
        weights_files.trouble(tmp_path / "nowhere.h5") == "nowhere.h5: there is no such file on the server."
    )
    assert weights_files.trouble(tmp_path) is not None, "a folder"


def test_a_keras_model_is_known_by_what_it_holds(tmp_path: Path) -> None:
    for name, fits in (("model.weights.h5", True), ("other", False)):
        file = tmp_path / f"{fits}.keras"
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr(name, b"")
        assert (weights_files.trouble(file) is None) == fits


def test_the_last_weights_that_worked_are_remembered(workspace: Workspace, weights: Path) -> None:
    assert first_weights.last_used(workspace) is None
    a_job(workspace, "train", {"weights": str(weights)})
    a_job(workspace, "train", {"weights": "none"})
    a_job(workspace, "train", {"weights": "imagenet"}, state="failed")
    assert first_weights.last_used(workspace) == str(weights)
    a_job(workspace, "sweep", {"request": {"base": {"weights": "imagenet"}}})
    assert first_weights.last_used(workspace) == "imagenet"


def test_weights_whose_file_is_gone_are_not_offered(workspace: Workspace, weights: Path) -> None:
    a_job(workspace, "train", {"weights": str(weights)})
    weights.unlink()
    assert first_weights.last_used(workspace) is None
