"""Undo and redo of what a reviewer said: events like any other, that say what stands after them.

They work like an editor's. Undo takes back the reviewer's newest answer that stands, however long ago it was
given; redo brings back what undo took, until a new answer is given. What was imported is passed over.
"""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import Connection, Select, exists, insert, or_, select

from breakhis_core import database as db
from breakhis_core.ledger import EVENT_FIELDS
from breakhis_core.review_terms import ReviewEvent, clean_reviewer
from breakhis_core.workspace import Workspace

_EVENTS = db.review_events
_STATEMENTS = ("flag", "keep", "exclude", "include")


def undo(workspace: Workspace, reviewer: str, only: int | None = None) -> ReviewEvent | None:
    """Take back a reviewer's newest answer that was not taken back yet.

    Args:
        workspace: where it is kept.
        reviewer: whose.
        only: take back this event and its gesture instead, whatever the reviewer answered since.

    Returns:
        The answer that was taken back (the last one of a gesture on many images), or ``None`` when there is
        none. What the reviewer had said about the image before stands again.
    """
    reviewer = clean_reviewer(reviewer)
    with db.writing(workspace.engine, "reviews") as connection:
        answers = _by(reviewer).where(
            _EVENTS.c.action.in_(_STATEMENTS), _EVENTS.c.source.is_(None), ~_is_undone(_EVENTS)
        )
        newest = _first(connection, answers if only is None else answers.where(_EVENTS.c.id == only))
        if newest is None:
            return None
        batch = uuid.uuid4().hex
        for event in _gesture(connection, newest):
            stands = _stands(connection, event, without=event.id)
            _append(connection, event, action="undo", undoes=event.id, stands=stands, batch=batch)
    return newest


def redo(workspace: Workspace, reviewer: str) -> ReviewEvent | None:
    """Bring back what the reviewer's last undo took back.

    Returns:
        The answer that stands again, or ``None`` when there is nothing to bring back: nothing was undone, or
        a new answer was given since.
    """
    reviewer = clean_reviewer(reviewer)
    with db.writing(workspace.engine, "reviews") as connection:
        answered = _first(
            connection, _by(reviewer).where(_EVENTS.c.action.in_(_STATEMENTS), _EVENTS.c.source.is_(None))
        )
        undone = answered and _first(
            connection,
            _by(reviewer).where(
                _EVENTS.c.id > answered.id, _EVENTS.c.action == "undo", ~_has(_EVENTS, "redo")
            ),
        )
        if undone is None:
            return None
        batch = uuid.uuid4().hex
        back = None
        for event in _gesture(connection, undone):
            answer = _first(connection, _all().where(_EVENTS.c.id == event.undoes))
            assert answer is not None
            back = back or answer
            stands = _stands(connection, answer, including=answer.id)
            _append(connection, answer, action="redo", undoes=event.id, stands=stands, batch=batch)
    return back


def _all() -> Select[Any]:
    return select(*(_EVENTS.c[name] for name in EVENT_FIELDS))


def _by(reviewer: str) -> Select[Any]:
    return _all().where(_EVENTS.c.reviewer == reviewer).order_by(_EVENTS.c.id.desc()).limit(1)


def _first(connection: Connection, query: Select[Any]) -> ReviewEvent | None:
    row = connection.execute(query).first()
    return None if row is None else ReviewEvent(*row)


def _gesture(connection: Connection, event: ReviewEvent) -> list[ReviewEvent]:
    """Return the events that were made with one, newest first."""
    if event.batch is None:
        return [event]
    query = _all().where(_EVENTS.c.batch == event.batch).order_by(_EVENTS.c.id.desc())
    return [ReviewEvent(*row) for row in connection.execute(query)]


def _has(events: Any, action: str) -> Any:
    later = _EVENTS.alias()
    return exists().where(later.c.undoes == events.c.id, later.c.action == action)


def _is_undone(events: Any) -> Any:
    """Return the condition that an event has an undo which no redo took back."""
    back = _EVENTS.alias()
    return exists().where(back.c.undoes == events.c.id, back.c.action == "undo", ~_has(back, "redo"))


def _stands(
    connection: Connection, event: ReviewEvent, *, without: int | None = None, including: int | None = None
) -> int:
    """Return which statement stands if one more is taken back or brought back; 0 is none."""
    effective = ~_is_undone(_EVENTS)
    if including is not None:
        effective = or_(effective, _EVENTS.c.id == including)
    query = select(_EVENTS.c.id).where(
        _EVENTS.c.topic == event.topic,
        _EVENTS.c.hash == event.hash,
        _EVENTS.c.action.in_(_STATEMENTS),
        effective,
    )
    if event.topic == "answer":
        query = query.where(_EVENTS.c.reviewer == event.reviewer)
    if without is not None:
        query = query.where(_EVENTS.c.id != without)
    # By time, not by id: an import may bring in what was said long before.
    query = query.order_by(_EVENTS.c.at.desc(), _EVENTS.c.id.desc()).limit(1)
    return connection.execute(query).scalar() or 0


def _append(connection: Connection, about: ReviewEvent, **values: Any) -> None:
    subject = {name: getattr(about, name) for name in ("reviewer", "topic", "hash", "name", "reason", "run")}
    connection.execute(insert(_EVENTS).values(at=db.now(), note="", **subject, **values))
