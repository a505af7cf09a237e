"""Who is reviewing: asked once, kept in a cookie of this browser, shown in every header.

A browser that never said has a guest's name of its own. What the guest answered stands under the name that is
said first. From a name to another nothing moves: somebody else may have sat down. All tabs of a browser go by
its cookie, whichever of them was told.
"""

from __future__ import annotations

import secrets
import urllib.parse

import streamlit as st

from breakhis_core import reviews
from breakhis_core.errors import InputError
from breakhis_core.reviews import Moved, is_guest
from breakhis_core.storage.typed_text import LONGEST_REVIEWER
from breakhis_core.wording import counted
from breakhis_core.workspace import Workspace
from pages.parts.components.common.declaring import component
from pages.parts.shared import guard
from pages.parts.shared.markdown import plain

COOKIE = "breakhis_reviewer"
_KEY = "identity-cookie"
_cookie = component("breakhis_identity", "shared/identity.js", "identity")


def known(workspace: Workspace, said: str) -> str:
    """Return a name as the workspace knows it, at most as long as a name may be; empty if it is none."""
    try:
        return reviews.known_name(workspace, said[:LONGEST_REVIEWER])
    except InputError:
        return ""


def name(workspace: Workspace) -> str:
    """Return the reviewer of this session.

    Two unnamed browsers must not share a guest's name: undo takes back the reviewer's last answer.
    """
    if "reviewer" not in st.session_state:
        found = st.context.cookies.get(COOKIE)
        cookie = urllib.parse.unquote(found) if isinstance(found, str) else ""
        st.session_state.cookie_read = cookie
        st.session_state.reviewer = known(workspace, cookie) or f"guest-{secrets.token_hex(2)}"
    return str(st.session_state.reviewer)


def badge(workspace: Workspace) -> None:
    """Show who is reviewing; a click lets them say or change their name."""
    current = name(workspace)
    label = "Say your name" if is_guest(current) else plain(current)
    with (
        st.container(key="identity", width="content"),
        # Another popover whenever a name was said: it is closed.
        st.popover(label, icon=":material/person:", type="tertiary", key=f"named-{_times_named()}"),
    ):
        ask(
            workspace,
            "Your name, as it will stand beside your answers",
            key=f"reviewer-badge-{_times_named()}",
        )
        _offer_to_give_back(workspace)
    words = st.session_state.pop("named_words", "")
    if words:
        st.toast(words, icon=":material/person:", duration="long")
    _cookie(
        key=_KEY,
        data={"cookie": COOKIE, "name": current, "read": st.session_state.get("cookie_read", "")},
        on_elsewhere_change=lambda: _follow(workspace),
        height=1,
    )


def ask(workspace: Workspace, label: str, key: str) -> None:
    """Ask for the name in place."""
    current = name(workspace)
    st.text_input(
        label,
        value="" if is_guest(current) else current,
        max_chars=LONGEST_REVIEWER,
        placeholder=f"until then {current}",
        key=key,
        on_change=lambda: _named(workspace, st.session_state[key]),
    )


@guard.callback
def _named(workspace: Workspace, said: str) -> None:
    given = known(workspace, said)
    if is_guest(given):
        st.session_state.named_words = f"{given} is what a browser without a name is called: say yours."
    elif given:
        _become(workspace, given)


@guard.callback
def _follow(workspace: Workspace) -> None:
    """Go by the name that another tab of this browser was told."""
    said = st.session_state[_KEY].get("elsewhere")
    if isinstance(said, str) and known(workspace, said):
        _become(workspace, known(workspace, said))
        st.session_state.cookie_read = said


def _become(workspace: Workspace, given: str) -> None:
    before = name(workspace)
    st.session_state.named = _times_named() + 1
    if given == before:
        return
    st.session_state.cookie_read = before
    st.session_state.reviewer = given
    st.session_state.pop("flags_done", None)  # Its Undo would be of another name.
    st.session_state.pop("guest_moved", None)
    if not is_guest(before):
        st.session_state.named_words = (
            f"You review as {plain(given)} now. What {plain(before)} answered stays as it is."
        )
        return
    moved = reviews.move_to_name(workspace, before, given)
    if not is_guest(given):
        st.session_state.named_words = moved_in_words(moved, given)
        if moved.answers or moved.settlements:
            st.session_state.guest_moved = before


def moved_in_words(moved: Moved, name: str) -> str:
    """Say what stands under a name now.

    >>> moved_in_words(Moved(answers=21, settlements=0, kept=2), "Bea")
    'Your 21 answers now stand under Bea; on 2 images what Bea said before stays.'
    >>> moved_in_words(Moved(answers=0, settlements=0, kept=0), "Bea")
    'You review as Bea now.'
    """
    name = plain(name)
    many = ((moved.answers, "answer"), (moved.settlements, "settlement"))
    what = " and ".join(counted(number, noun) for number, noun in many if number)
    stand = "stands" if moved.answers + moved.settlements == 1 else "stand"
    words = f"Your {what} now {stand} under {name}" if what else f"You review as {name} now"
    if moved.kept:
        words += f"; on {counted(moved.kept, 'image')} what {name} said before stays"
    return f"{words}."


def _offer_to_give_back(workspace: Workspace) -> None:
    """Let a person say that what was answered here before was somebody else's."""
    guest = st.session_state.get("guest_moved")
    if guest is not None:
        st.caption("What was answered in this browser before counts as yours now.")
        st.button("It was somebody else’s", key="give-back", on_click=_give_back, args=(workspace, guest))


@guard.callback
def _give_back(workspace: Workspace, guest: str) -> None:
    current = name(workspace)
    images = reviews.give_back(workspace, guest, current)
    del st.session_state["guest_moved"]
    st.session_state.named = _times_named() + 1
    st.session_state.named_words = (
        f"{counted(images, 'image')} given back to {guest}. You go on as {plain(current)}."
    )


def _times_named() -> int:
    return int(st.session_state.get("named", 0))
