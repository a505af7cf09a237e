"""Choices that stand in the page's address, so that a link or a refresh opens the same thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

_KEPT = "address_kept"


def restore(page: str, names: tuple[str, ...]) -> None:
    """Bring back what the address of a screen said when it was left; an address with choices wins."""
    kept: dict[str, str] = st.session_state.setdefault(f"{_KEPT}_{page}", {})
    if not any(name in st.query_params for name in names):
        for name, value in kept.items():
            st.query_params[name] = value
    kept.clear()
    kept.update({name: st.query_params[name] for name in names if name in st.query_params})
    st.session_state[_KEPT] = kept


def put(name: str, value: str, default: str = "") -> None:
    """Write a choice into the address; the default leaves it clean."""
    kept: dict[str, str] = st.session_state.get(_KEPT, {})
    if value == default:
        st.query_params.pop(name, None)
        kept.pop(name, None)
    else:
        st.query_params[name] = kept[name] = value


def one_of(name: str, options: Mapping[str, str]) -> str:
    """Return which of a few choices the address says; the first where it says nothing, or something else."""
    current = st.query_params.get(name, "")
    return current if current in options else next(iter(options))


def choice(name: str, label: str, options: Mapping[str, str], drops: str = "", **widget: Any) -> str:
    """Let the person choose one of a few; the first is the default and leaves the address clean.

    Args:
        name: the name in the address.
        label: what is chosen.
        options: words on screen, by value in the address.
        drops: what a new choice takes out of the address.
        widget: further arguments of ``st.selectbox``.

    Returns:
        The chosen value.
    """
    key = _keyed(name, one_of(name, options))

    def remember() -> None:
        put(name, st.session_state[key], next(iter(options)))
        put(drops, "")

    return str(
        st.selectbox(
            label, list(options), key=key, format_func=options.__getitem__, on_change=remember, **widget
        )
    )


def span(name: str, label: str, current: tuple[int, int], whole: tuple[int, int], drops: str = "") -> None:
    """Let the person choose a range of whole numbers; it stands in the address as ``LOW-HIGH``."""
    key = _keyed(name, current)

    def remember() -> None:
        put(name, "{}-{}".format(*st.session_state[key]), "{}-{}".format(*whole))
        put(drops, "")

    st.slider(label, *whole, key=key, on_change=remember)


def level(name: str, label: str, current: float, default: float, drops: str = "") -> None:
    """Let the person choose a number from 0 to 1 in hundredths."""
    key = _keyed(name, current)

    def remember() -> None:
        put(name, f"{st.session_state[key]:.2f}", f"{default:.2f}")
        put(drops, "")

    st.slider(label, 0.0, 1.0, step=0.01, key=key, on_change=remember)


def _keyed(name: str, current: Any) -> str:
    """Return the key of a choice's widget, which shows what the address says."""
    key = f"choice-{name}"
    if st.session_state.get(key) != current:
        st.session_state[key] = current
    return key
