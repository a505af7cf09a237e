"""What a run does at each threshold: ROC curves, and benign against malignant at a chosen threshold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from breakhis_core.images.taxonomy import CODES, MALIGNANT, SIDES
from breakhis_core.metrics import classification, ranking
from breakhis_core.metrics.intervals import RESAMPLES, case_weights, limits_or_none, number_or_none
from breakhis_core.results.predicted_arrays import read_answers


def roc_curves(predictions: pd.DataFrame) -> pd.DataFrame:
    """Trace the ROC curve of each sub-type against the rest, and of malignant against benign.

    Args:
        predictions: predictions of one part.

    Returns:
        Columns curve (a code or ``"malignant"``), area, images (of the class), false_positive_rate,
        sensitivity and threshold. A class without images, or without others, has no curve.
    """
    answers = read_answers(predictions)
    scores = {code: (answers.probabilities[:, k], answers.true == k) for k, code in enumerate(CODES)}
    scores["malignant"] = (answers.malignancy, answers.malignant)
    curves = []
    for name, (score, positive) in scores.items():
        if positive.any() and not positive.all():
            rate, found, threshold = ranking.roc_curve(score, positive)
            table = {"false_positive_rate": rate, "sensitivity": found, "threshold": threshold}
            curves.append(
                pd.DataFrame(table).assign(
                    curve=name, area=ranking.auc(score, positive), images=int(positive.sum())
                )
            )
    columns = ["curve", "area", "images", "false_positive_rate", "sensitivity", "threshold"]
    return pd.concat(curves, ignore_index=True)[columns] if curves else pd.DataFrame(columns=columns)


def malignancy_table(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the malignant probability of each image with its true side.

    Args:
        predictions: predictions with the probability of each sub-type.

    Returns:
        The given rows' hash, name and case where present, with malignancy and side.
    """
    answers = read_answers(predictions)
    kept = [
        column for column in ("hash", "name", "case", "subtype", "predicted") if column in predictions.columns
    ]
    sides = np.array(SIDES, dtype=object)[answers.malignant.astype(int)]
    return predictions[kept].reset_index(drop=True).assign(malignancy=answers.malignancy, side=sides)


def at_threshold(predictions: pd.DataFrame, threshold: float, resamples: int = RESAMPLES) -> dict[str, Any]:
    """Call an image malignant when its malignant probability reaches a threshold, and count what that gives.

    Args:
        predictions: predictions of one part, with the column hash.
        threshold: between 0 and 1.
        resamples: bootstrap samples behind each interval.

    Returns:
        threshold, sensitivity, specificity, precision, confusion (rows true, columns called; benign first),
        intervals of the three, and changed: the hashes of images on another side than that of their predicted
        sub-type.
    """
    answers = read_answers(predictions)
    called = (answers.malignancy >= threshold).astype(np.int64)
    cases = len(answers.case_names)
    by_case = classification.confusion_by_group(
        answers.malignant.astype(np.int64), called, answers.cases, 2, cases
    )
    weights = case_weights(cases, resamples)
    confusion = np.tensordot(weights, by_case.astype(np.float64), 1)
    found, right_calls = classification.sensitivity(confusion), classification.precision(confusion)
    carried = (by_case.sum(2) > 0).sum(0)
    samples = {
        "sensitivity": (found[:, 1], carried[1]),
        "specificity": (found[:, 0], carried[0]),
        "precision": (right_calls[:, 1], (by_case[:, :, 1].sum(1) > 0).sum()),
    }
    usual = np.array(MALIGNANT)[answers.predicted].astype(np.int64)
    result: dict[str, Any] = {"threshold": threshold, "confusion": by_case.sum(0).tolist()}
    result |= {name: number_or_none(values[0]) for name, (values, _) in samples.items()}
    result["intervals"] = {
        name: limits_or_none(values[1:], int(count)) for name, (values, count) in samples.items()
    }
    result["changed"] = predictions["hash"].to_numpy(dtype=object)[called != usual].tolist()
    return result
