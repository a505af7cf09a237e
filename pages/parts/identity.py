"""Who is reviewing: asked once, kept in a cookie of this browser, shown in every header."""

from __future__ import annotations

import secrets
import urllib.parse

import streamlit as st

from pages.parts.components import component

COOKIE = "breakhis_reviewer"
LONGEST = 60

_remember = component(
    "breakhis_identity",
    js="""
export default function ({ data }) {
  document.cookie = `${data.cookie}=${encodeURIComponent(data.name)}; path=/; max-age=31536000; SameSite=Lax`;
}
""",
)


def clean(name: str) -> str:
    r"""Return a name as it is kept: one line, no control characters, at most 60 characters.

    >>> clean("  Dr.\tAda  Lovelace\n")
    'Dr. Ada Lovelace'
    """
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())[:LONGEST]


def is_guest(name: str) -> bool:
    """Tell a name that we made up from one that somebody gave."""
    return name.startswith("guest-")


def name() -> str:
    """Return the reviewer of this session; a browser that never said gets a guest's name of its own.

    Two unnamed browsers must not share one: undo takes back the reviewer's last answer.
    """
    if "reviewer" not in st.session_state:
        cookie = clean(urllib.parse.unquote(st.context.cookies.get(COOKIE, "")))
        st.session_state.reviewer = cookie or f"guest-{secrets.token_hex(2)}"
    return str(st.session_state.reviewer)


def _rename(key: str) -> None:
    given = clean(st.session_state[key])
    if given:
        st.session_state.reviewer = given


def badge() -> None:
    """Show who is reviewing; a click lets them say or change their name."""
    current = name()
    label = "Say your name" if is_guest(current) else current
    with st.popover(label, icon=":material/person:", type="tertiary", key="identity"):
        ask("Your name, as it will stand beside your answers", key="reviewer-badge")
    _remember(key="identity-cookie", data={"cookie": COOKIE, "name": current}, height=1)


def ask(label: str, key: str) -> None:
    """Ask for the name in place."""
    current = name()
    st.text_input(
        label,
        value="" if is_guest(current) else current,
        max_chars=LONGEST,
        placeholder=f"until then {current}",
        key=key,
        on_change=_rename,
        args=(key,),
    )
