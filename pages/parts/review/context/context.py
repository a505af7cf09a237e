"""The context of an image in Review, folded away until asked for: what it resembles, its case, what was said.

The panel is one component in the browser (``context.js``). Closed, it costs nothing on Next; open, it is made
after the picture was sent. What others said of an image shows only after this reviewer's own answer.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from breakhis_core import jobs, reviews
from breakhis_core.errors import InputError
from breakhis_core.images import checks as image_checks
from breakhis_core.images.taxonomy import CODES, side_of, subtype
from breakhis_core.reviews import terms
from breakhis_core.runs import Run, image_context, neighbours
from breakhis_core.runs.image_context import CaseImage
from pages.parts.components.common import assets
from pages.parts.components.common.declaring import component
from pages.parts.review import own_answers
from pages.parts.review.moves import END
from pages.parts.review.queue import Item, Queue, scale_of
from pages.parts.shared import frame, review_links

KEY = "context-panel"
_ACTIONS = {
    "flag": "flagged",
    "keep": "kept: nothing wrong with the image",
    "undo": "took the last answer back",
    "redo": "brought the answer back",
    "exclude": "settled: leaves the training",
    "include": "settled: stays in the training",
}


_SCRIPT, _STYLE, _VIEWER = (
    assets.address(name)
    for name in ("review/context/context.js", "review/context/context.css", "components/viewer/viewer.js")
)
_panel = component(
    "breakhis_context",
    html='<div class="context"></div>',
    js=(
        f"const context = await import(location.origin + '{_SCRIPT}');\n"
        f"await context.prepare('{_VIEWER}', '{_STYLE}');\n"
        "export default (mounted) => context.panel(mounted);"
    ),
)


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
            data=_content(queue, queue.items[place]),
            on_visit_change=lambda: _visit(queue, go),
            on_other_change=_choose_other,
            on_measure_change=_measure,
        )


def _visit(queue: Queue, go: Callable[[Queue, int], None]) -> None:
    """Go to the image that was clicked: in the queue where it is there, else to a queue of its case."""
    image = st.session_state[KEY].visit
    if image in queue.place:
        st.session_state.said = ""
        go(queue, queue.place[image])
    elif image in _rows(queue.run):
        st.session_state.context_leaves_for = image  # A callback cannot change the screen.


def _open_case(run: Run, image: str) -> None:
    case = run.predictions()["case"].iat[_rows(run)[image]]
    images = [one.hash for one in _cases(run)[case]]
    review_links.open_queue(run, "every", only=review_links.only(images), image=image)


def _choose_other() -> None:
    st.session_state.context_other = st.session_state[KEY].other


def _measure() -> None:
    if not jobs.active(frame.workspace(), "measure"):
        jobs.submit(frame.workspace(), "measure", {})


def _content(queue: Queue, item: Item) -> dict[str, Any]:
    similar, case, checks = _similar(queue, item), _case(queue, item), _checks(queue, item)
    _tell_flags(queue, [*similar["tiles"], *case["tiles"], *checks["near"]])
    return {
        "hash": item.hash,
        "similar": similar,
        "case": case,
        "other": _other(queue.run, item),
        "checks": checks,
        "said": _said(item),
    }


def _similar(queue: Queue, item: Item) -> dict[str, Any]:
    """Return the nearest training images, and in words what they suggest."""
    run = queue.run
    table = run.predictions()
    fold = table["fold"].iat[item.row] if "fold" in table.columns else None
    try:
        index = _index(run, fold)
    except InputError as error:
        return {"words": [str(error)], "tiles": []}
    found = neighbours.nearest(index, run.embeddings()[item.row], item.row)
    words = [
        neighbours.suggestion(found, item.subtype, item.predicted),
        neighbours.leakage(found, run.unit),
        neighbours.likeness(found, index.usual),
    ]
    tiles = [
        {
            "hash": one.hash,
            "code": one.subtype,
            "side": side_of(one.subtype),
            "words": subtype(one.subtype).name,
            "small": f"{one.similarity:.2f} · {one.magnification}×",
            "mark": "same case" if one.same_case else "",
            "title": f"{one.name}, case {one.case}: cosine similarity {one.similarity:.3f}",
        }
        for one in found
    ]
    return {"words": [line for line in words if line], "tiles": tiles}


def labels(queue: Queue, place: int) -> str:
    """Say that the case of the image at a place is labelled with several sub-types, if it is."""
    run = queue.run
    found = _labels_of(str(run.path), run.manifest["files"]["predictions.parquet"], run)
    return found.get(queue.items[place].hash, "")


def _case(queue: Queue, item: Item) -> dict[str, Any]:
    """Return the images of the same case with what the run said of each."""
    run = queue.run
    case, part = run.predictions()["case"].iat[item.row], item.part
    images = _cases(run)[case]
    others = [one for one in images if one.hash != item.hash]
    words = [
        image_context.labels_in_words(images),
        image_context.mistakes_in_words(images, part, queue.mistakes.get(part, 0)),
        image_context.case_in_words(images) if others else "This is its only image.",
    ]
    return {
        "name": case,
        "words": [line for line in words if line],
        "tiles": [_case_tile(one) for one in others],
    }


def _case_tile(one: CaseImage) -> dict[str, Any]:
    right = one.predicted == one.subtype
    return {
        "hash": one.hash,
        "side": side_of(one.predicted),
        "words": f"{one.predicted} {_percent(one.confidence)}",
        "true": f"true {one.subtype}",
        "small": f"{one.magnification}× · {one.part}",
        "mark": "" if right else "wrong",
        "title": f"{one.name}: {subtype(one.subtype).name}, called {subtype(one.predicted).name}, "
        f"{'right' if right else 'wrong'}",
        "visit": True,
    }


def _other(run: Run, item: Item) -> dict[str, Any] | None:
    """Return what another run said of the image: the one that this run improves on, or a chosen one."""
    others = {
        other.name: other
        for other in image_context.by_likely_comparison(run, _runs())
        if item.hash in _rows(other)
    }
    if not others:
        return None
    name = st.session_state.get("context_other")
    other = others[name] if name in others else next(iter(others.values()))
    row = _rows(other)[item.hash]
    said = other.predictions().iloc[row]
    predicted = str(said["predicted"])
    notes = [] if said["part"] != "train" else ["It learnt this image."]
    if not _same_test_set(_split(run), _split(other), run, other):
        notes.append("Tested on other images than this run.")
    return {
        "options": [[one, frame.run_label(found)] for one, found in others.items()],
        "chosen": other.name,
        "words": subtype(predicted).name,
        "side": side_of(predicted),
        "confidence": _percent(said["confidence"]),
        "verdict": _verdict(item, predicted),
        "notes": " ".join(notes),
        "map": np.asarray(other.class_maps()[row, CODES.index(predicted)], float).round(4).ravel().tolist(),
        "strong": scale_of(other).strong,
    }


def _verdict(item: Item, predicted: str) -> str:
    if predicted == item.predicted:
        return "the same as this run"
    return (
        "right there, wrong here"
        if predicted == item.subtype
        else (
            "wrong there, right here"
            if item.predicted == item.subtype
            else "wrong in both, each in its own way"
        )
    )


def _checks(queue: Queue, item: Item) -> dict[str, Any]:
    """Return the quality scores in words and the near-duplicates, or the offer to measure them."""
    checks = image_checks.load_checks(frame.workspace())
    words = [] if checks is None else image_checks.quality_in_words(checks, item.hash)
    if checks is None or not words:
        running = jobs.active(frame.workspace(), "measure")
        return {"words": [], "offer": "running" if running else "measure", "near": []}
    near = []
    rows = _rows(queue.run)
    for image, turned in checks.near.get(item.hash, ()):
        known = image in rows
        said = queue.run.predictions().iloc[rows[image]] if known else None
        near.append(
            {
                "hash": image,
                "side": "" if said is None else side_of(said["subtype"]),
                "words": "not in this run" if said is None else subtype(said["subtype"]).name,
                "small": turned or "the same way round",
                "mark": "" if said is None else str(said["part"]),
                "title": image if said is None else str(said["name"]),
                "visit": known,
            }
        )
    return {"words": words, "offer": "", "near": near}


def _said(item: Item) -> dict[str, Any]:
    """Return everything that was said about the image; others' words only after one's own."""
    past = reviews.as_named(reviews.history(frame.workspace(), item.hash))
    hidden = 0
    if not own_answers.given(item.hash):
        own = past[past["reviewer"] == frame.reviewer()]
        hidden = len(past) - len(own)
        past = own
    lines = [
        {"who": event.reviewer, "when": _moment(event.at), "what": _words(event), "run": event.run or ""}
        for event in past.itertuples(index=False)
    ]
    return {"lines": lines, "hidden": hidden > 0}


def _words(event: Any) -> str:
    reason = f": {terms.LABELS[event.reason].lower()}" if event.reason in terms.LABELS else ""
    note = f" ({event.note})" if event.note else ""
    return f"{_ACTIONS.get(event.action, event.action)}{reason}{note}"


def _moment(at: str) -> str:
    return datetime.fromisoformat(at).strftime("%d %b %Y, %H:%M UTC").lstrip("0")


def _percent(confidence: float) -> str:
    return f"{100 * confidence:.0f} %"


def _tell_flags(queue: Queue, tiles: list[dict[str, Any]]) -> None:
    """Say on each tile why its image is flagged; what is still to be answered tells no others' answers."""
    told = [tile for tile in tiles if own_answers.given(tile["hash"]) or tile["hash"] not in queue.place]
    said = reviews.answers_on_each(frame.workspace(), [tile["hash"] for tile in told])
    for tile in told:
        reasons = dict.fromkeys(
            terms.LABELS[one.reason] for one in said[tile["hash"]] if one.reason in terms.LABELS
        )
        tile["flag"] = ", ".join(reasons).lower()


