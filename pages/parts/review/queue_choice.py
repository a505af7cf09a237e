"""Which queue: part, order and filters, all in the address, so that a link or a refresh opens the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import streamlit as st

from breakhis_core import reviews
from breakhis_core.images import measuring
from breakhis_core.images.taxonomy import MAGNIFICATIONS, SUBTYPES, subtype
from breakhis_core.reviews import agreement
from breakhis_core.runs import PARTS, Run, queues
from breakhis_core.suspects.reading import suspects_of
from breakhis_core.wording import counted
from pages.parts.review import own_answers
from pages.parts.review.lists_known import help_with_lists, show_missing
from pages.parts.review.queue import Queue, queue_of, worklists
from pages.parts.shared import address, frame, identity
from pages.parts.shared.markdown import plain

PART_LABELS = {
    "test": "Test",
    "validation": "Validation",
    "train": "Train",
    "excluded": "Excluded from this run",
}
EVERY = "every"
PART_WORDS = {"excluded": "images excluded from this run", EVERY: "images"}
"""How a queue in words says its part, where that is not the part's own name."""
SHOWS = {show.code: show.label for show in queues.SHOWS}
ORDERS = {order.code: order.label for order in queues.ORDERS}
SUBTYPE_CHOICES = {"": "any", **{one.code: one.name for one in SUBTYPES}}
MAGNIFICATION_CHOICES = {"": "any", **{str(one): f"{one}×" for one in MAGNIFICATIONS}}
REASON_CHOICES = {"": "any or none", **{reason.code: reason.label for reason in reviews.REASONS}}
FILTERS = ("true", "predicted", "magnification", "case", "confidence", "reason", "by", "only")
"""What leaves images out, by name in the address."""
NAMES = ("part", "show", "order", "as", "threshold", *FILTERS)
WHOLE = (0, 100)
LINE = 0.5


@dataclass(frozen=True)
class Wish:
    """What the address asks for; what it asks for wrongly is left out.

    Attributes:
        part: part of the run, or ``"every"``; it and ``order`` say nothing where a list is shown.
        show: code of one of ``runs.queues.SHOWS``.
        order: code of one of ``runs.queues.ORDERS``.
        true: code of the true sub-type, or nothing; and so the other filters.
        predicted: code of the predicted sub-type.
        magnification: as text.
        case: its name.
        confidence: from which to which percent.
        reason: code of the reason of a flag that stands.
        by: ``"answered:NAME"`` or ``"flagged:NAME"``.
        only: which images, as `selections` writes it.
        threshold: line between the sides.
    """

    part: str
    show: str
    order: str
    true: str = ""
    predicted: str = ""
    magnification: str = ""
    case: str = ""
    confidence: tuple[int, int] = WHOLE
    reason: str = ""
    by: str = ""
    only: str = ""
    threshold: float = LINE

    @property
    def acting(self) -> int:
        """How many filters leave images out."""
        plain = {field.name: field.default for field in fields(self)}
        return sum(getattr(self, name) != plain[name] for name in FILTERS)

    @property
    def rests_on_answers(self) -> bool:
        """Whether what reviewers said decides which images are in the queue."""
        unanswered = queues.SHOW_OF[self.show].unanswered_only
        return unanswered or self.show == "disagreeing" or bool(self.reason or self.by)

    @property
    def words(self) -> str:
        """The queue in words, without its filters."""
        part = PART_WORDS.get(self.part, self.part.replace("_", " "))
        return queues.in_words(self.show, self.order, part)


def choose_queue(run: Run) -> Queue:
    """Show order and filters, folded away, and return the queue that the address asks for."""
    address.restore("review", (*NAMES, "image", "view"))
    follow_older_link()
    if not address.said("show") and any(address.said(name) for name in NAMES):
        address.put("show", "misclassified")
    wish = wish_for(run)
    words = f"Queue: {plain(wish.words)}"
    fold = st.popover(
        words, icon=":material/tune:", help=words, width="content", key="queue-choice", on_change="rerun"
    )
    if wish.acting:
        st.button(
            f"Clear {counted(wish.acting, 'filter')}",
            icon=":material/filter_alt_off:",
            help="Show the queue without its filters",
            key="clear-filters",
            on_click=clear_filters,
        )
    queue = queue_of(
        run,
        part=None if wish.part == EVERY else wish.part,
        show=wish.show,
        order=wish.order,
        subtype=wish.true or None,
        predicted=wish.predicted or None,
        magnification=int(wish.magnification) if wish.magnification else None,
        case=wish.case or None,
        confidence=(wish.confidence[0] / 100, wish.confidence[1] / 100),
        threshold=wish.threshold,
        selected=wish.only,
        **by_answers(run, wish),
        **by_rank(run, wish),
    )
    if fold.open:  # Folded away, the widgets cost nothing.
        with fold:
            choices(run, wish, queue)
    return queue


