"""What this reviewer has answered, at hand for the review screen; every change goes to the database first."""

from __future__ import annotations

import time
from dataclasses import dataclass

import streamlit as st

from breakhis_core import reviews
from pages.parts.frame import reviewer, workspace
from pages.parts.review_queue import Item

LONGEST_LOOK = 600.0  # Somebody who looked for longer was away.


@dataclass(frozen=True, slots=True)
class Answer:
    """This reviewer's standing answer about one image."""

    action: str
    reason: str
    note: str

    @property
    def words(self) -> str:
        """The answer as it stands on screen."""
        if self.action == "keep":
            return "kept: nothing wrong with the image"
        return f"flagged: {LABELS[self.reason].lower()}" + (f" ({self.note})" if self.note else "")


LABELS = {reason.code: reason.label for reason in reviews.REASONS}


def load() -> dict[str, Answer]:
    """Read this reviewer's standing answers, by hash; later ones are added as they are given."""
    standing = reviews.standing(workspace(), reviewer=reviewer())
    columns = (standing[name].fillna("").tolist() for name in ("hash", "action", "reason", "note"))
    found = {
        image: Answer(action, reason, note) for image, action, reason, note in zip(*columns, strict=True)
    }
    st.session_state.answers = found
    return found


def at_hand() -> dict[str, Answer]:
    """Return this reviewer's standing answers by hash."""
    found: dict[str, Answer] = st.session_state.answers
    return found


def looked() -> float | None:
    """Return how many seconds the image was on screen; None when nobody can have looked so long."""
    seconds = time.monotonic() - float(st.session_state.get("shown_at", float("-inf")))
    return round(seconds, 1) if seconds < LONGEST_LOOK else None


def flag(item: Item, run: str, reason: str, note: str) -> None:
    """Save a flag; it is on disk when this returns."""
    reviews.flag(
        workspace(), reviewer(), item.hash, reason, note,
        run=run, predicted=item.predicted, confidence=item.confidence, seconds=looked(),
    )  # fmt: skip
    at_hand()[item.hash] = Answer("flag", reason, note)


def keep(item: Item, run: str, note: str) -> None:
    """Save that nothing is wrong with the image; it is on disk when this returns."""
    reviews.keep(
        workspace(), reviewer(), item.hash,
        note=note, run=run, predicted=item.predicted, confidence=item.confidence, seconds=looked(),
    )  # fmt: skip
    at_hand()[item.hash] = Answer("keep", "", note)


def undo() -> str | None:
    """Take back this reviewer's last answer and return its image's hash, or None when there is none."""
    return _reloaded(reviews.undo(workspace(), reviewer()))


def redo() -> str | None:
    """Bring back what undo took and return its image's hash, or None when there is nothing to bring back."""
    return _reloaded(reviews.redo(workspace(), reviewer()))


def _reloaded(event: reviews.ReviewEvent | None) -> str | None:
    if event is None:
        return None
    load()  # What stands now may be an earlier answer about the same image.
    return event.hash
