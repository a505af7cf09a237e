"""Review: what did the model get wrong, and is the image to blame?"""

from __future__ import annotations

import html
import time

import streamlit as st

from breakhis_core import reviews
from breakhis_core.taxonomy import MAGNIFICATIONS, SUBTYPES
from pages.parts import address, answers, frame
from pages.parts.review_queue import Item, Queue, queue_of
from pages.parts.viewer import Shown, show, show_verdict

ORDERS = {
    "confident_mistakes": "Misclassified, most confident first",
    "least_certain": "Least certain first",
    "side_confusions": "Benign taken for malignant and back, first",
    "not_reviewed": "Misclassified, not yet reviewed",
    "all": "All images",
}
PARTS = {"test": "Test", "validation": "Validation", "train": "Train"}
SUBTYPE_CHOICES = {"": "any", **{one.code: one.name for one in SUBTYPES}}
MAGNIFICATION_CHOICES = {"": "any", **{str(one): f"{one}×" for one in MAGNIFICATIONS}}
FILTERS = ("part", "order", "true", "predicted", "magnification", "image")
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
    return queue_of(
        run,
        part=part,
        order=order,
        subtype=true or None,
        predicted=predicted or None,
        magnification=int(magnification) if magnification else None,
    )


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
    place = max(0, min(place, len(queue)))
    st.session_state.place = place
    st.session_state.shown_at = time.monotonic()
    st.session_state.asks_note = False
    st.query_params["image"] = END if place == len(queue) else queue.items[place].hash


def say(words: str) -> None:
    """Leave one line about what was just done."""
    st.session_state.said = words


def move(queue: Queue, step: int) -> None:
    """Answer to Next and Previous."""
    say("")
    go(queue, st.session_state.place + step)


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


def keep(queue: Queue) -> None:
    """Save that nothing is wrong with the image and move on."""
    item = queue.items[st.session_state.place]
    answers.keep(item, queue.run.name, st.session_state.note.strip())
    moved_on(queue, item, "kept")


def moved_on(queue: Queue, item: Item, words: str) -> None:
    """Go to the next image after an answer that is saved."""
    say(f"{item.name} {words}. U takes it back.")
    st.session_state.note = ""
    go(queue, st.session_state.place + 1)


def note_ended(queue: Queue) -> None:
    """Save the flag that waited for its note, if one did."""
    if st.session_state.asks_note and st.session_state.note.strip():
        flag(queue, "other")


def undo(queue: Queue) -> None:
    """Take back the last answer and return to its image."""
    image = answers.undo()
    if image is None:
        say("You have no answer to take back.")
    elif image in queue.place:
        go(queue, queue.place[image])
        say("Taken back.")
    else:
        say("Taken back; its image is not in this queue.")


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


def whereabouts(queue: Queue, place: int) -> str:
    """Say where in the queue we are, how much is left and how much is answered."""
    done = answers.at_hand()
    answered = sum(item.hash in done for item in queue.items)
    at = f"<b>{place + 1}</b> of {len(queue)}" if place < len(queue) else f"End of {len(queue)}"
    return (
        f'<div class="place"><span>{at}</span><span>{max(0, len(queue) - place - 1)} left</span>'
        f"<span>{answered} reviewed</span></div>"
        f'<div class="line"><i style="width:{100 * answered / len(queue):.1f}%"></i></div>'
    )


def about(item: Item) -> str:
    """Name the image and say what this reviewer has answered."""
    answer = answers.at_hand().get(item.hash)
    stands = f"You {html.escape(answer.words)}" if answer else "No answer from you yet"
    kind = f" is-{answer.action}" if answer else ""
    return (
        f'<div class="about"><div class="file" title="slide {html.escape(item.slide)}">{html.escape(item.name)}'
        f'</div><div class="stands{kind}">{item.magnification}× · {stands}</div></div>'
    )


@st.fragment
def workbench(queue: Queue) -> None:
    """The picture, the verdict and the keys: all that a click reruns."""
    place = st.session_state.place
    if place >= len(queue):
        end_of_queue(queue)
        return
    item = queue.items[place]
    standing = answers.at_hand().get(item.hash)
    with st.container(horizontal=True, key="workbench", gap="medium"):
        with st.container(key="picture"):
            show("review", shown(queue, place), "var(--stage)", focus_note=st.session_state.get("focus", ""))
        with st.container(key="side", gap="small"):
            with st.container(key="verdict", gap="small"):
                st.html(whereabouts(queue, place))
                with st.container(horizontal=True, vertical_alignment="center", key="about"):
                    st.html(about(item))
                    history(item)
                show_verdict("review")
            with st.container(key="answer", gap="small"):
                with st.container(key="reasons"):
                    for reason in reviews.REASONS:
                        st.button(
                            reason.label,
                            key=f"reason-{reason.code}",
                            shortcut=str(reason.key),
                            type="primary" if standing and standing.reason == reason.code else "secondary",
                            width="stretch",
                            on_click=flag,
                            args=(queue, reason.code),
                        )
                    st.button(
                        "Keep",
                        key="keep",
                        shortcut="K",
                        type="primary" if standing and standing.action == "keep" else "secondary",
                        width="stretch",
                        on_click=keep,
                        args=(queue,),
                    )
                st.text_input(
                    "Note",
                    key="note",
                    placeholder="Note (N), kept with your answer",
                    max_chars=500,
                    label_visibility="collapsed",
                    on_change=note_ended,
                    args=(queue,),
                )
                with st.container(horizontal=True, key="moves", gap="xsmall"):
                    at_first = place == 0
                    st.button(
                        "Previous",
                        shortcut="Left",
                        disabled=at_first,
                        width="stretch",
                        on_click=move,
                        args=(queue, -1),
                    )
                    st.button("Undo", shortcut="U", width="stretch", on_click=undo, args=(queue,))
                    st.button("Next", shortcut="Right", width="stretch", on_click=move, args=(queue, 1))
                st.html(f'<div class="said-line" role="status">{html.escape(st.session_state.said)}</div>')


def history(item: Item) -> None:
    """Show, folded away, all that was ever said about the image."""
    fold = st.popover(
        ":material/history:", key="history", on_change="rerun", type="tertiary", help="History of this image"
    )
    if not fold.open:
        return
    past = reviews.history(frame.workspace(), item.hash)
    if past.empty:
        fold.caption("Nobody has said anything about this image.")
    else:
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
            if st.button("See the flags", type="primary"):
                st.switch_page("pages/flags.py")
            st.button(
                "Back to the first without an answer", disabled=not left, on_click=first_left, args=(queue,)
            )
            st.button("Previous", shortcut="Left", on_click=move, args=(queue, -1))
            st.button("Undo", shortcut="U", on_click=undo, args=(queue,))
        st.html(f'<div class="said-line" role="status">{html.escape(st.session_state.said)}</div>')


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
        go(queue, place_in(queue))
        workbench(queue)
