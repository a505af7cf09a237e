"""The list of flagged images: what became of each, filtered, counted and put in order."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from breakhis_core import standings
from breakhis_core.review_terms import REASON_CODES
from breakhis_core.taxonomy import CODES, case_of
from breakhis_core.workspace import Workspace

FACETS: dict[str, str] = {
    "reason": "Reason",
    "outcome": "What follows",
    "reviewer": "Reviewer",
    "subtype": "True sub-type",
    "magnification": "Magnification",
    "case": "Case",
    "run": "Run on screen",
}
"""What a list can be filtered and counted by: column, and its name on screen."""
OUTCOMES: dict[str, str] = {
    "leaves": "leaves by the rule",
    "stays": "stays by the rule",
    "settled_out": "settled: leaves",
    "settled_in": "settled: stays",
}
"""What follows from the flags on an image, given the policy and the settlements."""
ORDERS: dict[str, str] = {
    "newest": "Newest first",
    "most": "Most flags first",
    "name": "By name",
    "case": "By case",
    "subtype": "By sub-type",
    "reason": "By reason",
    "confident": "Surest predictions first",
}
_FIXED_ORDER = {"reason": REASON_CODES, "subtype": CODES, "outcome": tuple(OUTCOMES)}

Chosen = Mapping[str, Collection[str]]
"""Values to keep, by facet; a facet without values keeps all."""


@dataclass(frozen=True, slots=True)
class FlaggedImage:
    """One image of the list, with all flags on it that are listed.

    Attributes:
        hash: the image.
        name: its file name.
        subtype: its true sub-type; empty where it is not known.
        predicted: what the run on screen predicted; empty where there was none.
        outcome: one of ``OUTCOMES``.
        reasons: codes, each once.
        reviewers: who flagged it.
        notes: what they noted.
    """

    hash: str
    name: str
    subtype: str
    predicted: str
    outcome: str
    reasons: tuple[str, ...]
    reviewers: tuple[str, ...]
    notes: tuple[str, ...]


def listed(workspace: Workspace) -> pd.DataFrame:
    """Return every flag that stands, one row a flag, ready to be filtered.

    Returns:
        The columns ``FLAG_COLUMNS``, ``case``, and ``outcome`` (one of ``OUTCOMES``). Missing text is empty.
    """
    flags = standings.all_flags(workspace)
    text = ["subtype", "slide", "run", "predicted"]
    flags[text] = flags[text].fillna("")
    flags["case"] = flags["slide"].map(case_of)
    settled = standings.settlements(workspace)
    outcome = np.where(flags["hash"].isin(standings.excluded_hashes(workspace)), "leaves", "stays")
    decided = flags["hash"].map(dict(zip(settled["hash"], settled["excluded"], strict=True)))
    outcome = np.where(decided.eq(True), "settled_out", np.where(decided.eq(False), "settled_in", outcome))
    return flags.assign(outcome=outcome)


def matching(flags: pd.DataFrame, chosen: Chosen) -> pd.DataFrame:
    """Return the flags that all chosen facets keep.

    Args:
        flags: what ``listed`` returns.
        chosen: values as text.
    """
    keep = np.ones(len(flags), bool)
    for facet, values in chosen.items():
        if values:
            keep &= _text(flags, facet).isin(list(values)).to_numpy()
    return flags[keep]


def counts(flags: pd.DataFrame, chosen: Chosen) -> dict[str, dict[str, int]]:
    """Count images by each facet's values.

    A facet is counted under the choices in all others, so that its own can be widened.

    Args:
        flags: what ``listed`` returns.
        chosen: values as text.

    Returns:
        Number of images by value, by facet: in the words' own order where they have one, else the largest
        first. A chosen value that no image has stands there with 0.
    """
    found = {}
    for facet in FACETS:
        others = {name: values for name, values in chosen.items() if name != facet}
        kept = matching(flags, others)
        many = kept["hash"].groupby(_text(kept, facet)).nunique()
        many = many.reindex([*many.index, *(one for one in chosen.get(facet, ()) if one not in many.index)])
        by_value = {str(value): int(images) for value, images in many.fillna(0).items()}
        found[facet] = dict(sorted(by_value.items(), key=lambda pair: _place(facet, *pair)))
    return found


def arranged(flags: pd.DataFrame, order: str) -> pd.DataFrame:
    """Return flags in one of ``ORDERS``; the flags of an image stay together, equal images go by name.

    Raises:
        ValueError: there is no such order.
    """
    if order not in ORDERS:
        raise ValueError(f"order is one of {', '.join(ORDERS)}, not {order!r}")
    by_image = flags.groupby("hash", sort=False)
    if order == "newest":
        key = by_image["time"].transform("max")
    elif order == "most":
        key = by_image["time"].transform("size")
    elif order == "confident":
        key = by_image["confidence"].transform("max").fillna(-1)
    elif order in _FIXED_ORDER:
        places = flags[order].map({code: i for i, code in enumerate(_FIXED_ORDER[order])}).fillna(len(CODES))
        key = places.groupby(flags["hash"], sort=False).transform("min")
    else:
        key = by_image[order].transform("first")
    falling = order in ("newest", "most", "confident")
    return (
        flags.assign(_key=key)
        .sort_values(["_key", "name", "hash"], ascending=[not falling, True, True], kind="stable")
        .drop(columns="_key")
    )


def images(flags: pd.DataFrame) -> list[FlaggedImage]:
    """Return the images of flags, each once, in the order of the flags."""
    columns = ("hash", "name", "subtype", "predicted", "outcome", "reason", "reviewer", "note")
    found: dict[str, list[tuple[str, ...]]] = {}
    for row in zip(*(flags[column].tolist() for column in columns), strict=True):
        found.setdefault(row[0], []).append(row)
    made = []
    for rows in found.values():
        image, name, subtype, predicted, outcome = rows[0][:5]
        notes = tuple(row[7] for row in rows if row[7])
        reasons, reviewers = _once(rows, 5), _once(rows, 6)
        made.append(FlaggedImage(image, name, subtype, predicted, outcome, reasons, reviewers, notes))
    return made


def _once(rows: list[tuple[str, ...]], column: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row[column] for row in rows))


def _text(flags: pd.DataFrame, facet: str) -> pd.Series:
    return flags[facet].astype("str").fillna("") if facet == "magnification" else flags[facet]


def _place(facet: str, value: str, many: int) -> tuple[int, int, str]:
    if facet in _FIXED_ORDER:
        order = _FIXED_ORDER[facet]
        return (order.index(value) if value in order else len(order), 0, value)
    if facet == "magnification":
        return (int(value or 10_000), 0, value)
    return (0, -many, value)
