"""Where a number comes from, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from breakhis_core.wording import counted, part_in_words


def where_from(evaluation: Mapping[str, Any]) -> str:
    """Return what every number of an evaluation rests on: the part, the split unit, images and cases.

    >>> where_from({"part": "test", "split": "split by case", "images": 64, "cases": 8})
    'Test · split by case · 64 images of 8 cases'
    """
    return (
        f"{part_in_words(evaluation['part']).capitalize()} · {evaluation['split']} · "
        f"{counted(evaluation['images'], 'image')} of {counted(evaluation['cases'], 'case')}"
    )
