"""The recipes on images that they never saw, and `recommended` beside 15 epochs of the authors' way.

Each seed draws a quarter of the images (or of the cases) to hold out, the first weights and the order of
batches. Nothing is chosen by the held-out quarter. By case, a sub-type of one case can only be trained on.
Macro F1 is over the sub-types with held-out images, and the table says how many these are. The last column is
the accuracy of always naming the sub-type commonest in the training.

    python -m benchmarks.recipes --data BREAKHIS --weights imagenet
    python -m benchmarks.recipes --data BREAKHIS --weights imagenet --time
"""

from __future__ import annotations

import argparse
import os
import tempfile
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

    def held_out(self, unit: Unit, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows to train on and the rows to test."""
        if unit == "image":
            return next(
                StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(self.labels, self.labels)
            )
        rows = np.flatnonzero(np.isin(self.labels, self.tested_subtypes(unit)))
        for draw in range(1000):
            folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed + 1000 * draw)
            parts = list(folds.split(rows, self.labels[rows], self.cases[rows]))
            left = [np.setdiff1d(np.arange(len(self.labels)), rows[test]) for _, test in parts]
            if all(len(set(self.labels[train])) == len(set(self.labels)) for train in left):
                return left[0], rows[parts[0][1]]
        raise SystemExit("No split by case trains every sub-type; give more cases.")


def fitted(recipe: Recipe, weights: str, kept: Path, sample: Sample, train: np.ndarray) -> Fitting:
    """Train a recipe, from pictures to the last epoch."""
    network = build_network(recipe, build_base(weights))
    hashes = sample.images["hash"].to_list()
    some = [hashes[row] for row in train]
    outputs = frozen_outputs(network, kept, some, sample.files, InputForm(), recipe.variants)
    nothing = Examples(outputs[:0], sample.labels[:0])
    fitting = Fitting(network, recipe, Examples(outputs, sample.labels[train]), nothing)
    fitting.warm_up()
    for epoch in range(recipe.epochs):
        fitting.epoch(epoch)
    return fitting


def probabilities(fitting: Fitting, kept: Path, sample: Sample, rows: np.ndarray) -> np.ndarray:
    """Return what a trained network says of images."""
    hashes = sample.images["hash"].to_list()
    outputs = frozen_outputs(fitting.network, kept, [hashes[row] for row in rows], sample.files, InputForm())
    pooled = fitting.embeddings(Examples(outputs, sample.labels[rows])).inputs[:, 0]
    return np.asarray(fitting.network.head(pooled, training=False))


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


def line(name: str, unit: Unit, sample: Sample, answers: list[tuple[np.ndarray, np.ndarray]]) -> str:
    """Write a row of the table: of all seeds together, their range, and an interval over cases."""
    everything = [np.concatenate(parts) for parts in zip(*answers, strict=True)]
    together = sum_by_case(_answers(sample, *everything))
    cases = len(together.confusion)
    drawn = measure(together, case_weights(cases), TOLD)
    of_seed = []
    for rows, said in answers:
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
    cells.append(f"{np.mean(np.concatenate([_commonest_is_right(sample, rows) for rows, _ in answers])):.2f}")
    return f"| {name} | by {unit} | {' | '.join(cells)} |"


def _commonest_is_right(sample: Sample, rows: np.ndarray) -> np.ndarray:
    """Return for which held-out images it is right to name the sub-type commonest in the others."""
    trained = np.delete(sample.labels, rows)
    return sample.labels[rows] == np.bincount(trained).argmax()


def _answers(sample: Sample, rows: np.ndarray, said: np.ndarray) -> Answers:
    names, cases = np.unique(sample.cases[rows].astype(str), return_inverse=True)
    return Answers(sample.labels[rows], said.argmax(axis=1), said, cases, tuple(names))


def compare(sample: Sample, weights: str, names: list[str], seeds: int, kept: Path) -> None:
    """Train each recipe on each split and print the table."""
    figures = " | ".join(
        f"{name} | range | 95 %"
        for name in ("accuracy", "macro F1 | over sub-types", "sides", "malignant F1")
    )
    print(f"| recipe | split | {figures} | always the commonest |")
    print("| --- | --- | --: | --- | --- | --: | --: | --- | --- | --: | --- | --- | --: | --- | --- | --: |")
    units: tuple[Unit, ...] = ("image", "case")
    for name in names:
        for unit in units:
            answers: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {name: []}
            for seed in range(seeds):
                train, test = sample.held_out(unit, seed)
                recipe = RECIPES[name].model_copy(update={"seed": seed})
                fitting = fitted(recipe, weights, kept, sample, train)
                answers[name].append((test, probabilities(fitting, kept, sample, test)))
                if recipe.head == "paper":
                    recompute_statistics(fitting)
                    settled = answers.setdefault(SETTLED, [])
                    settled.append((test, probabilities(fitting, kept, sample, test)))
            for row, given in answers.items():
                print(line(row, unit, sample, given), flush=True)


def time_both(sample: Sample, weights: str, timed_epochs: int) -> None:
    """Time `recommended` from nothing kept, and epochs of the authors' way, in turns."""
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
    with tempfile.TemporaryDirectory() as empty:
        _, *ours = timed(lambda: fitted(RECIPES["recommended"], weights, Path(empty), sample, train))
    # Epochs after the first, which traces, cost alike.
    later = np.mean(spent[1:], axis=0)
    whole = np.array(spent[0]) + (recipe.epochs - 1) * later
    print(f"{len(train)} training images; load {os.getloadavg()[0]:.0f}")
    print("| | wall, s | processor, s |\n| --- | --: | --: |")
    print(
        f"| the authors' way, {timed_epochs} epochs measured, 15 of them | {whole[0]:.0f} | {whole[1]:.0f} |"
    )
    print(f"| recommended, nothing kept before | {ours[0]:.1f} | {ours[1]:.1f} |")
    print(f"| ratio | {ours[0] / whole[0]:.2f} | {ours[1] / whole[1]:.2f} |")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", default="imagenet")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--recipes", nargs="+", default=["paper", "recommended"])
    parser.add_argument("--time", action="store_true", help="time only")
    parser.add_argument(
        "--epochs", type=int, default=15, help="epochs of the authors' way to time, at least 2"
    )
    given: Any = parser.parse_args()
    sample = Sample.read(given.data)
    if given.time:
        time_both(sample, given.weights, given.epochs)
        return
    with tempfile.TemporaryDirectory() as kept:
        compare(sample, given.weights, given.recipes, given.seeds, Path(kept))


if __name__ == "__main__":
    main()
