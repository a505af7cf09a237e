"""Review: what did the model get wrong, and is the image to blame?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from breakhis_core.images.taxonomy import CODES, PIXEL_SIZES
from breakhis_core.reviews.terms import WRONG_LABEL
from pages.parts.components.common import messages
from pages.parts.components.pad.pad import pad_key, show_pad
from pages.parts.components.viewer.viewer import Evidence, Progress, Shown, show, show_verdict
from pages.parts.review import maps, own_answers
from pages.parts.review.context import context
from pages.parts.review.grid import review_grid
from pages.parts.review.moves import (
    CHOICES,
    KEEP,
    arrive,
    go,
    in_grid,
    jump,
    redo,
    say,
    switch_view,
    taken_back,
    time_left,
    undo,
)
from pages.parts.review.queue import Item, Queue
from pages.parts.review.queue_choice import choose_queue
from pages.parts.review.queue_end import end_of_queue
from pages.parts.review.settle_band import settle_band
from pages.parts.review.why import why
from pages.parts.shared import frame, guard

AHEAD = 2  # Pictures that the browser fetches before they are asked for.


@guard.callback
def act(queue: Queue) -> None:
    """Do what the person asked for, in the order in which they did."""
    for message in messages.news(pad_key("review")):
        do(queue, message)


@guard.callback
def act_next(queue: Queue) -> None:
    """Go to the next image."""
    do(queue, {"do": "next"})


def do(queue: Queue, message: Mapping[str, object]) -> None:
    """Do one thing: answer, note, move, undo, or compute maps."""
    wish, place = str(message.get("do")), queue.place.get(str(message.get("hash", "")))
    if wish in ("answer", "correct", "note"):
        if place is None:
            return
        if bool(message.get("settles")) != own_answers.settling():
            say("Not saved: it was given as the screen changed. Press it again.")
        else:
            take_down(queue, queue.items[place], message)
    elif wish == "maps":
        maps.act(queue, message)
    elif wish == "jump":
        jump(queue, str(message.get("to", "")))
    elif wish == "undo":
        undo(queue)
    elif wish == "redo":
        redo(queue)
    else:
        here = st.session_state.place
        places = {
            "next": (here if place is None else place) + 1,
            "previous": here - 1,
            "first": 0,
            "last": len(queue) - 1,
        }
        if wish in places:
            say("")
            go(queue, places[wish])


def take_down(queue: Queue, item: Item, message: Mapping[str, object]) -> None:
    """Save what was said of an image."""
    note = str(message.get("note", "")).strip()[: own_answers.LONGEST_NOTE]
    shown = str(message.get("shown", ""))[: own_answers.LONGEST_SHOWN]
    number = message.get("answer")
    if message.get("do") == "note":
        annotate(queue, item, note, shown)
    elif message.get("do") == "correct":
        correct(queue, item, str(message.get("correction")))
    elif isinstance(number, int) and 0 <= number < len(CHOICES):
        give(queue, item, CHOICES[number], note, shown)


def give(queue: Queue, item: Item, answer: str, note: str, shown: str) -> None:
    """Save an answer and move on; the reason "other" is nothing without a note.

    After "wrong label" the image stays: the pad asks which sub-type is right.
    """
    if answer == "other" and not note:
        return say("“Other” needs a note that says what is wrong.")
    words = save(queue, item, answer, note, shown)
    say(f"{words[0].upper()}{words[1:]} · {item.name}")
    return go(queue, queue.place[item.hash] + (answer != WRONG_LABEL))


def correct(queue: Queue, item: Item, correction: str) -> None:
    """Save which sub-type is right and move on."""
    if correction not in CODES:
        return
    if own_answers.correct([item], correction):
        words = own_answers.at_hand()[item.hash].words
        say(f"{words[0].upper()}{words[1:]} · {item.name}")
        go(queue, queue.place[item.hash] + 1)
    else:
        say(f"Not saved: “wrong label” does not stand any more · {item.name}")


def annotate(queue: Queue, item: Item, note: str, shown: str) -> None:
    """Save the standing answer with another note; the image stays."""
    standing = own_answers.at_hand().get(item.hash)
    if standing is not None and (note or standing.choice != "other"):
        save(queue, item, standing.choice, note, shown)
        say(f"Note saved · {item.name}" if note else f"Note removed · {item.name}")


def save(queue: Queue, item: Item, answer: str, note: str, shown: str) -> str:
    """Save an answer, on disk when this returns; return it in words."""
    if answer == KEEP:
        own_answers.keep(item, queue.run.name, note, shown)
    else:
        own_answers.flag(item, queue.run.name, answer, note, shown)
    return "kept" if answer == KEEP and not own_answers.settling() else own_answers.at_hand()[item.hash].words


def shown(queue: Queue, place: int) -> Shown:
    """Return what the viewer shows at a place, the next image and pictures with it, to be there in time."""
    ahead = about(queue, place + 1) if place + 1 < len(queue) else None
    pictures = [f"/picture/{one.hash}" for one in queue.items[place + 1 : place + 1 + AHEAD]]
    return replace(about(queue, place), ahead=ahead, next=pictures)


def about(queue: Queue, place: int) -> Shown:
    """Return what the viewer shows of one image."""
    item = queue.items[place]
    answer = own_answers.at_hand().get(item.hash)
    return Shown(
        hash=item.hash,
        name=item.name,
        picture=f"/picture/{item.hash}",
        probabilities=item.probabilities,
        predicted=item.predicted,
        true=item.subtype,
        maps=queue.run.class_maps()[item.row],
        covered=maps.covered(queue.run, item.hash),
        scale=queue.scale,
        evidence=Evidence.of(queue.run),
        more=maps.more(queue, item),
        answer=None if answer is None else CHOICES.index(answer.choice),
        note=taken_back(item.hash) if answer is None else answer.note,
        correction=answer.correction if answer else "",
        why=why(queue, item),
        micron=None if queue.run.phantom else PIXEL_SIZES.get(item.magnification),
    )


def progress(queue: Queue, place: int) -> Progress:
    """Say where in the queue we are, what this reviewer answered, and what was just done."""
    done = own_answers.at_hand()
    item = queue.items[place]
    answer = done.get(item.hash)
    reviewed, left, pace = time_left(queue)
    labels = context.labels(queue, place)
    about = [f"{item.magnification}×"]
    if item.part == "train":
        about.append("the model learnt this image")
    if labels:
        about.append("several labels in this case")
    return Progress(
        place=place + 1,
        total=len(queue),
        answered=reviewed,
        left=left,
        pace=pace,
        about=" · ".join(about),
        hint=labels,
        stands=answer.stands if answer else own_answers.none_stands(),
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
    own_answers.refresh()
    place = st.session_state.place
    at_end = place >= len(queue)
    with picture:
        if at_end:
            end_of_queue(queue)
        else:
            settle_band(queue.items[place])
            show(
                "review",
                shown(queue, place),
                "var(--stage)",
                progress(queue, place),
                heard=messages.heard(),
            )
    show_pad(
        "review", first=place == 0, end=at_end, settles=own_answers.settling(), on_act=lambda: act(queue)
    )
    # The same step for programs that drive the server without a browser; people press the pad's.
    with st.container(key="for-programs"):
        st.button("Next", key="next", disabled=at_end, on_click=act_next, args=(queue,))
    context.show(queue, place, below, go)


@guard.fragment
def grid(queue: Queue) -> None:
    """Draw the queue as pages of thumbnails."""
    if not in_grid():  # An image was opened.
        st.rerun()
    own_answers.refresh()
    settle_band()
    review_grid(queue)


st.html('<a class="skip" href="#answers">To the answers</a>')
controls = frame.page_header("Review")
run = frame.choose_run("review-run", controls)
if run is None:
    frame.empty_state(
        "There is no run yet whose mistakes could be reviewed.", "Train a model", "pages/train.py"
    )
else:
    own_answers.load()
    st.session_state.setdefault("said", "")
    with controls:
        frame.phantom_notice(run)
        queue = choose_queue(run)
        words, icon = ("One by one", "image") if in_grid() else ("Grid", "grid_view")
        st.button(f"{words} :gray[X]", icon=f":material/{icon}:", key="view-switch", on_click=switch_view)
    if not len(queue):
        frame.empty_state("**This queue is empty.** Choose other images or fewer filters under *Queue*.")
    else:
        arrive(queue)
        if in_grid():
            grid(queue)
        else:
            one_by_one(queue)
