"""Why an image is in the queue, what a flag on it does, and which training images are most like it."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from breakhis_core.images import measuring
from breakhis_core.images.quality import CHECKS
from breakhis_core.images.taxonomy import side_of, subtype
from breakhis_core.reviews import terms
from breakhis_core.runs import Run
from breakhis_core.suspects.alike import AlikeIndex
from breakhis_core.suspects.reading import Suspects
from breakhis_core.suspects.words import value_words
from breakhis_core.suspects.worklists import Worklists
from pages.parts.components.viewer.viewer import Alike, Why
from pages.parts.review.queue import Item, Queue, worklists
from pages.parts.shared import frame

STRIP = 5
STRETCH = 32
POOR = {check.code: terms.LABELS[check.reason].lower() for check in CHECKS}
"""What an odd score hints at, by the check that gave it."""
FLAGGED = {
    "test": "test: flagged, it stays; a second line of the results leaves it out",
    "excluded": "left out of this training already",
}


def why(queue: Queue, item: Item) -> Why:
    """Return why an image is here, as the viewer shows it."""
    lists = worklists(queue.run)
    kind, number = lists.kinds.get(item.hash, ("", 0))
    if queue.show == "telling":
        words = f"Telling image {lists.telling.index(item.hash) + 1}: unlike those before it"
    elif kind == "suspect" and lists.known is not None:
        words = f"Suspect {number}: {_doubt(lists.known, item)}"
    else:
        words = short(lists, item)
    effect = FLAGGED.get(item.part, "a flag takes it out of the training")
    if kind == "suspect" and lists.known is not None:
        effect = "; ".join(filter(None, (value_words(lists.known, item.row), effect)))
    return Why(words, f"{effect[0].upper()}{effect[1:]}", _alike(queue, lists.known, item))


def short(lists: Worklists, item: Item) -> str:
    """Say in two or three words why an image is worth a look, or which part it is in."""
    kind, number = lists.kinds.get(item.hash, ("", 0))
    if kind == "suspect":
        return f"Suspect {number}"
    if kind == "poor":
        checks = measuring.load_checks(frame.workspace())
        worst = checks and checks.worst_check(item.hash)
        return f"Poor picture: {POOR[worst]}" if worst else "Poor picture"
    part = {"out_of_fold": "image, out of fold", "excluded": "image, excluded"}.get(
        item.part, f"{item.part} image"
    )
    return f"{'Rightly classified' if item.predicted == item.subtype else 'Misclassified'} {part}"


def _doubt(known: Suspects, item: Item) -> str:
    columns = (known.table[name].array for name in ("given", "suggested", "confidence"))
    given, suggested, confidence = (column[item.row] for column in columns)
    return (
        f"labelled {subtype(given).name}, models that never saw it say {subtype(suggested).name} "
        f"({confidence:.2f})"
    )


def _alike(queue: Queue, known: Suspects | None, item: Item) -> list[Alike] | None:
    """Return the training images most like an image, by what was there before any label was learnt."""
    if known is None:
        return None
    # Those of a stretch of the queue are sought together.
    first = queue.place[item.hash] // STRETCH * STRETCH
    rows = tuple(one.row for one in queue.items[first : first + STRETCH])
    labels, cases = known.table["given"].array, queue.run.predictions()["case"].array
    found = []
    for row in _nearest(_index(queue.run.content, queue.run), rows)[item.row]:
        label, own = str(labels[row]), cases[row] == cases[item.row]
        title = f"{subtype(label).name}, {'its own case' if own else f'case {cases[row]}'}"
        found.append(Alike(known.table["hash"].iat[row], label, side_of(label), own, title))
    return found


@lru_cache(maxsize=64)
def _nearest(index: AlikeIndex, rows: tuple[int, ...]) -> dict[int, list[int]]:
    return dict(zip(rows, index.nearest(rows, STRIP).tolist(), strict=True))


# Two runs at most: the vectors of 6,000 training images take 23 MB.
@st.cache_resource(max_entries=2, show_spinner=False)
def _index(content: str, _run: Run) -> AlikeIndex:
    return AlikeIndex.of(_run)