def follow_older_link() -> None:
    """Read an order of a link that says which images to show too, and write both into the address."""
    said = queues.OLDER.get(st.query_params.get("order", ""))
    if said is not None:
        address.put("show", said[0])
        address.put("order", said[1], next(iter(ORDERS)))


def wish_for(run: Run) -> Wish:
    """Read the address."""
    parts, cases = about(run)
    asked = st.query_params
    return Wish(
        part=address.one_of("part", part_choices(parts)),
        show=address.one_of("show", show_choices(run)),
        order=address.one_of("order", ORDERS),
        true=address.one_of("true", SUBTYPE_CHOICES),
        predicted=address.one_of("predicted", SUBTYPE_CHOICES),
        magnification=address.one_of("magnification", MAGNIFICATION_CHOICES),
        case=address.one_of("case", {"": "", **cases}),
        confidence=percents(asked.get("confidence", "")),
        reason=address.one_of("reason", REASON_CHOICES),
        by=asked.get("by", "") if asked.get("by", "").partition(":")[0] in ("answered", "flagged") else "",
        only=asked.get("only", ""),
        threshold=share(asked.get("threshold", "")),
    )


def choices(run: Run, wish: Wish, queue: Queue) -> None:
    """Let the person choose what is in the queue and in which order, and say how many images that are."""
    parts, cases = about(run)
    anew: dict[str, Any] = {"drops": "image"}  # A new choice starts at its first image without an answer.
    # A filter in an address that does not say what to show would be one of misclassified images.
    address.put("show", wish.show)
    lists = worklists(run)
    address.choice("show", "Show", show_choices(run), clean=False, help=help_with_lists(lists), **anew)
    show_missing(run, lists)
    if not queues.SHOW_OF[wish.show].listed:
        address.choice("part", "Images of", part_choices(parts), **anew)
        address.choice("order", "Order", ORDERS, **anew)
    done = own_answers.at_hand()
    unanswered = sum(item.hash not in done for item in queue.items)
    st.markdown(f"**{counted(len(queue), 'image')}**, {unanswered:,} without an answer of yours")
    left, right = st.columns(2)
    with left:
        address.choice("true", "True sub-type", SUBTYPE_CHOICES, **anew)
        address.choice("case", "Case", {"": "any", **cases}, **anew)
        address.choice("reason", "Flagged as", REASON_CHOICES, **anew)
    with right:
        address.choice("predicted", "Predicted sub-type", SUBTYPE_CHOICES, **anew)
        address.choice("magnification", "Magnification", MAGNIFICATION_CHOICES, **anew)
        address.choice("by", "Reviewer", reviewer_choices(wish.by), **anew)
    address.span("confidence", "Confidence of the prediction, %", wish.confidence, WHOLE, **anew)
    if wish.order == "line" and not queues.SHOW_OF[wish.show].listed:
        address.level("threshold", "Line: malignant from this probability on", wish.threshold, LINE, **anew)
    if wish.only and st.button("Show more than the images of the link"):
        address.put("only", "")
        st.rerun()
    if wish.rests_on_answers and st.button(
        "Open it anew", help="The queue keeps its images while you work, whatever you answer."
    ):
        st.session_state.pop("queue_answers", None)
        st.rerun()


def show_choices(run: Run) -> dict[str, str]:
    """Return what can be shown: no suspects and no most telling images where the run has none."""
    lists = worklists(run)
    absent = {show for show in ("suspects", "telling") if not lists.listed(show)}
    return {code: label for code, label in SHOWS.items() if code not in absent}


def clear_filters() -> None:
    """Drop every filter; part, order and place stay."""
    for name in FILTERS:
        address.put(name, "")


