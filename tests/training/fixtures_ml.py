"""One small training, shared by all tests that need a real run: a workspace, its images, and the run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from breakhis_core.images import datasets
from breakhis_core.images.catalogue import Catalogue
from breakhis_core.recipes import NO_BASE, Recipe
from breakhis_core.runs import Run, open_run
from breakhis_core.settings import Settings
from breakhis_core.workspace import Workspace

TINY = Recipe(
    name="tiny", epochs=3, optimizer="adamw", learning_rate=0.01, boundary=NO_BASE, head="linear", dropout=0.1
)
"""Trains the head alone: seconds instead of minutes."""


def lively_base(seed: int = 0) -> Any:
    """Return a random base through which a signal passes: without statistics it fades to nothing."""
    from breakhis_core.networks.backbone import build_base, settle_statistics

    base = build_base("none", seed=seed)
    settle_statistics(base, smooth_images(8, seed))
    return base


def smooth_images(count: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Return (count, 224, 224, 3) coloured squares; white noise looks all the same to a network."""
    rough = np.random.default_rng(seed).integers(0, 256, (count, 7, 7, 3), dtype=np.uint8)
    return rough.repeat(32, axis=1).repeat(32, axis=2)


@dataclass
class Watching:
    """A context that remembers what it was told and stops when its condition says so."""

    folder: Path
    stop_after: int | None = None
    reports: list[tuple[str, float | None, dict[str, Any]]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)

    def report(self, message: str, fraction: float | None = None, **data: Any) -> None:
        self.reports.append((message, fraction, data))

    def curve(self, row: Any) -> None:
        self.rows.append(dict(row))

    def should_stop(self) -> bool:
        return self.stop_after is not None and len(self.rows) >= self.stop_after


@dataclass(frozen=True)
class Small:
    """A workspace with sixty-four tiny pictures, and a run that was trained on them."""

    workspace: Workspace
    images: pd.DataFrame
    run: Run
    context: Watching


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """A real training in seconds; tests must not change what it made."""
    from breakhis_core.training.request import TrainRequest
    from breakhis_core.training.train import train
    from tests.conftest import paint_pictures

    root = tmp_path_factory.mktemp("small")
    settings = Settings(workspace=root / "workspace", models=root / "models", data=None, database_url=None)
    workspace = Workspace.open(settings)
    images = paint_pictures(root / "pictures")
    problems = pd.DataFrame(columns=["path", "kind", "reason"])
    datasets.save_catalogue(workspace, Catalogue(root / "pictures", images, problems, phantom=True))
    context = Watching(root / "job")
    context.folder.mkdir()
    request = TrainRequest(recipe=TINY, weights="none", unit="image", name="tiny")
    return Small(workspace, images, open_run(train(request, workspace, context)), context)


@pytest.fixture(scope="session")
def tiny_run(small: Small) -> Run:
    """A small run that a real training made, with a predictor that works."""
    return small.run
