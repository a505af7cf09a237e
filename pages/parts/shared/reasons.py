"""Reasons of flags as they stand on screen, with the sub-type that is right where somebody named it."""

from __future__ import annotations

from breakhis_core.images.taxonomy import CODES, subtype
from breakhis_core.reviews.terms import LABELS, WRONG_LABEL


def in_words(reason: str | None, *corrections: str | None) -> str:
    """Return a reason, and with a wrong label the sub-types that are said to be right.

    >>> in_words("wrong_label", "DC"), in_words("staining", "DC"), in_words("wrong_label", None)
    ('Wrong label: ductal carcinoma', 'Staining', 'Wrong label')
    """
    label = LABELS.get(reason or "", reason or "flagged")
    right = [subtype(code).name for code in corrections if code in CODES]
    return f"{label}: {' or '.join(right)}" if right and reason == WRONG_LABEL else label


def as_said(reason: str, correction: str | None = None) -> str:
    """Return the same as part of a sentence.

    >>> as_said("wrong_label", "DC"), as_said("staining")
    ('wrong label, is ductal carcinoma', 'staining')
    """
    return in_words(reason, correction).lower().replace(": ", ", is ")
