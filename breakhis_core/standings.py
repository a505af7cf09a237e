"""What stands now, read from the review events: answers, flags, exclusions, and an image's history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Row, Select, case, func, select
from sqlalchemy.sql.expression import ColumnElement

from breakhis_core import database as db
from breakhis_core.review_terms import POLICIES, ReviewEvent
from breakhis_core.taxonomy import MisnamedImageError, parse_image_name
from breakhis_core.workspace import Workspace

EVENT_FIELDS: tuple[str, ...] = tuple(ReviewEvent.__dataclass_fields__)
STANDING_COLUMNS: tuple[str, ...] = (
    "id",
    "hash",
    "name",
    "reviewer",
    "action",
    "reason",
    "note",
    "at",
    "run",
    "predicted",
    "confidence",
    "seconds",
)
FLAG_COLUMNS: tuple[str, ...] = (
    "name",
    "hash",
    "subtype",
    "slide",
    "magnification",
    "reason",
    "note",
    "reviewer",
    "time",
    "run",
    "predicted",
    "confidence",
)
_EVENTS = db.review_events


def standing(workspace: Workspace, run: str | None = None, reviewer: str | None = None) -> pd.DataFrame:
    """Return the answers that stand, one row per image and reviewer.

    Args:
        workspace: where they are.
        run: only answers given while looking at this run.
        reviewer: only this reviewer's.

    Returns:
        A frame with the columns ``STANDING_COLUMNS``; ``action`` is ``"flag"`` or ``"keep"``.
    """
    query = _standing([_EVENTS.c[name] for name in STANDING_COLUMNS], reviewer=reviewer)
    if run is not None:
        query = query.where(_EVENTS.c.run == run)
    return _frame(workspace, query, STANDING_COLUMNS)


def answers_on(workspace: Workspace, image: str) -> list[ReviewEvent]:
    """Return the answers that stand on one image, one per reviewer; costs about a millisecond."""
    query = _standing([_EVENTS.c[name] for name in EVENT_FIELDS], image=image)
    with workspace.engine.connect() as connection:
        return [as_event(row) for row in connection.execute(query)]


def history(workspace: Workspace, image: str) -> pd.DataFrame:
    """Return everything that was ever said about an image, oldest first, one row per event."""
    query = (
        select(*(_EVENTS.c[name] for name in EVENT_FIELDS))
        .where(_EVENTS.c.hash == image)
        .order_by(_EVENTS.c.id)
    )
    return _frame(workspace, query, EVENT_FIELDS)


def flagged(workspace: Workspace, policy: str = "any") -> pd.DataFrame:
    """Return the flags that stand on the images that a policy excludes, one row per image and reviewer.

    Args:
        workspace: where they are.
        policy: one of ``POLICIES``.

    Returns:
        A frame with the columns ``FLAG_COLUMNS``, ordered by image name and reviewer. An image that a
        steward excluded and nobody flags has a row with the steward's reason.
    """
    excluded = set(excluded_hashes(workspace, policy))
    columns = [
        _EVENTS.c.at.label("time") if name == "time" else _EVENTS.c[name]
        for name in FLAG_COLUMNS
        if name not in ("subtype", "slide", "magnification")
    ]
    names = [column.name for column in columns]
    flags = _frame(workspace, _standing(columns).where(_EVENTS.c.action == "flag"), names)
    flags = flags[flags["hash"].isin(excluded)]
    settled = _frame(workspace, _settled(columns).where(_EVENTS.c.action == "exclude"), names)
    flags = pd.concat([flags, settled[~settled["hash"].isin(flags["hash"])]], ignore_index=True)
    flags = flags.join(_about(workspace, flags), how="left")
    return flags.loc[:, list(FLAG_COLUMNS)].sort_values(["name", "hash", "reviewer"], ignore_index=True)


def excluded_hashes(workspace: Workspace, policy: str = "any") -> tuple[str, ...]:
    """Return the images that should leave the training, sorted by hash.

    Args:
        workspace: where the answers are.
        policy: one of ``POLICIES``.
    """
    if policy not in POLICIES:
        raise ValueError(f"policy is one of {', '.join(POLICIES)}, not {policy!r}")
    with workspace.engine.connect() as connection:
        outcome = {
            row.hash: row.action == "exclude"
            for row in connection.execute(_settled([_EVENTS.c.hash, _EVENTS.c.action]))
        }
        if policy != "settled":
            answers = _standing([_EVENTS.c.hash, _EVENTS.c.action]).subquery()
            flags = func.sum(case((answers.c.action == "flag", 1), else_=0))
            query = select(answers.c.hash).group_by(answers.c.hash)
            enough = flags > 0 if policy == "any" else 2 * flags > func.count()
            for image in connection.execute(query.having(enough)).scalars():
                outcome.setdefault(image, True)
    return tuple(sorted(image for image, out in outcome.items() if out))


def as_event(row: Row[Any]) -> ReviewEvent:
    """Return a row that has the columns ``EVENT_FIELDS`` as a record."""
    return ReviewEvent(**{name: getattr(row, name) for name in EVENT_FIELDS})


def _standing(
    columns: Sequence[ColumnElement[Any]], reviewer: str | None = None, image: str | None = None
) -> Select[Any]:
    """Return the query for standing answers: the newest event of each pair names the one that stands."""
    newest = (
        select(func.max(_EVENTS.c.id).label("id"))
        .where(_EVENTS.c.topic == "answer")
        .group_by(_EVENTS.c.hash, _EVENTS.c.reviewer)
    )
    if reviewer is not None:
        newest = newest.where(_EVENTS.c.reviewer == reviewer)
    if image is not None:
        newest = newest.where(_EVENTS.c.hash == image)
    return _led_to(columns, newest)


def _settled(columns: Sequence[ColumnElement[Any]]) -> Select[Any]:
    """Return the query for the settlements that stand: one per image, whichever steward spoke last."""
    newest = (
        select(func.max(_EVENTS.c.id).label("id"))
        .where(_EVENTS.c.topic == "settlement")
        .group_by(_EVENTS.c.hash)
    )
    return _led_to(columns, newest)


def _led_to(columns: Sequence[ColumnElement[Any]], newest: Select[Any]) -> Select[Any]:
    pairs = newest.subquery()
    latest = _EVENTS.alias("latest")
    return (
        select(*columns)
        .select_from(pairs)
        .join(latest, latest.c.id == pairs.c.id)
        .join(_EVENTS, _EVENTS.c.id == func.coalesce(latest.c.stands, latest.c.id))
    )


def _frame(workspace: Workspace, query: Select[Any], columns: Sequence[str]) -> pd.DataFrame:
    with workspace.engine.connect() as connection:
        rows = connection.execute(query).all()
    return pd.DataFrame.from_records(rows, columns=list(columns))


def _about(workspace: Workspace, flags: pd.DataFrame) -> pd.DataFrame:
    """Return subtype, slide and magnification of flagged images: from the catalogue, else from the name."""
    images = db.images
    first = select(func.min(images.c.id)).group_by(images.c.hash)
    query = select(images.c.hash, images.c.subtype, images.c.slide, images.c.magnification)
    with workspace.engine.connect() as connection:
        known = {row[0]: tuple(row[1:]) for row in connection.execute(query.where(images.c.id.in_(first)))}
    rows = [
        known.get(image) or _from_name(name) for image, name in zip(flags["hash"], flags["name"], strict=True)
    ]
    about = pd.DataFrame(rows, columns=["subtype", "slide", "magnification"], index=flags.index)
    return about.astype({"magnification": "Int64"})


def _from_name(name: str) -> tuple[str | None, str | None, int | None]:
    try:
        parsed = parse_image_name(name)
    except MisnamedImageError:
        return None, None, None
    return parsed.subtype, parsed.slide, parsed.magnification
