"""What did the run say of the other images of its case?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from breakhis_core.images.taxonomy import side_of, subtype
from breakhis_core.runs import image_context
from breakhis_core.runs.image_context import CaseImage
from pages.parts.review.context.cached import cases
from pages.parts.review.context.tile import Tile, percent
from pages.parts.review.queue import Item, Queue


@dataclass(frozen=True)
class Case:
    """The case of an image: its name, what to say of it, and its other images."""

    name: str
    words: Sequence[str]
    tiles: Sequence[Tile]


def case(queue: Queue, item: Item) -> Case:
    """Return the case of an image with what the run said of each of the others."""
    run = queue.run
    name = run.predictions()["case"].iat[item.row]
    images = cases(run)[name]
    others = [one for one in images if one.hash != item.hash]
    words = [
        image_context.labels_in_words(images),
        image_context.mistakes_in_words(images, item.part, queue.mistakes.get(item.part, 0)),
        image_context.case_in_words(images) if others else "This is its only image.",
    ]
    return Case(name, [line for line in words if line], [_tile(one) for one in others])


def _tile(one: CaseImage) -> Tile:
    right = one.predicted == one.subtype
    return Tile(
        hash=one.hash,
        side=side_of(one.predicted),
        words=f"{one.predicted} {percent(one.confidence)}",
        true=f"true {one.subtype}",
        small=f"{one.magnification}× · {one.part}",
        mark="" if right else "wrong",
        title=f"{one.name}: {subtype(one.subtype).name}, called {subtype(one.predicted).name}, "
        f"{'right' if right else 'wrong'}",
        visit=True,
    )
