"""What is made of a run's first embeddings when it is made, and kept in its folder.

Heads on embeddings of the weights that a training began with have seen the labels of their own folds and no
others. The embeddings of a trained base cannot serve: it was taught the labels that are to be doubted.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from breakhis_core.suspects.columns import BY_CASE, BY_IMAGE, LEARNT, UNSEEN_COLUMNS
from breakhis_core.suspects.head import Space, one_core_each
from breakhis_core.suspects.plane import plane
from breakhis_core.suspects.shapley import image_values
from breakhis_core.suspects.spread import spread_out
from breakhis_core.suspects.unseen import unseen_predictions


def look(
    predictions: pd.DataFrame, first: npt.NDArray[np.floating], labels: npt.NDArray[np.int64]
) -> pd.DataFrame:
    """Ask models that never saw an image about it.

    Args:
        predictions: a run's N images, with hash, part and case.
        first: their embeddings by the weights that training began with, shape ``(N, E)``.
        labels: positions in ``CODES`` of the labels that are trained, shape ``(N,)``.

    Returns:
        One row per image, columns ``UNSEEN_COLUMNS``.
    """
    rows = np.flatnonzero(predictions["part"].isin(LEARNT))
    cases = predictions["case"].to_numpy(dtype=object)[rows]
    some, given = np.asarray(first[rows], np.float32), labels[rows]
    table = pd.DataFrame(index=predictions.index, columns=[*BY_IMAGE, *BY_CASE, "value"], dtype=np.float32)
    if len(rows):
        space = Space.of(some)
        with one_core_each():
            table.loc[rows, list(BY_IMAGE)] = unseen_predictions(space, given)
            table.loc[rows, list(BY_CASE)] = unseen_predictions(space, given, cases)
        table.loc[rows, "value"] = image_values(some, given, cases).astype(np.float32)
    telling = np.full(len(predictions), -1, np.int32)
    chosen = spread_out(np.asarray(first, np.float32))
    telling[chosen] = np.arange(len(chosen))
    table.insert(0, "hash", predictions["hash"].to_numpy(dtype=object))
    table["telling"] = telling
    table[["x", "y"]] = plane(first)
    return table[list(UNSEEN_COLUMNS)]
