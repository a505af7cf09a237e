"""The band over the picture in the queue of disagreements: that one settles, and who said what."""

from __future__ import annotations

import streamlit as st
from markupsafe import Markup

from breakhis_core import reviews
from breakhis_core.reviews import ReviewEvent
from pages.parts.review import own_answers
from pages.parts.review.queue import Item
from pages.parts.shared import address
from pages.parts.shared.frame import reviewer, workspace
from pages.parts.shared.reasons import in_words


def settle_band(item: Item | None = None) -> None:
    """Say that the keys settle, and who said what of an image; or that one answers; offer the other."""
    if address.said("show") != "disagreeing":
        return
    settles = own_answers.settling()
    with st.container(
        horizontal=True, vertical_alignment="center", key="settling" if settles else "own-answer"
    ):
        if settles:
            events = reviews.answers_on(workspace(), item.hash) if item else []
            said = Markup("").join(Markup("<li>{}</li>").format(_told(one)) for one in events)
            head = Markup("<b>Settling for everybody, as {}</b>").format(reviewer())
            st.html(Markup('<div class="band">{}<ul>{}</ul></div>').format(head, said))
        else:
            st.html('<div class="band"><b>Your own answer</b>, not a settlement</div>')
        words = "Give my own answer instead" if settles else "Settle instead"
        st.button(words, key="settle-or-answer", on_click=_turn, args=(settles,))


def _told(event: ReviewEvent) -> Markup:
    if event.action == "flag":
        note = f" ({event.note})" if event.note else ""
        words = f"{in_words(event.reason, event.correction)}{note}"
    else:
        words = "Keep"
    return Markup("{}: <b>{}</b>").format(event.reviewer, words)


def _turn(settles: bool) -> None:
    address.put("as", own_answers.OWN if settles else "")
