"""What this reviewer has answered, at hand for the review screen; every change goes to the database first.

In the queue of disagreements the same keys settle for everybody: at hand is then what stewards settled.

Another tab of the same reviewer may answer too: ``refresh`` reads what came since, one small query.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from breakhis_core import reviews
from breakhis_core.reviews import ReviewEvent, own_answers
from breakhis_core.reviews.pace import Pace, pace_of
from breakhis_core.reviews.terms import WRONG_LABEL
from pages.parts.review.answer import Answer, Settled
from pages.parts.review.queue import Item
from pages.parts.shared import address
from pages.parts.shared.frame import reviewer, workspace

LONGEST_LOOK = 600.0  # Somebody who looked for longer was away.
LONGEST_SHOWN = 200
LONGEST_NOTE = 500
OWN = "own"
"""What the address says as ``as`` where one answers instead of settling."""
REMEMBERED = 120  # Events that the pace is read from: 20 answers, some of them on many images.


@dataclass
class Own:
    """What one reviewer has done, as far as this session has read.

    Attributes:
        reviewer: who.
        standing: standing answer by hash.
        settled: what stewards settled, by hash; read only while settling.
        recent: newest events, oldest first.
    """

    reviewer: str
    standing: dict[str, Answer]
    settled: Mapping[str, Answer] | None
    recent: list[ReviewEvent]

    @property
    def known(self) -> int:
        """Number of the newest event that was read."""
        return self.recent[-1].id if self.recent else 0


def load() -> dict[str, Answer]:
    """Read this reviewer's standing answers, by hash."""
    # The events first: what comes between the two is read again by the next refresh.
    recent = own_answers.newest(workspace(), reviewer(), REMEMBERED)
    standing = reviews.standing(workspace(), reviewer=reviewer())
    names = ("hash", "action", "reason", "note", "correction")
    columns = (standing[name].fillna("").tolist() for name in names)
    found = {image: Answer(*said) for image, *said in zip(*columns, strict=True)}
    st.session_state.own = Own(reviewer(), found, None, recent)
    return found


def settling() -> bool:
    """Tell whether the keys settle: in the queue of disagreements, unless one asked to answer."""
    return address.said("show") == "disagreeing" and address.said("as") != OWN


def none_stands() -> str:
    """Say that nothing stands about an image yet."""
    return "not settled yet" if settling() else "no answer from you yet"


def nothing_to_undo() -> str:
    """Say that this reviewer has nothing that undo could take back."""
    return f"You have no {'settlement' if settling() else 'answer'} to take back."


def refresh() -> set[str]:
    """Read what this reviewer did since, here or in another tab, and return the images that it was about."""
    own = _own()
    if settling():
        own.settled = _settlements()
    news = own_answers.later(workspace(), own.reviewer, own.known)
    images = {event.hash for event in news}
    if news:
        stands = own_answers.standing_on(workspace(), own.reviewer, images)
        for image in images:
            event = stands.get(image)
            if event is None:
                own.standing.pop(image, None)
            else:
                own.standing[image] = Answer(
                    event.action, event.reason or "", event.note, event.correction or ""
                )
        own.recent = [*own.recent, *news][-REMEMBERED:]
    return images


def at_hand() -> Mapping[str, Answer]:
    """Return this reviewer's standing answers by hash; while settling, what stewards settled."""
    own = _own()
    if not settling():
        return own.standing
    if own.settled is None:
        own.settled = _settlements()
    return own.settled


def given(image: str) -> bool:
    """Tell whether what others said of an image may be shown: this reviewer answered it, or settles."""
    return settling() or image in _own().standing


def pace() -> Pace | None:
    """Return at what pace this reviewer answers; None as long as too little was answered."""
    return pace_of(_own().recent)


def looked() -> float | None:
    """Return how many seconds the image was on screen; None when nobody can have looked so long."""
    seconds = time.monotonic() - float(st.session_state.get("shown_at", float("-inf")))
    return round(seconds, 1) if seconds < LONGEST_LOOK else None


def flag(item: Item, run: str, reason: str, note: str, shown: str | None = None) -> None:
    """Save a flag, or that the image leaves; it is on disk when this returns.

    Saying "wrong label" again keeps the sub-type that was named.
    """
    if settling():
        _settle([item], reason, note)
        return
    reviews.flag(
        workspace(), reviewer(), item.hash, reason, note,
        run=run, predicted=item.predicted, confidence=item.confidence, seconds=looked(), shown=shown,
        correction=correction_of(item) if reason == WRONG_LABEL else None,
    )  # fmt: skip
    refresh()


