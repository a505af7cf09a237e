"""What each training image is worth to the others: its Shapley value for a nearest-neighbour classifier."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from breakhis_core.runs.neighbours import unit_vectors
from breakhis_core.suspects.head import Places

NEIGHBOURS = 10
MOST_ASKED = 4000
"""Images that ask for their neighbours at most; of more, every so manieth asks."""
_AT_ONCE = 256


def image_values(
    embeddings: npt.NDArray[np.floating],
    labels: Places,
    cases: npt.NDArray[np.object_],
    neighbours: int = NEIGHBOURS,
) -> npt.NDArray[np.float64]:
    """Return the exact Shapley value of each image for classifying the others by their nearest neighbours.

    Every image asks in turn, and only images of other cases answer, so that a case does not vouch for itself.
    A value below zero means that the images which it is near to are classified better without it. Source:
    Jia et al., "Efficient Task-Specific Data Valuation for Nearest Neighbor Algorithms", VLDB 12(11), 2019,
    theorem 1.

    Args:
        embeddings: of N images, shape ``(N, E)``; likeness is the cosine after centring.
        labels: shape ``(N,)``.
        cases: shape ``(N,)``.
        neighbours: K of the classifier.

    Returns:
        Mean over the images that ask, times N, shape ``(N,)``: the values of all images add up to N times
        the classifier's mean chance of being right.
    """
    centred = np.asarray(embeddings, np.float32)
    centred = centred - centred.mean(axis=0)
    unit = unit_vectors(centred)
    case = np.unique(cases.astype(str), return_inverse=True)[1]
    total = np.zeros(len(unit))
    asking = np.unique(np.linspace(0, len(unit) - 1, min(len(unit), MOST_ASKED)).astype(np.int64))
    asked = 0
    for at in range(0, len(asking), _AT_ONCE):
        rows = asking[at : at + _AT_ONCE]
        likeness = unit[rows] @ unit.T
        own = case[rows][:, None] == case[None, :]
        likeness[own] = -np.inf
        order = np.argsort(-likeness, axis=1, kind="stable")
        agrees = labels[order] == labels[rows][:, None]
        answering = (~own).sum(axis=1)
        for place, right, count in zip(order, agrees, answering, strict=True):
            if count:
                total[place[:count]] += _one(right[:count], neighbours)
                asked += 1
    return total * (len(unit) / max(asked, 1))


def _one(right: npt.NDArray[np.bool_], neighbours: int) -> npt.NDArray[np.float64]:
    """Return the Shapley values for one question, of its answers from the nearest to the farthest."""
    count = len(right)
    agrees = right.astype(np.float64)
    rank = np.arange(1, count)
    change = (agrees[:-1] - agrees[1:]) / neighbours * np.minimum(neighbours, rank) / rank
    values = np.empty(count)
    values[-1] = agrees[-1] / max(count, neighbours)
    values[:-1] = values[-1] + np.cumsum(change[::-1])[::-1]
    return values
