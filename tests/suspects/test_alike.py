"""Which training images an image is like."""

from __future__ import annotations

import numpy as np
from sklearn.metrics.pairwise import cosine_similarity

from breakhis_core.runs import Run
from breakhis_core.suspects.alike import AlikeIndex

Looked = tuple[Run, tuple[str, ...]]


def test_the_nearest_are_those_of_the_largest_centred_cosine(looked_run: Looked) -> None:
    run, _ = looked_run
    table, first = run.predictions(), np.asarray(run.first_embeddings(), np.float64)
    train = np.flatnonzero(table["part"] == "train")
    centred = first - first[train].mean(axis=0)
    asked = range(len(table))
    found = AlikeIndex.of(run).nearest(asked, 5)
    for row in asked:
        others = train[train != row]
        alike = cosine_similarity(centred[[row]], centred[others])[0]
        assert found[row].tolist() == others[np.argsort(-alike)[:5]].tolist()


def test_there_are_no_more_than_there_are_training_images(looked_run: Looked) -> None:
    run, _ = looked_run
    train = np.flatnonzero(run.predictions()["part"] == "train")
    found = AlikeIndex.of(run).nearest(train[:2].tolist(), 1000)
    assert found.shape == (2, len(train) - 1)
    assert train[0] not in found[0]
