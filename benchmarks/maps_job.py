"""How much longer the maps of a new run take than the passes of its model that they need.

    python -m benchmarks.maps_job --run demo --images 8

Needs the demo workspace. Maps are kept in a folder that goes away again; a pass back counts as two forward.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from breakhis_core.maps import job as work
from breakhis_core.maps.faithfulness import RANDOM_PAIRS, SHARES, side_by_side
from breakhis_core.maps.job import MapRequest, compute_maps, wanted
from breakhis_core.maps.methods import CHEAP
from breakhis_core.maps.sanity import SAMPLE
from breakhis_core.runs import open_run
from breakhis_core.runs.predictor import Predictor
from breakhis_core.workspace import Workspace

_BACK = 3
"""Passes forward that one forward and back is worth."""


class Silent:
    """A context that is told and asks nothing."""

    def report(self, message: str, fraction: float | None = None, **data: Any) -> None:
        """Say nothing."""

    def curve(self, row: Any) -> None:
        """Say nothing."""

    def should_stop(self) -> bool:
        """Go on."""
        return False


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", default="demo")
    parser.add_argument("--images", type=int, default=8)
    given = parser.parse_args()
    workspace = Workspace.open()
    run = open_run(workspace.models / given.run)
    request = MapRequest(run=given.run, methods=CHEAP)
    table = wanted(run, request).head(given.images)
    work.wanted = lambda *_: table
    work.play_late = lambda *_: None  # A run of before would play the pointing game too, and keep it.
    maps = sum(1 + (row.predicted != row.subtype) for row in table.itertuples())
    judging = 4 * len(SHARES) * (RANDOM_PAIRS * len(table) + len(CHEAP) * maps) + len(table)
    drawing = _BACK * (len(CHEAP) - 1) * maps
    checking = _BACK * 2 * len(CHEAP) * min(SAMPLE, len(table))
    inputs = np.random.default_rng(0).integers(0, 256, (128, *run.input_form.shape), dtype=np.uint8)
    predict = side_by_side(Predictor.load(run.path, threads=1))
    predict(inputs[:16])
    before = time.perf_counter()
    predict(inputs)
    one = (time.perf_counter() - before) / len(inputs)
    with tempfile.TemporaryDirectory() as folder:
        before = time.perf_counter()
        compute_maps(request, _elsewhere(workspace, Path(folder)), Silent())
        seconds = time.perf_counter() - before
    passes = judging + drawing + checking
    print(f"{len(table)} images, {maps} sub-types, {len(CHEAP)} methods")
    print(f"passes needed   {passes:6}: judging {judging}, drawing {drawing}, random weights {checking}")
    print(f"bare            {passes * one:6.1f} s, {1000 * one:.1f} ms a pass")
    print(f"the job         {seconds:6.1f} s, {seconds / (passes * one):.2f} times")


def _elsewhere(workspace: Workspace, folder: Path) -> Workspace:
    """Return the workspace with another place for what is kept of maps."""
    for name in workspace.root.iterdir():
        if name.name != "maps":
            (folder / name.name).symlink_to(name.resolve())
    return replace(workspace, root=folder)


if __name__ == "__main__":
    main()
