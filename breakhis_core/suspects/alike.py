"""The training images most like an image before any label was learnt, by a run's first embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from breakhis_core.runs import Run
from breakhis_core.runs.neighbours import unit_vectors

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class AlikeIndex:
    """The training images of a run, ready to be searched.

    Attributes:
        embeddings: of all images of the run, shape ``(N, E)``, as they lie in its folder.
        centre: mean of those of the training images: most of what two stained tissues have in common.
        rows: rows of the T training images in the run's predictions; all of a cross-validation, which each
            train some fold.
        unit: their embeddings without the centre, each of length 1, shape ``(T, E)``.
    """

    embeddings: npt.NDArray[np.floating]
    centre: Floats
    rows: Rows
    unit: Floats

    @classmethod
    def of(cls, run: Run) -> AlikeIndex:
        """Prepare a run that keeps first embeddings."""
        embeddings = run.first_embeddings()
        rows = np.flatnonzero(run.predictions()["part"].isin(("train", "out_of_fold")))
        learnt = np.asarray(embeddings[rows], np.float32)
        centre = learnt.mean(axis=0)
        return cls(embeddings, centre, rows, unit_vectors(learnt - centre))

    def nearest(self, images: Sequence[int], count: int) -> Rows:
        """Return the training images most like some images, which cost together little more than one alone.

        Args:
            images: rows of B images in the predictions; none is among its own.
            count: how many to return at most.

        Returns:
            Rows in the predictions, the most alike first by centred cosine, shape ``(B, count)``.
        """
        asked = np.asarray(images, np.intp)
        likeness = unit_vectors(np.asarray(self.embeddings[asked], np.float32) - self.centre) @ self.unit.T
        likeness[asked[:, None] == self.rows[None, :]] = -np.inf
        count = min(count, len(self.rows) - 1)
        best = np.argpartition(-likeness, count - 1, axis=1)[:, :count]
        order = np.argsort(-np.take_along_axis(likeness, best, axis=1), axis=1, kind="stable")
        return self.rows[np.take_along_axis(best, order, axis=1)]
