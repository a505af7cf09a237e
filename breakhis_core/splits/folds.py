"""Folds: several splits of the same images, so that every image is tested by a model that never saw it.

Drawn folds partition the images: each is tested exactly once. The five folds that the authors of BreakHis
published are no partition but five overlapping hold-outs: an image is tested in none to four of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from breakhis_core.errors import InputError
from breakhis_core.splits.dealing import Wish, deal
from breakhis_core.splits.split import PARTS, Split, Unit, leakage

Source = Literal["drawn", "published"]

MOST_FOLDS = 20
OUT_OF_FOLD = "out_of_fold"
"""The part of an image that some fold tests."""
NEVER_TESTED = "never_tested"
"""The part, in the split of a cross-validation, of an image that no fold tests."""

VALIDATION = 1 / 6
"""Share of a fold's training images that chooses the model, as in a split of 75, 15 and 10 percent."""

# A sub-type that a fold does not train cannot be learnt there; one that it does not test costs little.
_LACKING = 10.0
_HOARDED = 1000.0
_CUT = Wish(np.array([1 - VALIDATION, VALIDATION]), np.array([1000.0, 5.0]))


@dataclass(frozen=True)
class Folds:
    """Frozen folds.

    Attributes:
        unit: ``"image"`` or ``"case"``.
        seed: what folds and validation parts were drawn with.
        source: ``"drawn"`` or ``"published"``.
        frame: one row per image, sorted by hash: hash, part (``OUT_OF_FOLD`` or ``NEVER_TESTED``), and
            ``fold_1`` and so on with the image's part in that fold, None where the fold does not use it.
    """

    unit: Unit
    seed: int
    source: Source
    frame: pd.DataFrame

    @property
    def count(self) -> int:
        """How many folds there are."""
        return len(fold_columns(self.frame))

    def split(self, fold: int) -> Split:
        """Return the split of a fold, counted from 1."""
        column = self.frame[f"fold_{fold}"]
        used = column.notna().to_numpy(bool)
        frame = pd.DataFrame({"hash": self.frame.loc[used, "hash"], "part": column[used]})
        return Split(self.unit, self.seed, frame.reset_index(drop=True))

    def tested_in(self) -> dict[str, tuple[int, ...]]:
        """Return the folds that test each image; images that none tests are left out."""
        found: dict[str, tuple[int, ...]] = {}
        for fold, column in enumerate(fold_columns(self.frame), start=1):
            for image in self.frame.loc[(self.frame[column] == "test").to_numpy(bool), "hash"]:
                found[image] = (*found.get(image, ()), fold)
        return found


def fold_columns(frame: pd.DataFrame) -> list[str]:
    """Return the columns that say what an image is in each fold, in the order of the folds.

    >>> fold_columns(pd.DataFrame(columns=["hash", "part", "fold_1", "fold_2"]))
    ['fold_1', 'fold_2']
    """
    numbers = sorted(int(column[5:]) for column in frame.columns if str(column).startswith("fold_"))
    return [f"fold_{number}" for number in numbers]


def make_folds(images: pd.DataFrame, unit: Unit, seed: int, count: int) -> Folds:
    """Deal images into folds: each tests one share, and the others train and choose its model.

    The same images, unit, seed and count give the same folds, whatever the order of the rows.

    Args:
        images: images with hash, subtype and case; each hash once.
        unit: ``"image"``, sub-types spread evenly, or ``"case"``, with every case whole in each fold and no
            fold holding all cases of a sub-type that has several.
        seed: any integer that is not negative.
        count: number of folds.

    Raises:
        InputError: there are not that many images or cases, or the count is out of range.
    """
    if not 2 <= count <= MOST_FOLDS:
        raise InputError(f"A cross-validation has 2 to {MOST_FOLDS} folds, not {count}.")
    images = images.sort_values("hash", ignore_index=True)
    there = len(images) if unit == "image" else images["case"].nunique()
    # By case, what a fold does not test has to be cut into train and validation once more.
    needed = max(3, count) if unit == "case" else count
    if there < needed:
        raise InputError(f"{count} folds by {unit} need at least {needed} {unit}s and there are {there}.")
    if unit == "image":
        tested = _dealt_images(images, seed, count)
    else:
        wish = Wish(np.full(count, 1 / count), np.full(count, _LACKING), _HOARDED)
        tested = _dealt_cases(images, wish, seed)
    table = pd.DataFrame({"hash": images["hash"], "part": OUT_OF_FOLD})
    for fold in range(count):
        part = pd.Series(np.where(tested == fold, "test", "train"), images.index, dtype=object)
        table[f"fold_{fold + 1}"] = _with_validation(images, part, unit, seed, fold)
    return Folds(unit, seed, "drawn", table)


