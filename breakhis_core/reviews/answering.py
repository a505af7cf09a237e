"""What reviewers say about images. Every answer, undo and redo is a new event; nothing is ever overwritten.

This is where a flag is stored. What stands is read by ``standings``, undo and redo are in ``undoing``.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from breakhis_core.reviews.terms import WRONG_LABEL, check_correction, check_reason
from breakhis_core.storage import database as db
from breakhis_core.storage import tables
from breakhis_core.storage.typed_text import clean_note, clean_reviewer
from breakhis_core.workspace import Workspace

_EVENTS = tables.review_events


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
    correction: str | None = None,
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
        correction: code of the sub-type that is right; only with the reason ``"wrong_label"``.

    Returns:
        The event's id.

    Raises:
        InputError: reviewer, reason, note or correction cannot be used.
    """
    facts = {"run": run, "predicted": predicted, "confidence": confidence, "seconds": seconds, "shown": shown}
    facts["correction"] = correction
    return _answer(workspace, reviewer, [hash], "flag", reason, note, facts)[0]


def flag_many(
    workspace: Workspace,
    reviewer: str,
    hashes: Sequence[str],
    reason: str,
    note: str = "",
    *,
    run: str | None = None,
    predictions: Mapping[str, tuple[str, float]] | None = None,
    seconds: float | None = None,
    shown: str | None = None,
    correction: str | None = None,
) -> list[int]:
    """Flag several images in one gesture; one undo takes all of it back.

    Args:
        workspace: as of ``flag``, and so reviewer, reason, note, run and shown.
        reviewer: who says so.
        hashes: the images.
        reason: code of one of ``REASONS``.
        note: free text.
        run: the run whose predictions were on screen.
        predictions: predicted sub-type and its confidence of each image.
        seconds: how long the reviewer looked at each, on average.
        shown: what was on screen.
        correction: code of the sub-type that is right for all of them, as of ``flag``.

    Returns:
        The events' ids, in the order of the images.

    Raises:
        InputError: reviewer, reason, note or correction cannot be used.
    """
    facts = {"run": run, "seconds": seconds, "shown": shown, "correction": correction}
    return _answer(workspace, reviewer, hashes, "flag", reason, note, facts, predictions)


def keep_many(
    workspace: Workspace,
    reviewer: str,
    hashes: Sequence[str],
    note: str = "",
    *,
    run: str | None = None,
    predictions: Mapping[str, tuple[str, float]] | None = None,
    seconds: float | None = None,
    shown: str | None = None,
) -> list[int]:
    """Say in one gesture that nothing is wrong with several images. Arguments as of ``flag_many``."""
    facts = {"run": run, "seconds": seconds, "shown": shown}
    return _answer(workspace, reviewer, hashes, "keep", None, note, facts, predictions)


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
    workspace: Workspace,
    steward: str,
    hash: str,
    *,
    exclude: bool,
    reason: str = "other",
    note: str = "",
    correction: str | None = None,
) -> int:
    """Decide, as a steward, whether an image leaves the training, whatever reviewers said.

    Args:
        workspace: where it is kept.
        steward: who decides.
        hash: the image.
        exclude: whether it leaves.
        reason: why it leaves, as of ``flag``; does not count where it stays.
        note: free text.
        correction: code of the sub-type that is right; only with the reason ``"wrong_label"``.

    Returns:
        The event's id.

    Raises:
        InputError: steward, reason, note or correction cannot be used.
    """
    return settle_many(
        workspace, steward, [hash], exclude=exclude, reason=reason, note=note, correction=correction
    )[0]


def settle_many(
    workspace: Workspace,
    steward: str,
    hashes: Sequence[str],
    *,
    exclude: bool,
    reason: str = "other",
    note: str = "",
    correction: str | None = None,
) -> list[int]:
    """Settle several images in one gesture; one undo takes all of it back. Arguments as of ``settle``.

    A settlement can be revised: the newest one of an image counts, and the earlier ones stay in its history.
    """
    action = "exclude" if exclude else "include"
    facts = {"correction": correction}
    return _answer(workspace, steward, hashes, action, reason if exclude else None, note, facts)


def _answer(
    workspace: Workspace,
    reviewer: str,
    hashes: Sequence[str],
    action: str,
    reason: str | None,
    note: str,
    facts: dict[str, Any],
    predictions: Mapping[str, tuple[str, float]] | None = None,
) -> list[int]:
    note = clean_note(note)
    if reason is not None:
        check_reason(reason, note)
    check_correction(facts.get("correction"), reason)
    common = {
        "at": db.now(),
        "reviewer": clean_reviewer(reviewer),
        "topic": "settlement" if action in ("exclude", "include") else "answer",
        "action": action,
        "reason": reason,
        "note": note,
        # A flag on a label may be followed by its correction, which then belongs to the same gesture.
        "batch": uuid.uuid4().hex if len(hashes) > 1 or reason == WRONG_LABEL else None,
        **facts,
    }
    with db.writing(workspace.engine, "reviews") as connection:
        names = known_names(connection, hashes)
        insertion = insert(_EVENTS).returning(_EVENTS.c.id)
        numbers: list[int] = []
        for one in hashes:
            event = {**common, "hash": one, "name": names.get(one, "")}
            if predictions is not None:
                event["predicted"], event["confidence"] = predictions[one]
            numbers.append(connection.execute(insertion, event).scalar_one())
        return numbers


def known_names(connection: Connection, hashes: Sequence[str]) -> dict[str, str]:
    """Return the file name of each catalogued image among some hashes."""
    query = select(tables.images.c.hash, tables.images.c.name).where(tables.images.c.hash.in_(hashes))
    return {row.hash: row.name for row in connection.execute(query.order_by(tables.images.c.id.desc()))}
