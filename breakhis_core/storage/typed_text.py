"""Text that people typed, as it is kept: one Unicode form, nothing invisible, not too long."""

from __future__ import annotations

import unicodedata

from breakhis_core.errors import InputError

LONGEST_NOTE = 2000


LONGEST_REVIEWER = 80


_JOINERS = "\u200c\u200d"  # They are invisible, but Persian and Indic names are spelt with them.


def clean_reviewer(name: str) -> str:
    """Return a reviewer's name as it is kept: trimmed, one Unicode form, nothing invisible.

    Raises:
        InputError: nothing is left, or it is too long.

    >>> clean_reviewer("  Ada   Lovelace ")
    'Ada Lovelace'
    """
    seen = (c for c in clean_text(name) if unicodedata.category(c) != "Cf" or c in _JOINERS)
    cleaned = " ".join("".join(seen).split())
    if not cleaned.strip(_JOINERS):
        raise InputError("Say who is reviewing: the name is empty.")
    if len(cleaned) > LONGEST_REVIEWER:
        raise InputError(f"The reviewer's name is longer than {LONGEST_REVIEWER} characters.")
    return cleaned


def clean_note(note: str) -> str:
    """Return a note as it is kept.

    Raises:
        InputError: it is too long.
    """
    cleaned = clean_text(note).strip()
    if len(cleaned) > LONGEST_NOTE:
        raise InputError(f"The note is longer than {LONGEST_NOTE} characters; shorten it.")
    return cleaned


def clean_text(text: str) -> str:
    r"""Return text in one Unicode form, without what no database or file can hold.

    >>> clean_text("caf\u0065\u0301\x00 \ud800")
    'café '
    """
    kept = (c for c in text if c in "\n\t\r" or unicodedata.category(c) not in ("Cc", "Cs"))
    return unicodedata.normalize("NFC", "".join(kept))
