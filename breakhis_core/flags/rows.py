"""One row of a file of flags: the flag, the keep or the decision of a steward that it tells of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from breakhis_core.errors import InputError
from breakhis_core.images.taxonomy import CODES
from breakhis_core.reviews.terms import REASONS, WRONG_LABEL, check_correction
from breakhis_core.storage.database import time_text
from breakhis_core.storage.typed_text import clean_note, clean_reviewer, clean_text

FLAG_FIELDS: tuple[str, ...] = (
    "name",
    "hash",
    "reason",
    "note",
    "reviewer",
    "time",
    "run",
    "predicted",
    "confidence",
    "shown",
    "seconds",
    "correction",
)
"""What is read of a flag or a keep; further columns of a file tell what the workspace that wrote it knew."""
SETTLEMENT_FIELDS: tuple[str, ...] = (
    "name",
    "hash",
    "excluded",
    "reason",
    "note",
    "steward",
    "time",
    "correction",
)
"""What is read of a steward's decision; ``excluded`` is whether the image leaves the training."""
ACTIONS = ("flag", "keep", "exclude", "include")
_DECISIONS = {"leaves": True, "stays": False}
_HASH = re.compile(r"[0-9a-f]{32}")
_REASONS = {reason.label.lower(): reason.code for reason in REASONS} | {r.code: r.code for r in REASONS}


def named_row(record: object) -> dict[str, Any]:
    """Return a row as a mapping that says which image is meant.

    Raises:
        InputError: it says of no image.
    """
    if isinstance(record, str):
        word = record.strip()
        record = {"hash": word} if _HASH.fullmatch(word.lower()) else {"name": word}
    if not isinstance(record, Mapping):
        raise InputError("this is neither a name nor a flag.")
    name, image = text_of(record.get("name")), _hash(text_of(record.get("hash")))
    name = None if name is None else re.split(r"[/\\]", name)[-1]
    if image is None and not name:
        raise InputError("neither a hash nor a name says which image is meant.")
    return {**record, "name": name, "hash": image}


def answer_of(row: Mapping[str, Any], reason: str | None, source: str) -> dict[str, Any]:
    """Return the flag or the keep of a row, with the keys ``FLAG_FIELDS``.

    Args:
        row: what ``named_row`` returns.
        reason: of a flag for which the row names none; ``None`` for a keep.
        source: the file's name.

    Raises:
        InputError: a value is none that it can be.
    """
    said: dict[str, Any] = {field: text_of(row.get(field)) for field in FLAG_FIELDS}
    said["note"] = clean_note(said["note"] or "")
    said["reason"] = None if reason is None else _reason(said["reason"], _usual(said["correction"], reason))
    if said["reason"] == "other" and not said["note"]:
        said["note"] = f"listed in {source}"
    said["reviewer"] = None if said["reviewer"] is None else clean_reviewer(said["reviewer"])
    said["time"] = _time(said["time"])
    said["predicted"] = _predicted(said["predicted"])
    said["correction"] = _correction(said["correction"], said["reason"])
    for number in ("confidence", "seconds"):
        said[number] = _number(said[number], number)
    return said


def settlement_of(row: Mapping[str, Any], action: str, source: str) -> dict[str, Any] | None:
    """Return the decision of a steward that a row tells of, with the keys ``SETTLEMENT_FIELDS``.

    Args:
        row: what ``named_row`` returns.
        action: what the row is, one of ``ACTIONS``.
        source: the file's name.

    Returns:
        The decision, or ``None`` where the row tells of none.

    Raises:
        InputError: a value is none that it can be.
    """
    if action in ("exclude", "include"):
        out, fields = action == "exclude", ("reason", "note", "reviewer", "time", "correction")
    else:
        decision = one_of(row, "settled", tuple(_DECISIONS))
        if decision is None:
            return None
        out = _DECISIONS[decision]
        fields = ("settled_reason", "settled_note", "settled_by", "settled_at", "settled_correction")
    reason, note, steward, time, correction = (text_of(row.get(field)) for field in fields)
    note = clean_note(note or "")
    reason = _reason(reason, _usual(correction, "other")) if out else None
    return {
        "name": row["name"],
        "hash": row["hash"],
        "excluded": out,
        "reason": reason,
        "note": note or (f"settled in {source}" if reason == "other" else ""),
        "steward": None if steward is None else clean_reviewer(steward),
        "time": _time(time),
        "correction": _correction(correction, reason),
    }


def one_of(row: Mapping[str, Any], column: str, allowed: Sequence[str]) -> str | None:
    """Return the word in a column, ``None`` where there is none.

    Raises:
        InputError: it is none of the allowed ones.
    """
    said = text_of(row.get(column))
    word = None if said is None else said.strip().lower()
    if word is not None and word not in allowed:
        raise InputError(f"{column} is {said!r}, which is none of {', '.join(allowed)}.")
    return word


def text_of(value: object) -> str | None:
    """Return a value as text that can be kept, ``None`` where it is empty or no text."""
    if value is None or isinstance(value, (dict, list)):
        return None
    return clean_text(str(value)) or None


def _hash(text: str | None) -> str | None:
    lower = (text or "").strip().lower()
    return lower if _HASH.fullmatch(lower) else None


def _reason(text: str | None, usual: str) -> str:
    if text is None:
        return usual
    code = _REASONS.get(text.strip().lower())
    if code is None:
        raise InputError(f"the reason {text!r} is none of {', '.join(r.code for r in REASONS)}.")
    return code


def _usual(correction: str | None, usual: str) -> str:
    """Return the reason where a row names none: who names the right sub-type means the label."""
    return usual if correction is None else WRONG_LABEL


def _correction(text: str | None, reason: str | None) -> str | None:
    code = None if text is None else text.strip()
    check_correction(code, reason)
    return code


def _time(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(f"the time {text!r} is not ISO 8601, such as 2024-05-31T12:00:00Z.") from error
    if moment > datetime.now(UTC) + timedelta(days=1):
        raise InputError(f"the time {text!r} lies in the future.")
    return time_text(moment)


def _predicted(text: str | None) -> str | None:
    if text is not None and text.strip() not in CODES:
        raise InputError(f"the predicted sub-type {text!r} is none of {', '.join(CODES)}.")
    return None if text is None else text.strip()


def _number(text: str | None, column: str) -> float | None:
    if text is None:
        return None
    try:
        number = float(text)
        if not 0 <= number < 1e6:
            raise ValueError
    except ValueError as error:
        raise InputError(f"the {column} {text!r} is not a number that it can be.") from error
    return number
