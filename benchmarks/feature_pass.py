"""Passes over all images, beside ONNX Runtime's bare forward pass of the same layers.

The pass that keeps the frozen part's outputs reads every picture, computes it and its mirror image, and
brings the outputs to the disk as float16; predicting computes probabilities, embeddings and the eight class
maps. A first pass decodes, hashes and resizes; a second one, by other weights, finds the model inputs kept.
The bare passes have their inputs in memory and throw their outputs away.

    python -m benchmarks.feature_pass --data BREAKHIS --weights imagenet
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.epoch import timed
from breakhis_core.images.catalogue import scan, usable
from breakhis_core.images.input_form import InputForm
from breakhis_core.images.model_inputs import read_inputs
from breakhis_core.images.plain_png import read_image
from breakhis_core.networks.backbone import build_base, settle_statistics
from breakhis_core.networks.export import export_part, export_predictor
from breakhis_core.networks.network import Network, build_network
from breakhis_core.recipes import RECIPES
from breakhis_core.runs.predictor import Predictor, load_session
from breakhis_core.training.features import frozen_function, frozen_outputs
from breakhis_core.training.run_making import predict_images

BATCH, VARIANTS = 16, (0, 1)
FORMS = (InputForm(antialias=False), InputForm(512, 336, keep_proportions=True))


class Passes:
    """The calls that are measured, over the pictures of one form.

    Args:
        files: where the pictures lie, by hash.
        form: how a picture becomes a model input.
        weights: of the base.
        place: an empty folder.
    """

    def __init__(self, files: dict[str, Path], form: InputForm, weights: str, place: Path) -> None:
        self.files, self.form, self.kept = files, form, place / "kept"
        self.inputs = np.concatenate([pictures for _, pictures in read_inputs(list(files), files, form)])
        base = build_base(weights, size=form.shape[:2])
        if weights == "none":
            settle_statistics(base, self.inputs[:32])
        self.network: Network = build_network(RECIPES["paper"], base)
        model = self.network.model
        names = [layer.name for layer in model.layers]
        part = export_part(model, self.network.cut)
        self.frozen, self.alone = load_session(part, "frozen part"), load_session(part, "frozen part", 1)
        self.whole = load_session(export_part(model, names[names.index("pool") - 1]), "base")
        export_predictor(model, place / "predictor.onnx")
        self.predictor = Predictor.load(place, threads=1)

    def calls(self) -> dict[str, tuple[str, Callable[[], Any], str]]:
        """Return for each name what is kept before it, the call, and whose time its own is held against."""
        bare, base = "bare forward pass of the frozen part", "bare forward pass of the base"
        return {
            bare: ("", lambda: self._bare(self.frozen, VARIANTS), bare),
            # Its threads spin while they wait, which is work for nothing on a busy machine.
            "the same on one core, 8 at a time": ("", lambda: self._bare(self.alone, VARIANTS, 8), bare),
            "first pass: decoding, computing, keeping": ("nothing", self._outputs, bare),
            "second pass: model inputs kept": ("inputs", self._outputs, bare),
            "of both: writing and loading the graph": ("", lambda: frozen_function(self.network), bare),
            base: ("", lambda: self._bare(self.whole, (0,)), base),
            "predicting with maps, nothing kept": ("nothing", self._predictions, base),
            "predicting with maps, model inputs kept": ("inputs", self._predictions, base),
        }

    def prepare(self, left: str) -> None:
        """Remove outputs that were kept, and model inputs too if nothing should be left."""
        for folder in self.kept.glob("*") if left else ():
            if left == "nothing" or not folder.name.startswith("inputs-"):
                shutil.rmtree(folder)

    def _bare(self, session: Any, variants: tuple[int, ...], batch: int = BATCH) -> None:
        for variant in variants:
            shown = self.inputs[:, :, ::-1] if variant else self.inputs
            for at in range(0, len(shown), batch):
                session.run(None, {"images": np.ascontiguousarray(shown[at : at + batch])})

    def _outputs(self) -> None:
        frozen_outputs(self.network, self.kept, list(self.files), self.files, self.form, VARIANTS)

    def _predictions(self) -> None:
        predict_images(self.predictor, list(self.files), self.files, self.form, kept=self.kept)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", default="imagenet")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--every", type=int, default=1, help="take only one image of so many")
    given = parser.parse_args()
    images = usable(scan(given.data)).drop_duplicates("hash")[:: given.every]
    files = {row.hash: given.data / row.path for row in images.itertuples()}
    decoder = "Pillow" if read_image is None else "kornia-rs"
    print(f"{len(files)} images, {os.cpu_count()} cores, {decoder}, load {os.getloadavg()[0]:.0f}")
    for form in FORMS:
        with tempfile.TemporaryDirectory() as folder:
            _print(form, _measured(Passes(files, form, given.weights, Path(folder)), given.rounds))


def _measured(passes: Passes, rounds: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the seconds and processor seconds of each call, and what they are held against."""
    calls = passes.calls()
    seconds = {name: np.empty((rounds, 2)) for name in calls}
    passes.predictor.predict(passes.inputs[:1])
    for turn in range(rounds):
        for name, (left, call, _) in calls.items():
            passes.prepare(left)
            seconds[name][turn] = timed(call)[1:]
    return {name: (seconds[name], seconds[against]) for name, (_, _, against) in calls.items()}


def _print(form: InputForm, measured: dict[str, tuple[np.ndarray, np.ndarray]]) -> None:
    print(f"\n{form.width}x{form.height} ({form.key}):\n")
    print("| | s | processor s | ratio | ratio of processor s |\n| --- | --: | --: | --: | --: |")
    for name, (mine, other) in measured.items():
        wall, work = np.median(mine, axis=0)
        ratio, worked = np.median(mine / other, axis=0)
        print(f"| {name} | {wall:.2f} | {work:.2f} | {ratio:.2f} | {worked:.2f} |")


if __name__ == "__main__":
    main()
