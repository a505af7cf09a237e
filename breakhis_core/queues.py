"""Queues: which of a run's images a reviewer works off, and in which order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from breakhis_core.runs import PARTS, PROBABILITIES, Run
from breakhis_core.taxonomy import CODES, MALIGNANT


@dataclass(frozen=True)
class Order:
    """One way to choose and order images.

    Attributes:
        code: as it stands in addresses.
        label: as it stands on screen.
        mistakes_only: whether rightly classified images are left out.
        unanswered_only: whether images that the reviewer has answered are left out.
    """

    code: str
    label: str
    mistakes_only: bool
    unanswered_only: bool = False


ORDERS: tuple[Order, ...] = (
    Order("confident_mistakes", "Misclassified, most confident first", True),
    Order("side_confusions", "Misclassified, benign taken for malignant and back first", True),
    Order("not_reviewed", "Misclassified, not yet reviewed", True, unanswered_only=True),
    Order("least_certain", "Least certain first", False),
    Order("side_threshold", "Nearest to the line between benign and malignant", False),
    Order("lowest_quality", "Lowest picture quality first", False),
    Order("disagreeing", "Where reviewers disagree", False),
    Order("all_not_reviewed", "All images, not yet reviewed", False, unanswered_only=True),
    Order("all", "All images", False),
)
ORDER_OF: dict[str, Order] = {order.code: order for order in ORDERS}
"""Each of ``ORDERS`` by its code."""


def build_queue(
    run: Run | pd.DataFrame,
    part: str | None = "test",
    order: str = "confident_mistakes",
    *,
    subtype: str | None = None,
    predicted: str | None = None,
    magnification: int | None = None,
    case: str | None = None,
    confidence: tuple[float, float] = (0.0, 1.0),
    answered: Collection[str] = (),
    disagreeing: Collection[str] = (),
    worst: Sequence[str] = (),
    only: Collection[str] | None = None,
    threshold: float = 0.5,
) -> pd.DataFrame:
    """Return the images of a queue in order.

    Args:
        run: a run, or its predictions.
        part: train, validation, test or excluded; ``None`` is all of them.
        order: code of one of ``ORDERS``.
        subtype: only images of this true sub-type.
        predicted: only images predicted as this.
        magnification: only this one.
        case: only images of this case.
        confidence: only predictions from this confidence to that.
        answered: hashes that the orders of what is not yet reviewed leave out.
        disagreeing: hashes that ``"disagreeing"`` keeps.
        worst: hashes in the order of ``"lowest_quality"``; images that are not among them come last.
        only: keep these hashes only, such as the images flagged with one reason.
        threshold: line between the sides, for ``"side_threshold"``.

    Returns:
        Rows of the predictions, and ``row``: the row's place in predictions, class maps and embeddings.
        Equal images come in the order of their names, so that a link opens the same queue tomorrow.
    """
    if order not in ORDER_OF:
        raise ValueError(f"order is one of {', '.join(ORDER_OF)}, not {order!r}")
    if part is not None and part not in PARTS:
        raise ValueError(f"part is one of {', '.join(PARTS)}, not {part!r}")
    frame = run.predictions() if isinstance(run, Run) else run.copy(deep=False)
    frame["row"] = np.arange(len(frame))
    keep = np.ones(len(frame), bool)
    for column, wanted in (
        ("part", part),
        ("subtype", subtype),
        ("predicted", predicted),
        ("magnification", magnification),
        ("case", case),
    ):
        if wanted is not None:
            keep &= (frame[column] == wanted).to_numpy(bool)
    if confidence != (0.0, 1.0):
        keep &= frame["confidence"].between(*confidence).to_numpy(bool)
    if ORDER_OF[order].mistakes_only:
        keep &= (frame["subtype"] != frame["predicted"]).to_numpy(bool)
    if only is not None:
        keep &= frame["hash"].isin(list(only)).to_numpy(bool)
    if ORDER_OF[order].unanswered_only:
        keep &= ~frame["hash"].isin(list(answered)).to_numpy(bool)
    if order == "disagreeing":
        keep &= frame["hash"].isin(list(disagreeing)).to_numpy(bool)
    frame = frame[keep]
    keys = _keys(frame, order, threshold)
    if order == "lowest_quality":
        place = {image: number for number, image in enumerate(worst)}
        keys = (frame["hash"].map(lambda image: place.get(image, len(place))).to_numpy(int),)
    # lexsort takes its most important key last.
    places = np.lexsort((frame["name"].to_numpy(dtype=object).astype(str), *keys))
    return frame.iloc[places].reset_index(drop=True)


def _keys(frame: pd.DataFrame, order: str, threshold: float) -> tuple[np.ndarray, ...]:
    """Return what to sort by, the most important last; small comes first."""
    certainty = frame["confidence"].to_numpy(float)
    if order in ("all", "all_not_reviewed"):
        return ()
    if order == "least_certain":
        return (certainty,)
    if order == "side_threshold":
        malignant = frame[list(PROBABILITIES)].to_numpy(float)[:, list(MALIGNANT)].sum(axis=1)
        return (np.abs(malignant - threshold),)
    if order == "side_confusions":
        sides = dict(zip(CODES, MALIGNANT, strict=True))
        same = frame["subtype"].map(sides).to_numpy(bool) == frame["predicted"].map(sides).to_numpy(bool)
        return (-certainty, same)
    return (-certainty,)
