"""Give the run that ships its first embeddings: by a base that was trained on other phantoms.

The demo's run began with random weights, whose embeddings tell little (0.30 of the labels, out of fold).
The stand-in for ImageNet's weights is a base trained on phantoms of other slides, painted by the same rules:
it saw neither the pictures nor the labels of the demo's.

    python -m benchmarks.demo_first_look --folder SCRATCH --demo models/demo --phantoms workspace/phantoms

Eleven minutes on two quiet cores; with the model of an earlier call in the folder, one.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from breakhis_core.images.catalogue import scan, usable
from breakhis_core.images.cataloguing import catalogue_folder
from breakhis_core.images.input_form import InputForm
from breakhis_core.images.model_inputs import read_inputs, shown
from breakhis_core.images.taxonomy import CODES
from breakhis_core.networks.backbone import build_base
from breakhis_core.networks.export import export_part
from breakhis_core.networks.network import EMBEDDING, POOL, build_network
from breakhis_core.phantoms.painting import paint_file, plan
from breakhis_core.recipes import RECIPES
from breakhis_core.runs import open_run
from breakhis_core.runs.predictor import load_session
from breakhis_core.runs.writing import add_files
from breakhis_core.settings import Settings
from breakhis_core.training.request import TrainRequest
from breakhis_core.training.run_making import write_unseen
from breakhis_core.training.train import train
from breakhis_core.workspace import Workspace

SEED = 6
OTHER_YEAR = "91"
PHANTOMS = 640


class Printing:
    """A context that prints the epochs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def report(self, message: str, fraction: float | None = None, **data: Any) -> None:
        """Say nothing of the steps."""

    def curve(self, row: Mapping[str, Any]) -> None:
        """Print an epoch."""
        print(dict(row), flush=True)

    def should_stop(self) -> bool:
        """Go on."""
        return False


def other_phantoms(root: Path) -> None:
    """Paint phantoms of other slides, none of them spoiled, none under two labels."""
    for phantom in plan()[:PHANTOMS]:
        slide = OTHER_YEAR + phantom.slide[2:]
        other = replace(phantom, slide=slide, spoiled="", subtype=phantom.true_subtype)
        if not (root / other.path).is_file():
            paint_file((root, other))


def trained_elsewhere(folder: Path) -> Path:
    """Return a model that was trained on other phantoms, training it where it is not there yet."""
    workspace = Workspace.open(
        Settings(workspace=folder / "workspace", models=folder / "models", data=None, database_url=None)
    )
    model = workspace.models / "other" / "model.keras"
    if not model.is_file():
        pictures = folder / "phantoms"
        other_phantoms(pictures)
        context = Printing(folder)
        catalogue_folder(workspace, {"root": str(pictures)}, context)
        wanted = TrainRequest(
            recipe=RECIPES["scratch"].model_copy(update={"seed": SEED}),
            unit="image",
            split_seed=SEED,
            weights="none",
            compact=True,
            name="other",
        )
        train(wanted, workspace, context)
    return model


def main() -> None:
    """Add the files to the run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("folder", "demo", "phantoms"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    wanted = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    run = open_run(wanted.demo)
    network = build_network(RECIPES["scratch"], build_base(trained_elsewhere(wanted.folder)))
    session: Any = load_session(export_part(network.model, POOL), "base")
    found = usable(scan(wanted.phantoms)).drop_duplicates("hash")
    files = {row.hash: wanted.phantoms / row.path for row in found.itertuples()}
    predictions, variants = run.predictions(), RECIPES["scratch"].variants
    first, done = np.empty((len(predictions), EMBEDDING), np.float16), 0
    for some, pictures in read_inputs(predictions["hash"].to_list(), files, InputForm()):
        flipped = [np.ascontiguousarray(shown(pictures, one)) for one in variants]
        seen = [session.run(None, {"images": one})[0] for one in flipped]
        first[done : done + len(some)] = np.mean(seen, axis=0)
        done += len(some)
    labels = np.array([CODES.index(code) for code in predictions["subtype"]], np.int64)
    add_files(run.path, partial(write_unseen, predictions=predictions, first=first, labels=labels))


if __name__ == "__main__":
    main()
