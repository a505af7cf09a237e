"""Is its picture good, and is there nearly the same picture elsewhere?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from breakhis_core import jobs
from breakhis_core.images import measuring
from breakhis_core.images.taxonomy import side_of, subtype
from breakhis_core.runs import Run
from pages.parts.review.context.cached import rows
from pages.parts.review.context.tile import Tile
from pages.parts.review.queue import Item
from pages.parts.shared import frame


@dataclass(frozen=True)
class Quality:
    """Quality scores in words and near-duplicates, or what there is instead.

    Attributes:
        words: what the scores say.
        offer: ``"measure"`` where nobody measured the images, ``"running"`` while they are measured.
        near: the near-duplicates.
    """

    words: Sequence[str] = ()
    offer: str = ""
    near: Sequence[Tile] = ()


def quality(run: Run, item: Item) -> Quality:
    """Return an image's quality scores and near-duplicates, or the offer to measure the images."""
    checks = measuring.load_checks(frame.workspace())
    words = [] if checks is None else measuring.quality_in_words(checks, item.hash)
    if checks is None or not words:
        return Quality(offer="running" if jobs.active(frame.workspace(), "measure") else "measure")
    return Quality(
        words, near=[_tile(run, image, turned) for image, turned in checks.near.get(item.hash, ())]
    )


def _tile(run: Run, image: str, turned: str) -> Tile:
    small = turned or "the same way round"
    row = rows(run).get(image)
    if row is None:
        return Tile(hash=image, side="", words="not in this run", small=small, title=image)
    said = run.predictions().iloc[row]
    return Tile(
        hash=image,
        side=side_of(said["subtype"]),
        words=subtype(said["subtype"]).name,
        small=small,
        mark=str(said["part"]),
        title=str(said["name"]),
        visit=True,
    )


def measure() -> None:
    """Start to measure all images, unless that is under way."""
    if not jobs.active(frame.workspace(), "measure"):
        jobs.submit(frame.workspace(), "measure", {})
