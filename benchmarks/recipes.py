"""The recipes on images that they never saw, and beside 15 epochs of the authors' way in time.

Four folds of each seed, stratified, by image or by case: every image is answered once a seed by a
training that never saw it (its case). The seed also draws the first weights and the order of batches.
Nothing is chosen by the held-out fold. By case, a sub-type of one case can only be trained on. Macro F1
is over the sub-types with held-out images, and the table says how many these are; beside the intervals
stands the accuracy of always naming the sub-type commonest in the training. Finished trainings are kept
in a folder: the same command goes on where it was stopped, and prints the table of what is there.

    python -m benchmarks.recipes --data BREAKHIS --weights imagenet --kept FOLDER
    python -m benchmarks.recipes --data BREAKHIS --weights imagenet --time
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from benchmarks.epoch import Pictures, authors_model, timed
from breakhis_core import wording
from breakhis_core.images.catalogue import scan, usable
from breakhis_core.images.input_form import InputForm
from breakhis_core.images.taxonomy import CODES
from breakhis_core.metrics.intervals import case_weights, interval, off_centre
from breakhis_core.networks.backbone import build_base
from breakhis_core.networks.network import build_network
from breakhis_core.recipes import RECIPES, Recipe
from breakhis_core.results.case_sums import sum_by_case
from breakhis_core.results.evaluate import subtypes_averaged
from breakhis_core.results.metric_registry import METRICS, measure
from breakhis_core.results.predicted_arrays import Answers
from breakhis_core.splits.split import Unit, make_split
from breakhis_core.training.features import frozen_outputs
from breakhis_core.training.fitting import Examples, Fitting

FOLDS = 4
SETTLED = "paper, statistics recomputed"


@dataclass(frozen=True)
class Sample:
    """The images: one row each, their labels, their cases and where they lie."""

    images: pd.DataFrame
    labels: np.ndarray
    cases: np.ndarray
    files: dict[str, Path]

    @classmethod
    def read(cls, data: Path) -> Sample:
        """Scan a folder of BreakHis."""
        images = usable(scan(data)).drop_duplicates("hash").sort_values("hash", ignore_index=True)
        labels = np.array([CODES.index(code) for code in images["subtype"]], np.int64)
        files = {row.hash: data / row.path for row in images.itertuples()}
        return cls(images, labels, images["case"].to_numpy(dtype=object), files)

    def tested_subtypes(self, unit: Unit) -> list[int]:
        """Return the sub-types that can be trained on and tested."""
        cases = self.images.groupby("subtype")["case"].nunique()
        return [at for at, code in enumerate(CODES) if cases.get(code, 0) >= (1 if unit == "image" else 2)]

    def held_out(self, unit: Unit, seed: int, fold: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows to train on and the rows to test."""
        if unit == "image":
            drawn = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
            return list(drawn.split(self.labels, self.labels))[fold]
        rows = np.flatnonzero(np.isin(self.labels, self.tested_subtypes(unit)))
        for draw in range(1000):
            folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed + 1000 * draw)
            parts = list(folds.split(rows, self.labels[rows], self.cases[rows]))
            left = [np.setdiff1d(np.arange(len(self.labels)), rows[test]) for _, test in parts]
            if all(len(set(self.labels[train])) == len(set(self.labels)) for train in left):
                return left[fold], rows[parts[fold][1]]
        raise SystemExit("No split by case trains every sub-type; give more cases.")


@dataclass(frozen=True)
class Cell:
    """One training of the table."""

    recipe: str
    unit: Unit
    seed: int
    fold: int

    def file(self, kept: Path) -> Path:
        """Return where its answers are kept."""
        return kept / f"{self.recipe}-{self.unit}-{self.seed}-{self.fold}.npz"


def fitted(recipe: Recipe, weights: str, kept: Path, sample: Sample, train: np.ndarray) -> Fitting:
    """Train a recipe, from pictures to the last epoch."""
    form = InputForm.said(recipe.model_dump())
    network = build_network(recipe, build_base(weights, size=form.shape[:2]))
    hashes = sample.images["hash"].to_list()
    some = [hashes[row] for row in train]
    outputs = frozen_outputs(network, kept, some, sample.files, form, recipe.variants)
    nothing = Examples(outputs[:0], sample.labels[:0])
    fitting = Fitting(network, recipe, Examples(outputs, sample.labels[train]), nothing)
    fitting.warm_up()
    for epoch in range(recipe.epochs):
        fitting.epoch(epoch)
    return fitting


