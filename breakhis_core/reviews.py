"""What reviewers say about images. Every answer, undo and redo is a new event; nothing is ever overwritten.

Undo and redo work like an editor's: undo takes back the reviewer's newest answer that stands, however long
ago it was given; redo brings back what undo took, until a new answer is given.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, exists, insert, or_, select

from breakhis_core import database as db
from breakhis_core.ledger import EVENT_FIELDS
from breakhis_core.review_terms import (
    POLICIES,
    REASON_CODES,
    REASONS,
    Reason,
    ReviewEvent,
    check_reason,
    clean_note,
    clean_reviewer,
)
from breakhis_core.standings import (
    FLAG_COLUMNS,
    STANDING_COLUMNS,
    answers_on,
    excluded_hashes,
    flagged,
    history,
    settlement_on,
    standing,
    version,
)
from breakhis_core.workspace import Workspace

__all__ = [
    "FLAG_COLUMNS",
    "POLICIES",
    "REASONS",
    "REASON_CODES",
    "STANDING_COLUMNS",
    "Reason",
    "ReviewEvent",
    "answers_on",
    "excluded_hashes",
    "flag",
    "flag_many",
    "flagged",
    "history",
    "keep",
    "redo",
    "settle",
    "settlement_on",
    "standing",
    "undo",
    "version",
]

_EVENTS = db.review_events
_STATEMENTS = ("flag", "keep", "exclude", "include")


def flag(
    workspace: Workspace,
    reviewer: str,
    hash: str,
    reason: str,
    note: str = "",
    *,
    run: str | None = None,
    predicted: str | None = None,
    confidence: float | None = None,
    seconds: float | None = None,
    shown: str | None = None,
) -> int:
    """Say that an image should not be used; it is on disk when this returns.

    Args:
        workspace: where it is kept.
        reviewer: who says so. A later answer of theirs about the image replaces this one.
        hash: the image.
        reason: code of one of ``REASONS``; ``"other"`` needs a note.
        note: free text.
        run: the run whose prediction was on screen.
        predicted: the sub-type that it predicted.
        confidence: how sure it was, 0 to 1.
        seconds: how long the reviewer looked.
        shown: which map was on screen.

    Returns:
        The event's id.

    Raises:
        InputError: reviewer, reason or note cannot be used.
    """
    facts = {"run": run, "predicted": predicted, "confidence": confidence, "seconds": seconds, "shown": shown}
    return _answer(workspace, reviewer, [hash], "flag", reason, note, facts)[0]


def flag_many(
    workspace: Workspace,
    reviewer: str,
    hashes: Sequence[str],
    reason: str,
    note: str = "",
    *,
    run: str | None = None,
) -> list[int]:
    """Flag several images in one gesture; one undo takes all of it back. Arguments as of ``flag``."""
    return _answer(workspace, reviewer, hashes, "flag", reason, note, {"run": run})


def keep(
    workspace: Workspace,
    reviewer: str,
    hash: str,
    *,
    note: str = "",
    run: str | None = None,
    predicted: str | None = None,
    confidence: float | None = None,
    seconds: float | None = None,
    shown: str | None = None,
) -> int:
    """Say that nothing is wrong with an image. Arguments, return and errors as of ``flag``."""
    facts = {"run": run, "predicted": predicted, "confidence": confidence, "seconds": seconds, "shown": shown}
    return _answer(workspace, reviewer, [hash], "keep", None, note, facts)[0]


def settle(
    workspace: Workspace, steward: str, hash: str, *, exclude: bool, reason: str = "other", note: str = ""
) -> int:
    """Decide, as a steward, whether an image leaves the training, whatever reviewers said.

    Returns:
        The event's id.

    Raises:
        InputError: steward, reason or note cannot be used.
    """
    action = "exclude" if exclude else "include"
    return _answer(workspace, steward, [hash], action, reason if exclude else None, note, {})[0]


def undo(workspace: Workspace, reviewer: str) -> ReviewEvent | None:
    """Take back a reviewer's newest answer that was not taken back yet.

    Returns:
        The answer that was taken back (the last one of a gesture on many images), or ``None`` when there is
        none. What the reviewer had said about the image before stands again.
    """
    reviewer = clean_reviewer(reviewer)
    with db.writing(workspace.engine, "reviews") as connection:
        newest = _first(
            connection,
            _by(reviewer).where(
                _EVENTS.c.action.in_(_STATEMENTS), _EVENTS.c.source.is_(None), ~_is_undone(_EVENTS)
            ),
        )
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


def _answer(
    workspace: Workspace,
    reviewer: str,
    hashes: Sequence[str],
    action: str,
    reason: str | None,
    note: str,
    facts: dict[str, Any],
) -> list[int]:
    note = clean_note(note)
    if reason is not None:
        check_reason(reason, note)
    common = {
        "at": db.now(),
        "reviewer": clean_reviewer(reviewer),
        "topic": "settlement" if action in ("exclude", "include") else "answer",
        "action": action,
        "reason": reason,
        "note": note,
        "batch": uuid.uuid4().hex if len(hashes) > 1 else None,
        **facts,
    }
    with db.writing(workspace.engine, "reviews") as connection:
        names = known_names(connection, hashes)
        insertion = insert(_EVENTS).returning(_EVENTS.c.id)
        return [
            connection.execute(insertion, {**common, "hash": one, "name": names.get(one, "")}).scalar_one()
            for one in hashes
        ]


def known_names(connection: Connection, hashes: Sequence[str]) -> dict[str, str]:
    """Return the file name of each catalogued image among some hashes."""
    query = select(db.images.c.hash, db.images.c.name).where(db.images.c.hash.in_(hashes))
    return {row.hash: row.name for row in connection.execute(query.order_by(db.images.c.id.desc()))}


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
