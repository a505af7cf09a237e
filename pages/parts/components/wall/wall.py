"""A wall of thumbnails to look over many images and choose some; pictures load as they scroll into view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pages.parts.components.common.declaring import component

_wall = component(
    "breakhis_wall",
    "components/wall/wall.js",
    "wall",
    html='<div class="wall" role="group" aria-label="Flagged images"></div>',
    styles=["components/wall/wall.css"],
)


@dataclass(frozen=True, slots=True)
class Tile:
    """One thumbnail.

    Attributes:
        hash: the image.
        words: first line under it.
        small: second line under it.
        title: what hovering says.
        badge: a word in the picture's corner.
    """

    hash: str
    words: str
    small: str = ""
    title: str = ""
    badge: str = ""


def wall(key: str, tiles: Sequence[Tile], open_address: str = "", turn: int = 0) -> list[str]:
    """Draw the wall and return the hashes of the chosen images, in the order of the wall.

    Args:
        key: the component's key.
        tiles: the images.
        open_address: address that a double click goes to, less the image's hash at its end.
        turn: a new number forgets what was chosen, as after something was done with it.
    """
    shown = _wall(
        key=key,
        data={"items": [asdict(tile) for tile in tiles], "open": open_address, "turn": turn},
        default={"selected": {}},
        on_selected_change=lambda: None,
    )
    selected = shown.selected or {}
    chosen = set(selected.get("hashes", ())) if selected.get("turn") == turn else set()
    return [tile.hash for tile in tiles if tile.hash in chosen]
