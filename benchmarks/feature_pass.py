"""The pass that keeps the frozen part's outputs, beside ONNX Runtime's bare forward pass of the same layers.

Ours reads and hashes every picture, computes it and its mirror image, and brings the outputs to the disk as
float16; the bare pass has its inputs in memory and throws its outputs away.

    python -m benchmarks.feature_pass --data BREAKHIS --weights imagenet
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.epoch import timed
from breakhis_core.images.catalogue import scan, usable
from breakhis_core.images.input_form import InputForm
from breakhis_core.images.model_inputs import read_inputs
from breakhis_core.networks.backbone import build_base, settle_statistics
from breakhis_core.networks.export import export_part
from breakhis_core.networks.network import build_network
from breakhis_core.recipes import RECIPES
from breakhis_core.runs.predictor import load_session
from breakhis_core.training.features import frozen_outputs

BATCH, ROUNDS = 16, 3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", default="imagenet")
    given = parser.parse_args()
    images = usable(scan(given.data)).drop_duplicates("hash")
    files = {row.hash: given.data / row.path for row in images.itertuples()}
    inputs = np.concatenate([pictures for _, pictures in read_inputs(list(files), files, InputForm())])
    base = build_base(given.weights)
    if given.weights == "none":
        settle_statistics(base, inputs[:32])
    network = build_network(RECIPES["paper"], base)
    session = load_session(export_part(network.model, network.cut), "frozen part")
    mirrored = np.ascontiguousarray(inputs[:, :, ::-1])

    def bare() -> None:
        for some in (inputs, mirrored):
            for at in range(0, len(some), BATCH):
                session.run(None, {"images": some[at : at + BATCH]})

    def ours() -> None:
        with tempfile.TemporaryDirectory() as folder:
            frozen_outputs(network, Path(folder), list(files), files, InputForm(), RECIPES["paper"].variants)

    def reading() -> None:
        for _ in read_inputs(list(files), files, InputForm()):
            pass

    calls = {"bare forward pass": bare, "reading alone": reading, "pass with reading and keeping": ours}
    measured = {name: np.empty((ROUNDS, 2)) for name in calls}
    bare()
    for turn in range(ROUNDS):
        for name, call in calls.items():
            measured[name][turn] = timed(call)[1:]
    load = os.getloadavg()[0]
    print(f"{len(files)} images and their mirror images, {os.cpu_count()} cores, load {load:.0f}\n")
    print("| | s | processor s | images/s | ratio |\n| --- | --: | --: | --: | --: |")
    for name, seconds in measured.items():
        wall, work = np.median(seconds, axis=0)
        ratio = np.median(seconds[:, 0] / measured["bare forward pass"][:, 0])
        print(f"| {name} | {wall:.1f} | {work:.1f} | {len(files) / wall:.0f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
