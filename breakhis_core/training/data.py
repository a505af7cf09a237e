"""What a training reads: its images with labels and files, and the split that says what each is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt
import pandas as pd

from breakhis_core.errors import InputError
from breakhis_core.images import datasets
from breakhis_core.images.datasets import Dataset
from breakhis_core.images.taxonomy import CODES
from breakhis_core.runs import open_run
from breakhis_core.splits.split import Split, Unit, make_split, without
from breakhis_core.workspace import Workspace


@dataclass(frozen=True)
class TrainingData:
    """Images, files and split of one training.

    Attributes:
        images: one row per image of the split, sorted by hash, with the columns of a catalogue.
        files: where each picture lies, by hash.
        split: the frozen split, excluded images included.
        kept: the split without excluded images; its test part is the same.
        phantom: whether the images are synthetic.
        corrections: corrected sub-types by hash, whatever part the images are in.
    """

    images: pd.DataFrame
    files: dict[str, Path]
    split: Split
    kept: Split
    phantom: bool
    corrections: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def corrected(self) -> dict[str, str]:
        """Corrected sub-types that are learnt from, by hash: of train and validation, never of the test."""
        return in_effect(self.corrections, self.images, self.kept.frame[["hash", "part"]])

    @property
    def excluded(self) -> list[str]:
        """Images that were left out of train and validation, sorted."""
        return sorted(set(self.split.frame["hash"]) - set(self.kept.frame["hash"]))

    def parts(self, hashes: Sequence[str]) -> list[str]:
        """Return the part of each image, ``excluded`` of those that were left out."""
        part = self.kept.frame.set_index("hash")["part"]
        return [part.get(image, "excluded") for image in hashes]

    def hashes(self, part: str) -> list[str]:
        """Return the images of a part, excluded ones left out, sorted."""
        return sorted(self.kept.frame.loc[self.kept.frame["part"] == part, "hash"])

    def labels(self, hashes: Sequence[str]) -> npt.NDArray[np.int64]:
        """Return positions in ``images.taxonomy.CODES``: of published sub-types, corrected where learnt."""
        subtypes = self.images.set_index("hash")["subtype"].loc[list(hashes)]
        told = [self.corrected.get(image, code) for image, code in subtypes.items()]
        return np.array([CODES.index(code) for code in told], np.int64)


def in_effect(corrections: Mapping[str, str], images: pd.DataFrame, parts: pd.DataFrame) -> dict[str, str]:
    """Return the corrected sub-types that are learnt from, by hash.

    Args:
        corrections: corrected sub-types by hash, whatever part the images are in.
        images: one row per image, columns hash and subtype.
        parts: column hash, and one or more with the part of each image: of the whole split, or in each fold.
    """
    learnt = parts.drop(columns="hash").isin(["train", "validation"]).any(axis=1)
    published = images.set_index("hash")["subtype"].reindex(parts.loc[learnt, "hash"]).to_dict()
    return {
        image: corrections[image]
        for image, code in sorted(published.items())
        if corrections.get(image, code) != code
    }


def load_training_data(
    workspace: Workspace,
    data: int | None,
    unit: Unit,
    split_seed: int,
    exclude: Sequence[str] = (),
    improves: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> TrainingData:
    """Read the images of a data set and split them, or keep the split of an earlier run.

    Args:
        workspace: has the catalogue.
        data: id of the data set; by default the newest, or with ``improves`` any that has the images.
        unit: ``"image"`` or ``"case"``; with ``improves`` that run's unit counts.
        split_seed: seed of a new split; with ``improves`` that run's counts.
        exclude: hashes to leave out of train and validation.
        improves: name of the run whose split is kept.
        labels: corrected sub-types by hash, for train and validation.

    Raises:
        InputError: nothing is catalogued, images of the kept split are gone, or nothing is left to train on.
    """
    images, roots = usable_images(workspace, data, improves)
    if improves is None:
        split = make_split(images, unit, split_seed)
    else:
        split = _kept_split(workspace, improves, images)
    return training_data(images, roots, split, without(split, exclude), labels)


def usable_images(
    workspace: Workspace, data: int | None, improves: str | None = None
) -> tuple[pd.DataFrame, dict[int, Dataset]]:
    """Return the images that may be trained on, each once, and the data sets by id.

    Args:
        workspace: has the catalogue.
        data: id of the data set; by default the newest, or with ``improves`` all of them.
        improves: name of the run whose split is kept.

    Raises:
        InputError: nothing is catalogued, or not this data set.
    """
    roots = {dataset.id: dataset for dataset in datasets.datasets(workspace)}
    if not roots:
        raise InputError("No images are catalogued yet; point to a folder with BreakHis, or make the demo.")
    if data is None and improves is None:
        data = next(iter(roots))
    if data is not None and data not in roots:
        raise InputError(f"There is no data set {data} any more; catalogue its folder again.")
    images = datasets.load_images(workspace, data)
    # A data set that came between the two looks is not trained on.
    known = images["dataset"].isin(list(roots))
    return images[known & (images["status"] == "usable")].drop_duplicates("hash"), roots


def training_data(
    images: pd.DataFrame,
    roots: Mapping[int, Dataset],
    split: Split,
    kept: Split,
    labels: Mapping[str, str] | None = None,
) -> TrainingData:
    """Put images, their files and their split together.

    Args:
        images: as ``usable_images`` gave them; those outside the split are left out.
        roots: data sets by id.
        split: the frozen split.
        kept: the split without excluded images.
        labels: corrected sub-types by hash, for train and validation.

    Raises:
        InputError: nothing is left to train on.
    """
    if not (kept.frame["part"] == "train").any():
        raise InputError("No image is left to train on; exclude fewer images or catalogue more.")
    images = images[images["hash"].isin(split.frame["hash"])].sort_values("hash", ignore_index=True)
    files = {
        image: roots[number].root / PurePosixPath(path)
        for image, number, path in zip(images["hash"], images["dataset"], images["path"], strict=True)
    }
    phantom = any(roots[number].phantom for number in images["dataset"].unique())
    return TrainingData(images, files, split, kept, phantom, labels or {})


def _kept_split(workspace: Workspace, improves: str, images: pd.DataFrame) -> Split:
    run = open_run(workspace.models / improves)
    frame = run.split()[["hash", "part"]]
    require_images(frame, images, improves)
    unit: Unit = "case" if run.unit == "case" else "image"
    return Split(unit, int(run.manifest["split_seed"]), frame)


def require_images(frame: pd.DataFrame, images: pd.DataFrame, improves: str) -> None:
    """Refuse to keep a run's split when some of its images are gone.

    Raises:
        InputError: they are; the message says how many.
    """
    gone = int((~frame["hash"].isin(images["hash"])).sum())
    if gone:
        raise InputError(
            f"{gone} of the {len(frame)} images of {improves} are in no catalogued folder or in quarantine; "
            "catalogue the folder that it was trained on."
        )
