"""What one reviewer did, read by number: so a screen learns of another tab's answers with one small query."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, select

from breakhis_core import database as db
from breakhis_core.ledger import EVENT_FIELDS, ledger_of
from breakhis_core.review_terms import ReviewEvent, clean_reviewer
from breakhis_core.workspace import Workspace

_EVENTS = db.review_events


def newest(workspace: Workspace, reviewer: str, count: int) -> list[ReviewEvent]:
    """Return a reviewer's newest answers, undos and redos, oldest first."""
    query = _of(reviewer).order_by(_EVENTS.c.id.desc()).limit(count)
    return _read(workspace, query)[::-1]


def later(workspace: Workspace, reviewer: str, number: int) -> list[ReviewEvent]:
    """Return a reviewer's answers, undos and redos after the event with this number, oldest first."""
    return _read(workspace, _of(reviewer).where(_EVENTS.c.id > number).order_by(_EVENTS.c.id))


def standing_on(workspace: Workspace, reviewer: str, images: Collection[str]) -> dict[str, ReviewEvent]:
    """Return a reviewer's answers that stand on some images; an image without one is left out."""
    reviewer = clean_reviewer(reviewer)
    with ledger_of(workspace.engine).held(workspace.engine) as ledger:
        found = {image: ledger.answers.get(image, {}).get(reviewer) for image in images}
    return {image: ReviewEvent(*event) for image, event in found.items() if event is not None}


def _of(reviewer: str) -> Select[Any]:
    columns = (_EVENTS.c[name] for name in EVENT_FIELDS)
    return select(*columns).where(_EVENTS.c.reviewer == clean_reviewer(reviewer), _EVENTS.c.topic == "answer")


def _read(workspace: Workspace, query: Select[Any]) -> list[ReviewEvent]:
    with workspace.engine.connect() as connection:
        return [ReviewEvent(*row) for row in connection.execute(query)]
