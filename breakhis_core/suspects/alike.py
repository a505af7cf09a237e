"""The training images most like an image before any label was learnt, by a run's first embeddings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from breakhis_core.runs import Run, neighbours
from breakhis_core.runs.neighbours import Floats, Neighbour, TrainIndex


@dataclass(frozen=True, eq=False)
class AlikeIndex:
    """The first embeddings of a run, what to take off them, and the training images among them."""

    embeddings: np.ndarray
    centre: Floats
    train: TrainIndex

    @classmethod
    def of(cls, run: Run) -> AlikeIndex:
        """Prepare a run that keeps first embeddings; all images of a cross-validation train some fold.

        The mean is taken off: it is most of what two embeddings of stained tissue have in common.
        """
        predictions, embeddings = run.predictions(), run.first_embeddings()
        rows = np.flatnonzero(predictions["part"].isin(("train", "out_of_fold")))
        centre = np.asarray(embeddings[rows], np.float32).mean(axis=0)
        centred = np.asarray(embeddings, np.float32) - centre
        pairs = zip(predictions["hash"], predictions["subtype"], strict=True)
        corrected = run.corrected
        learnt = predictions.assign(subtype=[corrected.get(*pair) for pair in pairs])
        return cls(embeddings, centre, neighbours.index_of(learnt, rows, centred))

    def nearest(self, row: int, count: int) -> list[Neighbour]:
        """Return the training images most like the image in a row of the predictions, with learnt labels."""
        embedding = np.asarray(self.embeddings[row], np.float32) - self.centre
        return neighbours.nearest(self.train, embedding, row, count)
