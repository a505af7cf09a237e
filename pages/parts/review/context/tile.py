"""A small picture of the context: another image, and in a few words what it has to do with this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from breakhis_core import reviews
from breakhis_core.reviews import terms
from pages.parts.review import own_answers
from pages.parts.review.queue import Queue
from pages.parts.shared import frame
from pages.parts.shared.reasons import in_words


@dataclass(frozen=True)
class Tile:
    """One picture of the context.

    Attributes:
        hash: the image.
        side: its side, which colours the words, or nothing.
        words: first line under the picture; ``true`` and ``small`` are the next ones.
        mark: a word in the picture's corner.
        title: what hovering says.
        visit: whether a click goes to the image.
        flag: why the image is flagged, in words; empty where nobody said so or it may not be told.
    """

    hash: str
    side: str
    words: str
    small: str
    title: str
    true: str = ""
    mark: str = ""
    visit: bool = False
    flag: str = ""


def tellable_flags(queue: Queue, tiles: Sequence[Tile]) -> dict[str, str]:
    """Return why each image is flagged, by hash; what is still to be answered tells no others' answers."""
    told = [one.hash for one in tiles if own_answers.given(one.hash) or one.hash not in queue.place]
    said = reviews.answers_on_each(frame.workspace(), told)
    reasons = {
        image: dict.fromkeys(
            in_words(answer.reason, answer.correction)
            for answer in said[image]
            if answer.reason in terms.LABELS
        )
        for image in told
    }
    return {image: ", ".join(labels).lower() for image, labels in reasons.items()}


def with_flags(tiles: Sequence[Tile], flags: Mapping[str, str]) -> list[Tile]:
    """Return the tiles with why their images are flagged."""
    return [replace(one, flag=flags.get(one.hash, "")) for one in tiles]


def percent(confidence: float) -> str:
    """Return a confidence from 0 to 1 in words.

    >>> percent(0.987)
    '99 %'
    """
    return f"{100 * confidence:.0f} %"
