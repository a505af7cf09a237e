"""Which sub-type is right where a label is wrong: saying it, and what stands by all who said it.

A correction is a review event like its flag: the flag, said once more with the sub-type.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Literal

from sqlalchemy import insert

from breakhis_core.errors import InputError
from breakhis_core.reviews.exclusions import excluded_in
from breakhis_core.reviews.ledger import FIELD, Event, Ledger, ledger_of
from breakhis_core.reviews.policy import policy_code
from breakhis_core.reviews.terms import WRONG_LABEL, ReviewEvent, check_correction
from breakhis_core.storage import database as db
from breakhis_core.storage import tables
from breakhis_core.storage.typed_text import clean_reviewer
from breakhis_core.workspace import Workspace

_CORRECTION = FIELD["correction"]


def correct(
    workspace: Workspace,
    reviewer: str,
    hash: str,
    correction: str | None,
    *,
    topic: Literal["answer", "settlement"] = "answer",
) -> int:
    """Name the sub-type that is right for an image whose label the reviewer said to be wrong.

    It belongs to the gesture of the flag: one undo takes back both, one redo brings back both. A flag that
    was imported, or made before corrections were known, stays when the correction is undone.

    Args:
        workspace: where it is kept.
        reviewer: whose flag, or whose settlement, it is.
        hash: the image.
        correction: code of the sub-type that is right; ``None`` takes away the one that was named.
        topic: ``"settlement"`` corrects the steward's exclusion instead of the reviewer's flag.

    Returns:
        The event's id.

    Raises:
        InputError: there is no such sub-type, or the reviewer has not said that the label is wrong.
    """
    check_correction(correction, WRONG_LABEL)
    reviewer = clean_reviewer(reviewer)
    events = tables.review_events
    with db.writing(workspace.engine, "reviews") as connection:
        # Writers take turns, so what the ledger reads from outside this transaction is all there is.
        with ledger_of(workspace.engine).held(workspace.engine) as ledger:
            settled, answered = ledger.settlements.get(hash), _answers(ledger, hash).get(reviewer)
        said = settled if topic == "settlement" else answered
        flag = None if said is None else ReviewEvent(*said)
        if flag is None or flag.reviewer != reviewer or flag.reason != WRONG_LABEL:
            what = "settled" if topic == "settlement" else "said"
            raise InputError(f"{reviewer} has not {what} that this image's label is wrong.")
        gesture = flag.batch if flag.source is None and flag.batch else uuid.uuid4().hex
        # The newest by time stands after an undo, and an imported flag may be of a clock that is ahead.
        at = max(db.now(), flag.at)
        again = asdict(replace(flag, at=at, correction=correction, batch=gesture, source=None, undoes=None))
        del again["id"]
        number: int = connection.execute(insert(events).returning(events.c.id), again).scalar_one()
        return number


def corrected_labels(workspace: Workspace, policy: str | None = None) -> dict[str, str]:
    """Return the right sub-type of each image whose label is wrong, as far as one was named and stands.

    Only of images that leave the training by the policy. A steward's word counts before all others; else it
    is the sub-type that more than half of those who named one named.

    Args:
        workspace: where the answers are.
        policy: one of ``POLICIES``; by default the one that was chosen for the workspace.

    Returns:
        Code of the sub-type by hash, sorted by hash.
    """
    policy = policy_code(workspace, policy)
    with ledger_of(workspace.engine).held(workspace.engine) as ledger:
        return dict(corrections_in(ledger, policy))


def disputed_corrections(workspace: Workspace, policy: str | None = None) -> tuple[str, ...]:
    """Return the images of which reviewers name different sub-types, none of them more than half.

    They leave the training and are not corrected, until a steward names the right one. Arguments as of
    ``corrected_labels``; sorted by hash.
    """
    policy = policy_code(workspace, policy)
    with ledger_of(workspace.engine).held(workspace.engine) as ledger:
        corrected = corrections_in(ledger, policy)
        return tuple(
            image
            for image in excluded_in(ledger, policy)
            if image not in corrected and len(_named(ledger, image)) > 1
        )


def correctors(workspace: Workspace, images: Iterable[str]) -> tuple[str, ...]:
    """Return who named the right sub-type of any of these images, stewards among them, sorted by name."""
    with ledger_of(workspace.engine).held(workspace.engine) as ledger:
        said = [
            event
            for image in images
            for event in (*_answers(ledger, image).values(), ledger.settlements.get(image))
        ]
        named = (event for event in said if event is not None and event[_CORRECTION] is not None)
        return tuple(sorted({event[FIELD["reviewer"]] for event in named}))


def corrections_in(ledger: Ledger, policy: str) -> dict[str, str]:
    """Return what ``corrected_labels`` does, for who holds the ledger already; not to be changed."""
    wish = ("corrected", policy)
    if wish not in ledger.kept:
        right = ((image, _right(ledger, image)) for image in excluded_in(ledger, policy))
        ledger.kept[wish] = {image: subtype for image, subtype in right if subtype is not None}
    kept: dict[str, str] = ledger.kept[wish]
    return kept


def more_than_half(named: Counter[str]) -> str | None:
    """Return the sub-type that more than half of those who named one named.

    >>> more_than_half(Counter({"DC": 2, "LC": 1})), more_than_half(Counter({"DC": 1, "LC": 1}))
    ('DC', None)
    """
    subtype, times = named.most_common(1)[0] if named else (None, 0)
    return subtype if times > named.total() / 2 else None


def _right(ledger: Ledger, image: str) -> str | None:
    settled = ledger.settlements.get(image)
    if settled is not None and settled[_CORRECTION] is not None:
        decided: str = settled[_CORRECTION]
        return decided
    return more_than_half(_named(ledger, image))


def _named(ledger: Ledger, image: str) -> Counter[str]:
    """Return how many reviewers named which sub-type."""
    return Counter(
        event[_CORRECTION] for event in _answers(ledger, image).values() if event[_CORRECTION] is not None
    )


def _answers(ledger: Ledger, image: str) -> dict[str, Event]:
    return ledger.answers.get(image, {})
