"""Links from a number to the images behind it, in the review queue."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import streamlit as st

from breakhis_core.runs import Run
from breakhis_core.wording import counted

REVIEW = "pages/review.py"
_DIGITS = 10
"""Digits of a hash that stand in an address: enough for 7,909 images, and a few hundred still fit."""
_MOST = 400


def queue_address(run: Run, part: str, order: str = "all", **filters: str) -> dict[str, str]:
    """Return the query of the review screen for the images of a part that the filters keep."""
    return {"run": run.name, "part": part, "order": order, **{k: v for k, v in filters.items() if v}}


def image_address(run: Run, image: str) -> str:
    """Return the address that opens an image of a run for review, whatever part it is in."""
    return "/review?" + urlencode({"run": run.name, "part": "every", "order": "all", "image": image})


def only(hashes: Sequence[str]) -> str:
    """Return the filter that keeps these images and no others."""
    return ".".join(image[:_DIGITS] for image in hashes[:_MOST])


def open_queue(run: Run, part: str, order: str = "all", **filters: str) -> None:
    """Go to the review screen, on these images."""
    st.switch_page(REVIEW, query_params=queue_address(run, part, order, **filters))


def open_list(run: Run, show: str) -> None:
    """Go to the review of a list of a run's images, such as its suspects."""
    st.switch_page(REVIEW, query_params={"run": run.name, "show": show})


def open_images(run: Run, part: str, hashes: Sequence[str], what: str) -> None:
    """Go to the review of some images; where an address cannot hold them all, show a link that says so."""
    if 0 < len(hashes) <= _MOST:
        open_queue(run, part, only=only(hashes))
    else:
        link(run, part, hashes, what)


def link(run: Run, part: str, hashes: Sequence[str], what: str, help: str | None = None) -> None:
    """Show a link to the review of some images, or say that there are none."""
    if not hashes:
        st.caption(f"No image {what}.")
        return
    # Never fewer images than the label says.
    first = f"the first {_MOST:,} of " if len(hashes) > _MOST else ""
    st.page_link(
        REVIEW,
        label=f"Review {first}{counted(len(hashes), 'image')} {what}",
        icon=":material/visibility:",
        help=help,
        query_params=queue_address(run, part, only=only(hashes)),
    )
