"""Kept maps: whole or not at all, and only for the run that they were made with."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from breakhis_core.errors import InputError
from breakhis_core.maps.faithfulness import Faithfulness
from breakhis_core.maps.store import KeptMaps, MapStore, run_key
from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace
from tests.conftest import write_fake_run

JUDGED = (Faithfulness(0.9, 0.2, 0.7, 0.5, 0.03), Faithfulness(0.1, 0.05, 0.06, 0.05, 0.01))


def some_maps(size: int = 7, strength: float = 1.0) -> KeptMaps:
    maps = np.random.default_rng(size).random((2, size, size)) * strength
    return KeptMaps(("DC", "A"), maps.astype(np.float16), JUDGED)


@pytest.fixture
def store(workspace: Workspace) -> MapStore:
    return MapStore(workspace, "abc")


def test_what_is_kept_comes_back(store: MapStore) -> None:
    for method, size in (("gradcampp", 7), ("saliency", 56)):
        kept = some_maps(size)
        store.add(method, "1" * 32, kept)
        back = store.get(method, "1" * 32)
        assert back is not None
        assert (back.codes, back.faithfulness) == (kept.codes, kept.faithfulness)
        assert back.maps.dtype == np.float16
        assert np.array_equal(back.maps, kept.maps)
    assert store.images("saliency") == ["1" * 32]
    assert store.get("layercam", "1" * 32) is None
    assert not list(store._folder.rglob(".*"))  # No half-written file is left.


def test_a_damaged_file_counts_as_absent_and_is_removed(store: MapStore) -> None:
    store.add("gradcampp", "1" * 32, some_maps())
    (file,) = store._folder.rglob("*.npz")
    file.write_bytes(file.read_bytes()[:100])
    assert store.get("gradcampp", "1" * 32) is None
    assert not store.has("gradcampp", "1" * 32)


def test_a_map_that_float16_cannot_hold_is_refused(store: MapStore) -> None:
    huge = KeptMaps(("DC", "A"), np.full((2, 7, 7), 1e6), JUDGED)  # type: ignore[arg-type]
    with np.errstate(over="ignore"), pytest.raises(ValueError, match="not finite"):
        store.add("gradcampp", "1" * 32, huge)
    assert store.images("gradcampp") == []


def test_the_scale_is_that_of_the_predicted_classes(store: MapStore) -> None:
    for number in range(101):
        maps = np.zeros((2, 7, 7), np.float16)
        maps[0, 3, 3], maps[1] = number, 1000
        store.add("gradcam", f"{number:032x}", KeptMaps(("DC", "A"), maps, JUDGED))
    store.note("gradcam", sanity={"passed": True})
    store.note_scale("gradcam")
    about = store.about("gradcam")
    assert (about["strong"], about["images"]) == (95.0, 101)
    assert about["sanity"] == {"passed": True}


def test_what_older_versions_kept_counts_as_absent(store: MapStore) -> None:
    store.add("gradcam", "1" * 32, some_maps())
    (file,) = store._folder.rglob("*.npz")
    with np.load(file) as content:
        older = {"spread" if name == "luck" else name: content[name] for name in content.files}
    np.savez(file, **older)
    assert not store.has("gradcam", "1" * 32)
    store.note("gradcam", weak=1.5, sanity={"head": 0.1, "whole": 0.0, "images": 8})
    assert store.sanity("gradcam") is None
    store.note("gradcam", sanity={"head": 0.1, "whole": 0.0, "images": 8, "peak": 2.0})
    assert store.sanity("gradcam") == {"head": 0.1, "whole": 0.0, "images": 8, "peak": 2.0}


def test_an_unknown_method_names_those_that_there_are(store: MapStore) -> None:
    with pytest.raises(InputError, match=r"'lime' is no way to draw a map; there are gradcam, gradcampp"):
        store.get("lime", "1" * 32)


def test_a_run_trained_anew_under_the_same_name_has_another_key(
    workspace: Workspace, pictures: pd.DataFrame, fake_run: Run
) -> None:
    other = write_fake_run(workspace.models, "other", pictures, seed=2)
    assert run_key(fake_run) != run_key(other)
    assert run_key(fake_run) == run_key(fake_run)
    assert len(run_key(fake_run)) == 16