def by_rank(run: Run, wish: Wish) -> dict[str, tuple[str, ...]]:
    """Return the images by their quality or value where the order asks for it; none where it is not known."""
    if wish.order not in queues.RANKED or queues.SHOW_OF[wish.show].listed:
        return {}
    if wish.order == "value":
        known = suspects_of(run)
        if known is None or not known.by_case.tells:
            st.caption("What an image is worth to those of other cases cannot be told here.")
            return {}
        return {"worst": tuple(known.table.sort_values("value")["hash"])}
    checks = measuring.load_checks(frame.workspace())
    if checks is None:
        st.caption("The images are not measured yet: open the context of an image (I) to measure them.")
        return {}
    return {"worst": checks.worst_first()}


def by_answers(run: Run, wish: Wish) -> dict[str, tuple[str, ...]]:
    """Return the images that the wish's order and filters need, as they were when the queue was opened.

    The queue must not shrink under the reviewer: an answer, or its undo, changes it when it is opened anew.
    """
    if not wish.rests_on_answers:
        st.session_state.pop("queue_answers", None)
        return {}
    opened, found = st.session_state.get("queue_answers", (None, {}))
    if opened != (run.name, frame.reviewer(), wish):
        found = _by_answers_now(wish)
        st.session_state.queue_answers = ((run.name, frame.reviewer(), wish), found)
    return found


def _by_answers_now(wish: Wish) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    if queues.SHOW_OF[wish.show].unanswered_only:
        found["answered"] = tuple(sorted(own_answers.at_hand()))
    if wish.show == "disagreeing" or wish.reason or wish.by:
        standing = reviews.standing(frame.workspace())
        if wish.show == "disagreeing":
            settled = set(reviews.settlements(frame.workspace())["hash"])
            differ = agreement.disagreeing(agreement.of_people(standing))
            found["disagreeing"] = tuple(image for image in differ if image not in settled)
        if wish.reason or wish.by:
            action, _, name = wish.by.partition(":")
            if name:
                standing = standing[standing["reviewer"] == identity.known(frame.workspace(), name)]
            if action == "flagged":
                standing = standing[standing["action"] == "flag"]
            if wish.reason:
                standing = standing[standing["reason"] == wish.reason]
            found["only"] = tuple(sorted(set(standing["hash"])))
    return found


def part_choices(parts: tuple[str, ...]) -> dict[str, str]:
    """Return the parts to choose from: those that the run has, and the one that the address asks for."""
    asked = st.query_params.get("part")
    shown = [part for part in PARTS if part in parts or part == asked]
    shown.sort(key=lambda part: list(PART_LABELS).index(part) if part in PART_LABELS else 1)
    labels = {part: PART_LABELS.get(part, part.replace("_", " ").capitalize()) for part in shown}
    return labels | {EVERY: "Every part"}


def reviewer_choices(asked: str) -> dict[str, str]:
    """Return whose answers can be asked for: of everybody with an answer that stands."""
    names = sorted(set(reviews.standing(frame.workspace())["reviewer"]))
    found = {f"{what}:{name}": f"{what} by {name}" for name in names for what in ("flagged", "answered")}
    return {"": "any or none", **found, **({asked: asked.replace(":", " by ", 1)} if asked else {})}


def percents(text: str) -> tuple[int, int]:
    """Return a range of percents as it stands in an address; all of it when it cannot be read.

    >>> percents("50-90"), percents(""), percents("90-50"), percents("a-b"), percents("-5-300")
    ((50, 90), (0, 100), (0, 100), (0, 100), (0, 100))
    """
    low, _, high = text.partition("-")
    if low.isdecimal() and high.isdecimal() and int(low) <= int(high) <= WHOLE[1]:
        return int(low), int(high)
    return WHOLE


def share(text: str) -> float:
    """Return a number from 0 to 1 as it stands in an address; a half when it cannot be read.

    >>> share("0.31"), share(""), share("nan"), share("7")
    (0.31, 0.5, 0.5, 0.5)
    """
    try:
        value = float(text)
    except ValueError:
        return LINE
    return value if 0 <= value <= 1 else LINE


def about(run: Run) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """Return the parts that a run has images of, and its cases with their sub-types."""
    return _about(run.content, run)


@st.cache_resource(max_entries=64, show_spinner=False)
def _about(content: str, _run: Run) -> tuple[tuple[str, ...], Mapping[str, str]]:
    table: Any = _run.predictions()[["part", "case", "subtype"]].drop_duplicates()
    cases: dict[str, str] = {}
    for case, rows in table.groupby("case"):
        kinds = ", ".join(subtype(code).name for code in sorted(set(rows["subtype"])))
        cases[str(case)] = f"{case} · {kinds}"
    return tuple(sorted(set(table["part"]))), cases
