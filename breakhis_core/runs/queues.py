"""Queues: which of a run's images a reviewer works off, and in which order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from breakhis_core.images.taxonomy import CODES, MALIGNANT
from breakhis_core.runs.folder import PARTS, PROBABILITIES
from breakhis_core.runs.run import Run


@dataclass(frozen=True)
class Show:
    """Which images a queue shows.

    Attributes:
        code: as it stands in addresses.
        label: as it stands on screen.
        words: the queue in words, with the part in the place of ``{part}``.
        mistakes_only: whether rightly classified images are left out.
        unanswered_only: whether images that the reviewer has answered are left out.
        listed: whether it shows a list of images from every part, in the list's own order.
    """

    code: str
    label: str
    words: str
    mistakes_only: bool = False
    unanswered_only: bool = False
    listed: bool = False


@dataclass(frozen=True)
class Order:
    """In which order a queue shows its images; ``code`` as in addresses, ``label`` as on screen."""

    code: str
    label: str


SHOWS: tuple[Show, ...] = (
    Show("mixed", "Worth an hour: suspects, poor pictures, mistakes", "worth an hour", listed=True),
    Show("suspects", "Suspects: label doubtful", "suspects, the most doubtful first", listed=True),
    Show("telling", "The hundred most telling", "the hundred most telling", listed=True),
    Show("misclassified", "Misclassified", "misclassified {part}", mistakes_only=True),
    Show("left", "Misclassified, not yet reviewed", "misclassified {part} left", True, True),
    Show("all", "All images", "all {part}"),
    Show("all_left", "All images, not yet reviewed", "{part} left", unanswered_only=True),
    Show("disagreeing", "Where reviewers disagree, not settled", "disputed {part}"),
)
ORDERS: tuple[Order, ...] = (
    Order("confident", "Most confident first"),
    Order("uncertain", "Least confident first"),
    Order("sides", "Benign taken for malignant, or the reverse, first"),
    Order("line", "Nearest to the line between benign and malignant first"),
    Order("quality", "Poorest quality first"),
    Order("value", "Most misleading to similar images first"),
    Order("name", "By name"),
)
SHOW_OF: dict[str, Show] = {show.code: show for show in SHOWS}
"""Each of ``SHOWS`` by its code."""
RANKED = ("quality", "value")
"""Orders that hang on more than the predictions; who asks for one gives it."""
ORDER_CODES = tuple(order.code for order in ORDERS)
OLDER: dict[str, tuple[str, str]] = {
    "confident_mistakes": ("misclassified", "confident"),
    "side_confusions": ("misclassified", "sides"),
    "not_reviewed": ("left", "confident"),
    "least_certain": ("all", "uncertain"),
    "side_threshold": ("all", "line"),
    "lowest_quality": ("all", "quality"),
    "disagreeing": ("disagreeing", "confident"),
    "all_not_reviewed": ("all_left", "name"),
    "all": ("all", "name"),
}
"""What an order says that chooses images too, as in links: what to show, and in which order."""


def build_queue(
    run: Run | pd.DataFrame,
    part: str | None = "test",
    order: str = "confident",
    *,
    show: str = "misclassified",
    subtype: str | None = None,
    predicted: str | None = None,
    magnification: int | None = None,
    case: str | None = None,
    confidence: tuple[float, float] = (0.0, 1.0),
    answered: Collection[str] = (),
    disagreeing: Collection[str] = (),
    listed: Sequence[str] = (),
    worst: Sequence[str] = (),
    only: Collection[str] | None = None,
    threshold: float = 0.5,
) -> pd.DataFrame:
    """Return the images of a queue in order.

    Args:
        run: a run, or its predictions.
        part: train, validation, test or excluded; ``None`` is all of them.
        order: code of one of ``ORDERS``, or one of ``OLDER``, which says ``show`` too.
        show: code of one of ``SHOWS``.
        subtype: only images of this true sub-type.
        predicted: only images predicted as this.
        magnification: only this one.
        case: only images of this case.
        confidence: only predictions from this confidence to that.
        answered: hashes that are left out of what is not yet reviewed.
        disagreeing: hashes that ``"disagreeing"`` keeps.
        listed: hashes of a list such as ``"suspects"`` in its order; its images come from every part, so that
            ``part`` and ``order`` say nothing.
        worst: hashes in the order of ``"quality"`` or ``"value"``; images that are not among them come last.
        only: keep these hashes only, such as the images flagged with one reason.
        threshold: line between the sides, for ``"line"``.

    Returns:
        Rows of the predictions, and ``row``: the row's place in predictions, class maps and embeddings.
        Equal images come in the order of their names, so that a link opens the same queue tomorrow.
    """
    show, order = OLDER.get(order, (show, order))
    _refuse_unknown(order, show, part)
    frame = run.predictions() if isinstance(run, Run) else run.copy(deep=False)
    frame["row"] = np.arange(len(frame))
    keep = np.ones(len(frame), bool)
    for column, wanted in (
        ("part", None if SHOW_OF[show].listed else part),
        ("subtype", subtype),
        ("predicted", predicted),
        ("magnification", magnification),
        ("case", case),
    ):
        if wanted is not None:
            keep &= (frame[column] == wanted).to_numpy(bool)
    if confidence != (0.0, 1.0):
        keep &= frame["confidence"].between(*confidence).to_numpy(bool)
    if SHOW_OF[show].mistakes_only:
        keep &= (frame["subtype"] != frame["predicted"]).to_numpy(bool)
    if only is not None:
        keep &= frame["hash"].isin(list(only)).to_numpy(bool)
    if SHOW_OF[show].unanswered_only:
        keep &= ~frame["hash"].isin(list(answered)).to_numpy(bool)
    if show == "disagreeing":
        keep &= frame["hash"].isin(list(disagreeing)).to_numpy(bool)
    frame = frame[keep]
    if SHOW_OF[show].listed:
        place = {image: number for number, image in enumerate(listed)}
        frame = frame[frame["hash"].isin(place)]
        return frame.sort_values("hash", key=lambda hashes: hashes.map(place), ignore_index=True)
    keys = _keys(frame, order, threshold)
    if order in RANKED:
        place = {image: number for number, image in enumerate(worst)}
        keys = (frame["hash"].map(lambda image: place.get(image, len(place))).to_numpy(int),)
    # lexsort takes its most important key last.
    places = np.lexsort((frame["name"].to_numpy(dtype=object).astype(str), *keys))
    return frame.iloc[places].reset_index(drop=True)


def in_words(show: str, order: str, part: str) -> str:
    """Return a queue in words; ``part`` in words too.

    >>> in_words("misclassified", "confident", "test")
    'misclassified test, most confident first'
    """
    if SHOW_OF[show].listed:
        return SHOW_OF[show].words
    label = next(one.label for one in ORDERS if one.code == order)
    return f"{SHOW_OF[show].words.format(part=part)}, {label[0].lower()}{label[1:]}"


def _refuse_unknown(order: str, show: str, part: str | None) -> None:
    if order not in ORDER_CODES:
        raise ValueError(f"order is one of {', '.join(ORDER_CODES)}, not {order!r}")
    if show not in SHOW_OF:
        raise ValueError(f"show is one of {', '.join(SHOW_OF)}, not {show!r}")
    if part is not None and part not in PARTS:
        raise ValueError(f"part is one of {', '.join(PARTS)}, not {part!r}")


def _keys(frame: pd.DataFrame, order: str, threshold: float) -> tuple[np.ndarray, ...]:
    """Return what to sort by, the most important last; small comes first."""
    certainty = frame["confidence"].to_numpy(float)
    if order == "name":
        return ()
    if order == "uncertain":
        return (certainty,)
    if order == "line":
        malignant = frame[list(PROBABILITIES)].to_numpy(float)[:, list(MALIGNANT)].sum(axis=1)
        return (np.abs(malignant - threshold),)
    if order == "sides":
        sides = dict(zip(CODES, MALIGNANT, strict=True))
        same = frame["subtype"].map(sides).to_numpy(bool) == frame["predicted"].map(sides).to_numpy(bool)
        return (-certainty, same)
    return (-certainty,)
