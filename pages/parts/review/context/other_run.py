"""What did another run say of it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from breakhis_core.images.taxonomy import CODES, side_of, subtype
from breakhis_core.runs import Run, image_context
from pages.parts.review import maps
from pages.parts.review.context.cached import rows, runs, same_test_set
from pages.parts.review.context.tile import percent
from pages.parts.review.queue import Item, scale_of
from pages.parts.shared import frame


@dataclass(frozen=True)
class DrawnMap:
    """A class map as ``painting.js`` draws it.

    Attributes:
        rows: how many rows of cells it has.
        columns: how many columns.
        values: of its cells, from left to right and top to bottom.
        covered: the part of it that the picture covers, ``InputForm.covered``.
    """

    rows: int
    columns: int
    values: Sequence[float]
    covered: tuple[float, float, float, float]


@dataclass(frozen=True)
class OtherRun:
    """What another run said of an image.

    Attributes:
        options: name and label of each run that has the image.
        chosen: name of the run that this is about.
        words: the sub-type that it predicted; ``side`` its side, ``confidence`` how sure it was.
        verdict: how that compares with this run.
        notes: what to bear in mind.
        map: its map of that sub-type.
        strong: what its maps usually reach, the end of the colours.
    """

    options: Sequence[tuple[str, str]]
    chosen: str
    words: str
    side: str
    confidence: str
    verdict: str
    notes: str
    map: DrawnMap
    strong: float


def other_run(run: Run, item: Item, wanted: str | None) -> OtherRun | None:
    """Return what another run said of an image, or ``None`` if no other has it.

    Args:
        run: this run.
        item: the image.
        wanted: name of the other run; else the one that this run improves on.
    """
    others = {
        other.name: other
        for other in image_context.by_likely_comparison(run, runs())
        if item.hash in rows(other)
    }
    if not others:
        return None
    other = others[wanted] if wanted in others else next(iter(others.values()))
    row = rows(other)[item.hash]
    said = other.predictions().iloc[row]
    predicted = str(said["predicted"])
    notes = [] if said["part"] != "train" else ["It learnt this image."]
    if not same_test_set(run, other):
        notes.append("Tested on other images than this run.")
    cells = np.maximum(np.asarray(other.class_maps()[row, CODES.index(predicted)], float), 0)
    return OtherRun(
        options=[(name, frame.run_label(found)) for name, found in others.items()],
        chosen=other.name,
        words=subtype(predicted).name,
        side=side_of(predicted),
        confidence=percent(said["confidence"]),
        verdict=_verdict(item, predicted),
        notes=" ".join(notes),
        map=DrawnMap(*cells.shape, cells.round(4).ravel().tolist(), maps.covered(other, item.hash)),
        strong=scale_of(other).strong,
    )


def _verdict(item: Item, predicted: str) -> str:
    if predicted == item.predicted:
        return "the same as this run"
    if predicted == item.subtype:
        return "right there, wrong here"
    if item.predicted == item.subtype:
        return "wrong there, right here"
    return "wrong in both, each in its own way"
