"""Moving through a queue: the place is in the address, and one line says what was just done."""

from __future__ import annotations

import time

import streamlit as st

from breakhis_core import reviews
from breakhis_core.reviews import ReviewEvent
from breakhis_core.wording import duration
from pages.parts.review import own_answers
from pages.parts.review.queue import Queue
from pages.parts.shared import address, guard
from pages.parts.shared.reasons import as_said

KEEP = "keep"
CHOICES = (*reviews.REASON_CODES, KEEP)
"""What a reviewer can say, in the order of the keys 1 to 9 and K."""
END = "end"


def place_in(queue: Queue) -> int:
    """Return the place that the address says, else that of the first image without an answer."""
    wanted = address.said("image")
    if wanted == END:
        return len(queue)
    if wanted in queue.place:
        return queue.place[wanted]
    done = own_answers.at_hand()
    return next((i for i, item in enumerate(queue.items) if item.hash not in done), 0)


def go(queue: Queue, place: int) -> None:
    """Move to a place of the queue, and say so in the address."""
    stay(queue, max(0, min(place, len(queue))))
    st.session_state.moved = st.session_state.get("moved", 0) + 1
    look_anew()


def look_anew() -> None:
    """Count the seconds of looking from now on."""
    st.session_state.shown_at = time.monotonic()


def stay(queue: Queue, place: int) -> None:
    """Keep the place and the address together."""
    st.session_state.place = place
    st.session_state.at = END if place == len(queue) else queue.items[place].hash
    address.put("image", st.session_state.at)


def arrive(queue: Queue) -> None:
    """Go where the address says; coming back to the image on screen is not a new look at it."""
    before, place = st.session_state.get("at"), place_in(queue)
    if not st.session_state.arrived and before == (END if place == len(queue) else queue.items[place].hash):
        stay(queue, place)
    else:
        go(queue, place)


def in_grid() -> bool:
    """Tell whether the address asks for the grid of thumbnails."""
    return address.said("view") == "grid"


def switch_view() -> None:
    """Go from the viewer to the grid, or back; the place stays."""
    address.put("view", "" if in_grid() else "grid")


def say(words: str) -> None:
    """Leave one line about what was just done."""
    st.session_state.said = words


def time_left(queue: Queue) -> tuple[int, str, str]:
    """Return how many images of a queue are answered, what is left, in words, and at what pace, in words."""
    done = own_answers.at_hand()
    reviewed = sum(image in queue.place for image in done)
    left, pace = len(queue) - reviewed, own_answers.pace()
    if pace is None:
        return reviewed, f"{left} left", ""
    lasts = f", about {duration(pace.time_for(left))}" if left else ""
    return reviewed, f"{left} left{lasts}", rate(pace.per_minute)


def rate(per_minute: float) -> str:
    """Return a pace in words.

    >>> rate(4.26), rate(52.7), rate(0.31)
    ('4.3 a minute', '53 a minute', '0.3 a minute')
    """
    return f"{per_minute:.{1 if per_minute < 9.95 else 0}f} a minute"


def jump(queue: Queue, wanted: str) -> None:
    """Go to the image with this number, or with this in its name."""
    place = queue.find(wanted, st.session_state.place)
    if place is None:
        say(f"No image of this queue is called “{wanted[:60]}”, and it has no such number.")
    else:
        say("")
        go(queue, place)


@guard.callback
def undo(queue: Queue) -> None:
    """Take back the last answer, however old, and return to its image."""
    changed = own_answers.undo()
    if changed is not None and changed[0].note:
        st.session_state.setdefault("notes_taken_back", {})[changed[0].hash] = changed[0].note
    back_to(queue, changed, "Taken back", own_answers.nothing_to_undo())


def taken_back(image: str) -> str:
    """Return the note of the last answer about an image that was taken back: it is there for the next one."""
    return str(st.session_state.get("notes_taken_back", {}).get(image, ""))


@guard.callback
def redo(queue: Queue) -> None:
    """Bring back what undo took, and show its image."""
    back_to(queue, own_answers.redo(), "Brought back", "There is nothing to bring back.")


def back_to(queue: Queue, changed: tuple[ReviewEvent, int] | None, done: str, nothing: str) -> None:
    """Go to the image of an answer that was taken back or brought back, and say which it was."""
    if changed is None:
        say(nothing)
        return
    event, images = changed
    action = {"include": "stays"}.get(event.action, event.action)
    what = action if event.reason is None else as_said(event.reason, event.correction)
    words = f"{done}: {what} · {event.name}" if images == 1 else f"{done}: {what} on {images} images"
    if event.hash in queue.place:
        go(queue, queue.place[event.hash])
        say(f"{words}.")
    else:
        say(f"{words}, not in this queue.")


def first_left(queue: Queue) -> None:
    """Go to the first image without an answer."""
    say("")
    address.put("image", "")
    go(queue, place_in(queue))
