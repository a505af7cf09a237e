"""How much the numbers of a cross-validation differ from fold to fold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from breakhis_core.images.taxonomy import CODES
from breakhis_core.metrics.intervals import number_or_none
from breakhis_core.results.baselines import always_right, always_saying
from breakhis_core.results.case_sums import sum_by_case
from breakhis_core.results.metric_registry import measure, places_in
from breakhis_core.results.predicted_arrays import read_answers
from breakhis_core.runs.folder import PROBABILITIES


def fold_spread(
    predictions: pd.DataFrame, by_fold: pd.DataFrame, split: pd.DataFrame | None = None
) -> dict[str, Any]:
    """Measure each fold on the images that it tested, and how far the folds lie apart.

    Args:
        predictions: out-of-fold predictions, with hash, subtype and case.
        by_fold: what each fold said: hash, fold, and the eight probabilities.
        split: the frozen split, for what is commonest in the training of each fold.

    Returns:
        A dictionary that JSON can hold: ``count`` of folds, ``tested_again`` (images that several folds
        tested), ``per_fold`` (fold, images, cases, always_commonest, which is the accuracy of always naming
        the sub-type commonest in its training, and the metrics of the list ``each fold``, None where
        undefined) and ``spread`` (by metric: mean, standard deviation, least and most over the folds in which
        it is defined, and their number).
    """
    facts, places = predictions[["hash", "subtype", "case"]], places_in("each fold")
    per_fold: list[dict[str, Any]] = []
    for fold, said in by_fold.groupby("fold"):
        table = said.merge(facts, on="hash")
        best = table[list(PROBABILITIES)].to_numpy(np.float64).argmax(axis=1)
        sums = sum_by_case(read_answers(table.assign(predicted=[CODES[k] for k in best])))
        measured = measure(sums, np.ones((1, sums.cases)), places)
        values = {name: number_or_none(measured[name][0]) for name in places}
        always = always_right(table, always_saying(predictions, table, split))
        about = {
            "fold": int(str(fold)),
            "images": len(table),
            "cases": sums.cases,
            "always_commonest": always,
        }
        per_fold.append({**about, **values})
    return {
        "count": len(per_fold),
        "tested_again": int((by_fold["hash"].value_counts() > 1).sum()),
        "per_fold": per_fold,
        "spread": {name: _spread([one[name] for one in per_fold]) for name in places},
    }


def _spread(values: list[float | None]) -> dict[str, Any]:
    known = np.array([value for value in values if value is not None])
    if not len(known):
        return {"folds": 0, "mean": None, "deviation": None, "least": None, "most": None}
    return {
        "folds": len(known),
        "mean": float(known.mean()),
        "deviation": float(known.std(ddof=1)) if len(known) > 1 else None,
        "least": float(known.min()),
        "most": float(known.max()),
    }
