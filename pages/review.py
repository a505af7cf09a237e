"""Review: what did the model get wrong, and is the image to blame?"""

from __future__ import annotations

import time

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from breakhis_core import queues, reviews
from breakhis_core.taxonomy import MAGNIFICATIONS, SUBTYPES
from pages.parts import address, answers, frame
from pages.parts.review_queue import Item, Queue, queue_of
from pages.parts.viewer import Progress, Shown, show, show_verdict

ORDERS = {order.code: order.label for order in queues.ORDERS}
PARTS = {
    "test": "Test",
    "validation": "Validation",
    "train": "Train",
    "excluded": "Excluded from this run",
    "every": "Every part",
}
SUBTYPE_CHOICES = {"": "any", **{one.code: one.name for one in SUBTYPES}}
MAGNIFICATION_CHOICES = {"": "any", **{str(one): f"{one}×" for one in MAGNIFICATIONS}}
FILTERS = ("part", "order", "true", "predicted", "magnification", "only", "image")
KEEP = "keep"
ANSWERS = {reason.code: f"{reason.label} :gray[{reason.key}]" for reason in reviews.REASONS}
ANSWERS[KEEP] = "Keep :gray[K]"
END = "end"
AHEAD = 2  # Pictures that the browser fetches before they are asked for.


def chosen_queue(run: frame.Run) -> Queue:
    """Show order and filters, folded away, and return the queue that they ask for."""
    address.restore("review", FILTERS)
    with st.popover("Queue", icon=":material/tune:", width="content"):
        part = address.choice("part", "Images of", PARTS)
        order = address.choice("order", "Order", ORDERS)
        true = address.choice("true", "True sub-type", SUBTYPE_CHOICES)
        predicted = address.choice("predicted", "Predicted sub-type", SUBTYPE_CHOICES)
        magnification = address.choice("magnification", "Magnification", MAGNIFICATION_CHOICES)
        only = chosen_images()
    return queue_of(
        run,
        part=None if part == "every" else part,
        order=order,
        **by_answers(order, f"{run.name} {part} {order}"),
        subtype=true or None,
        predicted=predicted or None,
        magnification=int(magnification) if magnification else None,
        only=only,
    )


def by_answers(order: str, queue: str) -> dict[str, tuple[str, ...]]:
    """Return the images that an order made of answers needs, as they were when the queue was opened.

    The queue must not shrink under the reviewer: an answer, or its undo, changes it on the next visit.
    """
    if order not in ("not_reviewed", "disagreeing"):
        st.session_state.pop("queue_answers", None)
        return {}
    opened, found = st.session_state.get("queue_answers", ("", {}))
    if opened != queue:
        if order == "not_reviewed":
            found = {"answered": tuple(sorted(answers.at_hand()))}
        else:
            said = reviews.standing(frame.workspace()).groupby("hash")["action"].nunique()
            found = {"disagreeing": tuple(sorted(said.index[said > 1]))}
        st.session_state.queue_answers = (queue, found)
    return found


def chosen_images() -> tuple[str, ...]:
    """Return the beginnings of the hashes that a link asked for alone, and let the person drop that wish."""
    only = tuple(one for one in st.query_params.get("only", "").split(".") if one)
    if only and st.button(f"Show more than the {len(only)} images of the link"):
        st.query_params.pop("only")
        st.rerun()
    return only


def place_in(queue: Queue) -> int:
    """Return the place that the address says, else that of the first image without an answer."""
    wanted = st.query_params.get("image", "")
    if wanted == END:
        return len(queue)
    if wanted in queue.place:
        return queue.place[wanted]
    done = answers.at_hand()
    return next((i for i, item in enumerate(queue.items) if item.hash not in done), 0)


def go(queue: Queue, place: int) -> None:
    """Move to a place of the queue, and say so in the address."""
    stay(queue, max(0, min(place, len(queue))))
    st.session_state.shown_at = time.monotonic()
    st.session_state.asks_note = False


def stay(queue: Queue, place: int) -> None:
    """Keep the place and the address together."""
    st.session_state.place = place
    st.session_state.at = END if place == len(queue) else queue.items[place].hash
    st.query_params["image"] = st.session_state.at


