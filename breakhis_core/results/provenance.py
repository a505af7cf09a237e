"""What numbers rest on, in words: part, images, cases, the unit of the split, and what means are over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from breakhis_core.wording import counted, part_in_words, split_in_words


def where_from(evaluation: Mapping[str, Any]) -> str:
    """Return what every number of an evaluation rests on: the part, the split unit, images and cases.

    >>> where_from({"part": "test", "split": "split by case", "images": 64, "cases": 8})
    'Test · split by case · 64 images of 8 cases'
    """
    return (
        f"{part_in_words(evaluation['part']).capitalize()} · {evaluation['split']} · "
        f"{counted(evaluation['images'], 'image')} of {counted(evaluation['cases'], 'case')}"
    )


def split_of(predictions: pd.DataFrame, unit: str) -> str:
    """Say how the images of predictions were split.

    >>> split_of(pd.DataFrame({"folds": ["1", "2 3", "4"]}), "case")
    '4 folds by case'
    """
    if "folds" not in predictions.columns:
        return split_in_words(unit)
    count = max(int(fold) for tested in predictions["folds"].unique() for fold in tested.split())
    return split_in_words(unit, count)


_IMAGES_OF = {"test": "test images", "validation": "validation images", "train": "training images"}


def macro_note(evaluation: Mapping[str, Any]) -> str:
    """Say how many sub-types macro figures are means over.

    >>> some = {"tested_subtypes": ["A", "F"], "predicted_only": ["DC"], "classes": ["A", "F", "DC"]}
    >>> macro_note(some | {"part": "test"})
    'over the 2 sub-types with test images; 1 more was predicted'
    >>> macro_note(some | {"tested_subtypes": ["A", "F", "DC"], "predicted_only": []})
    'over all 3 sub-types'
    """
    tested, more = len(evaluation["tested_subtypes"]), len(evaluation["predicted_only"])
    if tested == len(evaluation["classes"]):
        return f"over all {tested} sub-types"
    images = _IMAGES_OF.get(evaluation["part"], "images")
    over = (
        f"over the {tested} sub-types with {images}"
        if tested > 1
        else f"over the only sub-type with {images}"
    )
    return over + (f"; {more} more {'was' if more == 1 else 'were'} predicted" if more else "")
