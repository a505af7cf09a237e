"""What a guest said, under the name that she gives afterwards; as events, so that nothing is overwritten.

Each thing that the guest said is taken back, and said again under the name: with its time, its run and what
was on screen, in gestures as before. So undo goes on under the name where it would have under the guest's.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from sqlalchemy import Connection, insert, select

from breakhis_core.reviews.ledger import EVENT_FIELDS, ledger_of
from breakhis_core.reviews.terms import ReviewEvent
from breakhis_core.reviews.undoing import STATEMENTS, all_events, bring_back, has, later, said_by, take_back
from breakhis_core.storage import database as db
from breakhis_core.storage import tables
from breakhis_core.storage.typed_text import clean_reviewer
from breakhis_core.workspace import Workspace

_EVENTS = tables.review_events
_MOVED, _GIVEN_BACK = "now said by {}", "said by {} after all"


@dataclass(frozen=True)
class Moved:
    """What now stands under a name.

    Attributes:
        answers: images whose answer was the guest's.
        settlements: images that the guest had settled.
        kept: images that both had answered; what was said under the name stays, as it was said.
    """

    answers: int
    settlements: int
    kept: int


def known_name(workspace: Workspace, name: str) -> str:
    """Return a name as the workspace knows it: ``bea`` is Bea where Bea answered first.

    One person writes her name with a capital today and without one tomorrow, far oftener than two people
    share a name that differs in nothing else; as two, she would be compared with herself. A spelling that is
    in use itself stays.

    Raises:
        InputError: the name is empty or too long.
    """
    with ledger_of(workspace.engine).held(workspace.engine) as ledger:
        return ledger.known_name(clean_reviewer(name))


def move_to_name(workspace: Workspace, guest: str, name: str) -> Moved:
    """Let what a guest said stand under a name. Where that name answered already, its own answer stands.

    Args:
        workspace: where it is kept.
        guest: who said it.
        name: whose it is from now on.
    """
    guest, name = clean_reviewer(guest), clean_reviewer(name)
    with db.writing(workspace.engine, "reviews") as connection:
        said = said_by(connection, guest)
        answered = {event.hash for event in said_by(connection, name) if event.topic == "answer"}
        theirs = {event.hash for event in said if event.topic == "answer"}
        settled = {event.hash for event in said if event.topic == "settlement"}
        take_back(connection, said[::-1], source=_MOVED.format(name))
        again = [event for event in said if event.topic == "settlement" or event.hash not in answered]
        _say_again(connection, again, name)
    return Moved(len(theirs - answered), len(settled), len(theirs & answered))


def give_back(workspace: Workspace, guest: str, name: str) -> int:
    """Let what was moved to a name stand under the guest again, as far as it was not taken back since.

    Returns:
        The number of images whose answer or settlement is the guest's again.
    """
    guest, name = clean_reviewer(guest), clean_reviewer(name)
    taken = all_events().where(
        _EVENTS.c.reviewer == guest,
        _EVENTS.c.action == "undo",
        _EVENTS.c.source == _MOVED.format(name),
        ~has(_EVENTS, "redo"),
    )
    moved = select(_EVENTS.c.undoes).where(_EVENTS.c.reviewer == name, _EVENTS.c.action.in_(STATEMENTS))
    with db.writing(workspace.engine, "reviews") as connection:
        undos = [ReviewEvent(*row) for row in connection.execute(taken.order_by(_EVENTS.c.id.desc()))]
        originals = {undo.undoes for undo in undos}
        said = [event for event in said_by(connection, name) if event.undoes in originals]
        # What was taken back under the name since is taken back for good.
        gone = set(connection.execute(moved).scalars()) - {event.undoes for event in said}
        take_back(connection, said[::-1], source=_GIVEN_BACK.format(guest))
        back = bring_back(connection, [undo for undo in undos if undo.undoes not in gone])
    return len({event.hash for event in back})


def as_named(history: pd.DataFrame) -> pd.DataFrame:
    """Leave out of an image's history what a guest said and what stands in it again under a name.

    Args:
        history: what ``reviews.history`` returns.
    """
    redone = history.loc[history["action"] == "redo", "undoes"]
    said_again = history.loc[history["action"].isin(STATEMENTS), "undoes"].dropna()
    moved = history[
        history["source"].fillna("").str.startswith(_MOVED.format(""))
        & history["undoes"].isin(said_again)
        & ~history["id"].isin(redone)
    ]
    return history[~history["id"].isin([*moved["id"], *moved["undoes"]])]


def _say_again(connection: Connection, said: Sequence[ReviewEvent], name: str) -> None:
    batches: defaultdict[str, str] = defaultdict(lambda: uuid.uuid4().hex)
    for event in said:
        values = {field: getattr(event, field) for field in EVENT_FIELDS if field != "id"}
        values |= {"reviewer": name, "undoes": event.id, "stands": later(connection, event, name)}
        values["batch"] = None if event.batch is None else batches[event.batch]
        connection.execute(insert(_EVENTS).values(values))
