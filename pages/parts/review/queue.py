"""The queue as the review screen walks it: an order of a run's images, which all its queues share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import numpy.typing as npt
import streamlit as st

from breakhis_core.images import measuring
from breakhis_core.images.taxonomy import CODES
from breakhis_core.maps.scale import MapScale
from breakhis_core.runs import PROBABILITIES, Run, queues
from breakhis_core.suspects.worklists import Worklists, worklists_of
from pages.parts.shared import frame, selections


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
    part: str
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Images:
    """All images of a run.

    Attributes:
        items: by row.
        row: row of each hash.
        mistakes: how many are misclassified, by part.
    """

    items: tuple[Item, ...]
    row: Mapping[str, int]
    mistakes: Mapping[str, int]


class Ordered(Sequence[Item]):
    """Some of a run's images in an order: four bytes an image instead of a copy of it."""

    def __init__(self, images: Images, rows: npt.NDArray[np.int32]) -> None:
        self._items, self._rows = images.items, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Item]:
        return map(self._items.__getitem__, self._rows.tolist())

    @overload
    def __getitem__(self, place: int) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> list[Item]: ...
    def __getitem__(self, place: int | slice) -> Item | list[Item]:
        if isinstance(place, slice):
            return [self._items[row] for row in self._rows[place].tolist()]
        return self._items[self._rows[place]]


class Places(Mapping[str, int]):
    """Place of each hash in an order of a run's images."""

    def __init__(self, images: Images, rows: npt.NDArray[np.int32]) -> None:
        self._images, self._rows = images, rows
        self._place = np.full(len(images.items), -1, np.int32)
        self._place[rows] = np.arange(len(rows), dtype=np.int32)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[str]:
        return (self._images.items[row].hash for row in self._rows.tolist())

    def __getitem__(self, image: str) -> int:
        place = int(self._place[self._images.row[image]])
        if place < 0:
            raise KeyError(image)
        return place


@dataclass(frozen=True)
class Queue:
    """A run's images in the order of review.

    Attributes:
        run: the run.
        show: which images it shows, code of one of ``runs.queues.SHOWS``.
        items: in order.
        place: place of each hash.
        scale: the run's scale of maps.
        mistakes: how many images of the run are misclassified, by part.
    """

    run: Run
    show: str
    items: Sequence[Item]
    place: Mapping[str, int]
    scale: MapScale
    mistakes: Mapping[str, int]

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


def queue_of(run: Run, selected: str = "", show: str = "misclassified", **wishes: Any) -> Queue:
    """Return the queue of a run.

    Args:
        run: whose predictions.
        selected: keep the images that this says, as `selections` writes it; nothing keeps all.
        show: which images, code of one of ``runs.queues.SHOWS``.
        wishes: further arguments of ``runs.queues.build_queue``.
    """
    listed = worklists(run).listed(show)
    return _queue(run.content, selected, show, hash(listed), tuple(sorted(wishes.items())), run, listed)


def worklists(run: Run) -> Worklists:
    """Return which images of a run are worth a look, and why."""
    return worklists_of(run, measuring.load_checks(frame.workspace()))


@st.cache_resource(max_entries=64, show_spinner=False)
def _queue(
    content: str,
    selected: str,
    show: str,
    listed: int,
    wishes: tuple[tuple[str, Any], ...],
    _run: Run,
    _listed: tuple[str, ...],
) -> Queue:
    table = queues.build_queue(_run, show=show, listed=_listed, **dict(wishes))
    if selected:
        table = table[selections.among(table["hash"], selected, frame.workspace().root)]
    images, rows = images_of(_run), table["row"].to_numpy(np.int32)
    return Queue(_run, show, Ordered(images, rows), Places(images, rows), scale_of(_run), images.mistakes)


def images_of(run: Run) -> Images:
    """Return all images of a run, made once for all its queues."""
    return _images(run.content, run)


@st.cache_resource(max_entries=16, show_spinner=False)
def _images(content: str, _run: Run) -> Images:
    table = _run.predictions()
    columns = ("hash", "name", "subtype", "predicted", "confidence", "magnification", "slide", "part")
    records = zip(*(table[column].tolist() for column in columns), strict=True)
    probabilities = table[list(PROBABILITIES)].to_numpy(float).tolist()
    items = tuple(
        Item(row, *record, tuple(chances))
        for row, (record, chances) in enumerate(zip(records, probabilities, strict=True))
    )
    mistakes = Counter(item.part for item in items if item.predicted != item.subtype)
    return Images(items, {item.hash: item.row for item in items}, mistakes)


def scale_of(run: Run) -> MapScale:
    """Return what a run's maps usually reach."""
    return _scale(run.content, run)


@st.cache_resource(max_entries=64, show_spinner=False)
def _scale(content: str, _run: Run) -> MapScale:
    predicted = _run.predictions()["predicted"].map(CODES.index).to_numpy(np.intp)
    return MapScale.of(_run.class_maps(), predicted)
