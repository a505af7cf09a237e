"""The end of a review queue: what was flagged in it and why, and the one step that matters next."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from breakhis_core.reviews import terms
from breakhis_core.runs import Run, queues
from breakhis_core.wording import counted
from pages.parts.review import own_answers
from pages.parts.review.moves import first_left, go, say
from pages.parts.review.queue import Item, Queue, queue_of, worklists
from pages.parts.review.thumbs import thumbs
from pages.parts.shared import review_links
from pages.parts.shared.markdown import plain

ANSWERED = ("flagged", "kept", "without an answer")
SETTLED = ("to leave the training", "to stay", "not settled")
LEARNT = ("train", "validation")
"""Parts whose flagged images a retraining leaves out."""


def end_of_queue(queue: Queue) -> None:
    """Say what was done and what comes next."""
    done = own_answers.at_hand()
    flagged = [item for item in queue.items if item.hash in done and done[item.hash].action == "flag"]
    left = sum(item.hash not in done for item in queue.items)
    with st.container(key="end", horizontal_alignment="center", gap="medium"):
        words = SETTLED if own_answers.settling() else ANSWERED
        counts = zip((len(flagged), len(queue) - len(flagged) - left, left), words, strict=True)
        told = ", ".join(f"{many} {what}" for many, what in counts)
        st.markdown(
            f"## End of this queue\n{counted(len(queue), 'image')}: {told}.",
            text_alignment="center",
        )
        if flagged:
            thumbs("end-flagged", by_reason(flagged), lambda image: visit(queue, image))
        _next_step(queue, flagged, left)
        st.caption(plain(st.session_state.said), text_alignment="center")


def by_reason(flagged: Sequence[Item]) -> dict[str, list[Item]]:
    """Return this reviewer's flagged images by reason and number in words, the most frequent reason first."""
    found: dict[str, list[Item]] = {}
    for item in flagged:
        found.setdefault(terms.LABELS[own_answers.at_hand()[item.hash].reason], []).append(item)
    ordered = sorted(found.items(), key=lambda pair: -len(pair[1]))
    return {f"{label} · {len(items)}": items for label, items in ordered}


def visit(queue: Queue, image: str) -> None:
    """Go back to an image of the queue."""
    if image in queue.place:
        say("")
        go(queue, queue.place[image])


def _next_step(queue: Queue, flagged: Sequence[Item], left: int) -> None:
    run, words, button = queue.run, "", None
    leave = [item for item in flagged if item.part in LEARNT]
    tested = not any(item.part in LEARNT for item in queue.items)
    suspects, part, mistakes = (0, "train", 0) if own_answers.settling() else _learnt_left(run)
    if left:
        button = "first"
    elif leave:
        words = f"{counted(len(leave), 'flagged image')} of this queue can leave the training."
        button = "leave"
    elif tested and (suspects or mistakes):
        words = (
            "These were test images: they stay in the test, flagged or not. "
            "Only training images can leave the training."
        )
        button = "training"
    if words:
        st.markdown(words, text_alignment="center")
    with st.container(horizontal=True, horizontal_alignment="center"):
        if button == "first":
            label = f"Go to the first {'not settled' if own_answers.settling() else 'without an answer'}"
            st.button(label, type="primary", on_click=first_left, args=(queue,))
        elif button == "leave":
            worth = queues.SHOW_OF[queue.show].listed
            label = "See what leaving them out is worth" if worth else "Retrain without flagged images"
            if st.button(label, type="primary"):
                st.switch_page("pages/flags.py", query_params={"run": run.name})
        elif button == "training" and suspects:
            if st.button(f"Review the {counted(suspects, 'suspect')}", type="primary"):
                review_links.open_list(run, "suspects")
        elif button == "training":
            what = "training" if part == "train" else part
            label = f"Review the {counted(mistakes, 'mistake')} on {what} images"
            if st.button(label, type="primary"):
                review_links.open_queue(run, part, "confident")
        if st.button("See the flags", type="secondary" if button else "primary"):
            st.switch_page("pages/flags.py", query_params={"run": run.name})
        if st.button("What the review explains"):
            st.switch_page("pages/results.py", query_params={"run": run.name, "view": "Review"})


def _learnt_left(run: Run) -> tuple[int, str, int]:
    """Return what this reviewer has not answered: suspects, or else a part learnt from, and its mistakes."""
    done = own_answers.at_hand()
    suspects = sum(image not in done for image in worklists(run).suspects)
    if suspects:
        return suspects, "train", 0
    for part in LEARNT:
        left = sum(item.hash not in done for item in queue_of(run, part=part).items)
        if left:
            return 0, part, left
    return 0, "train", 0
