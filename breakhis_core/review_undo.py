"""Undo and redo of what a reviewer said: events like any other, that say what stands after them.

They work like an editor's. Undo takes back the reviewer's newest answer that stands, however long ago it was
given; redo brings back what undo took, until a new answer is given. What was imported is passed over.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, Select, distinct, exists, insert, or_, select
from sqlalchemy.sql.functions import count

from breakhis_core import database as db
from breakhis_core.ledger import EVENT_FIELDS
from breakhis_core.review_terms import ReviewEvent, clean_reviewer
from breakhis_core.workspace import Workspace

_EVENTS = db.review_events
_STATEMENTS = ("flag", "keep", "exclude", "include")


def undo(
    workspace: Workspace, reviewer: str, topic: str | None = None, only: int | None = None
) -> ReviewEvent | None:
    """Take back the newest thing a reviewer said that was not taken back yet.

    Args:
        workspace: where it is kept.
        reviewer: whose.
        topic: ``"answer"`` or ``"settlement"``, to pass over the other; by default both count.
        only: take back this event and its gesture instead, whatever the reviewer said since.

    Returns:
        What was taken back (the last event of a gesture on many images), or ``None`` when there is nothing.
        What the reviewer had said about the image before stands again.
    """
    with db.writing(workspace.engine, "reviews") as connection:
        said = _by(reviewer, topic).where(
            _EVENTS.c.action.in_(_STATEMENTS), _EVENTS.c.source.is_(None), ~_is_undone(_EVENTS)
        )
        newest = _first(connection, said if only is None else said.where(_EVENTS.c.id == only))
        if newest is not None:
            _take_back(connection, _gesture(connection, newest))
    return newest


def redo(
    workspace: Workspace, reviewer: str, topic: str | None = None, only: int | None = None
) -> ReviewEvent | None:
    """Bring back what the reviewer's last undo took back.

    Args:
        workspace: where it is kept.
        reviewer: whose.
        topic: ``"answer"`` or ``"settlement"``, to pass over the other; by default both count.
        only: bring back what this undo took instead, whatever the reviewer said since.

    Returns:
        What stands again, or ``None`` when there is nothing to bring back: nothing was undone, or something
        new was said since.
    """
    with db.writing(workspace.engine, "reviews") as connection:
        undos = _by(reviewer, topic).where(_EVENTS.c.action == "undo", ~_has(_EVENTS, "redo"))
        if only is not None:
            undone = _first(connection, undos.where(_EVENTS.c.id == only))
        else:
            said = _by(reviewer, topic).where(_EVENTS.c.action.in_(_STATEMENTS), _EVENTS.c.source.is_(None))
            last = _first(connection, said)
            undone = last and _first(connection, undos.where(_EVENTS.c.id > last.id))
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


def unflag(workspace: Workspace, reviewer: str, images: Sequence[str]) -> list[int]:
    """Take back a reviewer's own flags on some images in one gesture, imported ones too.

    Nothing is said instead: where the reviewer had kept the image before, that stands again.

    Returns:
        The numbers of the undos; ``redo`` with the first as ``only`` brings all of it back. Empty when no
        flag of this reviewer's stands on any of them.
    """
    said = _all().where(
        _EVENTS.c.reviewer == clean_reviewer(reviewer),
        _EVENTS.c.topic == "answer",
        _EVENTS.c.action.in_(_STATEMENTS),
        ~_is_undone(_EVENTS),
    )
    with db.writing(workspace.engine, "reviews") as connection:
        flags: list[ReviewEvent] = []
        for image in dict.fromkeys(images):
            on_image = said.where(_EVENTS.c.hash == image).order_by(_EVENTS.c.at.desc(), _EVENTS.c.id.desc())
            answers = (ReviewEvent(*row) for row in connection.execute(on_image).all())
            flags += takewhile(lambda event: event.action == "flag", answers)
        return _take_back(connection, flags)


def images_of(workspace: Workspace, event: ReviewEvent) -> int:
    """Return on how many images the gesture was that an event is part of."""
    if event.batch is None:
        return 1
    query = select(count(distinct(_EVENTS.c.hash))).where(_EVENTS.c.batch == event.batch)
    with workspace.engine.connect() as connection:
        return connection.execute(query).scalar_one()


def _take_back(connection: Connection, said: Sequence[ReviewEvent]) -> list[int]:
    """Take back statements, newest first, in one gesture; return the numbers of the undos."""
    batch = uuid.uuid4().hex
    return [
        _append(
            connection,
            event,
            action="undo",
            undoes=event.id,
            stands=_stands(connection, event, without=event.id),
            batch=batch,
        )
        for event in said
    ]


def _all() -> Select[Any]:
    return select(*(_EVENTS.c[name] for name in EVENT_FIELDS))


def _by(reviewer: str, topic: str | None) -> Select[Any]:
    newest = _all().where(_EVENTS.c.reviewer == clean_reviewer(reviewer)).order_by(_EVENTS.c.id.desc())
    return newest.limit(1) if topic is None else newest.where(_EVENTS.c.topic == topic).limit(1)


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


def _append(connection: Connection, about: ReviewEvent, **values: Any) -> int:
    subject = {name: getattr(about, name) for name in ("reviewer", "topic", "hash", "name", "reason", "run")}
    new = insert(_EVENTS).values(at=db.now(), note="", **subject, **values).returning(_EVENTS.c.id)
    number: int = connection.execute(new).scalar_one()
    return number