def published_folds(images: pd.DataFrame, files: Sequence[pd.DataFrame], seed: int) -> Folds:
    """Take folds from the files that the authors of BreakHis published.

    Each fold's test part is theirs to the letter. Their train part gives the validation part, cut by case.
    They keep slides apart, but not the slides that are blocks of one case: see ``shared_with_training``.

    Args:
        images: images with hash, name, subtype and case; each hash once.
        files: of each fold, in order, columns name and part (``"train"`` or ``"test"``).
        seed: draws the validation parts.

    Raises:
        InputError: a fold tests or trains none of the images.
    """
    images = images.sort_values("hash", ignore_index=True)
    table = pd.DataFrame({"hash": images["hash"]})
    for fold, file in enumerate(files):
        part = images["name"].map(file.set_index("name")["part"]).astype(object)
        for wanted in ("train", "test"):
            if not (part == wanted).any():
                raise InputError(
                    f"Fold {fold + 1} of the fold files has none of these images in its {wanted} part; "
                    "the files name BreakHis images as its authors did."
                )
        part = part.where(part.notna(), None)
        table[f"fold_{fold + 1}"] = _with_validation(images, part, "case", seed, fold)
    tested = (table[fold_columns(table)] == "test").any(axis=1)
    table.insert(1, "part", np.where(tested, OUT_OF_FOLD, NEVER_TESTED))
    named = table[fold_columns(table)].notna().any(axis=1)
    return Folds("case", seed, "published", table[named].reset_index(drop=True))


def without(folds: Folds, hashes: Iterable[str]) -> Folds:
    """Drop images from train and validation of every fold; what a fold tests never changes."""
    dropped = folds.frame["hash"].isin(list(hashes))
    table = folds.frame.copy()
    for column in fold_columns(table):
        table[column] = table[column].where(~dropped | (table[column] == "test"), None)
    return replace(folds, frame=table)


def shared_with_training(folds: Folds, images: pd.DataFrame) -> dict[str, Any]:
    """Count, over all folds, the tested images whose case the fold also trains on.

    Args:
        folds: the folds.
        images: their images, with hash, subtype and case.

    Returns:
        ``tests`` (an image counts once for each fold that tests it), ``tests_of_train_cases``, and
        ``per_fold``: what ``splits.leakage`` says of each.
    """
    found = [leakage(folds.split(fold + 1), images) for fold in range(folds.count)]
    return {
        "tests": sum(one["test_images"] for one in found),
        "tests_of_train_cases": sum(one["test_images_of_train_cases"] for one in found),
        "per_fold": found,
    }


def _dealt_images(images: pd.DataFrame, seed: int, count: int) -> np.ndarray:
    """Deal images to folds, one after the other within each sub-type, shuffled by a hash."""
    key = [hashlib.sha256(f"{seed}|{image}".encode()).hexdigest() for image in images["hash"]]
    order = np.lexsort((np.array(key), images["subtype"].to_numpy(dtype=str)))
    tested = np.empty(len(images), np.int64)
    tested[order] = np.arange(len(images)) % count
    return tested


def _dealt_cases(images: pd.DataFrame, wish: Wish, seed: int) -> np.ndarray:
    table = pd.crosstab(images["case"], images["subtype"]).sort_index()
    dealt = pd.Series(deal(table.to_numpy(np.float64), wish, seed), index=table.index)
    return np.asarray(images["case"].map(dealt).to_numpy(np.int64))


def _with_validation(images: pd.DataFrame, part: pd.Series, unit: Unit, seed: int, fold: int) -> pd.Series:
    """Cut the validation part out of the train part by the same unit."""
    train = images[(part == "train").to_numpy(bool)]
    # Each fold draws anew: the same cases choosing every model would choose for themselves.
    draw = seed * (MOST_FOLDS + 1) + fold + 1
    if unit == "image":
        chosen = _dealt_images(train, draw, round(1 / VALIDATION)) == 0
    elif train["case"].nunique() < 2:
        return part
    else:
        chosen = _dealt_cases(train, _CUT, draw) == 1
    cut = part.copy()
    cut[train.index[chosen]] = PARTS[1]
    return cut
