"""The most telling images for a first look: far from each other, so that each kind is among them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

TELLING = 100


def spread_out(embeddings: npt.NDArray[np.floating], count: int = TELLING) -> npt.NDArray[np.int64]:
    """Choose images so that none of the others is far from a chosen one: greedy k-centre.

    It begins with the image nearest to the middle, then always takes the one that is farthest from all chosen
    ones; its largest distance is at most twice the best possible. Source: Gonzalez, "Clustering to minimize
    the maximum intercluster distance", Theoretical Computer Science 38, 1985.

    Args:
        embeddings: of N images, shape ``(N, E)``.
        count: how many to choose at most.

    Returns:
        Rows in the order in which they were chosen, shape ``(min(N, count),)``.
    """
    if not len(embeddings):
        return np.empty(0, np.int64)
    centred = np.asarray(embeddings, np.float32)
    centred = centred - centred.mean(axis=0)
    square = np.square(centred).sum(axis=1)
    chosen = [int(square.argmin())]
    nearest = np.full(len(centred), np.inf, np.float32)
    while len(chosen) < min(count, len(centred)):
        last = chosen[-1]
        distance = square + square[last] - 2 * (centred @ centred[last])
        np.minimum(nearest, distance, out=nearest)
        nearest[last] = -np.inf
        chosen.append(int(nearest.argmax()))
    return np.array(chosen, np.int64)
