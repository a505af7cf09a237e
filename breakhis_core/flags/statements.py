"""Everything that stands about images, one row a statement, and what follows; for lists and for files.

A flag and a keep are a row each. A steward's decision stands in the rows of its image, and has one of its own
where nobody flags the image.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import select

from breakhis_core.images.taxonomy import MisnamedImageError, case_of, parse_image_name
from breakhis_core.jobs.retraining import frozen_hashes
from breakhis_core.reviews.exclusions import excluded_in
from breakhis_core.reviews.ledger import EVENT_FIELDS, FIELD, Event, ledger_of
from breakhis_core.reviews.policy import chosen_policy
from breakhis_core.reviews.standings import event_frame
from breakhis_core.runs import Run
from breakhis_core.runs.scope import scope_of
from breakhis_core.storage import tables
from breakhis_core.workspace import Workspace

STATEMENT_COLUMNS: tuple[str, ...] = (
    "name",
    "action",
    "reason",
    "correction",
    "note",
    "reviewer",
    "time",
    "outcome",
    "rule",
    "settled",
    "settled_reason",
    "settled_correction",
    "settled_note",
    "settled_by",
    "settled_at",
    "subtype",
    "predicted",
    "confidence",
    "run",
    "shown",
    "seconds",
    "magnification",
    "slide",
    "case",
    "part",
    "part_in",
    "dataset",
    "hash",
)
"""Columns of a table of statements and of the files that keep everything.

``action`` is ``flag`` or ``keep``, or ``exclude`` or ``include`` of a steward. ``outcome`` is one of
``OUTCOMES`` under the ``rule``. ``correction`` is the sub-type that is right where the
label is wrong, as far as one was named. ``settled`` is ``leaves`` or ``stays``. ``run``, ``predicted``,
``confidence``, ``shown`` and ``seconds`` tell what was on screen, and for how long; ``part`` is the image's
in the run ``part_in``.
"""
OUTCOMES: dict[str, str] = {
    "leaves": "leaves by the rule",
    "stays": "stays by the rule",
    "stays_test": "stays: test",
    "settled_out": "settled: leaves",
    "settled_in": "settled: stays",
}
"""What follows from what was said about an image, given the rule, the settlements and the run's split."""
FOLLOWS: dict[str, str] = {
    "leaves": "leaves",
    "stays": "stays",
    "stays_test": "stays: test",
    "settled_out": "leaves",
    "settled_in": "stays",
}
"""What a file says of each outcome; that a steward settled it, and how, is in columns of its own."""
LEAVING: tuple[str, ...] = ("leaves", "settled_out")
"""Outcomes of the images that leave the training."""
_NUMBERS = ("confidence", "seconds", "magnification")


