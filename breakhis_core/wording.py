"""How things are worded, on screens and in commands alike."""

from __future__ import annotations

from collections.abc import Sequence

NOT_DEFINED = "–"
"""What stands where a metric is not defined, such as the AUC of a sub-type that the part does not hold."""
NO_DEVICE = "Research tool, not a medical device."
PHANTOMS = "synthetic phantoms, not tissue"
"""What pictures that nobody photographed are called wherever they or their numbers are shown."""


def number(value: float | None, signed: bool = False, digits: int = 3) -> str:
    """Return a metric to three decimals, or a dash where it is not defined.

    >>> number(0.8504), number(None), number(-0.0123, signed=True), number(0.0, signed=True)
    ('0.850', '–', '−0.012', '0.000')
    """
    if value is None:
        return NOT_DEFINED
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return text
    return ("−" if value < 0 else "+" if signed else "") + text


def interval(
    bounds: Sequence[float | None] | None, of: float | None = None, signed: bool = False, digits: int = 3
) -> str:
    """Return an interval's two ends, or why there is none.

    Args:
        bounds: lower and upper end.
        of: the number that it is an interval of: where that is known, it lacks one for want of cases.
        signed: whether an end above zero has a plus.
        digits: decimals.

    >>> interval([0.791, 0.9], 0.85), interval(None, 0.85), interval(None)
    ('0.791 to 0.900', 'too few cases', '–')
    """
    if bounds is None or any(bound is None for bound in bounds):
        return NOT_DEFINED if of is None else "too few cases"
    low, high = (number(bound, signed, digits) for bound in bounds)
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


def split_in_words(unit: str, folds: int = 0, published: bool = False) -> str:
    """Say how images were split.

    >>> split_in_words("image"), split_in_words("case", 4), split_in_words("case", 5, published=True)
    ('split by image', '4 folds by case', '5 published folds by case')
    """
    if not folds:
        return f"split by {unit}"
    return f"{folds} {'published ' if published else ''}folds by {unit}"


def part_in_words(part: str) -> str:
    """Name a part as people read it.

    >>> part_in_words("out_of_fold"), part_in_words("test")
    ('out of fold', 'test')
    """
    return part.replace("_", " ")
