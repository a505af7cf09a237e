"""What can be done with chosen images: take back one's flags, settle for everybody, and undo either."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from breakhis_core import reviews
from breakhis_core.errors import InputError
from breakhis_core.images.taxonomy import CODES, subtype
from breakhis_core.reviews import ReviewEvent
from breakhis_core.reviews.terms import LABELS, WRONG_LABEL
from breakhis_core.wording import counted
from breakhis_core.workspace import Workspace
from pages.parts.shared import guard
from pages.parts.shared.frame import reviewer, workspace
from pages.parts.shared.markdown import plain

LEAVES, STAYS = "Leaves the training", "Stays in the training"
_DONE = "flags_done"
"""What was done last: its place on the screen, its words, and what takes it back."""
Undo = Callable[[Workspace, str], ReviewEvent | None]


def turn() -> int:
    """Return a number that grows whenever something was done, so that what was chosen is forgotten."""
    return int(st.session_state.get("flags_turn", 0))


def act(chosen: Sequence[str], flags: pd.DataFrame, hint: str, place: str = "list") -> None:
    """Offer what can be done with the chosen images.

    Args:
        chosen: their hashes.
        flags: the flags that stand, columns hash, reviewer, reason and correction at least.
        hint: what to do while nothing is chosen.
        place: tells several such rows on a screen apart.
    """
    on_chosen = flags[flags["hash"].isin(list(chosen))]
    where, words, undo = st.session_state.get(_DONE, ("", "", None))
    with st.container(horizontal=True, vertical_alignment="center", key=f"flag-acts-{place}"):
        with st.popover(
            f"Settle {counted(len(chosen), 'image')}" if chosen else "Settle",
            disabled=not chosen,
            help="Decides for everybody, whatever the reviewers said",
            key=f"settle-{place}-{turn()}",
        ):
            _ask(chosen, on_chosen, place)
        mine, others = _flagged(chosen)
        st.button(
            f"Take back my {counted(len(mine), 'flag')}" if mine else "Take back my flags",
            key=f"unflag-{place}",
            disabled=not mine,
            help=_stay_flagged(others) if mine else "None of the chosen images is flagged by you",
            on_click=_unflag,
            args=(mine, place),
        )
        if where == place and not chosen:
            st.markdown(words, width="content")
            if undo:
                st.button("Undo", key=f"undo-{place}", icon=":material/undo:", on_click=_undo)
        else:
            st.caption(hint)


def _ask(chosen: Sequence[str], flags: pd.DataFrame, place: str) -> None:
    decision = st.radio("Decision", (LEAVES, STAYS), key=f"decision-{place}", horizontal=True)
    leaves = decision == LEAVES
    with st.form(f"settlement-{place}", border=False):
        # What most of the flags name, until the steward says something else.
        reason = st.selectbox(
            "Reason",
            list(LABELS),
            index=_usual(list(LABELS), flags["reason"]) or 0,
            format_func=LABELS.__getitem__,
            disabled=not leaves,
        )
        right = st.selectbox(
            "Right sub-type, where the label is wrong",
            CODES,
            index=_usual(CODES, flags["correction"]),
            format_func=lambda code: subtype(code).name,
            placeholder="not known",
            disabled=not leaves,
        )
        note = st.text_input("Note", placeholder="why, in a few words", max_chars=500)
        label = f"Settle {counted(len(chosen), 'image')} as {plain(reviewer())}"
        if not st.form_submit_button(label, type="primary"):
            return
    try:
        correction = right if leaves and reason == WRONG_LABEL else None
        events = reviews.settle_many(
            workspace(), reviewer(), chosen,
            exclude=leaves, reason=reason, note=note, correction=correction,
        )  # fmt: skip
    except InputError as error:
        st.error(plain(str(error)))
        return
    one = len(chosen) == 1
    verb = ("leaves" if one else "leave") if leaves else ("stays in" if one else "stay in")
    _did(
        place,
        f"Settled: {counted(len(chosen), 'image')} {verb} the training.",
        partial(reviews.undo, only=events[0]),
    )
    st.rerun()


def _usual(codes: Sequence[str], said: pd.Series) -> int | None:
    """Return the place of the code that was said most often; None where none was."""
    most = Counter(one for one in said if one in codes).most_common(1)
    return codes.index(most[0][0]) if most else None


def _flagged(images: Sequence[str]) -> tuple[list[str], int]:
    """Return which of some images this reviewer flags, and how many of those others flag too."""
    if not images:
        return [], 0
    said = reviews.standing(workspace())
    flags = said[(said["action"] == "flag") & said["hash"].isin(list(images))]
    own = flags["reviewer"] == reviewer()
    mine = flags.loc[own, "hash"].tolist()
    return mine, int(flags.loc[~own & flags["hash"].isin(mine), "hash"].nunique())


def _stay_flagged(images: int) -> str:
    if not images:
        return "Nobody else flags them"
    return f"{counted(images, 'image')} {'stays' if images == 1 else 'stay'} flagged by others"


@guard.callback
def _unflag(images: list[str], place: str) -> None:
    mine, others = _flagged(images)
    taken = reviews.unflag(workspace(), reviewer(), mine)
    if not taken:
        _did(place, "Your flags on these images were taken back already.")
        return
    flags = "Your flag is" if len(mine) == 1 else f"{len(mine)} of your flags are"
    stay = f"; {_stay_flagged(others)}" if others else ""
    _did(place, f"{flags} taken back{stay}.", partial(reviews.redo, only=taken[0]))


@guard.callback
def _undo() -> None:
    place, _, undo = st.session_state[_DONE]
    done = undo(workspace(), reviewer())
    _did(place, "Undone: all stands as before." if done else "This was taken back already.")


def _did(place: str, words: str, undo: Undo | None = None) -> None:
    st.session_state[_DONE] = (place, words, undo)
    st.session_state.flags_turn = turn() + 1
