"""Facets: for each property of a list, how many images have which value; a click filters, another widens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

import streamlit as st

from pages.parts.components.common.declaring import component

_facets = component(
    "breakhis_facets",
    "components/facets/facets.js",
    "facets",
    html='<div class="facets"></div>',
    styles=["components/facets/facets.css"],
)


@dataclass(frozen=True, slots=True)
class Bar:
    """One value of a facet: in the address, in words, how many images have it, and whether it is chosen."""

    value: str
    label: str
    images: int
    chosen: bool


def chosen_values(names: Sequence[str]) -> dict[str, list[str]]:
    """Return the values that the address chooses, by facet."""
    return {name: list(dict.fromkeys(st.query_params.get_all(name))) for name in names}


def facets(key: str, labels: Mapping[str, str], bars: Mapping[str, Sequence[Bar]]) -> None:
    """Draw the facets; a click changes the address.

    Args:
        key: the component's key.
        labels: name of each facet on screen, by its name in the address.
        bars: the values of each.
    """
    shown = [
        {"name": name, "label": label, "bars": [asdict(bar) for bar in bars[name]]}
        for name, label in labels.items()
        if len(bars[name]) > 1 or any(bar.chosen for bar in bars[name])
    ]
    _facets(key=key, data={"facets": shown}, on_toggled_change=_toggle(key))


def _toggle(key: str) -> Callable[[], None]:
    def toggle() -> None:
        toggled = st.session_state[key].get("toggled") or {}
        name, value = toggled.get("name"), toggled.get("value")
        if name is None:
            return
        before = st.query_params.get_all(name)
        if value is None:
            after = []
        else:
            after = [one for one in before if one != value] if value in before else [*before, value]
        if after:
            st.query_params[name] = after
        else:
            st.query_params.pop(name, None)

    return toggle
