"""The list of flagged images: what became of each, filtered, counted and put in order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from breakhis_core.flags.statements import OUTCOMES, statements
from breakhis_core.images.taxonomy import CODES
from breakhis_core.reviews import standings
from breakhis_core.reviews.terms import REASON_CODES
from breakhis_core.runs import Run
from breakhis_core.runs.scope import scope_of
from breakhis_core.workspace import Workspace

FACETS: dict[str, str] = {
    "reason": "Reason",
    "correction": "Correction",
    "outcome": "What follows",
    "reviewer": "Reviewer",
    "subtype": "True sub-type",
    "magnification": "Magnification",
    "case": "Case",
    "run": "Run on screen",
}
"""What a list can be filtered and counted by: column, and its name on screen."""
ORDERS: dict[str, str] = {
    "newest": "Newest first",
    "most": "Most flags first",
    "name": "By name",
    "case": "By case",
    "subtype": "By sub-type",
    "reason": "By reason",
    "confident": "Surest predictions first",
}
_FIXED_ORDER = {"reason": REASON_CODES, "correction": CODES, "subtype": CODES, "outcome": tuple(OUTCOMES)}

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
        corrections: codes of the sub-types that are said to be right, each once; only the steward's if named.
    """

    hash: str
    name: str
    subtype: str
    predicted: str
    outcome: str
    reasons: tuple[str, ...]
    reviewers: tuple[str, ...]
    notes: tuple[str, ...]
    corrections: tuple[str, ...] = ()


def listed(workspace: Workspace, run: Run | None = None) -> pd.DataFrame:
    """Return every flag that stands, one row a flag, ready to be filtered.

    An image that a steward excluded and nobody flags has a row with the steward's reason. Arguments and
    columns as of ``statements.statements``.
    """
    return statements(workspace, run, keeps=False)


@dataclass(frozen=True)
class Elsewhere:
    """Flagged images of another data set than the one that is listed.

    Attributes:
        name: of the data set; empty for images that no run here is about.
        phantom: whether they are synthetic phantoms.
        images: how many.
        run: name of the newest run of that data set; ``None`` where there is none.
    """

    name: str
    phantom: bool
    images: int
    run: str | None


def elsewhere(workspace: Workspace, run: Run, runs: Sequence[Run]) -> list[Elsewhere]:
    """Return where else images are flagged than in a run's data set.

    Args:
        workspace: where it is kept.
        run: whose data set is listed.
        runs: all runs, newest first.
    """
    said = standings.standing(workspace)
    settled = standings.settlements(workspace)
    flagged = {*said.loc[said["action"] == "flag", "hash"], *settled.loc[settled["excluded"], "hash"]}
    rest = flagged - scope_of(workspace, run).hashes
    found = []
    for other in runs:
        if not rest:
            break
        scope = scope_of(workspace, other)
        if here := rest & scope.hashes:
            found.append(Elsewhere(scope.name, scope.phantom, len(here), other.name))
            rest -= here
    return found + ([Elsewhere("", False, len(rest), None)] if rest else [])


def flags_of(said: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table of statements that say an image should not be used, as ``listed`` does."""
    return said[said["action"].isin(["flag", "exclude"])]


def exported(said: pd.DataFrame, chosen: Chosen) -> pd.DataFrame:
    """Return what an export of the flags that facets keep holds: these flags, and the keeps of their images.

    Without a choice it is everything, also what was only kept.

    Args:
        said: what ``statements.statements`` returns.
        chosen: values as text.
    """
    if not any(chosen.values()):
        return said
    kept = matching(said, chosen)
    return kept[kept["hash"].isin(flags_of(kept)["hash"])]


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
        first. A chosen value that no image has stands there with 0. Flags without a correction are not
        counted by it.
    """
    found = {}
    for facet in FACETS:
        others = {name: values for name, values in chosen.items() if name != facet}
        kept = matching(flags, others)
        if facet == "correction":
            kept = kept[kept["correction"] != ""]
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
    columns = (
        *("hash", "name", "subtype", "predicted", "outcome"),
        *("reason", "reviewer", "note", "correction", "settled_correction"),
    )
    found: dict[str, list[tuple[str, ...]]] = {}
    for row in zip(*(flags[column].tolist() for column in columns), strict=True):
        found.setdefault(row[0], []).append(row)
    made = []
    for rows in found.values():
        image, name, subtype, predicted, outcome = rows[0][:5]
        notes = tuple(row[7] for row in rows if row[7])
        reasons, reviewers = _once(rows, 5), _once(rows, 6)
        # A steward's word stands in every row, and counts before all others.
        named = _once(rows, 9) if rows[0][9] else tuple(code for code in _once(rows, 8) if code)
        made.append(FlaggedImage(image, name, subtype, predicted, outcome, reasons, reviewers, notes, named))
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
