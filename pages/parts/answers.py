"""What this reviewer has answered, at hand for the review screen; every change goes to the database first.

Another tab of the same reviewer may answer too: ``refresh`` reads what came since, one small query.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from breakhis_core import own_answers, reviews
from breakhis_core.pace import Pace, pace_of
from breakhis_core.reviews import ReviewEvent
from pages.parts.frame import reviewer, workspace
from pages.parts.review_queue import Item

LONGEST_LOOK = 600.0  # Somebody who looked for longer was away.
LONGEST_SHOWN = 200
LONGEST_NOTE = 500
REMEMBERED = 120  # Events that the pace is read from: 20 answers, some of them on many images.


@dataclass(frozen=True, slots=True)
class Answer:
    """This reviewer's standing answer about one image."""

    action: str
    reason: str
    note: str

    @property
    def choice(self) -> str:
        """What was pressed: the code of the reason, or ``"keep"``."""
        return "keep" if self.action == "keep" else self.reason

    @property
    def words(self) -> str:
        """The answer as it stands on screen."""
        if self.action == "keep":
            return "kept: nothing wrong with the image"
        return f"flagged: {LABELS[self.reason].lower()}" + (f" ({self.note})" if self.note else "")


@dataclass
class Own:
    """What one reviewer has done, as far as this session has read.

    Attributes:
        reviewer: who.
        standing: standing answer by hash.
        recent: newest events, oldest first.
    """

    reviewer: str
    standing: dict[str, Answer]
    recent: list[ReviewEvent]

    @property
    def known(self) -> int:
        """Number of the newest event that was read."""
        return self.recent[-1].id if self.recent else 0


LABELS = {reason.code: reason.label for reason in reviews.REASONS}


def load() -> dict[str, Answer]:
    """Read this reviewer's standing answers, by hash."""
    # The events first: what comes between the two is read again by the next refresh.
    recent = own_answers.newest(workspace(), reviewer(), REMEMBERED)
    standing = reviews.standing(workspace(), reviewer=reviewer())
    columns = (standing[name].fillna("").tolist() for name in ("hash", "action", "reason", "note"))
    found = {
        image: Answer(action, reason, note) for image, action, reason, note in zip(*columns, strict=True)
    }
    st.session_state.own = Own(reviewer(), found, recent)
    return found


def refresh() -> set[str]:
    """Read what this reviewer did since, here or in another tab, and return the images that it was about."""
    own = _own()
    news = own_answers.later(workspace(), own.reviewer, own.known)
    images = {event.hash for event in news}
    if news:
        stands = own_answers.standing_on(workspace(), own.reviewer, images)
        for image in images:
            event = stands.get(image)
            if event is None:
                own.standing.pop(image, None)
            else:
                own.standing[image] = Answer(event.action, event.reason or "", event.note)
        own.recent = [*own.recent, *news][-REMEMBERED:]
    return images


def at_hand() -> dict[str, Answer]:
    """Return this reviewer's standing answers by hash."""
    return _own().standing


def pace() -> Pace | None:
    """Return at what pace this reviewer answers; None as long as too little was answered."""
    return pace_of(_own().recent)


def looked() -> float | None:
    """Return how many seconds the image was on screen; None when nobody can have looked so long."""
    seconds = time.monotonic() - float(st.session_state.get("shown_at", float("-inf")))
    return round(seconds, 1) if seconds < LONGEST_LOOK else None


def flag(item: Item, run: str, reason: str, note: str, shown: str | None = None) -> None:
    """Save a flag; it is on disk when this returns."""
    reviews.flag(
        workspace(), reviewer(), item.hash, reason, note,
        run=run, predicted=item.predicted, confidence=item.confidence, seconds=looked(), shown=shown,
    )  # fmt: skip
    refresh()


def keep(item: Item, run: str, note: str, shown: str | None = None) -> None:
    """Save that nothing is wrong with the image; it is on disk when this returns."""
    reviews.keep(
        workspace(), reviewer(), item.hash,
        note=note, run=run, predicted=item.predicted, confidence=item.confidence,
        seconds=looked(), shown=shown,
    )  # fmt: skip
    refresh()


def answer_many(items: Sequence[Item], run: str, reason: str | None, note: str, shown: str) -> None:
    """Flag several images with a reason, or keep them without one, in one gesture that is on disk then."""
    seconds = looked()
    facts = {
        "run": run,
        "predictions": {item.hash: (item.predicted, item.confidence) for item in items},
        "seconds": None if seconds is None else round(seconds / len(items), 2),
        "shown": shown,
    }
    hashes = [item.hash for item in items]
    if reason is None:
        reviews.keep_many(workspace(), reviewer(), hashes, note=note, **facts)
    else:
        reviews.flag_many(workspace(), reviewer(), hashes, reason, note, **facts)
    refresh()


def undo() -> tuple[ReviewEvent, int] | None:
    """Take back this reviewer's last answer; return it and on how many images it was, or None without one."""
    return _changed(reviews.undo(workspace(), reviewer(), topic="answer"))


def redo() -> tuple[ReviewEvent, int] | None:
    """Bring back what undo took; return it and on how many images it was, or None when there is nothing."""
    return _changed(reviews.redo(workspace(), reviewer(), topic="answer"))


def _changed(event: ReviewEvent | None) -> tuple[ReviewEvent, int] | None:
    refresh()
    return None if event is None else (event, reviews.images_of(workspace(), event))


def _own() -> Own:
    own: Own = st.session_state.own
    return own
