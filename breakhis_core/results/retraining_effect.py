"""What a retraining changed, image by image: every flagged mistake, and every image called otherwise now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from breakhis_core.results.compare import require_same_test_set
from breakhis_core.results.evaluate import select_part

OUTCOMES: dict[str, str] = {
    "fixed": "wrong before, right now",
    "broken": "right before, wrong now",
    "still_wrong": "wrong before and now",
}
EFFECT_COLUMNS: tuple[str, ...] = (
    "hash",
    "name",
    "case",
    "magnification",
    "subtype",
    "before",
    "after",
    "before_confidence",
    "after_confidence",
    "flagged",
    "outcome",
)


def retraining_effect(
    before: pd.DataFrame,
    after: pd.DataFrame,
    flagged: Collection[str],
    part: str = "test",
    unit: str = "",
    names: tuple[str, str] = ("the first run", "the retraining"),
) -> pd.DataFrame:
    """List what a retraining made of each image that was wrong and flagged, or that it calls otherwise.

    Args:
        before: predictions of the run that was improved on.
        after: predictions of the retraining, on the same test set.
        flagged: hashes of the flagged images.
        part: the part to compare.
        unit: split unit of both.
        names: names of the two runs, for the error.

    Returns:
        One row per image, columns ``EFFECT_COLUMNS``: fixed ones first, then broken ones, then those still
        wrong; in each the flagged ones first, then by confidence of the new answer. ``outcome`` is a key of
        ``OUTCOMES``.

    Raises:
        InputError: the part has no image.
        TestSetsDifferError: the runs were not tested on the same images.
    """
    first, second = (
        select_part(table, part).sort_values("hash", ignore_index=True) for table in (before, after)
    )
    require_same_test_set(names[0], first, unit, names[1], second, unit)
    table = first[["hash", "name", "case", "magnification", "subtype"]].assign(
        before=first["predicted"],
        after=second["predicted"],
        before_confidence=first["confidence"],
        after_confidence=second["confidence"],
        flagged=first["hash"].isin(list(flagged)),
    )
    was, now = table["before"] == table["subtype"], table["after"] == table["subtype"]
    outcome = pd.Series("still_right", index=table.index)
    outcome[~was & now], outcome[was & ~now], outcome[~was & ~now] = OUTCOMES
    told = (table["before"] != table["after"]) | (~was & table["flagged"])
    table = table.assign(outcome=outcome)[told]
    order = {code: place for place, code in enumerate(OUTCOMES)}
    return table.sort_values(
        ["outcome", "flagged", "after_confidence", "hash"],
        key=lambda column: column.map(order) if column.name == "outcome" else column,
        ascending=[True, False, False, True],
        ignore_index=True,
    )[list(EFFECT_COLUMNS)]


def fixed_by_flag(
    before: pd.DataFrame, effect: pd.DataFrame, flagged: Collection[str], part: str = "test"
) -> dict[str, Any]:
    """Count the mistakes that a retraining fixed, flagged ones and others apart.

    Returns:
        ``{"flagged": {"mistakes", "fixed"}, "others": {"mistakes", "fixed"}, "broken": number}``.
    """
    table = select_part(before, part)
    wrong = table[table["predicted"] != table["subtype"]]
    known = wrong["hash"].isin(list(flagged))
    fixed = effect[effect["outcome"] == "fixed"]
    return {
        "flagged": {"mistakes": int(known.sum()), "fixed": int(fixed["flagged"].sum())},
        "others": {"mistakes": int((~known).sum()), "fixed": int((~fixed["flagged"]).sum())},
        "broken": int((effect["outcome"] == "broken").sum()),
    }


def effect_in_words(counts: Mapping[str, Any]) -> str:
    """Say how many mistakes were fixed and broken.

    >>> counts = {"flagged": {"mistakes": 3, "fixed": 1}, "others": {"mistakes": 9, "fixed": 4}, "broken": 2}
    >>> effect_in_words(counts)
    'Fixed: 1 of 3 flagged mistakes and 4 of 9 others. Broken: 2 images that were right.'
    """
    flagged, others, broken = counts["flagged"], counts["others"], counts["broken"]
    images = "image that was" if broken == 1 else "images that were"
    return (
        f"Fixed: {flagged['fixed']} of {flagged['mistakes']} flagged mistakes and {others['fixed']} of "
        f"{others['mistakes']} others. Broken: {broken} {images} right."
    )


def retrainings(name: str, improves: Mapping[str, str | None]) -> Sequence[tuple[str, str]]:
    """Return the pairs of runs, before and after, that a run is part of: its retrainings, then its origin.

    Args:
        name: of the run.
        improves: for each run the one that it improves on.

    >>> retrainings("b", {"a": None, "b": "a", "c": "b"})
    [('b', 'c'), ('a', 'b')]
    """
    pairs = [(name, after) for after, before in improves.items() if before == name]
    origin = improves.get(name)
    return [*pairs, (origin, name)] if origin in improves and origin is not None else pairs
