"""Choices that stand in the page's address, so that a link or a refresh opens the same thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

_KEPT = "address_of_"


def restore(page: str, names: tuple[str, ...]) -> None:
    """Bring back what the address of a screen said when it was left; an address with choices wins."""
    kept: dict[str, str] = st.session_state.setdefault(_KEPT + page, {})
    if not any(name in st.query_params for name in names):
        for name, value in kept.items():
            st.query_params[name] = value
    kept.clear()
    kept.update({name: st.query_params[name] for name in names if name in st.query_params})


def choice(name: str, label: str, options: Mapping[str, str], **widget: Any) -> str:
    """Let the person choose one of a few; the first is the default and leaves the address clean.

    Args:
        name: the name in the address.
        label: what is chosen.
        options: words on screen, by value in the address.
        widget: further arguments of ``st.selectbox``.

    Returns:
        The chosen value.
    """
    first = next(iter(options))
    current = st.query_params.get(name, first)
    if current not in options:
        current = first
    key = f"choice-{name}"
    if st.session_state.get(key) != current:
        st.session_state[key] = current

    def remember() -> None:
        if st.session_state[key] == first:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = st.session_state[key]

    return str(
        st.selectbox(
            label, list(options), key=key, format_func=options.__getitem__, on_change=remember, **widget
        )
    )
