import json
import shutil

import numpy as np
import pytest

from breakhis_core.errors import InputError
from breakhis_core.jobs.looking import look_back
from breakhis_core.runs import open_run
from breakhis_core.runs.folder import UNSEEN_FILES
from tests.training.fixtures_ml import Small, Watching


def older(run, folder):
    """Copy a run as it was made before runs kept first embeddings."""
    shutil.copytree(run.path, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    for name in UNSEEN_FILES:
        (folder / name).unlink()
        del manifest["files"][name]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return open_run(folder)


def test_a_run_of_before_gets_what_a_new_one_has(small: Small, tmp_path):
    assert small.run.has_unseen
    before = older(small.run, small.workspace.models / "older")
    try:
        assert not before.has_unseen
        after = look_back(small.workspace, before, Watching(tmp_path))
        assert np.array_equal(after.first_embeddings(), small.run.first_embeddings())
        assert after.unseen().equals(small.run.unseen())
        assert after.predictions().equals(small.run.predictions())
        assert look_back(small.workspace, after, Watching(tmp_path)).manifest == after.manifest
    finally:
        shutil.rmtree(before.path)


def test_without_the_first_weights_it_says_what_to_do(small: Small, tmp_path):
    before = older(small.run, small.workspace.models / "older")
    manifest = json.loads((before.path / "manifest.json").read_text()) | {"weights": "gone.h5"}
    (before.path / "manifest.json").write_text(json.dumps(manifest))
    try:
        with pytest.raises(InputError, match=r"gone\.h5"):
            look_back(small.workspace, open_run(before.path), Watching(tmp_path))
        assert not open_run(before.path).has_unseen
    finally:
        shutil.rmtree(before.path)


def test_the_first_embeddings_are_of_the_weights_that_training_began_with(small: Small):
    # The base of this run is frozen: its own embeddings are those of the first weights, unflipped.
    first, own = small.run.first_embeddings(), small.run.embeddings()
    first, own = (some.astype(np.float32) - some.astype(np.float32).mean(axis=0) for some in (first, own))
    first, own = (some / np.linalg.norm(some, axis=1, keepdims=True) for some in (first, own))
    assert ((first @ own.T).argmax(axis=1) == np.arange(len(first))).mean() > 0.9
