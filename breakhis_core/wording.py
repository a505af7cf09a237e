"""How things are worded, on screens and in commands alike."""

from __future__ import annotations

from collections.abc import Sequence

NOT_DEFINED = "–"
"""What stands where a metric is not defined, such as the AUC of a sub-type that the part does not hold."""


def number(value: float | None, signed: bool = False) -> str:
    """Return a metric to three decimals, or a dash where it is not defined.

    >>> number(0.8504), number(None), number(-0.0123, signed=True), number(0.0, signed=True)
    ('0.850', '–', '−0.012', '0.000')
    """
    if value is None:
        return NOT_DEFINED
    text = f"{abs(value):.3f}"
    if float(text) == 0:
        return text
    return ("−" if value < 0 else "+" if signed else "") + text


def interval(bounds: Sequence[float | None] | None, signed: bool = False) -> str:
    """Return an interval's two ends.

    >>> interval([0.791, 0.9]), interval(None)
    ('0.791 to 0.900', '–')
    """
    if bounds is None or any(bound is None for bound in bounds):
        return NOT_DEFINED
    low, high = (number(bound, signed) for bound in bounds)
    return f"{low} to {high}"


def duration(seconds: float) -> str:
    """Return a length of time in words, coarser the longer it is.

    >>> duration(0.4), duration(42), duration(95), duration(600), duration(7300), duration(86400)
    ('1 s', '42 s', '1 min 35 s', '10 min', '2 h 1 min', '24 h')
    """
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 5 and rest:
        return f"{minutes} min {rest} s"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def counted(many: int, one: str, more: str | None = None) -> str:
    """Return a number with its noun.

    >>> counted(1, "case"), counted(1312, "image"), counted(0, "ugly", "uglies")
    ('1 case', '1,312 images', '0 uglies')
    """
    return f"{many:,} {one if many == 1 else more or one + 's'}"


def part_in_words(part: str) -> str:
    """Name a part as people read it.

    >>> part_in_words("out_of_fold"), part_in_words("test")
    ('out of fold', 'test')
    """
    return part.replace("_", " ")
