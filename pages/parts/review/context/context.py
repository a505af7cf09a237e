"""The context of an image in Review, folded away until asked for: what it resembles, its case, what was said.

The panel is one component in the browser (``context.js``). Closed, it costs nothing on Next; open, it is made
after the picture was sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from breakhis_core.runs import Run
from pages.parts.components.common.declaring import component
from pages.parts.review.context import cached
from pages.parts.review.context.case import Case, case
from pages.parts.review.context.history import History, history
from pages.parts.review.context.other_run import OtherRun, other_run
from pages.parts.review.context.quality import Quality, measure, quality
from pages.parts.review.context.similar import Similar, similar
from pages.parts.review.context.tile import tellable_flags, with_flags
from pages.parts.review.moves import END
from pages.parts.review.queue import Item, Queue
from pages.parts.shared import review_links

KEY = "context-panel"

_panel = component(
    "breakhis_context",
    "review/context/context.js",
    "context",
    html='<div class="context"></div>',
    styles=["review/context/context.css"],
)


@dataclass(frozen=True)
class Context:
    """What the panel shows of the image ``hash``: an answer to each question."""

    hash: str
    similar: Similar
    case: Case
    other: OtherRun | None
    checks: Quality
    said: History


def toggle() -> None:
    """Show the button that opens and closes the panel; its place is outside every fragment."""
    opened = st.session_state.get("context_open", False)
    words = "Close the context" if opened else "Context of this image"
    st.button(f"{words} :gray[I]", key="context-toggle", type="tertiary", on_click=_turn)


def _turn() -> None:
    if st.session_state.at == END:  # There is no image.
        return
    st.session_state.context_open = not st.session_state.get("context_open", False)


def show(queue: Queue, place: int, room: DeltaGenerator, go: Callable[[Queue, int], None]) -> None:
    """Draw the panel of the image at a place, if it is open.

    Args:
        queue: the queue.
        place: of the image in it; past the end there is nothing to show.
        room: where to draw.
        go: goes to a place of the queue, when an image of it is clicked.
    """
    if not st.session_state.get("context_open"):
        return
    if place >= len(queue):
        # A fragment may write again only where it wrote when the whole screen was drawn.
        room.empty()
        return
    wanted = st.session_state.pop("context_leaves_for", None)
    if wanted is not None:
        _open_case(queue.run, wanted)
    with room:
        _panel(
            key=KEY,
            data=asdict(_content(queue, queue.items[place])),
            on_visit_change=lambda: _visit(queue, go),
            on_other_change=_choose_other,
            on_measure_change=measure,
        )


def labels(queue: Queue, place: int) -> str:
    """Say that the case of the image at a place is labelled with several sub-types, if it is."""
    return cached.labels(queue.run).get(queue.items[place].hash, "")


def _content(queue: Queue, item: Item) -> Context:
    run = queue.run
    resembling, siblings, checks = similar(run, item), case(queue, item), quality(run, item)
    flags = tellable_flags(queue, [*resembling.tiles, *siblings.tiles, *checks.near])
    return Context(
        hash=item.hash,
        similar=replace(resembling, tiles=with_flags(resembling.tiles, flags)),
        case=replace(siblings, tiles=with_flags(siblings.tiles, flags)),
        other=other_run(run, item, st.session_state.get("context_other")),
        checks=replace(checks, near=with_flags(checks.near, flags)),
        said=history(item),
    )


def _visit(queue: Queue, go: Callable[[Queue, int], None]) -> None:
    """Go to the image that was clicked: in the queue where it is there, else to a queue of its case."""
    image = st.session_state[KEY].visit
    if image in queue.place:
        st.session_state.said = ""
        go(queue, queue.place[image])
    elif image in cached.rows(queue.run):
        st.session_state.context_leaves_for = image  # A callback cannot change the screen.


def _open_case(run: Run, image: str) -> None:
    name = run.predictions()["case"].iat[cached.rows(run)[image]]
    images = [one.hash for one in cached.cases(run)[name]]
    review_links.open_queue(run, "every", only=review_links.only(images), image=image)


def _choose_other() -> None:
    st.session_state.context_other = st.session_state[KEY].other
