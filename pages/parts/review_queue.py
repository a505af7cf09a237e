"""The queue as the review screen walks it: light records, built once for all sessions that ask the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from breakhis_core import queues
from breakhis_core.runs import PROBABILITIES, Run
from breakhis_core.taxonomy import CODES
from pages.parts.viewer import MapScale


@dataclass(frozen=True, slots=True)
class Item:
    """One image of a queue; ``row`` is its row in the run's class maps."""

    row: int
    hash: str
    name: str
    subtype: str
    predicted: str
    confidence: float
    magnification: int
    slide: str
    probabilities: tuple[float, ...]


@dataclass(frozen=True)
class Queue:
    """A run's images in the order of review.

    Attributes:
        run: the run.
        items: in order.
        place: place of each hash.
        scale: the run's scale of maps.
    """

    run: Run
    items: tuple[Item, ...]
    place: Mapping[str, int]
    scale: MapScale

    def __len__(self) -> int:
        """Return how many images the queue has."""
        return len(self.items)

    def find(self, wanted: str, place: int) -> int | None:
        """Return the place of the image that somebody asks for, or None when there is none.

        Args:
            wanted: its number, counted from 1; or a part of its name: the next one after ``place`` counts.
            place: where they are.
        """
        if wanted.isdecimal() and 1 <= int(wanted) <= len(self):
            return int(wanted) - 1
        part = wanted.casefold()
        onwards = [*range(place + 1, len(self)), *range(min(place + 1, len(self)))]
        return next((i for i in onwards if part in self.items[i].name.casefold()), None)


def queue_of(run: Run, prefixes: tuple[str, ...] = (), **wishes: Any) -> Queue:
    """Return the queue of a run.

    Args:
        run: whose predictions.
        prefixes: keep the images whose hashes begin so; none keeps all.
        wishes: arguments of ``queues.build_queue``.
    """
    return _queue(str(run.path), content_of(run), prefixes, tuple(sorted(wishes.items())), run)


def content_of(run: Run) -> str:
    """Return what tells a run's predictions from others', also from a run's that had its name before."""
    return str(run.manifest["files"]["predictions.parquet"])


@st.cache_resource(max_entries=64, show_spinner=False)
def _queue(
    path: str, content: str, prefixes: tuple[str, ...], wishes: tuple[tuple[str, Any], ...], _run: Run
) -> Queue:
    frame = queues.build_queue(_run, **dict(wishes))
    if prefixes:
        frame = frame[[image.startswith(prefixes) for image in frame["hash"]]]
    probabilities = frame[list(PROBABILITIES)].to_numpy(float)
    columns = ("row", "hash", "name", "subtype", "predicted", "confidence", "magnification", "slide")
    records = zip(*(frame[column].tolist() for column in columns), strict=True)
    items = tuple(
        Item(*record, tuple(chances)) for record, chances in zip(records, probabilities.tolist(), strict=True)
    )
    return Queue(_run, items, {item.hash: i for i, item in enumerate(items)}, scale_of(_run))


def scale_of(run: Run) -> MapScale:
    """Return what a run's maps usually reach."""
    return _scale(str(run.path), run.manifest["files"]["predictions.parquet"], run)


@st.cache_resource(max_entries=64, show_spinner=False)
def _scale(path: str, content: str, _run: Run) -> MapScale:
    predicted = _run.predictions()["predicted"].map(CODES.index).to_numpy(np.intp)
    return MapScale.of(_run.class_maps(), predicted)
