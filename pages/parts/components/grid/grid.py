"""The grid: a page of thumbnails to choose from and to answer together.

It all runs in the browser (``grid.js``): choosing costs no rerun, and an answer is one message that names its
images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from pages.parts.components.common import messages
from pages.parts.components.common.declaring import component
from pages.parts.components.pad.pad import CHOICES
from pages.parts.components.viewer.viewer import CLASSES

PER_PAGE = 20

_grid = component(
    "breakhis_grid",
    "components/grid/grid.js",
    "grid",
    html='<div class="desk"></div>',
    styles=[
        "components/common/standing.css",
        "components/common/answering.css",
        "components/common/question.css",
        "components/common/keys.css",
        "components/grid/grid.css",
    ],
)


@dataclass(frozen=True, slots=True)
class Tile:
    """One thumbnail.

    Attributes:
        hash: the image.
        name: its file name.
        true: true sub-type in words; ``true_side`` its side.
        predicted: predicted sub-type in words; ``predicted_side`` its side.
        percent: how sure the prediction is, in words.
        about: what else to say about it.
        answer: ``"flag"``, ``"keep"`` or nothing: this reviewer's standing answer.
        words: that answer in short.
        note: its note.
        correction: code of the sub-type that it says is right, or nothing.
    """

    hash: str
    name: str
    true: str
    true_side: str
    predicted: str
    predicted_side: str
    percent: str
    about: str
    answer: str
    words: str
    note: str
    correction: str


@dataclass(frozen=True)
class Page:
    """What the grid shows.

    Attributes:
        first: place in the queue of the first thumbnail, from 0.
        total: images in the queue.
        answered: how many of them this reviewer has answered.
        left: how many are left and for how long, in words.
        pace: at what pace this reviewer answers, in words.
        said: what was just done.
        at: the image to frame when ``moved`` is new.
        moved: changes when the server moved to ``at``.
        saved: changes with every answer that was saved.
        tiles: the thumbnails.
        next: hashes of the thumbnails that probably come next; the browser fetches them now.
    """

    first: int
    total: int
    answered: int
    left: str
    pace: str
    said: str
    at: str
    moved: int
    saved: int
    tiles: Sequence[Tile]
    next: Sequence[str] = ()


def show_grid(key: str, page: Page, on_act: Callable[[], None]) -> None:
    """Draw a page of the grid.

    Args:
        key: the component's key.
        page: what to show.
        on_act: called when the person did something that the server must know; ``messages.news(key)`` says
            what. ``do`` is ``"answer"`` (then with ``answer``, its number; ``hashes``; ``note``),
            ``"correct"`` (then with ``correction``, the sub-type that is right, and ``hashes``), ``"undo"``,
            ``"redo"``, ``"page"`` (then with ``to``, the place of its first image), ``"jump"`` (then with
            ``to``) or ``"open"``; ``cursor`` is the image that is framed.
    """
    fixed = {"choices": CHOICES, "subtypes": CLASSES, "size": PER_PAGE}
    data = {**asdict(page), **fixed, "heard": dict(messages.heard())}
    _grid(key=key, data=data, on_act_change=on_act)
