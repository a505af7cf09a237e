"""Bringing flags of a file into a workspace: which images they mean, which are here already, writing them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from breakhis_core import database as db
from breakhis_core.flag_files import ImportPlan
from breakhis_core.ledger import FIELD, ledger_of
from breakhis_core.review_naming import known_name
from breakhis_core.workspace import Workspace

NOBODY = "import"
"""Reviewer of flags whose file does not say who made them, when nobody says who imports them either."""
_KEPT = ("hash", "reason", "note", "run", "predicted", "confidence")


@dataclass(frozen=True)
class ImportCheck:
    """What an import does, or would do.

    Attributes:
        new: flags that are brought in, keys ``FLAG_COLUMNS``.
        known: flags that are here already; they change nothing.
        refused: one sentence per row that cannot be used.
    """

    new: tuple[dict[str, Any], ...]
    known: tuple[dict[str, Any], ...]
    refused: tuple[str, ...]


def check_import(workspace: Workspace, plan: ImportPlan, reviewer: str = NOBODY) -> ImportCheck:
    """Say what an import would do, and change nothing. Arguments as of ``apply_import``."""
    with workspace.engine.connect() as connection:
        return _check(workspace, connection, plan, known_name(workspace, reviewer))


def apply_import(workspace: Workspace, plan: ImportPlan, reviewer: str = NOBODY) -> ImportCheck:
    """Add the flags of a file that are not here yet, all of them or, when anything fails, none.

    An imported flag stands unless the same reviewer said something about the image later. Reviewers'
    undo passes over imported flags.

    Args:
        workspace: where they go.
        plan: what ``read_flags`` returned.
        reviewer: who imports; counts as the reviewer of rows that name none.
    """
    reviewer = known_name(workspace, reviewer)
    with db.writing(workspace.engine, "reviews") as connection:
        check = _check(workspace, connection, plan, reviewer)
        # Writers take turns, so what the ledger read from outside this transaction is all there is.
        with ledger_of(workspace.engine).held(workspace.engine) as ledger:
            standing = {
                (image, who): (event[FIELD["at"]], event[FIELD["id"]])
                for image, answers in ledger.answers.items()
                for who, event in answers.items()
            }
        insertion = insert(db.review_events).returning(db.review_events.c.id)
        present = db.now()
        for row in sorted(check.new, key=lambda row: row["time"] or present):
            pair, at = (row["hash"], row["reviewer"]), row["time"] or present
            later = standing[pair] if pair in standing and standing[pair][0] > at else None
            values = {
                name: row[name] for name in ("hash", "reason", "note", "run", "predicted", "confidence")
            }
            number = connection.execute(
                insertion,
                {
                    **values,
                    "at": at,
                    "name": row["name"] or "",
                    "reviewer": row["reviewer"],
                    "topic": "answer",
                    "action": "flag",
                    "source": f"{plan.source}, imported by {reviewer}",
                    "stands": None if later is None else later[1],
                },
            ).scalar_one()
            if later is None:
                standing[pair] = (at, number)
    return check


def matched_hashes(workspace: Workspace, plan: ImportPlan) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which images a file of flags means, sorted, and a sentence for each row that means none."""
    with workspace.engine.connect() as connection:
        rows, refused = _matched(connection, plan)
    return tuple(sorted({row["hash"] for row in rows})), (*plan.errors, *refused)


def _check(workspace: Workspace, connection: Connection, plan: ImportPlan, reviewer: str) -> ImportCheck:
    rows, refused = _matched(connection, plan)
    with ledger_of(workspace.engine).held(workspace.engine) as ledger:
        # A name that is new here is spelt as the file does first.
        spelt = {row["reviewer"]: ledger.known_name(row["reviewer"]) for row in rows if row["reviewer"]}
    first = {name.casefold(): name for name in reversed(spelt.values())}
    events = db.review_events
    columns = [events.c[name] for name in ("hash", "reviewer", "reason", "note", "at")]
    query = select(*columns).where(events.c.action.in_(("flag", "exclude")))
    times: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for image, who, reason, note, at in connection.execute(query):
        times[image, who, reason, note].add(at)
    new: list[dict[str, Any]] = []
    known: list[dict[str, Any]] = []
    for row in rows:
        name = spelt.get(row["reviewer"], reviewer)
        row["reviewer"] = first.get(name.casefold(), name)
        what = (row["hash"], row["reviewer"], row["reason"], row["note"])
        # A row without a time, as in a plain list, is known if the same was ever said.
        here = row["time"] in times[what] if row["time"] else bool(times[what])
        (known if here else new).append(row)
        times[what].add(row["time"] or "")
    return ImportCheck(tuple(new), tuple(known), (*plan.errors, *refused))


def _matched(connection: Connection, plan: ImportPlan) -> tuple[list[dict[str, Any]], list[str]]:
    """Find each row's image: by hash, else by name."""
    names: dict[str, str] = {}
    by_name: dict[str, set[str]] = defaultdict(set)
    for table in (db.review_events, db.images):
        for image, name in connection.execute(select(table.c.hash, table.c.name).distinct()):
            names[image] = name
            by_name[name].add(image)
    rows, refused = [], []
    for row in plan.rows:
        called = row["name"] or row["hash"]
        hashes = {row["hash"]} if row["hash"] in names else by_name.get(row["name"] or "", set())
        if len(hashes) == 1:
            (image,) = hashes
            rows.append({**row, "hash": image, "name": names[image] or row["name"]})
        elif hashes:
            refused.append(
                f"{plan.source}: {called} names {len(hashes)} different images here; give its hash."
            )
        else:
            refused.append(f"{plan.source}: {called} is not in this workspace; catalogue its folder first.")
    return rows, refused
