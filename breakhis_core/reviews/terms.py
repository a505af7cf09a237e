"""The words of reviewing: reasons of a flag, and the event that keeps what a reviewer said."""

from __future__ import annotations

import re
from dataclasses import dataclass

from breakhis_core.errors import InputError
from breakhis_core.images.taxonomy import CODES

CLEANVISION, CLEANLAB = "cleanvision", "cleanlab"


TOOLS = (CLEANVISION, CLEANLAB)
"""Reviewers that are tools: they never keep an image, so that agreement with them means nothing."""
_GUEST = re.compile(r"guest-[0-9a-f]{4}")


@dataclass(frozen=True)
class Reason:
    """Why an image should not be used.

    Attributes:
        code: as it stands in the database and in exports.
        label: as it stands on screen.
        key: the digit that flags with it.
    """

    code: str
    label: str
    key: str


REASONS: tuple[Reason, ...] = (
    Reason("out_of_focus", "Out of focus", "1"),
    Reason("fold_or_tear", "Fold or tear", "2"),
    Reason("staining", "Staining", "3"),
    Reason("artefact", "Artefact", "4"),
    Reason("too_little_tissue", "Too little tissue", "5"),
    Reason("no_diagnostic_use", "Of no diagnostic use", "6"),
    Reason("wrong_label", "Wrong label", "7"),
    Reason("duplicate", "Duplicate", "8"),
    Reason("other", "Other", "9"),
)
REASON_CODES: tuple[str, ...] = tuple(reason.code for reason in REASONS)
WRONG_LABEL = "wrong_label"
"""The reason that a correction goes with."""
LABELS: dict[str, str] = {reason.code: reason.label for reason in REASONS}
"""Reasons as they stand on screen."""
POLICIES: dict[str, str] = {
    "any": "anybody flagged it",
    "majority": "more of its reviewers flagged it than kept it",
    "settled": "a steward settled that it goes",
}
"""What makes an image an exclusion. A steward's settlement also overrules the other two, either way."""


@dataclass(frozen=True)
class ReviewEvent:
    """One statement of one reviewer about one image at one time. Events are added and never changed.

    Attributes:
        id: its number; later events have higher ones.
        at: ISO 8601, UTC.
        reviewer: who.
        topic: ``"answer"``, or ``"settlement"`` for a steward's decision.
        hash: the image.
        name: its file name at that time.
        action: ``"flag"`` or ``"keep"``; ``"exclude"`` or ``"include"`` of a steward; ``"undo"``, ``"redo"``.
        reason: code of the reason of a flag.
        note: free text, may be empty.
        run: the run whose prediction was on screen.
        predicted: what that run predicted.
        confidence: how sure it was, 0 to 1.
        seconds: how long the reviewer looked.
        shown: which map was on screen.
        batch: joins the events of one gesture on many images; they are undone together.
        source: where an imported event came from, or why it was not undone by hand; ``None`` otherwise.
        undoes: the event that an undo or a redo takes back; of an answer, the guest's that it was before its
            person said her name.
        correction: code of the sub-type that is right, if one was named; only where the reason is
            ``"wrong_label"``.
    """

    id: int
    at: str
    reviewer: str
    topic: str
    hash: str
    name: str
    action: str
    reason: str | None
    note: str
    run: str | None
    predicted: str | None
    confidence: float | None
    seconds: float | None
    shown: str | None
    batch: str | None
    source: str | None
    undoes: int | None
    correction: str | None = None


def is_guest(reviewer: str) -> bool:
    """Tell a name that a browser was given until its person says one.

    >>> is_guest("guest-f090"), is_guest("guest-house")
    (True, False)
    """
    return _GUEST.fullmatch(reviewer) is not None


def check_reason(reason: str, note: str) -> None:
    """Check the reason of a flag.

    Raises:
        InputError: it is none of ``REASONS``, or ``"other"`` without a note.
    """
    if reason not in REASON_CODES:
        raise InputError(f"{reason!r} is no reason for a flag; the reasons are {', '.join(REASON_CODES)}.")
    if reason == "other" and not note:
        raise InputError("The reason “other” needs a note that says what is wrong.")


def check_correction(correction: str | None, reason: str | None) -> None:
    """Check the sub-type that a reviewer names as the right one; ``None`` names none.

    Raises:
        InputError: it is none of the eight codes, or the reason is not ``"wrong_label"``.
    """
    if correction is None:
        return
    if correction not in CODES:
        raise InputError(f"{correction!r} is no sub-type; the sub-types are {', '.join(CODES)}.")
    if reason != WRONG_LABEL:
        raise InputError(f"A right sub-type goes with the reason {WRONG_LABEL} only.")