def statements(
    workspace: Workspace,
    run: Run | None = None,
    *,
    keeps: bool = True,
    policy: str | None = None,
    images: Collection[str] | None = None,
) -> pd.DataFrame:
    """Return what stands about images, ordered by the image's name and the reviewer.

    Args:
        workspace: where it is kept.
        run: only images of this run's data set; its split says which part an image is in, and so whether it
            can leave the training. Without it all images, and as if none were a test image.
        keeps: with the keeps, and with settlements that an image stays although nobody flags it.
        policy: one of ``POLICIES``; by default the one that was chosen for the workspace.
        images: only these instead of those of the run's data set.

    Returns:
        A frame with the columns ``STATEMENT_COLUMNS``. Missing text is empty.
    """
    policy = policy or chosen_policy(workspace).code
    scope = None if run is None else scope_of(workspace, run)
    if images is None and scope is not None:
        images = scope.hashes
    action = FIELD["action"]
    # In one hold: what follows from a flag must not be of a later state than the flag.
    with ledger_of(workspace.engine).held(workspace.engine) as ledger:
        events = [
            event
            for image, answers in ledger.answers.items()
            if images is None or image in images
            for event in answers.values()
            if keeps or event[action] == "flag"
        ]
        flagged = {event[FIELD["hash"]] for event in events if event[action] == "flag"}
        settled = dict(ledger.settlements)
        excluded = excluded_in(ledger, policy)
    events += [
        event
        for image, event in settled.items()
        if image not in flagged
        and (images is None or image in images)
        and (keeps or event[action] == "exclude")
    ]
    events.sort(key=itemgetter(FIELD["name"], FIELD["hash"], FIELD["reviewer"], FIELD["id"]))
    table = event_frame(events, EVENT_FIELDS).rename(columns={"at": "time"})
    table = table.join(_about(workspace, table, run, () if scope is None else scope.datasets))
    table = table.join(_decisions(table["hash"], settled))
    table["rule"] = policy
    table["outcome"] = _outcomes(table, set(excluded), frozenset() if run is None else frozen_hashes(run))
    text = [name for name in STATEMENT_COLUMNS if name not in _NUMBERS]
    table[text] = table[text].astype("str").fillna("")
    return table.loc[:, list(STATEMENT_COLUMNS)]


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return statements as a file holds them: missing values are ``None``, outcomes are ``FOLLOWS``.

    Args:
        table: what ``statements`` returns, all of it or some.
    """
    said = table.assign(outcome=table["outcome"].map(FOLLOWS))
    columns = []
    for name in STATEMENT_COLUMNS:
        empty = "" if name == "note" else None
        columns.append([empty if pd.isna(value) or value == "" else value for value in said[name].tolist()])
    return [dict(zip(STATEMENT_COLUMNS, values, strict=True)) for values in zip(*columns, strict=True)]


def _outcomes(table: pd.DataFrame, excluded: set[str], frozen: frozenset[str]) -> np.ndarray:
    out = table["hash"].isin(excluded).to_numpy(bool)
    decided = table["settled"].ne("").to_numpy(bool)
    found = np.where(
        out, np.where(decided, "settled_out", "leaves"), np.where(decided, "settled_in", "stays")
    )
    return np.where(out & table["hash"].isin(frozen).to_numpy(bool), "stays_test", found)


def _decisions(images: pd.Series, settled: dict[str, Event]) -> pd.DataFrame:
    fields = {
        "settled_reason": "reason",
        "settled_correction": "correction",
        "settled_note": "note",
        "settled_by": "reviewer",
        "settled_at": "at",
    }
    events = [settled.get(image) for image in images]
    leaves = {"exclude": "leaves", "include": "stays"}
    columns = {
        "settled": ["" if event is None else leaves[event[FIELD["action"]]] for event in events],
        **{
            name: ["" if event is None else event[FIELD[field]] for event in events]
            for name, field in fields.items()
        },
    }
    made = {name: pd.array(values, dtype="str") for name, values in columns.items()}
    return pd.DataFrame(made, index=images.index)


def _about(
    workspace: Workspace, table: pd.DataFrame, run: Run | None, among: tuple[int, ...]
) -> pd.DataFrame:
    """Return what the catalogue, or else the name, says of the images of a table, and their part in a run."""
    images, sets = tables.images, tables.datasets
    query = (
        select(images.c.hash, images.c.subtype, images.c.slide, images.c.magnification, sets.c.root)
        .join(sets, sets.c.id == images.c.dataset)
        .order_by(images.c.id.desc())  # Of an image that is there twice, the first counts.
    )
    if among:
        query = query.where(images.c.dataset.in_(among))
    if len(table) <= 500:
        query = query.where(images.c.hash.in_(table["hash"].tolist()))
    with workspace.engine.connect() as connection:
        known = {row[0]: (row[1], row[2], row[3], row[4]) for row in connection.execute(query)}
    rows = [
        known.get(image) or (*_from_name(name), None)
        for image, name in zip(table["hash"].tolist(), table["name"].tolist(), strict=True)
    ]
    parts = {} if run is None else dict(zip(*(run.split()[name] for name in ("hash", "part")), strict=True))
    columns = {
        "subtype": pd.array([row[0] for row in rows], dtype="str"),
        "slide": pd.array([row[1] for row in rows], dtype="str"),
        "case": pd.array([case_of(row[1] or "") for row in rows], dtype="str"),
        "magnification": pd.array([row[2] for row in rows], dtype="Int64"),
        "dataset": pd.array([Path(row[3]).name if row[3] else "" for row in rows], dtype="str"),
        "part": pd.array([parts.get(image, "") for image in table["hash"]], dtype="str"),
    }
    made = pd.DataFrame(columns, index=table.index)
    return made.assign(part_in=made["part"].map(lambda part: run.name if run and part else "").astype("str"))


@lru_cache(maxsize=16384)
def _from_name(name: str) -> tuple[str | None, str | None, int | None]:
    try:
        parsed = parse_image_name(name)
    except MisnamedImageError:
        return None, None, None
    return parsed.subtype, parsed.slide, parsed.magnification
