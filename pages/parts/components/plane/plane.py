"""The plane: a plot with a point for each image of a run, to look over all of them and choose some.

It all runs in the browser (``plane.js``): zoom, hidden groups and what is under the pointer cost no rerun. A
point is six bytes on the way there; what hovering says is asked for image by image.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import streamlit as st

from breakhis_core.charts.image_groups import Colouring
from pages.parts.components.common.declaring import component

_plane = component(
    "breakhis_plane",
    "components/plane/plane.js",
    "plane",
    html='<div class="plane"></div>',
    styles=["components/plane/plane.css"],
)
_FULL = 65535


def plane(
    key: str,
    places: npt.NDArray[np.float32],
    colouring: Colouring,
    *,
    by: str,
    chosen: npt.NDArray[np.bool_],
    about: str,
    on_choice: Callable[[npt.NDArray[np.bool_]], None],
) -> int | None:
    """Draw the plane and return the row of the image that was clicked, if one was.

    Args:
        key: the component's key.
        places: x and y of each image, from -1 to 1, shape ``(N, 2)``.
        colouring: group of each image.
        by: what the groups are, in words.
        chosen: which images are chosen, shape ``(N,)``.
        about: address that says what an image is, less its row at the end.
        on_choice: called with which images are chosen, when the person chose others.
    """
    groups = zip(colouring.labels, colouring.colours, colouring.counts, strict=True)
    data = {
        "by": by,
        "places": packed(np.rint((np.clip(places, -1, 1) + 1) / 2 * _FULL).astype("<u2")),
        "group": packed(colouring.group.astype("<u2")),
        "groups": [{"label": label, "colour": colour, "images": n} for label, colour, n in groups],
        "chosen": packed(np.packbits(chosen, bitorder="little")),
        "about": about,
    }

    def choose() -> None:
        bits = st.session_state[key].get("chosen")
        if bits is not None:
            on_choice(unpacked(str(bits), len(places)))

    shown = _plane(key=key, data=data, on_chosen_change=choose, on_opened_change=lambda: None)
    opened = (shown.opened or {}).get("row")
    return opened if isinstance(opened, int) and 0 <= opened < len(places) else None


def packed(array: npt.NDArray[np.generic]) -> str:
    """Return the bytes of an array as the browser reads them."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def unpacked(bits: str, count: int) -> npt.NDArray[np.bool_]:
    """Return what the browser says of each of so many images; what it does not speak of is not chosen.

    >>> unpacked("BQ==", 4).tolist()
    [True, False, True, False]
    """
    held = np.frombuffer(base64.b64decode(bits), np.uint8)
    chosen = np.zeros(count, np.bool_)
    said = np.unpackbits(held, bitorder="little")[:count].astype(np.bool_)
    chosen[: len(said)] = said
    return chosen
