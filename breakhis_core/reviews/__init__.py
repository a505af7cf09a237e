"""What people said about images, what stands, whether they agree, and what is left out of a training."""

from breakhis_core.reviews.answering import flag, flag_many, keep, keep_many, settle, settle_many
from breakhis_core.reviews.corrections import (
    correct,
    corrected_labels,
    corrections_in,
    disputed_corrections,
)
from breakhis_core.reviews.exclusions import excluded_hashes
from breakhis_core.reviews.naming import Moved, as_named, give_back, known_name, move_to_name
from breakhis_core.reviews.standings import (
    SETTLEMENT_COLUMNS,
    STANDING_COLUMNS,
    answers_on,
    answers_on_each,
    history,
    settlement_on,
    settlements,
    standing,
    version,
)
from breakhis_core.reviews.terms import POLICIES, REASON_CODES, REASONS, Reason, ReviewEvent, is_guest
from breakhis_core.reviews.undoing import images_of, redo, undo, unflag

__all__ = [
    "POLICIES",
    "REASONS",
    "REASON_CODES",
    "SETTLEMENT_COLUMNS",
    "STANDING_COLUMNS",
    "Moved",
    "Reason",
    "ReviewEvent",
    "answers_on",
    "answers_on_each",
    "as_named",
    "correct",
    "corrected_labels",
    "corrections_in",
    "disputed_corrections",
    "excluded_hashes",
    "flag",
    "flag_many",
    "give_back",
    "history",
    "images_of",
    "is_guest",
    "keep",
    "keep_many",
    "known_name",
    "move_to_name",
    "redo",
    "settle",
    "settle_many",
    "settlement_on",
    "settlements",
    "standing",
    "undo",
    "unflag",
    "version",
]
