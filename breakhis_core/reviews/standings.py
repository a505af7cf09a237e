"""What stands now: answers, settlements, exclusions, and an image's history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter

import pandas as pd
from sqlalchemy import select

from breakhis_core.reviews.ledger import EVENT_FIELDS, FIELD, Event, Ledger, ledger_of
from breakhis_core.reviews.terms import ReviewEvent
from breakhis_core.storage import tables
from breakhis_core.storage.typed_text import clean_reviewer
from breakhis_core.workspace import Workspace

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
    "correction",
)
SETTLEMENT_COLUMNS: tuple[str, ...] = (
    "id",
    "hash",
    "name",
    "excluded",
    "reason",
    "note",
    "steward",
    "time",
    "correction",
)
_NUMBER = itemgetter(FIELD["id"])


def standing(workspace: Workspace, run: str | None = None, reviewer: str | None = None) -> pd.DataFrame:
    """Return the answers that stand, one row per image and reviewer.

    Args:
        workspace: where they are.
        run: only answers given while looking at this run.
        reviewer: only this reviewer's, however the name is written.

    Returns:
        A frame with the columns ``STANDING_COLUMNS``, oldest first; ``action`` is ``"flag"`` or ``"keep"``.
    """
    reviewer = None if reviewer is None else clean_reviewer(reviewer)
    with ledger_of(workspace.engine).held(workspace.engine) as ledger:
        reviewer = None if reviewer is None else ledger.known_name(reviewer)
        wish = ("standing", run, reviewer)
        if wish in ledger.kept:
            kept: pd.DataFrame = ledger.kept[wish]
            return kept.copy(deep=False)
        if run is None and reviewer is None:
            frame = ledger.kept[wish] = _all_standing(ledger)
            return frame.copy(deep=False)
        version = ledger.version
        if reviewer is None:
            events = [event for answers in ledger.answers.values() for event in answers.values()]
        else:
            found = (answers.get(reviewer) for answers in ledger.answers.values())
            events = [event for event in found if event is not None]
    # The frame is made while others may go on reading.
    if run is not None:
        events = [event for event in events if event[FIELD["run"]] == run]
    frame = event_frame(sorted(events, key=_NUMBER), STANDING_COLUMNS)
    ledger.keep(version, wish, frame)
    return frame.copy(deep=False)


def _all_standing(ledger: Ledger) -> pd.DataFrame:
    """Return all that stands, made from the last such table where little has changed."""
    last = ledger.last_table
    if last is None or len(ledger.changed) > len(last) / 4:
        events = [event for answers in ledger.answers.values() for event in answers.values()]
        frame = event_frame(sorted(events, key=_NUMBER), STANDING_COLUMNS)
    else:
        now = (ledger.answers[image].get(reviewer) for image, reviewer in ledger.changed)
        came = sorted((event for event in now if event is not None), key=_NUMBER)
        gone = [number for number in ledger.changed.values() if number is not None]
        stays = last[~last["id"].isin(gone)]
        frame = pd.concat([stays, event_frame(came, STANDING_COLUMNS)], ignore_index=True)
        if came and len(stays) and came[0][0] < stays["id"].iloc[-1]:
            frame = frame.sort_values("id", ignore_index=True)
    ledger.last_table = frame
    ledger.changed.clear()
    return frame


def version(workspace: Workspace) -> int:
    """Return a number that grows with every review event: equal numbers mean that the same things stand."""
    with ledger_of(workspace.engine).held(workspace.engine) as ledger:
        return ledger.version


def answers_on(workspace: Workspace, image: str) -> list[ReviewEvent]:
    """Return the answers that stand on one image, one per reviewer, oldest first."""
    with ledger_of(workspace.engine).held(workspace.engine) as ledger:
        events = sorted(ledger.answers.get(image, {}).values(), key=_NUMBER)
    return [ReviewEvent(*event) for event in events]


def answers_on_each(workspace: Workspace, images: Iterable[str]) -> dict[str, list[ReviewEvent]]:
    """Return the answers that stand on each of some images, as of ``answers_on``, in one look."""
    with ledger_of(workspace.engine).held(workspace.engine) as ledger:
        found = {image: sorted(ledger.answers.get(image, {}).values(), key=_NUMBER) for image in images}
    return {image: [ReviewEvent(*event) for event in events] for image, events in found.items()}


def settlement_on(workspace: Workspace, image: str) -> ReviewEvent | None:
    """Return the settlement that stands on one image, if a steward made one."""
    with ledger_of(workspace.engine).held(workspace.engine) as ledger:
        event = ledger.settlements.get(image)
    return None if event is None else ReviewEvent(*event)


def settlements(workspace: Workspace) -> pd.DataFrame:
    """Return the settlements that stand, newest first.

    Returns:
        A frame with the columns ``SETTLEMENT_COLUMNS``; ``excluded`` is false where the image stays, and
        ``steward`` is who settled it.
    """
    with ledger_of(workspace.engine).held(workspace.engine) as ledger:
        events = sorted(ledger.settlements.values(), key=_NUMBER, reverse=True)
    frame = event_frame(events, EVENT_FIELDS).rename(columns={"at": "time", "reviewer": "steward"})
    frame["excluded"] = frame["action"] == "exclude"
    return frame.loc[:, list(SETTLEMENT_COLUMNS)]


def history(workspace: Workspace, image: str) -> pd.DataFrame:
    """Return everything that was ever said about an image, oldest first, one row per event.

    Returns:
        A frame with the fields of an event as columns; what an event does not say (a settlement was made
        without a run, a keep has no reason) is an empty text.
    """
    events = tables.review_events
    query = (
        select(*(events.c[name] for name in EVENT_FIELDS)).where(events.c.hash == image).order_by(events.c.id)
    )
    with workspace.engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(query)]
    frame = event_frame(rows, EVENT_FIELDS)
    return frame.fillna(dict.fromkeys(frame.columns[frame.dtypes == "str"], ""))


def event_frame(events: Sequence[Event], columns: Iterable[str]) -> pd.DataFrame:
    """Return events as a table, its columns some of ``EVENT_FIELDS``."""
    values = dict(zip(EVENT_FIELDS, zip(*events, strict=True), strict=True)) if events else {}
    # Types by column, not by content: an answer without a run must not turn a column of text into another.
    return pd.DataFrame({name: pd.array(values.get(name, ()), dtype=_dtype(name)) for name in columns})


def _dtype(column: str) -> str:
    if column in ("confidence", "seconds"):
        return "float64"
    return "Int64" if column == "undoes" else "int64" if column == "id" else "str"
