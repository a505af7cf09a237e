"""The review events folded into what stands, in memory, and kept up to date by reading only new events.

Events are never changed and are committed in the order of their ids (writers take turns, see
``storage.database.writing``), so that "what came after the last one I saw" is one small query and is exact,
also for events that other processes wrote. The fold itself is the rule of ``review_events.stands``: the
newest event of an image and reviewer names the statement that stands, itself unless it says otherwise.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import pandas as pd
from sqlalchemy import Engine, Row, bindparam, select

from breakhis_core.reviews.terms import ReviewEvent
from breakhis_core.storage import tables

EVENT_FIELDS: tuple[str, ...] = tuple(ReviewEvent.__dataclass_fields__)
FIELD = {name: place for place, name in enumerate(EVENT_FIELDS)}
Event = tuple[Any, ...]
"""One event, its values in the order of ``EVENT_FIELDS``: a tenth of the memory and time of a record."""

# Put together once: it is asked at every look, and mostly has one row.
_FROM = (
    select(*(tables.review_events.c[name] for name in (*EVENT_FIELDS, "stands")))
    .where(tables.review_events.c.id >= bindparam("version"))
    .order_by(tables.review_events.c.id)
)
_REPEATED = tuple(
    FIELD[name]
    for name in ("reviewer", "topic", "hash", "name", "action", "reason", "run", "predicted", "correction")
)
_ledgers: WeakKeyDictionary[Engine, Ledger] = WeakKeyDictionary()
_ledgers_lock = Lock()


class Ledger:
    """What stands by the events read so far.

    Attributes:
        version: id of the newest event read; equal versions mean equal content.
        answers: event that stands, by image and reviewer.
        settlements: event that stands, by image.
        kept: what was made from this version; emptied when there is a newer one.
        changed: pairs of image and reviewer whose answer changed since ``changed`` was last emptied, and the
            id of the answer that stood then.
        last_table: table of all that stood when ``changed`` was last emptied.
    """

    def __init__(self) -> None:
        self.version = 0
        self.answers: dict[str, dict[str, Event]] = {}
        self.settlements: dict[str, Event] = {}
        self.kept: dict[object, Any] = {}
        self.changed: dict[tuple[str, str], int | None] = {}
        self.last_table: pd.DataFrame | None = None
        self._statements: dict[int, Event] = {}
        self._names: set[str] = set()
        self._spelt: dict[str, str] = {}
        self._lock = Lock()

    def sync(self, engine: Engine) -> None:
        """Read the events that came since."""
        with engine.connect() as connection:
            rows = connection.execute(_FROM, {"version": self.version}).all()
        if self.version and (not rows or rows[0][0] != self.version):
            # The newest event we know is gone: somebody put another database in this one's place.
            self.version, self.answers, self.settlements, self._statements = 0, {}, {}, {}
            self.kept.clear()
            self.changed.clear()
            self._names.clear()
            self._spelt.clear()
            self.last_table = None
            self.sync(engine)
            return
        news = rows[1:] if self.version else rows
        if news:
            self.kept.clear()
        for row in news:
            self._apply(row)

    def _apply(self, row: Row[Any]) -> None:
        values = list(row)
        stands = values.pop()
        for place in _REPEATED:
            if values[place] is not None:
                values[place] = sys.intern(values[place])
        event = tuple(values)
        number, topic, image = event[0], event[FIELD["topic"]], event[FIELD["hash"]]
        if (name := event[FIELD["reviewer"]]) not in self._names:
            self._names.add(name)
            self._spelt.setdefault(name.casefold(), name)
        if event[FIELD["action"]] not in ("undo", "redo"):
            self._statements[number] = event
        standing = self._statements.get(number if stands is None else stands)
        if topic == "settlement":
            _put(self.settlements, image, standing)
        else:
            answers, reviewer = self.answers.setdefault(image, {}), event[FIELD["reviewer"]]
            before = answers.get(reviewer)
            self.changed.setdefault((image, reviewer), None if before is None else before[0])
            _put(answers, reviewer, standing)
        self.version = number

    def known_name(self, name: str) -> str:
        """Return a name as reviewers or stewards spell it, whatever its letters' case; else as it is."""
        return name if name in self._names else self._spelt.get(name.casefold(), name)

    def keep(self, version: int, wish: object, what: Any) -> None:
        """Keep what was made for who asks the same, unless newer events came while it was made."""
        with self._lock:
            if self.version == version:
                self.kept[wish] = what

    @contextmanager
    def held(self, engine: Engine) -> Iterator[Ledger]:
        """Give the ledger, up to date and not changing while the block runs."""
        with self._lock:
            self.sync(engine)
            yield self


def ledger_of(engine: Engine) -> Ledger:
    """Return the one ledger of a database in this process."""
    with _ledgers_lock:
        if engine not in _ledgers:
            _ledgers[engine] = Ledger()
        return _ledgers[engine]


def _put(where: dict[str, Event], key: str, event: Event | None) -> None:
    if event is None:
        where.pop(key, None)
    else:
        where[key] = event
