"""All of BreakHis in size, from files to published runs: time and peak memory of each stage.

Trains on 7,909 painted phantoms (`benchmarks.painted` paints them, which is not measured here), split by
case. The second training finds the first one's kept outputs of the frozen part.

    python -m benchmarks.painted FOLDER
    python -m benchmarks.full_training --data FOLDER --weights imagenet
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from breakhis_core.recipes import RECIPES
from breakhis_core.settings import Settings
from breakhis_core.training.request import TrainRequest
from breakhis_core.training.train import train
from breakhis_core.workspace import Workspace

STAGES = {
    "Preparing: looking": "frozen part, once an image and flip",
    "Training the head": "head alone",
    "Training:": "epochs",
    "Predicting": "predicting all images, publishing",
    "Finished": "",
}


@dataclass(frozen=True)
class Stage:
    """What one stage took."""

    name: str
    seconds: float
    processor_seconds: float
    peak_mebibytes: float


@dataclass
class Meter:
    """Measures stages one after the other; as a training's context it takes them from what is reported."""

    folder: Path
    stages: list[Stage] = field(default_factory=list)
    name: str = ""
    began: tuple[float, float] = (0.0, 0.0)

    def begin(self, name: str) -> None:
        """End the stage before, and begin one."""
        if name == self.name:
            return
        now = (time.perf_counter(), time.process_time())
        if self.name:
            self.stages.append(Stage(self.name, now[0] - self.began[0], now[1] - self.began[1], peak()))
            last = self.stages[-1]
            print(f"  {last.name}: {last.seconds:.0f} s, {last.peak_mebibytes:.0f} MiB", flush=True)
        reset_peak()
        self.name, self.began = name, now

    def report(self, message: str, fraction: float | None = None, **data: Any) -> None:
        """Begin the stage that a message belongs to."""
        found = [stage for start, stage in STAGES.items() if message.startswith(start)]
        # Between two stages the new one is prepared.
        if found or not self.name:
            self.begin(found[0] if found else "preparing")

    def curve(self, row: Mapping[str, Any]) -> None:
        """Print an epoch that takes long enough to be waited for."""
        if row["seconds"] < 1:
            return
        print(f"  epoch {row['epoch']}: {row['seconds']:.0f} s, loss {row['loss']:.3f}", flush=True)

    def should_stop(self) -> bool:
        """Never stop."""
        return False


def peak() -> float:
    """Return the largest resident memory since `reset_peak`, in MiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def reset_peak() -> None:
    """Begin to measure the largest resident memory anew; Linux only."""
    Path("/proc/self/clear_refs").write_text("5")


def catalogue(settings: Settings, data: Path) -> list[Stage]:
    """Read all pictures into a workspace."""
    from breakhis_core.images.catalogue import scan
    from breakhis_core.images.datasets import save_catalogue

    meter = Meter(settings.workspace)
    meter.begin("catalogue")
    save_catalogue(Workspace.open(settings), scan(data))
    meter.begin("")
    return meter.stages


def training(settings: Settings, recipe: str, epochs: int, weights: str) -> list[Stage]:
    """Train a recipe."""
    changed = RECIPES[recipe].model_copy(update={"epochs": epochs})
    meter = Meter(settings.workspace / "jobs" / recipe)
    meter.folder.mkdir(parents=True, exist_ok=True)
    request = TrainRequest(recipe=changed, unit="case", weights=weights, name=recipe)
    train(request, Workspace.open(settings), meter)
    return [Stage(f"{recipe}: {each.name}", *list(vars(each).values())[1:]) for each in meter.stages]


def apart(work: Callable[..., list[Stage]], *arguments: Any) -> list[Stage]:
    """Do a stage's work in a process of its own, so that its memory is its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", default="imagenet")
    parser.add_argument("--paper-epochs", type=int, default=2)
    given = parser.parse_args()
    weights = given.weights if given.weights in ("imagenet", "none") else str(Path(given.weights).resolve())
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        settings = Settings(workspace=root / "workspace", models=root / "models", data=None)
        stages = apart(catalogue, settings, given.data)
        recommended = RECIPES["recommended"].epochs
        stages += apart(training, settings, "recommended", recommended, weights)
        stages += apart(training, settings, "paper", given.paper_epochs, weights)
        kept = sum(file.stat().st_size for file in (root / "workspace/features").rglob("*.npz"))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[1]:.0f}; kept outputs {kept / 2**20:.0f} MiB\n")
    print("| stage | s | processor s | peak MiB |\n| --- | --: | --: | --: |")
    for each in stages:
        print(
            f"| {each.name} | {each.seconds:.0f} | {each.processor_seconds:.0f} | {each.peak_mebibytes:.0f} |"
        )


if __name__ == "__main__":
    main()
