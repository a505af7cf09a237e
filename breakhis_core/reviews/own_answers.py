"""What one reviewer did, read by number: so a screen learns of another tab's answers with one small query."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, bindparam, select

from breakhis_core.reviews.ledger import EVENT_FIELDS, ledger_of
from breakhis_core.reviews.terms import ReviewEvent
from breakhis_core.storage import tables
from breakhis_core.storage.typed_text import clean_reviewer
from breakhis_core.workspace import Workspace

_EVENTS = tables.review_events
# Put together once: each Next asks, and building the statement took five times as long as the answer.
_OF = select(*(_EVENTS.c[name] for name in EVENT_FIELDS)).where(
    _EVENTS.c.reviewer == bindparam("reviewer"), _EVENTS.c.topic == "answer"
)
_LATER = _OF.where(_EVENTS.c.id > bindparam("number")).order_by(_EVENTS.c.id)
_NEWEST = _OF.order_by(_EVENTS.c.id.desc()).limit(bindparam("number"))


def newest(workspace: Workspace, reviewer: str, count: int) -> list[ReviewEvent]:
    """Return a reviewer's newest answers, undos and redos, oldest first."""
    return _read(workspace, _NEWEST, reviewer, count)[::-1]


def later(workspace: Workspace, reviewer: str, number: int) -> list[ReviewEvent]:
    """Return a reviewer's answers, undos and redos after the event with this number, oldest first."""
    return _read(workspace, _LATER, reviewer, number)


def standing_on(workspace: Workspace, reviewer: str, images: Collection[str]) -> dict[str, ReviewEvent]:
    """Return a reviewer's answers that stand on some images; an image without one is left out."""
    reviewer = clean_reviewer(reviewer)
    with ledger_of(workspace.engine).held(workspace.engine) as ledger:
        found = {image: ledger.answers.get(image, {}).get(reviewer) for image in images}
    return {image: ReviewEvent(*event) for image, event in found.items() if event is not None}


def _read(workspace: Workspace, query: Select[Any], reviewer: str, number: int) -> list[ReviewEvent]:
    asked = {"reviewer": clean_reviewer(reviewer), "number": number}
    with workspace.engine.connect() as connection:
        return [ReviewEvent(*row) for row in connection.execute(query, asked)]