def arrive(queue: Queue) -> None:
    """Go where the address says; coming back to the image on screen is not a new look at it."""
    before, place = st.session_state.get("at"), place_in(queue)
    if not st.session_state.arrived and before == (END if place == len(queue) else queue.items[place].hash):
        stay(queue, place)
    else:
        go(queue, place)


def say(words: str) -> None:
    """Leave one line about what was just done."""
    st.session_state.said = words


def previous(queue: Queue) -> None:
    """Answer to Previous."""
    say("")
    go(queue, st.session_state.place - 1)


def following(queue: Queue) -> None:
    """Answer to Next."""
    say("")
    go(queue, st.session_state.place + 1)


def flag(queue: Queue, reason: str) -> None:
    """Save a flag and move on; the reason "other" wants a note first."""
    item = queue.items[st.session_state.place]
    note = st.session_state.note.strip()
    if reason == "other" and not note:
        st.session_state.asks_note = True
        st.session_state.focus = str(time.monotonic())
        say("Say what is wrong in the note; Enter saves.")
        return
    answers.flag(item, queue.run.name, reason, note)
    moved_on(queue, item, answers.at_hand()[item.hash].words)


def answered(queue: Queue) -> None:
    """Save the answer that was pressed; pressing the one that stands says it again."""
    item = queue.items[st.session_state.place]
    standing = answers.at_hand().get(item.hash)
    pressed = st.session_state.answer or (standing and (standing.reason or KEEP))
    if pressed == KEEP:
        answers.keep(item, queue.run.name, st.session_state.note.strip())
        moved_on(queue, item, "kept")
    elif pressed:
        flag(queue, pressed)


def moved_on(queue: Queue, item: Item, words: str) -> None:
    """Go to the next image after an answer that is saved."""
    say(f"{words[0].upper()}{words[1:]} · {item.name}")
    st.session_state.note = ""
    go(queue, st.session_state.place + 1)


def note_ended(queue: Queue) -> None:
    """Save the flag that waited for its note, if one did."""
    if st.session_state.asks_note and st.session_state.note.strip():
        flag(queue, "other")


def undo(queue: Queue) -> None:
    """Take back the last answer and return to its image."""
    back_to(queue, answers.undo(), "Taken back", "You have no answer to take back.")


def redo(queue: Queue) -> None:
    """Bring back what undo took, and show its image."""
    back_to(queue, answers.redo(), "Brought back", "There is nothing to bring back.")


def back_to(queue: Queue, image: str | None, done: str, nothing: str) -> None:
    """Go to the image of an answer that was taken back or brought back."""
    if image is None:
        say(nothing)
    elif image in queue.place:
        go(queue, queue.place[image])
        say(f"{done}.")
    else:
        say(f"{done}; its image is not in this queue.")


def shown(queue: Queue, place: int) -> Shown:
    """Return what the viewer shows at a place, the next pictures named so that they are there in time."""
    item = queue.items[place]
    return Shown(
        hash=item.hash,
        name=item.name,
        picture=f"/picture/{item.hash}",
        probabilities=item.probabilities,
        predicted=item.predicted,
        true=item.subtype,
        maps=queue.run.class_maps()[item.row],
        scale=queue.scale,
        next=[f"/picture/{one.hash}" for one in queue.items[place + 1 : place + 1 + AHEAD]],
    )


def progress(queue: Queue, place: int) -> Progress:
    """Say where in the queue we are, what this reviewer answered, and what was just done."""
    done = answers.at_hand()
    item = queue.items[place]
    answer = done.get(item.hash)
    return Progress(
        place=place + 1,
        total=len(queue),
        answered=sum(one.hash in done for one in queue.items),
        about=f"{item.magnification}×",
        stands=f"you {answer.words}" if answer else "no answer from you yet",
        answer=answer.action if answer else "",
        said=st.session_state.said,
    )