def probabilities(fitting: Fitting, kept: Path, sample: Sample, rows: np.ndarray) -> np.ndarray:
    """Return what a trained network says of images, looked at as its predictor does."""
    recipe = fitting.recipe
    form = InputForm.said(recipe.model_dump())
    some = [sample.images["hash"].iloc[row] for row in rows]
    outputs = frozen_outputs(fitting.network, kept, some, sample.files, form, recipe.averaged)
    pooled = fitting.embeddings(Examples(outputs, sample.labels[rows])).inputs
    return np.asarray(fitting.network.head(pooled.astype(np.float32).mean(axis=1), training=False))


def recompute_statistics(fitting: Fitting) -> None:
    """Give the batch normalisation of the authors' head the statistics of all training images.

    Its running means follow over hundreds of steps; few images give it a hundred.
    """
    pooled = fitting.embeddings(fitting.train).inputs[:, 0]
    dense = np.asarray(fitting.network.head.get_layer("dense_64")(pooled))
    normalisation = fitting.network.head.get_layer("dense_64_bn")
    normalisation.moving_mean.assign(dense.mean(axis=0))
    normalisation.moving_variance.assign(dense.var(axis=0))


TOLD = ("accuracy", "macro_f1", "binary.accuracy", "binary.f1")


def line(name: str, unit: Unit, sample: Sample, answers: list[list[np.ndarray]]) -> str:
    """Write a row of the table: of all seeds together, their range, and an interval over cases.

    Args:
        name: what the row is called.
        unit: what the folds kept whole.
        sample: the images.
        answers: of each seed the held-out rows, what was said of them, and for which it is right to name the
            sub-type commonest in the training.
    """
    *everything, commonest = [np.concatenate(parts) for parts in zip(*answers, strict=True)]
    together = sum_by_case(_answers(sample, *everything))
    cases = len(together.confusion)
    drawn = measure(together, case_weights(cases), TOLD)
    of_seed = []
    for rows, said, _ in answers:
        sums = sum_by_case(_answers(sample, rows, said))
        of_seed.append(measure(sums, np.ones((1, len(sums.confusion))), TOLD))
    cells = []
    for metric in TOLD:
        seeds, samples = np.concatenate([one[metric] for one in of_seed]), drawn[metric]
        told = not (METRICS[metric].is_macro and off_centre(samples[1:], samples[0]))
        limits = interval(samples[1:], cases) if told else None
        cells += [
            f"{samples[0]:.2f}",
            f"{seeds.min():.2f} to {seeds.max():.2f}",
            wording.interval(limits, of=samples[0], digits=2),
        ]
    counted = len(subtypes_averaged(together)["tested_subtypes"])
    cells.insert(TOLD.index("macro_f1") * 3 + 1, str(counted))
    return f"| {name} | by {unit} | {' | '.join(cells)} | {commonest.mean():.2f} | {len(answers)} |"


def _commonest_is_right(sample: Sample, rows: np.ndarray) -> np.ndarray:
    """Return for which held-out images it is right to name the sub-type commonest in the others."""
    trained = np.delete(sample.labels, rows)
    return sample.labels[rows] == np.bincount(trained).argmax()


def _answers(sample: Sample, rows: np.ndarray, said: np.ndarray) -> Answers:
    names, cases = np.unique(sample.cases[rows].astype(str), return_inverse=True)
    return Answers(sample.labels[rows], said.argmax(axis=1), said, cases, tuple(names))


def cells_of(names: list[str], units: list[Unit], seeds: int) -> list[Cell]:
    """Return all trainings, those first that make a whole table of few seeds."""
    return [
        Cell(name, unit, seed, fold)
        for seed in range(seeds)
        for unit in units
        for fold in range(FOLDS)
        for name in names
    ]


