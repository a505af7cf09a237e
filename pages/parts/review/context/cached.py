"""What the context looks up in runs for every image, made once: rows, cases, training vectors."""

from __future__ import annotations

import streamlit as st

from breakhis_core.runs import Run, image_context, neighbours
from breakhis_core.runs.image_context import CaseImage
from pages.parts.shared import frame

_PREDICTIONS, _EMBEDDINGS, _SPLIT = "predictions.parquet", "embeddings.npy", "split.parquet"


def rows(run: Run) -> dict[str, int]:
    """Return the row of each image in a run's predictions."""
    return _rows(str(run.path), _content(run, _PREDICTIONS), run)


def cases(run: Run) -> dict[str, tuple[CaseImage, ...]]:
    """Return the images of each case of a run."""
    return _cases(str(run.path), _content(run, _PREDICTIONS), run)


def labels(run: Run) -> dict[str, str]:
    """Return what to say of each image whose case is labelled with several sub-types."""
    return _labels(str(run.path), _content(run, _PREDICTIONS), run)


def train_index(run: Run) -> neighbours.TrainIndex:
    """Return the vectors of the images that a run was trained on.

    Raises:
        InputError: the run has none.
    """
    # Who adds the first embeddings to a run leaves its own as they are.
    return _train_index(str(run.path), _content(run, _EMBEDDINGS), run.has_unseen, run)


def runs() -> list[Run]:
    """Return the runs; their manifests are opened again when a run came or went."""
    models = frame.workspace().models
    return _runs(str(models), models.stat().st_mtime_ns if models.is_dir() else 0)


def same_test_set(run: Run, other: Run) -> bool:
    """Return whether two runs were tested on the same images."""
    return _same_test_set(_content(run, _SPLIT), _content(other, _SPLIT), run, other)


def _content(run: Run, file: str) -> str:
    """Return the digest of a file of a run: another content is another entry of a cache."""
    return str(run.manifest["files"][file])


@st.cache_resource(max_entries=16, show_spinner=False)
def _rows(path: str, content: str, _run: Run) -> dict[str, int]:
    return {image: row for row, image in enumerate(_run.predictions()["hash"].tolist())}


@st.cache_resource(max_entries=4, show_spinner=False)
def _cases(path: str, content: str, _run: Run) -> dict[str, tuple[CaseImage, ...]]:
    return image_context.images_by_case(_run.predictions())


@st.cache_resource(max_entries=16, show_spinner=False)
def _labels(path: str, content: str, _run: Run) -> dict[str, str]:
    said = {images: image_context.labels_in_words(images) for images in cases(_run).values()}
    return {one.hash: words for images, words in said.items() if words for one in images}


# Two runs at most: the vectors of 6,000 training images take 23 MB.
@st.cache_resource(max_entries=2, show_spinner=False)
def _train_index(path: str, content: str, unseen: bool, _run: Run) -> neighbours.TrainIndex:
    return neighbours.train_index(_run.predictions(), neighbours.compared(_run))


@st.cache_resource(max_entries=4, show_spinner=False)
def _runs(models: str, changed: int) -> list[Run]:
    return frame.runs()


@st.cache_resource(max_entries=64, show_spinner=False)
def _same_test_set(split: str, other_split: str, _run: Run, _other: Run) -> bool:
    return image_context.same_test_set(_run, _other)
