"""The choices of a cross-validation on the training form: how many folds, or the files that give them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from breakhis_core.errors import InputError
from breakhis_core.images.datasets import Dataset
from breakhis_core.splits import folds
from breakhis_core.splits.folds import Folds
from breakhis_core.splits.published_folds import read_contents, read_fold_files
from breakhis_core.splits.split import Unit
from breakhis_core.storage.whole_files import write_atomically
from breakhis_core.training.data import usable_images
from breakhis_core.wording import counted
from pages.parts.shared import frame
from pages.parts.shared.markdown import plain

ONE, DRAWN, PUBLISHED = "one", "drawn", "published"
TESTED = {
    ONE: "one part, a tenth of them",
    DRAWN: "all of them, in folds",
    PUBLISHED: "the authors’ folds",
}
_MEANS = {
    DRAWN: "One model for each fold. Every image is predicted by a model that never saw it, so that all "
    "can be reviewed.",
    PUBLISHED: "Five hold-outs of the authors of BreakHis, dsfold1.txt to dsfold5.txt: a test image of some "
    "is a training image of others.",
}


@dataclass(frozen=True)
class FoldWish:
    """What the person asks for.

    Attributes:
        kind: a key of ``TESTED``.
        count: number of drawn folds.
        files: paths of the fold files.
    """

    kind: str = ONE
    count: int = 0
    files: tuple[str, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Whether nothing is missing to start."""
        return self.kind != PUBLISHED or bool(self.files)

    def folds(self, data: Dataset, unit: Unit, seed: int) -> Folds | None:
        """Return the folds that this gives, None for one test part; InputError when it gives none."""
        if self.kind == ONE or not self.is_ready:
            return None
        return _folds(data.id, data.catalogued_at, unit, seed, self.count, self.files)


def choose(data: Dataset) -> FoldWish:
    """Let the person choose what the models are tested on."""
    kinds = [kind for kind in TESTED if not (kind == PUBLISHED and data.phantom)]
    kind = st.radio(
        "Tested images", kinds, format_func=TESTED.__getitem__, horizontal=True, key="tested-images"
    )
    if kind == ONE:
        return FoldWish()
    st.caption(_MEANS[kind])
    if kind == DRAWN:
        count = st.number_input("Folds", 2, folds.MOST_FOLDS, 5, key="folds", width=140)
        return FoldWish(DRAWN, int(count))
    given = st.file_uploader("Fold files", ["txt"], accept_multiple_files=True, key="fold-files")
    if not given:
        return FoldWish(PUBLISHED)
    try:
        return FoldWish(PUBLISHED, files=_kept([(one.name, one.getvalue()) for one in given]))
    except InputError as error:
        st.warning(plain(str(error)))
        return FoldWish(PUBLISHED)


def explain(found: Folds, data: Dataset) -> None:
    """Say what published folds really hold of these images."""
    if found.source != PUBLISHED:
        return
    images = _usable(data.id, data.catalogued_at)
    times = pd.Series({image: len(tested) for image, tested in found.tested_in().items()})
    again, never = int((times > 1).sum()), int((found.frame["part"] == folds.NEVER_TESTED).sum())
    shared = folds.shared_with_training(found, images)
    unnamed = len(images) - len(found.frame)
    sentences = [
        f"No partition: {len(times):,} of {counted(len(found.frame), 'image')} are tested, {again:,} "
        f"of them in several folds, whose probabilities are averaged; {never:,} are never tested and get no "
        "prediction.",
        f"Slides are kept apart, but not all blocks of a case: {shared['tests_of_train_cases']:,} of "
        f"{shared['tests']:,} tests are of a case that the fold trains on too.",
    ]
    if unnamed:
        sentences.append(f"{counted(unnamed, 'image')} of this data set are not in the files and stay out.")
    st.caption(" ".join(sentences))


def training_images(frame_of_folds: pd.DataFrame, exclude: tuple[str, ...]) -> int:
    """Return how many images a fold is trained on, in the mean."""
    columns = folds.fold_columns(frame_of_folds)
    kept = frame_of_folds[~frame_of_folds["hash"].isin(exclude)]
    return int((kept[columns] == "train").to_numpy().sum() / len(columns))


def _kept(files: list[tuple[str, bytes]]) -> tuple[str, ...]:
    """Keep uploaded fold files for the job, after a look that they are some."""
    read_fold_files(files)
    paths = []
    for _, content in sorted(files):
        # The browser's name for a file is not to be trusted with a place in a folder.
        path = frame.workspace().root / "fold-files" / f"{hashlib.sha256(content).hexdigest()[:16]}.txt"
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, content)
        paths.append(str(path.absolute()))
    return tuple(paths)


@st.cache_data(max_entries=32, show_spinner="Dealing the images into folds …")
def _folds(
    dataset: int, catalogued_at: str, unit: Unit, seed: int, count: int, files: tuple[str, ...]
) -> Folds:
    images = _usable(dataset, catalogued_at)
    if not files:
        return folds.make_folds(images, unit, seed, count)
    return folds.published_folds(images, read_fold_files(read_contents(files)), seed)


@st.cache_data(max_entries=8, show_spinner=False)
def _usable(dataset: int, catalogued_at: str) -> Any:
    return usable_images(frame.workspace(), dataset)[0]
