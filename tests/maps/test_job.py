"""Computing the maps of a run's mistakes: complete, resumable, and honest about pictures that are gone."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from breakhis_core import jobs
from breakhis_core.errors import InputError
from breakhis_core.images.datasets import picture_path
from breakhis_core.images.taxonomy import CODES
from breakhis_core.jobs import starting
from breakhis_core.jobs.map_jobs import job_of, submit_first_maps
from breakhis_core.jobs.work import WORK
from breakhis_core.maps import job as work
from breakhis_core.maps.faithfulness import Faithfulness
from breakhis_core.maps.job import MapRequest, compute_maps, wanted
from breakhis_core.maps.methods import CHEAP
from breakhis_core.maps.sanity import Sanity
from breakhis_core.maps.store import MapStore, run_key
from breakhis_core.progress import JobStopped
from breakhis_core.runs import Run
from breakhis_core.settings import Settings
from breakhis_core.storage.kept_models import read_kept
from breakhis_core.workspace import Workspace
from tests.training.fixtures_ml import Small


class Counting:
    """A context that stops after some reports of an image."""

    def __init__(self, folder: Path, images: int = 10**6) -> None:
        self.folder, self.left, self.said = folder, images, list[tuple[str, float | None]]()

    def report(self, message: str, fraction: float | None = None, **data: Any) -> None:
        self.said.append((message, fraction))
        self.left -= ": image " in message

    def curve(self, row: Any) -> None:
        raise AssertionError

    def should_stop(self) -> bool:
        return self.left <= 0


@pytest.fixture
def own(small: Small, tmp_path: Path) -> Workspace:
    """The small run's workspace with a root of its own, so that maps of one test are not another's."""
    shutil.copytree(small.workspace.root, tmp_path / "workspace")
    return Workspace.open(Settings(workspace=tmp_path / "workspace", models=small.workspace.models))


def test_all_mistakes_get_maps_and_a_stopped_work_goes_on(small: Small, own: Workspace) -> None:
    request = MapRequest(run=small.run.name, methods=("gradcam",))
    table = wanted(small.run, request)
    assert len(table) > 3
    with pytest.raises(JobStopped):
        compute_maps(request, own, Counting(own.jobs, 3))
    store = MapStore(own, run_key(small.run))
    assert store.images("gradcam") == sorted(table["hash"][:3])
    context = Counting(own.jobs)
    done = compute_maps(request, own, context)
    assert done == {"run": small.run.name, "images": len(table), "refused": []}
    assert sum(": image " in message for message, _ in context.said) == len(table) - 3
    assert store.images("gradcam") == sorted(table["hash"])
    fractions = [fraction for _, fraction in context.said if fraction is not None]
    assert fractions == sorted(fractions)
    row = table.iloc[0]
    kept = store.get("gradcam", row["hash"])
    assert kept is not None
    assert kept.codes == (row["predicted"], row["subtype"])
    places = [CODES.index(code) for code in kept.codes]
    assert np.array_equal(kept.maps, np.maximum(small.run.class_maps()[row["row"]][places], 0))
    assert kept.faithfulness[0].whole == pytest.approx(row["confidence"], abs=1e-4)
    sanity = store.about("gradcam")["sanity"]
    assert sanity["images"] == min(8, len(table))
    assert sanity["passed"] is (sanity["warning"] is None)


def test_the_images_asked_for_come_first_whether_mistaken_or_not(small: Small) -> None:
    predictions = small.run.predictions()
    right = predictions[predictions["subtype"] == predictions["predicted"]]["hash"].iloc[0]
    table = wanted(small.run, MapRequest(run=small.run.name, methods=("gradcam",), first=(right,)))
    assert table["hash"].iloc[0] == right
    rest = predictions.iloc[table["row"].to_numpy()[1:]]
    assert (rest["subtype"] != rest["predicted"]).all()
    assert set(rest["part"]) <= {"test"}


def test_a_picture_that_is_gone_is_named_and_the_others_go_on(
    small: Small, own: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = Faithfulness(0.0, 0.0, 0.0, 0.0, 0.0)
    monkeypatch.setattr(work, "chance_on", lambda *_: None)
    monkeypatch.setattr(work, "judge", lambda _, __, maps, *___: [nothing] * len(maps))
    monkeypatch.setattr(work, "random_models", lambda *_: [None, None])
    monkeypatch.setattr(work, "map_maker", lambda *_: None)
    monkeypatch.setattr(work, "check", lambda *_: Sanity(0.1, 0.2, 8, 1.0))
    request = MapRequest(run=small.run.name, methods=("gradcam",), part=None)
    image = wanted(small.run, request)["hash"].iloc[1]
    file = picture_path(own, image)
    assert file is not None
    content = file.read_bytes()
    file.unlink()
    try:
        done = compute_maps(request, own, Counting(own.jobs))
    finally:
        file.write_bytes(content)
    assert len(done["refused"]) == 1
    assert file.name in done["refused"][0]
    store = MapStore(own, run_key(small.run))
    assert len(store.images("gradcam")) == done["images"] - 1
    assert store.about("gradcam")["sanity"]["passed"]


def test_a_run_without_mistakes_is_said(small: Small, own: Workspace) -> None:
    request = MapRequest(run=small.run.name, methods=("gradcam",), part="excluded")
    with pytest.raises(InputError, match="no misclassified image in its part excluded"):
        compute_maps(request, own, Counting(own.jobs))
    with pytest.raises(InputError, match="'lime' is no way"):
        compute_maps(MapRequest(run=small.run.name, methods=("lime",)), own, Counting(own.jobs))


def test_a_request_survives_json() -> None:
    request = MapRequest(run="demo", methods=("gradcam", "saliency"), part=None, first=("1" * 32,))
    assert read_kept(MapRequest, json.loads(request.model_dump_json()), "Refused") == request
    assert "maps" in WORK


def test_a_row_of_an_older_version_opens() -> None:
    older = {"run": "demo", "methods": ["gradcam"], "part": "test", "first": []}
    assert read_kept(MapRequest, older, "Refused") == MapRequest(run="demo", methods=("gradcam",))
    assert read_kept(MapRequest, {**older, "key": "1-2"}, "Refused").key == "1-2"
    with pytest.raises(InputError, match=r"^Refused: run is missing\.$"):
        read_kept(MapRequest, {"methods": ["gradcam"]}, "Refused")
    with pytest.raises(InputError, match=r"^Refused: warp is not known to this version\.$"):
        read_kept(MapRequest, {**older, "warp": 9}, "Refused")


def test_the_job_of_a_run_that_is_gone_says_so(workspace: Workspace, fake_run: Run) -> None:
    request = MapRequest(run="gone", methods=("gradcam",))
    job = jobs.submit(workspace, "maps", request.model_dump(mode="json"))
    while (now := jobs.get(workspace, job)).active:
        time.sleep(0.2)
    assert (now.state, now.error) == ("failed", "gone: there is no such run folder.")


def test_a_new_run_gets_the_cheap_maps_of_its_mistakes_in_line(
    workspace: Workspace, fake_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "start_queued", lambda workspace: [])
    number = submit_first_maps(workspace, fake_run)
    assert number is not None
    job = job_of(workspace, run_key(fake_run), "layercam")
    assert job is not None
    assert job.id == number
    assert read_kept(MapRequest, job.arguments, "Refused") == MapRequest(
        run="fake", methods=CHEAP, key=run_key(fake_run)
    )
    assert job_of(workspace, run_key(fake_run), "scorecam") is None
    assert job_of(workspace, "0" * 16, "layercam") is None
