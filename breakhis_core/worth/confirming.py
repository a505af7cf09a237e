"""Confirming with the run's own recipe what heads on a frozen base found: real trainings, a few seeds.

All images, the best arm and one placebo for each seed are trained as the run was, and tested on its frozen
test part, which no arm was chosen by.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from breakhis_core.errors import InputError
from breakhis_core.images.model_inputs import read_inputs
from breakhis_core.images.taxonomy import CODES
from breakhis_core.progress import Context
from breakhis_core.recipes import completed
from breakhis_core.runs import Run
from breakhis_core.runs.run import run_named
from breakhis_core.storage import database
from breakhis_core.storage.whole_files import write_atomically
from breakhis_core.training.cross_validation import forget_models
from breakhis_core.training.data import load_training_data
from breakhis_core.training.one_model import Training
from breakhis_core.training.request import TrainRequest
from breakhis_core.workspace import Workspace
from breakhis_core.worth.confirmation import FORMAT, TRAINED, ConfirmRequest, confirmed_file
from breakhis_core.worth.differences import FIGURES, Measured, Scale
from breakhis_core.worth.placebo import draw_placebo
from breakhis_core.worth.question import Question, question


def confirm(request: ConfirmRequest, weights: str, workspace: Workspace, context: Context) -> dict[str, Any]:
    """Train all images, an arm and its placebos with the run's own recipe, and keep the result.

    Args:
        request: what to confirm.
        weights: those that the run began with, as ``TrainRequest`` takes them.
        workspace: has the run and its images, and keeps the result.
        context: told about progress, and asked whether to stop. A training that ended is not repeated.

    Returns:
        A dictionary that JSON can hold: run, phantom, arm, flagged (how many), named, seeds, test_images,
        test_cases, arms (by ``TRAINED``, by figure the mean over the seeds, and for each seed the accuracy),
        to_all and to_placebo (by figure: delta and interval), another_seed (share of the answers that another
        seed alone changes: mean, least and most), and asked.

    Raises:
        InputError: the run is a cross-validation, or images are gone.
        JobStopped: asked to stop.
    """
    run = run_named(workspace.models, request.run)
    if run.folds:
        raise InputError(f"{run.name} is a cross-validation: confirming takes a run with a frozen test part.")
    asked = question(run, dict.fromkeys(request.flagged, ()), request.corrected)
    tested = _tested(run)
    said = {
        name: np.stack([_said(name, seed, request, asked, weights, workspace, context)
                        for seed in range(request.seeds)])
        for name in TRAINED
    }  # fmt: skip
    result = {
        "format": FORMAT,
        "at": database.now(),
        "run": run.name,
        "phantom": run.phantom,
        "arm": request.arm,
        "flagged": len(request.flagged),
        "named": len(request.corrected),
        "seeds": request.seeds,
        **_compared(tested, said),
        "asked": {"flagged": sorted(request.flagged), "corrected": request.corrected},
    }
    file = confirmed_file(workspace, run, request)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, json.dumps(result, indent=1).encode())
    return result


def _tested(run: Run) -> Question:
    """Return the test part on its published labels, as a question in which no image is flagged."""
    table = run.predictions()
    images = table.loc[table["part"] == "test", ["hash", "case", "magnification", "subtype"]]
    images = images.sort_values("hash", ignore_index=True)
    images["label"] = images["subtype"].map(CODES.index).astype(np.int64)
    none = np.zeros(len(images), bool)
    nothing = np.full(len(images), -1, np.int64)
    return Question(images, np.empty((len(images), 0), np.float32), run.unit, none, nothing, {})


def _said(
    name: str,
    seed: int,
    request: ConfirmRequest,
    asked: Question,
    weights: str,
    workspace: Workspace,
    context: Context,
) -> npt.NDArray[np.int8]:
    """Return what a training says of each test image, sorted by hash; one that ended is read."""
    digest = hashlib.sha256(request.model_dump_json(exclude={"seeds"}).encode()).hexdigest()[:12]
    file = context.folder / f"{name}-{seed}-{digest}.npy"
    if not file.is_file():
        done = TRAINED.index(name) * request.seeds + seed
        part = _Part(context, file.with_suffix(""), done, len(TRAINED) * request.seeds)
        said = _trained(_request(name, seed, request, asked, weights, workspace), workspace, part)
        with file.with_suffix(".part").open("wb") as stream:
            np.save(stream, said)
        file.with_suffix(".part").replace(file)
    kept: npt.NDArray[np.int8] = np.load(file, allow_pickle=False)
    return kept


def _request(
    name: str, seed: int, request: ConfirmRequest, asked: Question, weights: str, workspace: Workspace
) -> TrainRequest:
    run = run_named(workspace.models, request.run)
    hashes = asked.images["hash"].to_numpy(dtype=object)
    out, labels = np.zeros(len(hashes), bool), {}
    if name == "arm":
        named = asked.corrected >= 0
        out = {"without": asked.flagged, "corrected": out, "both": asked.flagged & ~named}[request.arm]
        labels = {} if request.arm == "without" else request.corrected
    elif name == "placebo":
        draw = np.random.default_rng([11, seed])
        out = draw_placebo(asked.images, asked.flagged, asked.tested, draw)
    return TrainRequest(
        recipe=completed(run.recipe()).model_copy(update={"seed": seed}),
        unit="image" if run.unit == "image" else "case",
        split_seed=int(run.manifest["split_seed"]),
        weights=weights,
        exclude=tuple(sorted(hashes[out])),
        labels=labels,
        improves=run.name,
    )


def _trained(request: TrainRequest, workspace: Workspace, context: Context) -> npt.NDArray[np.int8]:
    data = load_training_data(
        workspace,
        None,
        request.unit,
        request.split_seed,
        request.exclude,
        improves=request.improves,
        labels=request.labels,
    )
    training = Training(request, workspace, context, data)
    network = training.fit().network
    said = [
        network.model.predict_on_batch(np.asarray(pictures, np.float32)).argmax(axis=1)
        for _, pictures in read_inputs(data.hashes("test"), data.files, training.form, 32, workspace.features)
    ]
    del network
    forget_models()
    return np.concatenate(said).astype(np.int8)


def _compared(tested: Question, said: Mapping[str, npt.NDArray[np.int8]]) -> dict[str, Any]:
    scale = Scale(tested, len(said["all"]))
    measured: dict[str, Measured] = {name: scale.measure(one) for name, one in said.items()}
    labels = tested.labels
    changed = [float((one != other).mean()) for one, other in combinations(said["all"], 2)]
    return {
        "test_images": scale.images,
        "test_cases": scale.cases,
        "arms": {
            name: {
                "figures": {figure: round(value, 6) for figure, value in one.observed.items()},
                "by_seed": [round(float((answers == labels).mean()), 6) for answers in said[name]],
            }
            for name, one in measured.items()
        },
        "to_all": {figure: scale.difference(measured["arm"], measured["all"], figure) for figure in FIGURES},
        "to_placebo": {
            figure: scale.difference(measured["arm"], measured["placebo"], figure) for figure in FIGURES
        },
        "another_seed": {
            "mean": round(float(np.mean(changed)), 6),
            "least": round(min(changed), 6),
            "most": round(max(changed), 6),
        },
    }


class _Part:
    """The context of one of the trainings: its progress is a share of the whole."""

    def __init__(self, whole: Context, folder: Path, done: int, trainings: int) -> None:
        self._whole, self._done, self._trainings = whole, done, trainings
        self.folder = folder
        self.folder.mkdir(exist_ok=True)

    def report(self, message: str, fraction: float | None = None, **data: Any) -> None:
        share = None if fraction is None else (self._done + fraction) / self._trainings
        self._whole.report(f"Training {self._done + 1} of {self._trainings} · {message}", share, **data)

    def curve(self, row: Mapping[str, Any]) -> None:
        """Leave the curves of a training that makes no run."""

    def should_stop(self) -> bool:
        return self._whole.should_stop()
