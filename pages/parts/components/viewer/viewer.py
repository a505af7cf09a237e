"""The viewer: a picture with the class maps over it, and the bars that choose the map.

Both halves run in the browser (``viewer.js`` and ``verdict.js``): zoom, opacity, views and the choice of the
map cost no rerun, and stay when the next image comes. The server only sends what an image is.

>>> show("review", Shown(...), height="70vh")  # doctest: +SKIP
>>> show_verdict("review")  # doctest: +SKIP
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from breakhis_core.images.taxonomy import SUBTYPES
from breakhis_core.maps import methods
from breakhis_core.maps.scale import MapScale
from breakhis_core.runs import Run
from pages.parts.components.common.declaring import component

_stage = component(
    "breakhis_stage",
    "components/viewer/viewer.js",
    "stage",
    html='<div class="viewer"><div class="why" hidden></div><div class="panes" role="img"></div>'
    '<div class="bar"></div></div>',
    styles=["components/viewer/viewer.css", "components/common/keys.css"],
)
_verdict = component(
    "breakhis_verdict",
    "components/viewer/verdict.js",
    "verdict",
    html='<div class="verdict"></div>',
    styles=["components/common/standing.css", "components/viewer/verdict.css"],
)

METHODS = [
    {"code": one.code, "name": one.name, "says": one.says, "seconds": one.seconds, "source": one.source}
    for one in methods.METHODS
]
CLASSES = [{"code": one.code, "name": one.name, "side": one.side} for one in SUBTYPES]


@dataclass(frozen=True)
class MoreMaps:
    """Where the maps of other methods are, and what computing them would cover.

    Attributes:
        key: what they are kept under, ``maps.store.run_key``.
        part: part of the run that the image belongs to.
        mistakes: how many images of that part are misclassified.
    """

    key: str
    part: str
    mistakes: int


@dataclass(frozen=True)
class Evidence:
    """What the class maps of a run say besides where the evidence for a class lies.

    Attributes:
        signed: whether they say where there is evidence against a class too.
        bias: what the cells of each class's map lack to its score; ``None`` where they do not add up.
    """

    signed: bool = False
    bias: Sequence[float] | None = None

    @classmethod
    def of(cls, run: Run) -> Evidence:
        """Return what the maps of a run say."""
        return cls(run.signed, run.evidence_bias)


@dataclass(frozen=True)
class Alike:
    """A training image that is like the one on screen: its label, side, and what hovering says."""

    hash: str
    label: str
    side: str
    own_case: bool
    title: str


@dataclass(frozen=True)
class Why:
    """Why an image is in a queue, what a flag on it does, and the images most like it, if they are known."""

    words: str
    effect: str
    alike: Sequence[Alike] | None


@dataclass(frozen=True)
class Shown:
    """One image as the viewer shows it.

    Attributes:
        hash: the image's identity; the stage carries it as ``data-shown`` once the picture is on screen.
        name: file name.
        picture: address of the picture: ``/picture/<hash>`` or a ``data:`` address.
        probabilities: eight, in the order of ``images.taxonomy.CODES``.
        predicted: code of the predicted sub-type.
        true: code of the true sub-type, or ``None`` for an upload.
        maps: ``(8, rows, columns)`` class maps, or ``None``.
        covered: the part of the model input that the picture covers, ``InputForm.covered``.
        scale: the run's scale of maps.
        evidence: what its run's maps say.
        more: maps by other methods than Grad-CAM, or ``None`` where there cannot be any.
        ahead: the image that Next leads to, shown at the key before the server has answered.
        next: addresses of the pictures that probably come next; the browser fetches them now.
        answer: number of this reviewer's standing answer among the choices of the pad, or ``None``.
        note: the note of that answer.
        correction: code of the sub-type that it says is right, or nothing.
        micron: micrometres from one pixel of the picture to the next, or ``None`` where nobody knows.
        why: why it is in a queue, above the picture; ``None`` where there is no queue.
    """

    hash: str
    name: str
    picture: str
    probabilities: Sequence[float]
    predicted: str
    true: str | None = None
    maps: npt.NDArray[np.floating] | None = None
    covered: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    scale: MapScale = MapScale(1.0)
    evidence: Evidence = Evidence()
    more: MoreMaps | None = None
    ahead: Shown | None = None
    next: Sequence[str] = ()
    answer: int | None = None
    note: str = ""
    correction: str = ""
    micron: float | None = None
    why: Why | None = None


@dataclass(frozen=True)
class Progress:
    """Where a reviewer is in a queue; drawn by the verdict in the same moment as the picture.

    Attributes:
        place: 1 for the first.
        total: length of the queue.
        answered: how many of it this reviewer has answered.
        left: how many are left, and how long they will take, in words.
        pace: at what pace this reviewer answers, in words; empty when it is not known.
        about: what else to say about the image.
        hint: what that means, for who points at it.
        stands: this reviewer's standing answer in words.
        answer: ``"flag"``, ``"keep"`` or nothing.
        said: what was just done.
    """

    place: int
    total: int
    answered: int
    left: str
    pace: str
    about: str
    stands: str
    answer: str
    said: str
    hint: str = ""


def show(
    key: str,
    image: Shown,
    height: str = "420px",
    progress: Progress | None = None,
    keys: bool = True,
    heard: Mapping[str, int] | None = None,
) -> None:
    """Draw the picture with its map.

    Args:
        key: name of this viewer; ``show_verdict`` of the same name belongs to it.
        image: what to show.
        height: CSS height of picture and its bar.
        progress: where in a queue the image is.
        keys: whether the viewer's keys (M, P, T, ...) go to this viewer; leave it to one a screen.
        heard: up to which message each browser's pad was heard, ``components.common.messages.heard``.
    """
    data: dict[str, object] = {
        "viewer": key,
        **_about(image),
        "classes": CLASSES,
        "strong": image.scale.strong,
        **asdict(image.evidence),
        "next": list(image.next),
        "height": height,
        "keys": keys,
        "heard": dict(heard or {}),
    }
    if progress is not None:
        data["progress"] = vars(progress)
    if image.more is not None:
        data["methods"] = METHODS
    if image.ahead is not None:
        data["ahead"] = _about(image.ahead)
    _stage(key=f"{key}-stage", data=data)


def _about(image: Shown) -> dict[str, object]:
    """Return what belongs to the image alone."""
    return {
        "hash": image.hash,
        "name": image.name,
        "picture": image.picture,
        "probabilities": [round(float(p), 4) for p in image.probabilities],
        "predicted": image.predicted,
        "true": image.true,
        "more": None if image.more is None else vars(image.more),
        "maps": None if image.maps is None else _packed(image.maps),
        "covered": image.covered,
        "answer": image.answer,
        "note": image.note,
        "correction": image.correction,
        "micron": image.micron,
        "why": None if image.why is None else asdict(image.why),
    }


def show_verdict(key: str) -> None:
    """Draw true and predicted sub-type, the eight probabilities and the map's strength of viewer ``key``."""
    _verdict(key=f"{key}-verdict", data={"viewer": key})


def _packed(maps: npt.NDArray[np.floating]) -> dict[str, object]:
    """Pack eight maps into two bytes a cell, signed, as base64; ``top`` is what 32767 stands for."""
    values = np.asarray(maps, np.float32)
    top = float(np.abs(values).max()) or 1.0
    cells = np.round(values * (32767 / top)).astype("<i2").tobytes()
    rows, columns = values.shape[1:]
    return {"rows": rows, "columns": columns, "top": top, "cells": base64.b64encode(cells).decode()}
