"""How numbers of things are worded, on screens and in commands alike."""

from __future__ import annotations


def counted(many: int, one: str, more: str | None = None) -> str:
    """Return a number with its noun.

    >>> counted(1, "case"), counted(1312, "image"), counted(0, "ugly", "uglies")
    ('1 case', '1,312 images', '0 uglies')
    """
    return f"{many:,} {one if many == 1 else more or one + 's'}"