def answer(cell: Cell, sample: Sample, weights: str, kept: Path) -> None:
    """Train a cell and keep what it says of its held-out fold."""
    train, test = sample.held_out(cell.unit, cell.seed, cell.fold)
    recipe = RECIPES[cell.recipe].model_copy(update={"seed": cell.seed})
    began = time.perf_counter()
    fitting = fitted(recipe, weights, kept / "features", sample, train)
    said = {"probabilities": probabilities(fitting, kept / "features", sample, test)}
    if recipe.head == "paper":
        recompute_statistics(fitting)
        said["settled"] = probabilities(fitting, kept / "features", sample, test)
    part = cell.file(kept).with_suffix(".part")
    with part.open("wb") as stream:
        np.savez(stream, rows=test, **said)  # type: ignore[arg-type]
    part.replace(cell.file(kept))
    right = np.mean(said["probabilities"].argmax(axis=1) == sample.labels[test])
    print(f"{cell}: accuracy {right:.2f}, {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)


def tell(cells: list[Cell], sample: Sample, kept: Path) -> None:
    """Print the table of the seeds of which all folds are there."""
    figures = " | ".join(
        f"{name} | range | 95 %"
        for name in ("accuracy", "macro F1 | over sub-types", "sides", "malignant F1")
    )
    print(f"| recipe | split | {figures} | always the commonest | seeds |")
    three = " --: | --- | --- |"
    print(f"| --- | --- |{three} --: |{three}{three}{three} --: | --: |")
    for name, unit in dict.fromkeys((cell.recipe, cell.unit) for cell in cells):
        answers: dict[str, list[list[np.ndarray]]] = {}
        for seed in sorted({cell.seed for cell in cells}):
            files = [Cell(name, unit, seed, fold).file(kept) for fold in range(FOLDS)]
            if not all(file.is_file() for file in files):
                continue
            parts = [np.load(file) for file in files]
            rows = [part["rows"] for part in parts]
            right = np.concatenate([_commonest_is_right(sample, some) for some in rows])
            for key, row in (("probabilities", name), ("settled", SETTLED)):
                if key in parts[0]:
                    said = np.concatenate([part[key] for part in parts])
                    answers.setdefault(row, []).append([np.concatenate(rows), said, right])
        for row, given in answers.items():
            print(line(row, unit, sample, given), flush=True)


def time_all(sample: Sample, weights: str, names: list[str], timed_epochs: int) -> None:
    """Time recipes from nothing kept, and epochs of the authors' way."""
    split = make_split(sample.images, "image", 0).frame
    train = np.flatnonzero((split["part"] == "train").to_numpy())
    labels = sample.labels[train]
    files = [sample.files[image] for image in sample.images["hash"].iloc[train]]
    theirs, recipe = authors_model(weights, len(files)), RECIPES["paper"]
    spent: list[tuple[float, float]] = []
    for epoch in range(timed_epochs):
        pictures = Pictures(files, labels, epoch)
        _, *cost = timed(lambda pictures=pictures: theirs.fit(pictures, verbose=0, shuffle=False))
        spent.append((cost[0], cost[1]))
    # Epochs after the first, which traces, cost alike.
    later = np.mean(spent[1:], axis=0)
    whole = np.array(spent[0]) + (recipe.epochs - 1) * later
    print(f"{len(train)} training images; load {os.getloadavg()[0]:.0f}")
    print("| | wall, s | processor, s | ratios |\n| --- | --: | --: | --- |")
    measured = f"the authors' way, {timed_epochs} epochs measured, 15 of them"
    print(f"| {measured} | {whole[0]:.0f} | {whole[1]:.0f} | |")
    for name in names:
        with tempfile.TemporaryDirectory() as empty:
            _, *ours = timed(
                lambda name=name, empty=empty: fitted(RECIPES[name], weights, Path(empty), sample, train)
            )
        ratios = f"{ours[0] / whole[0]:.2f}, {ours[1] / whole[1]:.2f}"
        print(f"| {name}, nothing kept before | {ours[0]:.1f} | {ours[1]:.1f} | {ratios} |", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", default="imagenet")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--recipes", nargs="+", default=["quick", "recommended"])
    parser.add_argument("--units", nargs="+", choices=["image", "case"], default=["image", "case"])
    parser.add_argument("--kept", type=Path, help="folder of finished trainings and kept outputs")
    parser.add_argument("--time", action="store_true", help="time only")
    parser.add_argument(
        "--epochs", type=int, default=15, help="epochs of the authors' way to time, at least 2"
    )
    given: Any = parser.parse_args()
    sample = Sample.read(given.data)
    if given.time:
        time_all(sample, given.weights, given.recipes, given.epochs)
        return
    if given.kept is None:
        parser.error("--kept says where finished trainings are kept")
    given.kept.mkdir(parents=True, exist_ok=True)
    cells = cells_of(given.recipes, given.units, given.seeds)
    for cell in cells:
        if not cell.file(given.kept).is_file():
            answer(cell, sample, given.weights, given.kept)
    tell(cells, sample, given.kept)


if __name__ == "__main__":
    main()
