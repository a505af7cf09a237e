"""Bringing flags of a file into a workspace: which images they mean, which are here already, writing them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select

from breakhis_core.flags.parsing import ImportPlan
from breakhis_core.reviews.corrections import more_than_half
from breakhis_core.reviews.ledger import FIELD, ledger_of
from breakhis_core.reviews.naming import known_name
from breakhis_core.storage import database as db
from breakhis_core.storage import tables
from breakhis_core.wording import counted
from breakhis_core.workspace import Workspace

NOBODY = "import"
"""Reviewer of flags whose file does not say who made them, when nobody says who imports them either."""
Rows = tuple[dict[str, Any], ...]
_KEPT = ("hash", "reason", "note", "run", "predicted", "confidence", "shown", "seconds", "correction")


@dataclass(frozen=True)
class ImportCheck:
    """What an import does, or would do.

    Attributes:
        new: flags that are brought in, keys ``FLAG_FIELDS``.
        known: flags, keeps and decisions that are here already; they change nothing.
        refused: one sentence per row that cannot be used.
        keeps: keeps that are brought in, keys ``FLAG_FIELDS``.
        settlements: decisions of stewards that are brought in, keys ``SETTLEMENT_FIELDS``.
    """

    new: tuple[dict[str, Any], ...]
    known: tuple[dict[str, Any], ...]
    refused: tuple[str, ...]
    keeps: tuple[dict[str, Any], ...] = ()
    settlements: tuple[dict[str, Any], ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether anything is brought in."""
        return bool(self.new or self.keeps or self.settlements)

    @property
    def in_words(self) -> str:
        """What is brought in: ``"3 new flags, 2 keeps and 1 settlement"``; keeps and settlements if any."""
        found = [counted(len(self.new), "new flag")]
        found += [counted(len(self.keeps), "keep")] if self.keeps else []
        found += [counted(len(self.settlements), "settlement")] if self.settlements else []
        return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)


def check_import(workspace: Workspace, plan: ImportPlan, reviewer: str = NOBODY) -> ImportCheck:
    """Say what an import would do, and change nothing. Arguments as of ``apply_import``."""
    with workspace.engine.connect() as connection:
        return _check(workspace, connection, plan, known_name(workspace, reviewer))


def apply_import(workspace: Workspace, plan: ImportPlan, reviewer: str = NOBODY) -> ImportCheck:
    """Add what a file says and is not here yet, all of it or, when anything fails, nothing.

    An imported answer stands unless the same reviewer said something about the image later, and an imported
    decision unless a steward decided later. Undo passes over what was imported.

    Args:
        workspace: where it goes.
        plan: what ``read_flags`` returned.
        reviewer: who imports; counts as the reviewer, or steward, of rows that name none.
    """
    reviewer = known_name(workspace, reviewer)
    with db.writing(workspace.engine, "reviews") as connection:
        check = _check(workspace, connection, plan, reviewer)
        # Writers take turns, so what the ledger read from outside this transaction is all there is.
        with ledger_of(workspace.engine).held(workspace.engine) as ledger:
            standing = {
                ("answer", image, who): (event[FIELD["at"]], event[FIELD["id"]])
                for image, answers in ledger.answers.items()
                for who, event in answers.items()
            }
            standing |= {
                ("settlement", image, ""): (event[FIELD["at"]], event[FIELD["id"]])
                for image, event in ledger.settlements.items()
            }
        insertion = insert(tables.review_events).returning(tables.review_events.c.id)
        present = db.now()
        for event in sorted(_events(check), key=lambda event: event["at"] or present):
            event["at"] = at = event["at"] or present
            topic = event["topic"]
            about = (topic, event["hash"], "" if topic == "settlement" else event["reviewer"])
            later = standing[about] if about in standing and standing[about][0] > at else None
            event["source"] = f"{plan.source}, imported by {reviewer}"
            event["stands"] = None if later is None else later[1]
            number = connection.execute(insertion, event).scalar_one()
            if later is None:
                standing[about] = (at, number)
    return check


def matched_hashes(workspace: Workspace, plan: ImportPlan) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which images a file says should not be used, and a sentence for each row that means none.

    An image that is flagged in the file stays where the file tells that a steward settled so.
    """
    decided = _decided(plan)
    out = [row for row in decided if row["excluded"]]
    stay = [row for row in decided if not row["excluded"]]
    with workspace.engine.connect() as connection:
        catalogue = _Catalogue(connection)
    flagged, refused = catalogue.matched([*plan.rows, *out], plan.source)
    kept, _ = catalogue.matched(stay, plan.source)
    hashes = {row["hash"] for row in flagged} - {row["hash"] for row in kept}
    return tuple(sorted(hashes)), (*plan.errors, *refused)


def matched_labels(workspace: Workspace, plan: ImportPlan) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the right sub-types that a file names, by hash, and a sentence for each row that means no image.

    A steward's word counts before all others; else what more than half of the reviewers named. An image that
    the file says to stay as it is has none.
    """
    flagged, refused = matched_hashes(workspace, plan)
    settled = [row for row in _decided(plan) if row["excluded"] and row["correction"]]
    with workspace.engine.connect() as connection:
        catalogue = _Catalogue(connection)
    said, _ = catalogue.matched((row for row in plan.rows if row["correction"]), plan.source)
    named: dict[str, dict[str | None, str]] = defaultdict(dict)
    for row in said:
        named[row["hash"]][row["reviewer"]] = row["correction"]
    labels = {image: more_than_half(Counter(of.values())) for image, of in named.items()}
    labels |= {row["hash"]: row["correction"] for row in catalogue.matched(settled, plan.source)[0]}
    return {image: right for image in flagged if (right := labels.get(image)) is not None}, refused


