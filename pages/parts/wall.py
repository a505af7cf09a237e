"""A wall of thumbnails to look over many images and choose some; pictures load as they scroll into view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent
_wall = st.components.v2.component(
    "breakhis_wall",
    html='<div class="wall"></div>',
    css=(_HERE / "wall.css").read_text("utf-8"),
    js=(_HERE / "wall.js").read_text("utf-8"),
)


@dataclass(frozen=True)
class Tile:
    """One thumbnail.

    Attributes:
        hash: the image.
        words: first line under it.
        small: second line under it.
        title: what hovering says.
        open: address that a double click goes to.
    """

    hash: str
    words: str
    small: str = ""
    title: str = ""
    open: str = ""


def wall(key: str, tiles: Sequence[Tile]) -> list[str]:
    """Draw the wall and return the hashes of the chosen images."""
    shown = _wall(
        key=key,
        data={"items": [asdict(tile) for tile in tiles]},
        default={"selected": []},
        on_selected_change=lambda: None,
    )
    known = {tile.hash for tile in tiles}
    return [image for image in shown.selected or [] if image in known]