def correct(items: Sequence[Item], correction: str) -> list[Item]:
    """Name the sub-type that is right for images whose label was said to be wrong, in the same gesture.

    Returns:
        Those for which it was saved: an image of that sub-type is none of them, nor one of which something
        else was said since.
    """
    said = at_hand()
    wrong = [
        item
        for item in items
        if item.hash in said and said[item.hash].reason == WRONG_LABEL and item.subtype != correction
    ]
    for item in wrong:
        reviews.correct(workspace(), reviewer(), item.hash, correction, topic=_topic())
    refresh()
    return wrong


def correction_of(item: Item) -> str | None:
    """Return the sub-type that this reviewer named as the right one of an image."""
    said = at_hand().get(item.hash)
    return said.correction or None if said else None


def keep(item: Item, run: str, note: str, shown: str | None = None) -> None:
    """Save that nothing is wrong with the image, or that it stays; it is on disk when this returns."""
    if settling():
        _settle([item], None, note)
        return
    reviews.keep(
        workspace(), reviewer(), item.hash,
        note=note, run=run, predicted=item.predicted, confidence=item.confidence,
        seconds=looked(), shown=shown,
    )  # fmt: skip
    refresh()


def answer_many(items: Sequence[Item], run: str, reason: str | None, note: str, shown: str) -> None:
    """Flag several images with a reason, or keep them without one, in one gesture that is on disk then."""
    if settling():
        _settle(items, reason, note)
        return
    seconds = looked()
    facts = {
        "run": run,
        "predictions": {item.hash: (item.predicted, item.confidence) for item in items},
        "seconds": None if seconds is None else round(seconds / len(items), 2),
        "shown": shown,
    }
    hashes = [item.hash for item in items]
    named = _named(items, reason)
    if reason is None:
        reviews.keep_many(workspace(), reviewer(), hashes, note=note, **facts)
    else:
        reviews.flag_many(workspace(), reviewer(), hashes, reason, note, **facts)
    _name_again(named)
    refresh()


def _settle(items: Sequence[Item], reason: str | None, note: str) -> None:
    named = _named(items, reason)
    reviews.settle_many(
        workspace(), reviewer(), [item.hash for item in items],
        exclude=reason is not None, reason=reason or "other", note=note,
    )  # fmt: skip
    _name_again(named)
    refresh()


def _named(items: Sequence[Item], reason: str | None) -> dict[str, str]:
    """Return the sub-types that were named and that saying "wrong label" again keeps, by hash."""
    found = {item.hash: correction_of(item) for item in items if reason == WRONG_LABEL}
    return {image: correction for image, correction in found.items() if correction}


def _name_again(named: Mapping[str, str]) -> None:
    for image, correction in named.items():
        reviews.correct(workspace(), reviewer(), image, correction, topic=_topic())


def _settlements() -> dict[str, Answer]:
    table = reviews.settlements(workspace())
    columns = (table[name].tolist() for name in ("hash", "excluded"))
    texts = (table[name].fillna("").tolist() for name in ("reason", "note", "correction", "steward"))
    return {
        image: Settled("flag" if leaves else "keep", *said)
        for image, leaves, *said in zip(*columns, *texts, strict=True)
    }


def _topic() -> Literal["answer", "settlement"]:
    return "settlement" if settling() else "answer"


def undo() -> tuple[ReviewEvent, int] | None:
    """Take back this reviewer's last answer, or settlement while settling.

    Returns:
        It, and on how many images it was; None without one.
    """
    return _changed(reviews.undo(workspace(), reviewer(), topic=_topic()))


def redo() -> tuple[ReviewEvent, int] | None:
    """Bring back what undo took; return it and on how many images it was, or None when there is nothing."""
    return _changed(reviews.redo(workspace(), reviewer(), topic=_topic()))


def _changed(event: ReviewEvent | None) -> tuple[ReviewEvent, int] | None:
    refresh()
    return None if event is None else (event, reviews.images_of(workspace(), event))


def _own() -> Own:
    own: Own = st.session_state.own
    return own
