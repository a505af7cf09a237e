"""Questions about planted images: clusters of embeddings, some labels changed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from breakhis_core.images.taxonomy import CODES
from breakhis_core.worth.question import Question


def planted(
    images: int = 160, wrong: int = 0, seed: int = 0, noise: float = 1.6, unit: str = "image"
) -> tuple[Question, np.ndarray]:
    """Return a question that flags nothing yet, and the true labels; the first images are mislabelled."""
    draw = np.random.default_rng(seed)
    true = np.arange(images) % 8
    embeddings = draw.normal(size=(8, 30))[true] + noise * draw.normal(size=(images, 30))
    order = draw.permutation(images)
    true, embeddings = true[order], embeddings[order]
    label = true.copy()
    label[:wrong] = (label[:wrong] + draw.integers(1, 8, wrong)) % 8
    frame = pd.DataFrame(
        {
            "hash": [f"{number:032x}" for number in range(images)],
            "case": [f"{CODES[one]}-{draw.integers(3)}" for one in true],
            "magnification": draw.choice([40, 100], images),
            "subtype": [CODES[one] for one in label],
            "label": label,
        }
    )
    none = np.zeros(images, bool)
    return (
        Question(frame, embeddings.astype(np.float32), unit, none, np.full(images, -1), {}),
        true,
    )


def flagging(question: Question, which: np.ndarray, corrected: np.ndarray | None = None) -> Question:
    """Return the question with some images flagged, and labels named for them."""
    labels = np.full(len(which), -1) if corrected is None else np.where(which, corrected, -1)
    labels[labels == question.labels] = -1
    return Question(question.images, question.embeddings, question.unit, which, labels, {})


class Telling:
    """A context that remembers what it was told."""

    def __init__(self, folder: Path, stop_after: int | None = None) -> None:
        self.folder, self.told, self._stop_after = folder, [], stop_after

    def report(self, message: str, fraction: float | None = None, **data: object) -> None:
        self.told.append((message, fraction))

    def curve(self, row: object) -> None: ...

    def should_stop(self) -> bool:
        return self._stop_after is not None and len(self.told) >= self._stop_after
