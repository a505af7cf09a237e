"""What a cross-validation reads: its images with labels and files, and the folds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from breakhis_core.errors import InputError
from breakhis_core.images.datasets import Dataset
from breakhis_core.runs import open_run
from breakhis_core.splits import folds as folding
from breakhis_core.splits.folds import Folds, make_folds, published_folds
from breakhis_core.splits.published_folds import read_contents, read_fold_files
from breakhis_core.splits.split import Split
from breakhis_core.training.data import (
    TrainingData,
    in_effect,
    require_images,
    training_data,
    usable_images,
)
from breakhis_core.training.request import TrainRequest
from breakhis_core.workspace import Workspace


@dataclass(frozen=True)
class FoldData:
    """Images and folds of a cross-validation.

    Attributes:
        images: one row per image, with the columns of a catalogue.
        roots: data sets by id.
        folds: the frozen folds, excluded images included.
        kept: the folds without excluded images in train and validation; what is tested is the same.
        unnamed: usable images that published fold files do not name; they take no part.
        corrections: corrected sub-types by hash; each fold uses those of its train and validation.
    """

    images: pd.DataFrame
    roots: dict[int, Dataset]
    folds: Folds
    kept: Folds
    unnamed: int
    corrections: Mapping[str, str] = field(default_factory=dict)

    def of(self, fold: int) -> TrainingData:
        """Return what the training of a fold reads, counted from 1.

        Raises:
            InputError: nothing is left to train on.
        """
        try:
            return training_data(
                self.images,
                self.roots,
                self.folds.split(fold),
                self.kept.split(fold),
                self.corrections,
            )
        except InputError as error:
            raise InputError(f"Fold {fold}: {error}") from error

    @property
    def whole(self) -> TrainingData:
        """All images, their files, and what some fold learns them as; the parts are those of no fold."""
        parts = Split(
            self.folds.unit, self.folds.seed, self.folds.frame[["hash", "part"]].assign(part="train")
        )
        return training_data(self.images, self.roots, parts, parts, self.corrected)

    @property
    def excluded(self) -> list[str]:
        """Hashes that left train and validation of some fold."""
        columns = folding.fold_columns(self.folds.frame)
        left = self.folds.frame[columns].notna() & self.kept.frame[columns].isna()
        return sorted(self.folds.frame.loc[left.any(axis=1), "hash"])

    @property
    def corrected(self) -> dict[str, str]:
        """The corrected sub-types that some fold learns from, by hash."""
        frame = self.kept.frame
        return in_effect(self.corrections, self.images, frame[["hash", *folding.fold_columns(frame)]])


def load_fold_data(request: TrainRequest, workspace: Workspace) -> FoldData:
    """Read the images of a data set and deal them into folds, or keep the folds of an earlier run.

    Raises:
        InputError: nothing is catalogued, images of the kept folds are gone, the fold files cannot be used,
            or there are too few images or cases.
    """
    images, roots = usable_images(workspace, request.data, request.improves)
    if request.improves is not None:
        folds = _kept_folds(workspace, request.improves, images)
    elif request.fold_files:
        folds = published_folds(
            images, read_fold_files(read_contents(request.fold_files)), request.split_seed
        )
    else:
        folds = make_folds(images, request.unit, request.split_seed, request.folds)
    kept = folding.without(folds, request.exclude)
    there = len(images)
    images = images[images["hash"].isin(folds.frame["hash"])].sort_values("hash", ignore_index=True)
    unnamed = there - len(images) if folds.source == "published" and request.improves is None else 0
    return FoldData(images, roots, folds, kept, unnamed, request.labels)


def _kept_folds(workspace: Workspace, improves: str, images: pd.DataFrame) -> Folds:
    run = open_run(workspace.models / improves)
    frame = run.split()
    require_images(frame, images, improves)
    columns = folding.fold_columns(frame)
    # Read from a file, what a fold does not use is no longer None.
    parts = frame[columns].astype(object).where(frame[columns].notna(), None)
    return Folds(
        "case" if run.unit == "case" else "image",
        int(run.manifest["split_seed"]),
        "published" if run.fold_source == "published" else "drawn",
        pd.concat([frame[["hash", "part"]], parts], axis=1),
    )
