"""What was said of it, by whom and when? What others said shows only after this reviewer's own answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from breakhis_core import reviews
from breakhis_core.reviews import terms
from pages.parts.review import own_answers
from pages.parts.review.queue import Item
from pages.parts.shared import frame
from pages.parts.shared.reasons import as_said

_ACTIONS = {
    "flag": "flagged",
    "keep": "kept: nothing wrong with the image",
    "undo": "took the last answer back",
    "redo": "brought the answer back",
    "exclude": "settled: leaves the training",
    "include": "settled: stays in the training",
}


@dataclass(frozen=True)
class Line:
    """One thing that was said: by whom, when, what, and the run that was looked at, or nothing."""

    who: str
    when: str
    what: str
    run: str


@dataclass(frozen=True)
class History:
    """What was said of an image, oldest first, and whether more is kept back."""

    lines: Sequence[Line]
    hidden: bool


def history(item: Item) -> History:
    """Return everything that was said about an image; others' words only after one's own."""
    past = reviews.as_named(reviews.history(frame.workspace(), item.hash))
    told = past if own_answers.given(item.hash) else past[past["reviewer"] == frame.reviewer()]
    hidden = len(told) < len(past)
    # A flag and the sub-type that was named after it are one gesture: told once, with the sub-type.
    told = told[(told["batch"] == "") | ~told.duplicated(["batch", "action"], keep="last")]
    lines = [
        Line(event.reviewer, _moment(event.at), _words(event), event.run or "")
        for event in told.itertuples(index=False)
    ]
    return History(lines, hidden)


def _words(event: Any) -> str:
    reason = f": {as_said(event.reason, event.correction)}" if event.reason in terms.LABELS else ""
    note = f" ({event.note})" if event.note else ""
    return f"{_ACTIONS.get(event.action, event.action)}{reason}{note}"


def _moment(at: str) -> str:
    return datetime.fromisoformat(at).strftime("%d %b %Y, %H:%M UTC").lstrip("0")
