"""The first weights of a run are found again, or the retraining is refused; they are never guessed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import insert

from breakhis_core.errors import InputError
from breakhis_core.jobs.first_weights import first_weights
from breakhis_core.networks.weights_files import file_facts
from breakhis_core.storage import database as db
from breakhis_core.storage import tables
from breakhis_core.workspace import Workspace
from tests.conftest import write_fake_run


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    file = tmp_path / "mine.weights.h5"
    file.write_bytes(b"first")
    return file


@pytest.mark.parametrize("named", ["imagenet", "none"])
def test_weights_that_are_no_file_stand_in_the_manifest(
    workspace: Workspace, pictures: pd.DataFrame, named: str
) -> None:
    assert file_facts(named) is None
    assert first_weights(workspace, write_fake_run(workspace.models, "run", pictures, weights=named)) == named


def test_a_file_is_found_where_it_lay(workspace: Workspace, pictures: pd.DataFrame, weights: Path) -> None:
    facts = file_facts(str(weights))
    run = write_fake_run(workspace.models, "run", pictures, weights=weights.name, weights_file=facts)
    assert first_weights(workspace, run) == str(weights)


def test_a_file_that_changed_or_is_gone_is_refused(
    workspace: Workspace, pictures: pd.DataFrame, weights: Path
) -> None:
    facts = file_facts(str(weights))
    run = write_fake_run(workspace.models, "run", pictures, weights=weights.name, weights_file=facts)
    weights.write_bytes(b"other")
    with pytest.raises(InputError, match="that file is another file now; choose weights under Train"):
        first_weights(workspace, run)
    weights.unlink()
    with pytest.raises(InputError, match="mine.weights.h5, and that file is no longer where it was"):
        first_weights(workspace, run)


def test_the_job_knows_the_file_of_an_older_run(
    workspace: Workspace, pictures: pd.DataFrame, weights: Path
) -> None:
    run = write_fake_run(workspace.models, "run", pictures, weights=weights.name)
    about = {"arguments": {"weights": str(weights)}, "result": {"run": "run"}}
    with db.writing(workspace.engine, "jobs") as connection:
        connection.execute(
            insert(tables.jobs).values(kind="train", state="finished", created=db.now(), attempt=1, **about)
        )
    assert first_weights(workspace, run) == str(weights)


def test_a_run_that_no_job_here_knows_never_begins_with_imagenet(
    workspace: Workspace, pictures: pd.DataFrame
) -> None:
    run = write_fake_run(workspace.models, "run", pictures, weights="mine.weights.h5")
    with pytest.raises(InputError, match="weights mine.weights.h5, and that file is not known"):
        first_weights(workspace, run)


def test_weights_kept_by_the_workspace_are_found_by_name(
    workspace: Workspace, pictures: pd.DataFrame
) -> None:
    workspace.weights.mkdir(exist_ok=True)
    (workspace.weights / "mine.weights.h5").write_bytes(b"first")
    run = write_fake_run(workspace.models, "run", pictures, weights="mine.weights.h5")
    assert first_weights(workspace, run) == str(workspace.weights / "mine.weights.h5")