@st.fragment
def workbench(queue: Queue, picture: DeltaGenerator) -> None:
    """Draw what a click changes: the picture, in its own place, and the keys below the verdict."""
    place = st.session_state.place
    at_end = place >= len(queue)
    standing = None if at_end else answers.at_hand().get(queue.items[place].hash)
    with picture:
        if at_end:
            end_of_queue(queue)
        else:
            beside = progress(queue, place)
            show("review", shown(queue, place), "var(--stage)", beside, st.session_state.get("focus", ""))
    st.session_state.answer = (standing.reason or KEEP) if standing else None
    # One widget and not ten: each costs the server and the browser some of the time to the next picture.
    st.pills(
        "Your answer",
        list(ANSWERS),
        format_func=ANSWERS.__getitem__,
        key="answer",
        disabled=at_end,
        width="stretch",
        label_visibility="collapsed",
        on_change=answered,
        args=(queue,),
    )
    st.text_input(
        "Note",
        key="note",
        placeholder="Note (N), kept with your answer",
        max_chars=500,
        disabled=at_end,
        label_visibility="collapsed",
        on_change=note_ended,
        args=(queue,),
    )
    with st.container(key="moves"):
        stretch = {"width": "stretch", "args": (queue,)}
        st.button("Previous", shortcut="Left", disabled=place == 0, on_click=previous, **stretch)
        st.button("Undo", shortcut="U", on_click=undo, **stretch)
        st.button("Redo", shortcut="Y", on_click=redo, **stretch)
        st.button("Next", shortcut="Right", disabled=at_end, on_click=following, **stretch)


@st.fragment
def history(queue: Queue) -> None:
    """Show, folded away, what was ever said about the image; others' words only after one's own."""
    fold = st.popover("History of this image", key="history", on_change="rerun", type="tertiary")
    place = st.session_state.place
    if not fold.open or place >= len(queue):
        return
    item = queue.items[place]
    past = reviews.history(frame.workspace(), item.hash)
    if item.hash not in answers.at_hand():
        own = past[past["reviewer"] == frame.reviewer()]
        if len(own) < len(past):
            fold.caption("What others said shows after your own answer.")
        past = own
    fold.caption(item.name if len(past) else f"{item.name}: nothing to show.")
    if len(past):
        fold.dataframe(past[["at", "reviewer", "action", "reason", "note", "run"]], hide_index=True)


def end_of_queue(queue: Queue) -> None:
    """Say what was done and what comes next."""
    done = [answers.at_hand().get(item.hash) for item in queue.items]
    flagged = sum(answer is not None and answer.action == "flag" for answer in done)
    left = sum(answer is None for answer in done)
    with st.container(key="end", horizontal_alignment="center", gap="medium"):
        st.markdown(
            f"### End of this queue\n{len(queue)} images: {flagged} flagged, "
            f"{len(queue) - flagged - left} kept, {left} without an answer.",
            text_alignment="center",
        )
        with st.container(horizontal=True, horizontal_alignment="center"):
            if left:
                words = "Go to the first without an answer"
                st.button(words, type="primary", on_click=first_left, args=(queue,))
            if st.button("See the flags", type="secondary" if left else "primary"):
                st.switch_page("pages/flags.py")
        st.caption(st.session_state.said, text_alignment="center")


def first_left(queue: Queue) -> None:
    """Go to the first image without an answer."""
    say("")
    st.query_params.pop("image", None)
    go(queue, place_in(queue))


controls = frame.page_header("Review")
run = frame.choose_run("review-run", controls)
if run is None:
    frame.empty_state(
        "There is no run yet whose mistakes could be reviewed.", "Train a model", "pages/train.py"
    )
else:
    answers.load()
    st.session_state.setdefault("said", "")
    with controls:
        frame.phantom_notice(run)
        queue = chosen_queue(run)
    if not len(queue):
        frame.empty_state("**This queue is empty.** Choose other images or fewer filters under *Queue*.")
    else:
        arrive(queue)
        with st.container(horizontal=True, key="workbench", gap="medium"):
            picture = st.container(key="picture")
            with st.container(key="side", gap="small"):
                show_verdict("review")
                with st.container(key="keys", gap="small"):
                    workbench(queue, picture)
                    history(queue)
