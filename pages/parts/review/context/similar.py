"""Which training images does it resemble, and what do they suggest?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from breakhis_core.errors import InputError
from breakhis_core.images.taxonomy import side_of, subtype
from breakhis_core.runs import Run, neighbours
from pages.parts.review.context.cached import train_index
from pages.parts.review.context.tile import Tile
from pages.parts.review.queue import Item


@dataclass(frozen=True)
class Similar:
    """The nearest training images, and in words what they suggest."""

    words: Sequence[str]
    tiles: Sequence[Tile] = ()


def similar(run: Run, item: Item) -> Similar:
    """Find the training images nearest to an image, or say why there are none."""
    try:
        index = train_index(run)
    except InputError as error:
        return Similar([str(error)])
    found = neighbours.nearest(index, neighbours.compared(run)[item.row], item.row)
    words = [
        neighbours.suggestion(found, item.subtype, item.predicted),
        neighbours.leakage(found, run.unit),
        neighbours.likeness(found, index.usual),
    ]
    tiles = [
        Tile(
            hash=one.hash,
            side=side_of(one.subtype),
            words=subtype(one.subtype).name,
            small=f"{one.similarity:.2f} · {one.magnification}×",
            mark="same case" if one.same_case else "",
            title=f"{one.name}, case {one.case}: cosine similarity {one.similarity:.3f}",
        )
        for one in found
    ]
    return Similar([line for line in words if line], tiles)
