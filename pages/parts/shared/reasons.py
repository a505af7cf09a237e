"""Reasons of flags as they stand on screen, with the sub-type that is right where somebody named it."""

from __future__ import annotations

from breakhis_core.images.taxonomy import CODES, subtype
from breakhis_core.reviews.terms import LABELS


def in_words(reason: str | None, correction: str | None = None) -> str:
    """Return a reason, and the sub-type that is right.

    >>> in_words("wrong_label", "DC"), in_words("staining"), in_words("wrong_label", "")
    ('Wrong label: ductal carcinoma', 'Staining', 'Wrong label')
    """
    label = LABELS.get(reason or "", reason or "flagged")
    return f"{label}: {subtype(correction).name}" if correction in CODES else label


def as_said(reason: str, correction: str | None = None) -> str:
    """Return the same as part of a sentence.

    >>> as_said("wrong_label", "DC"), as_said("staining")
    ('wrong label, is ductal carcinoma', 'staining')
    """
    return in_words(reason, correction).lower().replace(": ", ", is ")
