"""Choices that stand in the page's address, so that a link or a refresh opens the same thing.

With each step the browser says what its address is, and it may not have heard yet what the step before wrote
there. So a choice that was given up a moment ago is no wish to have it back, unless somebody went Back.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_KEPT = "address_kept"
_LEFT = "address_left"
_LATE = 30.0  # Seconds after which the browser has surely heard.


def restore(page: str, names: tuple[str, ...]) -> None:
    """Bring back what the address of a screen said when it was left; an address with choices wins."""
    kept: dict[str, str] = st.session_state.setdefault(f"{_KEPT}_{page}", {})
    st.session_state[_KEPT] = kept
    if st.session_state.get("arrived") or went_back():
        st.session_state[_LEFT] = {}
    for name in names:
        _mind(name)
    if not any(name in st.query_params for name in names):
        for name, value in kept.items():
            st.query_params[name] = value
    kept.clear()
    kept.update({name: st.query_params[name] for name in names if name in st.query_params})


def went_back() -> bool:
    """Tell whether this run was asked for by the browser's Back or Forward."""
    running = get_script_run_ctx(suppress_warning=True)
    return running is not None and running.is_history_navigation


def said(name: str) -> str:
    """Return what the address says of a choice; empty where it says nothing."""
    _mind(name)
    return str(st.query_params.get(name, ""))


def put(name: str, value: str, default: str = "") -> None:
    """Write a choice into the address; the default leaves it clean."""
    kept: dict[str, str] = st.session_state.get(_KEPT, {})
    value = "" if value == default else value
    if value != kept.get(name, ""):
        _left()[name, kept.get(name, "")] = time.monotonic()
    _left().pop((name, value), None)
    kept[name] = value
    if not value:
        kept.pop(name)
    for one in {one for one, _ in _left()}:
        _mind(one)
    _write(name, value)


def _left() -> dict[tuple[str, str], float]:
    """Return which choices were given up, and when."""
    left: dict[tuple[str, str], float] = st.session_state.setdefault(_LEFT, {})
    return left


def _mind(name: str) -> None:
    """Let what we wrote stand where the browser still says what it was before."""
    if time.monotonic() - _left().get((name, st.query_params.get(name, "")), -_LATE) < _LATE:
        _write(name, st.session_state.get(_KEPT, {}).get(name, ""))


def _write(name: str, value: str) -> None:
    if value:
        st.query_params[name] = value
    else:
        st.query_params.pop(name, None)


def one_of(name: str, options: Mapping[str, str]) -> str:
    """Return which of a few choices the address says; the first where it says nothing, or something else."""
    current = said(name)
    return current if current in options else next(iter(options))


def choice(
    name: str, label: str, options: Mapping[str, str], drops: str = "", clean: bool = True, **widget: Any
) -> str:
    """Let the person choose one of a few; the first is the default.

    Args:
        name: the name in the address.
        label: what is chosen.
        options: words on screen, by value in the address.
        drops: what a new choice takes out of the address.
        clean: whether the default leaves the address clean.
        widget: further arguments of ``st.selectbox``.

    Returns:
        The chosen value.
    """
    key = _keyed(name, one_of(name, options))

    def remember() -> None:
        put(name, st.session_state[key], next(iter(options)) if clean else "")
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
