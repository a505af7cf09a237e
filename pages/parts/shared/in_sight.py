"""After a start, show the top of the screen, where what began is: the button was further down."""

from __future__ import annotations

import streamlit as st

from pages.parts.components.common.declaring import component

_to_top = component("breakhis_in_sight", "shared/in_sight.js", "toTop")


def started() -> None:
    """Remember that something was started; the next run of the screen shows its top."""
    st.session_state.starts = st.session_state.get("starts", 0) + 1
    st.session_state.just_started = True


def after_start() -> None:
    """Scroll to the top of the screen, if something was started in the run before."""
    if st.session_state.pop("just_started", False):
        with st.container(key="in-sight"):
            _to_top(key=f"in-sight-{st.session_state.starts}", height=1)
