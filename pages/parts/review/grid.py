"""The review queue as a grid: pages of thumbnails, answered together in one gesture."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from breakhis_core.images import measuring
from breakhis_core.images.taxonomy import CODES, side_of, subtype
from breakhis_core.reviews.terms import WRONG_LABEL
from breakhis_core.runs import queues
from breakhis_core.wording import counted
from pages.parts.components.common import messages
from pages.parts.components.grid.grid import PER_PAGE, Page, Tile, show_grid
from pages.parts.review import moves, own_answers
from pages.parts.review.queue import Item, Queue, worklists
from pages.parts.review.why import short
from pages.parts.shared import address, guard
from pages.parts.shared.frame import workspace
from pages.parts.shared.reasons import as_said, in_words

KEY = "review-grid"


def review_grid(queue: Queue) -> None:
    """Draw the page of the queue that the place is on."""
    place = min(st.session_state.place, len(queue) - 1)
    first = place // PER_PAGE * PER_PAGE
    answered, left, pace = moves.time_left(queue)
    page = Page(
        first=first,
        total=len(queue),
        answered=answered,
        left=left,
        pace=pace,
        said=st.session_state.said,
        at=queue.items[place].hash,
        moved=st.session_state.moved,
        saved=st.session_state.setdefault("saved", 0),
        tiles=[tile(item, reason(queue, item)) for item in queue.items[first : first + PER_PAGE]],
        next=[item.hash for item in queue.items[first + PER_PAGE : first + 2 * PER_PAGE]],
    )
    show_grid(KEY, page, on_act=lambda: act(queue))


def reason(queue: Queue, item: Item) -> str:
    """Return why an image is on a list or has its place in the order of quality; nothing in other orders."""
    if queues.SHOW_OF[queue.show].listed:
        return short(worklists(queue.run), item)
    if address.said("order") != "quality":
        return ""
    checks = measuring.load_checks(workspace())
    worst = checks and checks.worst_check(item.hash)
    by = measuring.LABELS[worst].lower() if worst else "not measured"
    return f"{item.part.replace('_', ' ')} · {by}"


def tile(item: Item, here: str = "") -> Tile:
    """Return an image's thumbnail, with what this reviewer says about it; ``here`` is why it is here."""
    answer = own_answers.at_hand().get(item.hash)
    return Tile(
        hash=item.hash,
        name=item.name,
        true=subtype(item.subtype).name,
        true_side=side_of(item.subtype),
        predicted=subtype(item.predicted).name,
        predicted_side=side_of(item.predicted),
        percent=f"{100 * item.confidence:.0f} %",
        about=f"{item.magnification}× · {here or f'slide {item.slide}'}",
        answer=answer.action if answer else "",
        words=("kept" if answer.action == "keep" else in_words(answer.reason, answer.correction))
        if answer
        else "",
        note=answer.note if answer else moves.taken_back(item.hash),
        correction=answer.correction if answer else "",
    )


@guard.callback
def act(queue: Queue) -> None:
    """Do what the person asked for in the grid, in the order in which they did."""
    for message in messages.news(KEY):
        do(queue, message)


def do(queue: Queue, message: Mapping[str, object]) -> None:
    """Do one thing: answer, undo, or turn to another page or image."""
    framed = queue.place.get(str(message.get("cursor")), min(st.session_state.place, len(queue) - 1))
    moves.stay(queue, framed)
    wish, to = message.get("do"), message.get("to")
    if wish == "answer":
        note = str(message.get("note", "")).strip()[: own_answers.LONGEST_NOTE]
        give(queue, named(queue, message), message.get("answer"), note)
    elif wish == "correct":
        correct(named(queue, message), str(message.get("correction")))
    elif wish == "undo":
        moves.undo(queue)
    elif wish == "redo":
        moves.redo(queue)
    elif wish == "jump":
        moves.jump(queue, str(to))
    elif wish == "page" and isinstance(to, int):
        moves.say("")
        moves.go(queue, min(max(to, 0), len(queue) - 1))
    elif wish == "open":
        moves.say("")
        moves.go(queue, framed)
        moves.switch_view()


def named(queue: Queue, message: Mapping[str, object]) -> list[Item]:
    """Return the images of the queue that a message is about."""
    asked = message.get("hashes")
    hashes = [one for one in asked if one in queue.place] if isinstance(asked, list) else []
    return [queue.items[queue.place[one]] for one in dict.fromkeys(hashes)]


def give(queue: Queue, items: list[Item], number: object, note: str) -> None:
    """Save one answer about several images; they stay where they are, and the framed one stays framed."""
    if not items or not isinstance(number, int) or not 0 <= number < len(moves.CHOICES):
        return
    choice = moves.CHOICES[number]
    if choice == "other" and not note:
        return  # The browser asks for the note first.
    reason = None if choice == moves.KEEP else choice
    own_answers.answer_many(items, queue.run.name, reason, note, "Grid")
    if own_answers.settling():
        what = "Settled, stays" if reason is None else f"Settled, leaves as {as_said(reason)}"
    else:
        what = "Kept" if reason is None else f"Flagged {as_said(reason)}"
    saved(what, items)


def correct(items: list[Item], correction: str) -> None:
    """Save which sub-type is right for several images; those that are labelled so already keep their flag."""
    if correction not in CODES or not items:
        return
    corrected = own_answers.correct(items, correction)
    if corrected:
        what = "Settled, leaves as" if own_answers.settling() else "Flagged"
        saved(f"{what} {as_said(WRONG_LABEL, correction)}", corrected)
    else:
        moves.say("Not saved: “wrong label” does not stand any more, or they are labelled so already.")


def saved(what: str, items: list[Item]) -> None:
    """Say what was saved about which images."""
    on = items[0].name if len(items) == 1 else counted(len(items), "image")
    moves.say(f"{what}: {on}. U takes it back.")
    moves.look_anew()
    st.session_state.saved += 1
