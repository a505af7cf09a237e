"""Review: what did the model get wrong, and is the image to blame?"""

from __future__ import annotations

import time
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from breakhis_core import reviews
from pages.parts import answers, context, frame, guard, maps
from pages.parts.moves import (
    CHOICES,
    KEEP,
    arrive,
    go,
    in_grid,
    jump,
    redo,
    say,
    switch_view,
    time_left,
    undo,
)
from pages.parts.queue_choice import choose_queue
from pages.parts.queue_end import end_of_queue
from pages.parts.review_grid import review_grid
from pages.parts.review_queue import Item, Queue
from pages.parts.viewer import Progress, Shown, acted, show, show_verdict

ANSWERS = {reason.code: f"{reason.label} :gray[{reason.key}]" for reason in reviews.REASONS}
ANSWERS[KEEP] = "Keep :gray[K]"
AHEAD = 2  # Pictures that the browser fetches before they are asked for.


def previous(queue: Queue) -> None:
    """Answer to Previous."""
    say("")
    go(queue, st.session_state.place - 1)


def following(queue: Queue) -> None:
    """Answer to Next."""
    say("")
    go(queue, st.session_state.place + 1)


@guard.callback
def act(queue: Queue) -> None:
    """Do what the person asked for in the viewer: answer, jump, go to an end."""
    message = acted("review")
    wish = message.get("do")
    if wish == "answer":
        number, image = message.get("answer"), message.get("hash")
        if image in queue.place and isinstance(number, int) and 0 <= number < len(CHOICES):
            shown = str(message.get("shown", ""))[: answers.LONGEST_SHOWN]
            give(queue, queue.items[queue.place[str(image)]], CHOICES[number], shown)
    elif wish == "next" and message.get("hash") in queue.place:
        say("")
        go(queue, queue.place[str(message["hash"])] + 1)
    elif wish == "maps":
        maps.act(queue, message)
    elif wish == "jump":
        jump(queue, str(message.get("to", "")))
    elif wish in ("first", "last"):
        say("")
        go(queue, 0 if wish == "first" else len(queue) - 1)


def give(queue: Queue, item: Item, answer: str, shown: str | None = None) -> None:
    """Save an answer and move on; the reason "other" wants a note first."""
    note = st.session_state.note.strip()
    if answer == KEEP:
        answers.keep(item, queue.run.name, note, shown)
        moved_on(queue, item, "kept")
    elif answer == "other" and not note:
        st.session_state.asks_note = shown or ""
        st.session_state.focus = str(time.monotonic())
        say("Say what is wrong in the note; Enter saves.")
    else:
        answers.flag(item, queue.run.name, answer, note, shown)
        moved_on(queue, item, answers.at_hand()[item.hash].words)


@guard.callback
def answered(queue: Queue) -> None:
    """Save the answer that was pressed; pressing the one that stands says it again."""
    item = queue.items[st.session_state.place]
    standing = answers.at_hand().get(item.hash)
    pressed = st.session_state.answer or (standing and (standing.reason or KEEP))
    if pressed:
        give(queue, item, pressed)


def moved_on(queue: Queue, item: Item, words: str) -> None:
    """Go to the image after the one whose answer is saved."""
    say(f"{words[0].upper()}{words[1:]} · {item.name}")
    st.session_state.note = ""
    go(queue, queue.place[item.hash] + 1)


@guard.callback
def note_ended(queue: Queue) -> None:
    """Save the flag that waited for its note, if one did."""
    asks = st.session_state.asks_note
    if asks is not None and st.session_state.note.strip():
        give(queue, queue.items[st.session_state.place], "other", asks or None)


def shown(queue: Queue, place: int) -> Shown:
    """Return what the viewer shows at a place, the next image and pictures with it, to be there in time."""
    ahead = about(queue, place + 1) if place + 1 < len(queue) else None
    pictures = [f"/picture/{one.hash}" for one in queue.items[place + 1 : place + 1 + AHEAD]]
    return replace(about(queue, place), ahead=ahead, next=pictures)


def about(queue: Queue, place: int) -> Shown:
    """Return what the viewer shows of one image."""
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
        more=maps.more(queue, item),
    )


def progress(queue: Queue, place: int) -> Progress:
    """Say where in the queue we are, what this reviewer answered, and what was just done."""
    done = answers.at_hand()
    item = queue.items[place]
    answer = done.get(item.hash)
    reviewed, left, pace = time_left(queue)
    return Progress(
        place=place + 1,
        total=len(queue),
        answered=reviewed,
        left=left,
        pace=pace,
        about=f"{item.magnification}×",
        stands=f"you {answer.words}" if answer else "no answer from you yet",
        answer=answer.action if answer else "",
        said=st.session_state.said,
    )


def one_by_one(queue: Queue) -> None:
    """Draw the viewer, and beside it what the model says and the reviewer can."""
    with st.container(horizontal=True, key="workbench", gap="medium"):
        picture = st.container(key="picture")
        with st.container(key="side", gap="small"):
            show_verdict("review")
            with st.container(key="keys", gap="small"):
                keys = st.container(gap="small")
                context.toggle()
        below = st.container(key="context")
        with keys:
            workbench(queue, picture, below)


@guard.fragment
def workbench(queue: Queue, picture: DeltaGenerator, below: DeltaGenerator) -> None:
    """Draw what a click changes: the picture, in its own place, and the keys below the verdict."""
    answers.refresh()
    place = st.session_state.place
    at_end = place >= len(queue)
    standing = None if at_end else answers.at_hand().get(queue.items[place].hash)
    with picture:
        if at_end:
            end_of_queue(queue)
        else:
            beside = progress(queue, place)
            show(
                "review",
                shown(queue, place),
                "var(--stage)",
                beside,
                st.session_state.get("focus", ""),
                on_act=lambda: act(queue),
            )
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
    context.show(queue, place, below, go)


@guard.fragment
def grid(queue: Queue) -> None:
    """Draw the queue as pages of thumbnails."""
    if not in_grid():  # An image was opened.
        st.rerun()
    answers.refresh()
    review_grid(queue)


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
        queue = choose_queue(run)
        words, icon = ("One by one", "image") if in_grid() else ("Grid", "grid_view")
        st.button(words, icon=f":material/{icon}:", shortcut="X", key="view-switch", on_click=switch_view)
    if not len(queue):
        frame.empty_state("**This queue is empty.** Choose other images or fewer filters under *Queue*.")
    else:
        arrive(queue)
        if in_grid():
            grid(queue)
        else:
            one_by_one(queue)