def _decided(plan: ImportPlan) -> list[dict[str, Any]]:
    """Return the last decision of a steward about each image."""
    return list({(row["hash"], row["name"]): row for row in sorted(plan.settlements, key=_moment)}.values())


def _moment(row: dict[str, Any]) -> str:
    return row["time"] or ""


def _events(check: ImportCheck) -> list[dict[str, Any]]:
    """Return what is brought in as review events."""
    found = [
        {
            **{name: row[name] for name in _KEPT},
            "at": row["time"],
            "name": row["name"] or "",
            "reviewer": row["reviewer"],
            "topic": "answer",
            "action": action,
        }
        for action, rows in (("flag", check.new), ("keep", check.keeps))
        for row in rows
    ]
    found += [
        {
            **dict.fromkeys(_KEPT),
            **{name: row[name] for name in ("hash", "reason", "note", "correction")},
            "at": row["time"],
            "name": row["name"] or "",
            "reviewer": row["steward"],
            "topic": "settlement",
            "action": "exclude" if row["excluded"] else "include",
        }
        for row in check.settlements
    ]
    return found


def _check(workspace: Workspace, connection: Connection, plan: ImportPlan, reviewer: str) -> ImportCheck:
    catalogue = _Catalogue(connection)
    flags, refused = catalogue.matched(plan.rows, plan.source)
    keeps, no_keeps = catalogue.matched(plan.keeps, plan.source)
    settlements, no_settlements = catalogue.matched(plan.settlements, plan.source)
    with ledger_of(workspace.engine).held(workspace.engine) as ledger:
        # A name that is new here is spelt as the file does first.
        names = [row["reviewer"] for row in (*flags, *keeps)] + [row["steward"] for row in settlements]
        spelt = {name: ledger.known_name(name) for name in names if name}
    first = {name.casefold(): name for name in reversed(spelt.values())}
    events = tables.review_events
    columns = [
        events.c[name] for name in ("hash", "reviewer", "action", "reason", "note", "correction", "at")
    ]
    query = select(*columns).where(events.c.action.in_(("flag", "keep", "exclude", "include")))
    times: dict[tuple[object, ...], set[str]] = defaultdict(set)
    for image, who, action, reason, note, correction, at in connection.execute(query):
        # Files of before corrections were written tell of a corrected flag without its correction.
        for named in {correction, None}:
            times[image, who, action, reason, note, named].add(at)
            if action == "exclude":
                # Files of before settlements were written tell of one as a flag of the steward's.
                times[image, who, "flag", reason, note, named].add(at)
    known: list[dict[str, Any]] = []

    def news(rows: list[dict[str, Any]], who: str, action: Callable[[dict[str, Any]], str]) -> Rows:
        new: list[dict[str, Any]] = []
        for row in rows:
            name = spelt.get(row[who], reviewer)
            row[who] = first.get(name.casefold(), name)
            what = (row["hash"], row[who], action(row), row["reason"], row["note"], row["correction"])
            # A row without a time, as in a plain list, is known if the same was ever said.
            here = row["time"] in times[what] if row["time"] else bool(times[what])
            (known if here else new).append(row)
            times[what].add(row["time"] or "")
        return tuple(new)

    return ImportCheck(
        new=news(flags, "reviewer", lambda row: "flag"),
        keeps=news(keeps, "reviewer", lambda row: "keep"),
        settlements=news(settlements, "steward", lambda row: "exclude" if row["excluded"] else "include"),
        known=tuple(known),
        # An image that is not here is named once, however much is said of it.
        refused=tuple(dict.fromkeys((*plan.errors, *refused, *no_keeps, *no_settlements))),
    )


class _Catalogue:
    """Which image a row means: by its hash, else by its name."""

    def __init__(self, connection: Connection) -> None:
        self._names: dict[str, str] = {}
        self._by_name: dict[str, set[str]] = defaultdict(set)
        for table in (tables.review_events, tables.images):
            for image, name in connection.execute(select(table.c.hash, table.c.name).distinct()):
                self._names[image] = name
                self._by_name[name].add(image)

    def matched(self, rows: Iterable[dict[str, Any]], source: str) -> tuple[list[dict[str, Any]], list[str]]:
        """Return the rows whose image is here, with its hash and name, and a sentence for each other one."""
        found, refused = [], []
        for row in rows:
            called = row["name"] or row["hash"]
            known = row["hash"] in self._names
            hashes = {row["hash"]} if known else self._by_name.get(row["name"] or "", set())
            if len(hashes) == 1:
                (image,) = hashes
                found.append({**row, "hash": image, "name": self._names[image] or row["name"]})
            elif hashes:
                refused.append(
                    f"{source}: {called} names {len(hashes)} different images here; give its hash."
                )
            else:
                refused.append(f"{source}: {called} is not in this workspace; catalogue its folder first.")
        return found, refused
