"""Thumbnails in groups under a heading each; a click goes to an image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from pages.parts.components.common.declaring import component
from pages.parts.review.queue import Item

_thumbs = component(
    "breakhis_thumbs",
    "review/thumbs.js",
    "thumbs",
    html='<div class="thumbs"></div>',
    styles=["review/thumbs.css"],
)


def thumbs(key: str, groups: Mapping[str, Sequence[Item]], visit: Callable[[str], None]) -> None:
    """Draw the groups.

    Args:
        key: the component's key.
        groups: images by what stands above them.
        visit: called with the hash of the image that was clicked. A browser sent it: check it.
    """
    shown = [
        {"words": words, "tiles": [{"hash": one.hash, "name": one.name} for one in items]}
        for words, items in groups.items()
    ]
    _thumbs(
        key=key,
        data={"groups": shown},
        on_open_change=lambda: visit(str(st.session_state[key].get("open", ""))),
    )