def _runs() -> list[Run]:
    """Return the runs; their manifests are opened again when a run came or went."""
    models = frame.workspace().models
    return _runs_of(str(models), models.stat().st_mtime_ns if models.is_dir() else 0)


@st.cache_resource(max_entries=4, show_spinner=False)
def _runs_of(models: str, changed: int) -> list[Run]:
    return frame.runs()


def _split(run: Run) -> str:
    return str(run.manifest["files"]["split.parquet"])


@st.cache_resource(max_entries=64, show_spinner=False)
def _same_test_set(split: str, other_split: str, _run: Run, _other: Run) -> bool:
    return image_context.same_test_set(_run, _other)


def _rows(run: Run) -> dict[str, int]:
    """Return the row of each image in a run's predictions."""
    return _rows_of(str(run.path), run.manifest["files"]["predictions.parquet"], run)


def _cases(run: Run) -> dict[str, tuple[CaseImage, ...]]:
    return _cases_of(str(run.path), run.manifest["files"]["predictions.parquet"], run)


def _index(run: Run, fold: object) -> neighbours.TrainIndex:
    return _index_of(str(run.path), run.manifest["files"]["embeddings.npy"], fold, run)


@st.cache_resource(max_entries=16, show_spinner=False)
def _rows_of(path: str, content: str, _run: Run) -> dict[str, int]:
    return {image: row for row, image in enumerate(_run.predictions()["hash"].tolist())}


@st.cache_resource(max_entries=4, show_spinner=False)
def _cases_of(path: str, content: str, _run: Run) -> dict[str, tuple[CaseImage, ...]]:
    return image_context.images_by_case(_run.predictions())


@st.cache_resource(max_entries=16, show_spinner=False)
def _labels_of(path: str, content: str, _run: Run) -> dict[str, str]:
    """Return what to say of each image of a case with several labels."""
    said = {images: image_context.labels_in_words(images) for images in _cases(_run).values()}
    return {one.hash: words for images, words in said.items() if words for one in images}


# Two runs at most: the vectors of 6,000 training images take 23 MB.
@st.cache_resource(max_entries=2, show_spinner=False)
def _index_of(path: str, content: str, fold: object, _run: Run) -> neighbours.TrainIndex:
    return neighbours.train_index(_run.predictions(), _run.embeddings(), fold)
