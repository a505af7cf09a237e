"""Undo and redo of what a reviewer said: events like any other, that say what stands after them.

They work like an editor's. Undo takes back the reviewer's newest answer that stands, however long ago it was
given; redo brings back what undo took, until a new answer is given. What was imported is passed over.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from sqlalchemy import Connection, Select, distinct, exists, insert, or_, select
from sqlalchemy.sql.functions import count

from breakhis_core.reviews.ledger import EVENT_FIELDS
from breakhis_core.reviews.terms import ReviewEvent
from breakhis_core.storage import database as db
from breakhis_core.storage import tables
from breakhis_core.storage.typed_text import clean_reviewer
from breakhis_core.workspace import Workspace

_EVENTS = tables.review_events
_BACK, _LATER = _EVENTS.alias(), _EVENTS.alias()
STATEMENTS = ("flag", "keep", "exclude", "include")


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
            _EVENTS.c.action.in_(STATEMENTS), _EVENTS.c.source.is_(None), ~_is_undone()
        )
        newest = _first(connection, said if only is None else said.where(_EVENTS.c.id == only))
        if newest is not None:
            take_back(connection, _gesture(connection, newest, ~_is_undone()))
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
        undos = _by(reviewer, topic).where(
            _EVENTS.c.action == "undo", _EVENTS.c.source.is_(None), ~has(_EVENTS, "redo")
        )
        if only is not None:
            undone = _first(connection, undos.where(_EVENTS.c.id == only))
        else:
            said = _by(reviewer, topic).where(_EVENTS.c.action.in_(STATEMENTS), _EVENTS.c.source.is_(None))
            last = _first(connection, said)
            undone = last and _first(connection, undos.where(_EVENTS.c.id > last.id))
        if undone is None:
            return None
        return bring_back(connection, _gesture(connection, undone))[0]


def unflag(workspace: Workspace, reviewer: str, images: Sequence[str]) -> list[int]:
    """Take back a reviewer's own flags on some images in one gesture, imported ones too.

    Nothing is said instead: where the reviewer had kept the image before, that stands again.

    Returns:
        The numbers of the undos; ``redo`` with the first as ``only`` brings all of it back. Empty when no
        flag of this reviewer's stands on any of them.
    """
    said = all_events().where(
        _EVENTS.c.reviewer == clean_reviewer(reviewer),
        _EVENTS.c.topic == "answer",
        _EVENTS.c.action.in_(STATEMENTS),
        ~_is_undone(),
    )
    with db.writing(workspace.engine, "reviews") as connection:
        flags: list[ReviewEvent] = []
        for image in dict.fromkeys(images):
            on_image = said.where(_EVENTS.c.hash == image).order_by(_EVENTS.c.at.desc(), _EVENTS.c.id.desc())
            answers = (ReviewEvent(*row) for row in connection.execute(on_image).all())
            flags += takewhile(lambda event: event.action == "flag", answers)
        return take_back(connection, flags)


def images_of(workspace: Workspace, event: ReviewEvent) -> int:
    """Return on how many images the undo or redo was that last took back or brought back an event."""
    undone = select(_EVENTS.c.id).where(_EVENTS.c.undoes == event.id)
    last = select(_EVENTS.c.batch).where(or_(_EVENTS.c.undoes == event.id, _EVENTS.c.undoes.in_(undone)))
    batch = last.order_by(_EVENTS.c.id.desc()).limit(1).scalar_subquery()
    query = select(count(distinct(_EVENTS.c.hash))).where(_EVENTS.c.batch == batch)
    with workspace.engine.connect() as connection:
        return connection.execute(query).scalar_one()


def said_by(connection: Connection, reviewer: str) -> list[ReviewEvent]:
    """Return what a reviewer said and was not taken back, also what a later answer replaced, oldest first."""
    query = all_events().where(
        _EVENTS.c.reviewer == reviewer, _EVENTS.c.action.in_(STATEMENTS), ~_is_undone()
    )
    return [ReviewEvent(*row) for row in connection.execute(query.order_by(_EVENTS.c.at, _EVENTS.c.id))]


def take_back(connection: Connection, said: Sequence[ReviewEvent], source: str | None = None) -> list[int]:
    """Take back statements, newest first, in one gesture.

    Args:
        connection: in a transaction that writes reviews.
        said: the statements.
        source: why, when it was not by undo: redo passes over it.

    Returns:
        The numbers of the undos.
    """
    batch = uuid.uuid4().hex
    numbers = []
    for event in said:
        stands = _stands(connection, event, without=event.id)
        values = {"undoes": event.id, "stands": stands, "batch": batch, "source": source}
        numbers.append(_append(connection, event, action="undo", **values))
    return numbers


def bring_back(connection: Connection, undos: Sequence[ReviewEvent]) -> list[ReviewEvent]:
    """Bring back what some undos took, newest first, in one gesture; return the statements."""
    batch = uuid.uuid4().hex
    back = []
    for undo_event in undos:
        event = _first(connection, all_events().where(_EVENTS.c.id == undo_event.undoes))
        assert event is not None
        stands = _stands(connection, event, including=event.id)
        _append(connection, event, action="redo", undoes=undo_event.id, stands=stands, batch=batch)
        back.append(event)
    return back


def later(connection: Connection, event: ReviewEvent, reviewer: str) -> int | None:
    """Return what stands if a reviewer says the same at the same time; ``None`` is that statement itself."""
    stands = _stands(connection, replace(event, reviewer=reviewer))
    newer = select(_EVENTS.c.id).where(_EVENTS.c.id == stands, _EVENTS.c.at > event.at)
    return connection.execute(newer).scalar()


def all_events() -> Select[Any]:
    """Return the query of all events, in the fields of ``ReviewEvent``."""
    return select(*(_EVENTS.c[name] for name in EVENT_FIELDS))


def _by(reviewer: str, topic: str | None) -> Select[Any]:
    newest = all_events().where(_EVENTS.c.reviewer == clean_reviewer(reviewer)).order_by(_EVENTS.c.id.desc())
    return newest.limit(1) if topic is None else newest.where(_EVENTS.c.topic == topic).limit(1)


def _first(connection: Connection, query: Select[Any]) -> ReviewEvent | None:
    row = connection.execute(query).first()
    return None if row is None else ReviewEvent(*row)


def _gesture(connection: Connection, event: ReviewEvent, *that: Any) -> list[ReviewEvent]:
    """Return the events that were made with one and fulfil some conditions, newest first."""
    if event.batch is None:
        return [event]
    query = all_events().where(_EVENTS.c.batch == event.batch, *that).order_by(_EVENTS.c.id.desc())
    return [ReviewEvent(*row) for row in connection.execute(query)]


def has(events: Any, action: str) -> Any:
    """Return the condition that an undo or a redo of an event exists."""
    return exists().where(_LATER.c.undoes == events.c.id, _LATER.c.action == action)


def _is_undone() -> Any:
    """Return the condition that an event has an undo which no redo took back."""
    return exists().where(_BACK.c.undoes == _EVENTS.c.id, _BACK.c.action == "undo", ~has(_BACK, "redo"))


def _stands(
    connection: Connection, event: ReviewEvent, *, without: int | None = None, including: int | None = None
) -> int:
    """Return which statement stands if one more is taken back or brought back; 0 is none."""
    effective = ~_is_undone()
    if including is not None:
        effective = or_(effective, _EVENTS.c.id == including)
    query = select(_EVENTS.c.id).where(
        _EVENTS.c.topic == event.topic,
        _EVENTS.c.hash == event.hash,
        _EVENTS.c.action.in_(STATEMENTS),
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
    same = ("reviewer", "topic", "hash", "name", "reason", "run", "correction")
    subject = {name: getattr(about, name) for name in same}
    new = insert(_EVENTS).values(at=db.now(), note="", **subject, **values).returning(_EVENTS.c.id)
    number: int = connection.execute(new).scalar_one()
    return number
