"""What the form says that a training takes, beside what it takes.

Trains each recipe on the images of a folder as the app does, in a process of its own, in the order below:
with nothing kept and no run that measured a pace, then what the runs before it measured. The budget is 30 %
on a quiet machine. Further trainings of `quick` find what the first one kept; that of folds trains three.

    python -m benchmarks.estimate --data FOLDER --weights imagenet
    python -m benchmarks.estimate --data FOLDER --weights imagenet --only quick paper --paper-epochs 3
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from breakhis_core import runs
from breakhis_core.images.catalogue import scan
from breakhis_core.images.datasets import datasets, load_images, save_catalogue
from breakhis_core.networks.weights_files import weights_in_words
from breakhis_core.recipes import RECIPES, Recipe
from breakhis_core.settings import Settings
from breakhis_core.splits.split import make_split
from breakhis_core.training import duration
from breakhis_core.training.request import TrainRequest, weights_given
from breakhis_core.training.train import train
from breakhis_core.workspace import Workspace

ORDER = (("quick", 0), ("quick", 0), ("quick", 3), ("recommended", 0), ("recommended", 0), ("paper", 0))
STAGES = {
    "Preparing: looking": "looking",
    "Preparing": "preparing",
    "Training the head": "head",
    "Training:": "epochs",
    "Looking with": "first",
    "Predicting": "publishing",
}


@dataclass
class Meter:
    """A training's context that keeps how long each stage took, and how evenly the bar moved.

    Attributes:
        folder: for checkpoints.
        seconds: of each stage.
        bar: seconds since the beginning and share done, at every report.
    """

    folder: Path
    seconds: dict[str, float] = field(default_factory=dict)
    bar: list[tuple[float, float]] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    last: float = field(default_factory=time.monotonic)
    stage: str = "preparing"

    def report(self, message: str, fraction: float | None = None, **data: Any) -> None:
        """Add the time since the last report to the stage that it was spent in."""
        now = time.monotonic()
        self.seconds[self.stage] = self.seconds.get(self.stage, 0.0) + now - self.last
        self.last = now
        told = message.split(" · ")[-1]
        self.stage = next((stage for start, stage in STAGES.items() if told.startswith(start)), self.stage)
        if fraction is not None:
            self.bar.append((now - self.began, fraction))

    def curve(self, row: Mapping[str, Any]) -> None:
        """Keep no curves."""

    def should_stop(self) -> bool:
        """Never stop."""
        return False

    def farthest_off(self) -> float:
        """Return how far the bar was at most from the share of the time that had gone by."""
        whole = self.bar[-1][0]
        return max(abs(share - at / whole) for at, share in self.bar)


def training(settings: Settings, request: TrainRequest, job: str) -> tuple[dict[str, float], float]:
    """Train, and return the seconds of each stage and how far the bar was off."""
    folder = settings.workspace / "jobs" / job
    folder.mkdir(parents=True, exist_ok=True)
    meter = Meter(folder)
    train(request, Workspace.open(settings), meter)
    return meter.seconds, meter.farthest_off()


def estimated(settings: Settings, request: TrainRequest) -> tuple[float, duration.Stages, bool]:
    """Return what the form says: seconds in all and of the stages, and whether a run measured the pace."""
    place, recipe = Workspace.open(settings), request.recipe
    split = make_split(load_images(place, datasets(place)[0].id), request.unit, request.split_seed).frame
    known, _ = runs.list_runs(place.models)
    folds = max(1, request.folds)
    part = (split["part"] == "train").sum() if folds == 1 else len(split) * (folds - 1) / folds * 0.9
    pace = duration.pace(recipe, known)
    kept = duration.is_kept(recipe, weights_in_words(request.weights), known)
    stages = duration.stages_of(recipe, int(part), len(split), pace, kept=kept)
    seconds = duration.seconds_needed(recipe, int(part), len(split), pace, folds, kept=kept)
    return seconds, stages, pace.measured is not None


def measured(settings: Settings, recipe: Recipe, folds: int, weights: str, job: str) -> None:
    """Train a recipe once, and print a row for it and what its stages took."""
    request = TrainRequest(recipe=recipe, weights=weights, folds=folds, unit="image", name=job)
    said, stages, known = estimated(settings, request)
    began = time.monotonic()
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        seconds, off = pool.submit(training, settings, request, job).result()
    took = time.monotonic() - began
    name = f"{recipe.name}, {folds} folds" if folds else recipe.name
    pace = "measured" if known else "assumed"
    print(f"| {name} | {pace} | {said:.0f} | {took:.0f} | {said / took - 1:+.0%} | {off:.2f} |", flush=True)
    parts = (f"{stage} {said:.0f}/{seconds.get(stage, 0):.0f}" for stage, said in asdict(stages).items())
    print(f"  of one model, estimated/took: {', '.join(parts)}", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", default="imagenet")
    parser.add_argument("--only", nargs="*", choices=list(RECIPES), default=[])
    parser.add_argument("--paper-epochs", type=int, default=RECIPES["paper"].epochs)
    given = parser.parse_args()
    weights = weights_given(given.weights)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        settings = Settings(workspace=root / "workspace", models=root / "models", data=None)
        save_catalogue(Workspace.open(settings), scan(given.data))
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[1]:.0f}\n")
        print("| recipe | pace | estimate, s | took, s | off | bar off by at most |")
        print("| --- | --- | --: | --: | --: | --: |", flush=True)
        for number, (name, folds) in enumerate(ORDER):
            if given.only and name not in given.only:
                continue
            recipe = RECIPES[name]
            recipe = recipe.lasting(given.paper_epochs) if name == "paper" else recipe
            measured(settings, recipe, folds, weights, f"{name}-{number}")


if __name__ == "__main__":
    main()
