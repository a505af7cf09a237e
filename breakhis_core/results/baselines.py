"""What a run has to beat: always saying what is commonest in the training, and chance.

The baseline is measured on the same images as the run, and the difference under the same bootstrap draws of
cases, so that what makes a test set easy for both cancels out of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from breakhis_core.images.taxonomy import CODES, SIDES, side_of, subtype
from breakhis_core.metrics import classification
from breakhis_core.metrics.classification import Integers
from breakhis_core.metrics.intervals import case_weights, limits_or_none, number_or_none
from breakhis_core.results.case_sums import CaseSums
from breakhis_core.results.metric_registry import CHANCE, METRICS, measure
from breakhis_core.wording import interval, number


def commonest(labels: pd.Series) -> str:
    """Return the commonest sub-type or side; of equals the first in the order of the taxonomy.

    >>> commonest(pd.Series(["DC", "PT", "PT", "DC"]))
    'PT'
    """
    counts = labels.astype(str).value_counts()
    return next(name for name in (*CODES, *SIDES) if counts.get(name, 0) == counts.max())


def always_saying(
    predictions: pd.DataFrame, chosen: pd.DataFrame, split: pd.DataFrame | None = None
) -> pd.DataFrame | None:
    """Name for each image what is commonest in the training of the model that predicted it.

    Args:
        predictions: all predictions of a run.
        chosen: those of the part in question.
        split: the frozen split of a cross-validation, with the part of each image in each fold; an image that
            several folds test is held against the first of them.

    Returns:
        Columns subtype and side, rows as in ``chosen``; ``None`` where the training is not known.
    """
    if split is not None and "fold" in chosen.columns:
        known = predictions.drop_duplicates("hash").set_index("hash")["subtype"]
        labels = split["hash"].map(known)
        trained_on = {
            fold: labels[split[f"fold_{fold}"] == "train"].dropna() for fold in chosen["fold"].unique()
        }
        folds = chosen["fold"]
    elif "part" in predictions.columns:
        trained_on = {1: predictions.loc[predictions["part"] == "train", "subtype"]}
        folds = pd.Series(1, index=chosen.index)
    else:
        return None
    if any(labels.empty for labels in trained_on.values()):
        return None
    named = {
        fold: (commonest(labels), commonest(labels.map(lambda code: side_of(str(code)))))
        for fold, labels in trained_on.items()
    }
    return pd.DataFrame([named[fold] for fold in folds], columns=["subtype", "side"], index=chosen.index)


def baselines(sums: CaseSums, said: pd.DataFrame | None, resamples: int) -> dict[str, Any]:
    """Measure what a run has to beat on the images that it is measured on.

    Args:
        sums: what the run said, case by case.
        said: from :func:`always_saying`, rows as in the answers behind ``sums``.
        resamples: bootstrap samples behind each interval.

    Returns:
        ``chance``, and ``commonest``: ``None`` where the training is not known, else ``subtypes`` and
        ``sides``, those that are named, and by metric that has such a baseline the ``value`` of always naming
        them, the ``difference`` of the run to it, and its ``interval``.
    """
    if said is None:
        return {"chance": CHANCE, "commonest": None}
    weights = case_weights(len(sums.confusion), resamples)
    subtypes = said["subtype"].map(CODES.index).to_numpy(np.int64)
    # Any sub-type stands for its side.
    of_side = {side_of(code): k for k, code in enumerate(CODES)}
    sides = said["side"].map(of_side).to_numpy(np.int64)
    named = {"subtypes": subtypes, "sides": sides, "malignant": np.full(len(said), of_side["malignant"])}
    found: dict[str, Any] = {
        "subtypes": [code for code in CODES if code in set(said["subtype"])],
        "sides": [side for side in SIDES if side in set(said["side"])],
    }
    always = {place: metric.always for place, metric in METRICS.items() if metric.always is not None}
    ours = measure(sums, weights, always)
    for place, what in always.items():
        theirs = measure(_always(sums, named[what]), weights, [place])[place]
        difference = ours[place] - theirs
        found[place] = {
            "value": number_or_none(theirs[0]),
            "difference": number_or_none(difference[0]),
            "interval": limits_or_none(difference[1:], len(weights[0])),
        }
    return {"chance": CHANCE, "commonest": found}


def always_right(rows: pd.DataFrame, said: pd.DataFrame | None) -> float | None:
    """Return the accuracy of always naming the commonest sub-type on some of the images.

    Args:
        rows: predictions of these images, with the index that they have in ``said``.
        said: from :func:`always_saying`.
    """
    if said is None:
        return None
    return float((rows["subtype"].astype(str) == said.loc[rows.index, "subtype"]).mean())


def _always(sums: CaseSums, named: Integers) -> CaseSums:
    answers = sums.answers
    confusion = classification.confusion_by_group(
        answers.true, named, answers.cases, len(CODES), len(sums.confusion)
    )
    return replace(sums, confusion=confusion.astype(np.float64))


def named_in_words(names: Sequence[str]) -> str:
    """Say what is always named.

    >>> named_in_words(["PT"]), named_in_words(["malignant"]), named_in_words(["F", "DC"])
    ('phyllodes tumor', 'malignant', 'the commonest of each fold’s training')
    """
    if len(names) > 1:
        return "the commonest of each fold’s training"
    return subtype(names[0]).name if names[0] in CODES else names[0]


def baseline_text(evaluation: Mapping[str, Any], metric: str) -> str:
    """Say what a metric has to beat, and how much that is; nothing where there is no baseline of it.

    >>> found = {"value": 0.30769, "difference": -0.1, "interval": None}
    >>> known = {"chance": 0.125, "commonest": {"subtypes": ["PT"], "sides": ["benign"], "accuracy": found}}
    >>> baseline_text({"baselines": known}, "accuracy")
    'always saying phyllodes tumor: 0.308'
    >>> baseline_text({"baselines": {"chance": 0.125, "commonest": None}}, "accuracy")
    'chance: 0.125'
    """
    what, value = baseline_of(evaluation, metric)
    return "" if value is None else f"{what}: {number(value)}"


def baseline_of(evaluation: Mapping[str, Any], metric: str) -> tuple[str, float | None]:
    """Return what a metric has to beat in words, and its value: ``None`` where there is no baseline of it."""
    always, chance = METRICS[metric].always, METRICS[metric].chance
    known = evaluation["baselines"]["commonest"]
    if known is None or always is None or metric not in known:
        return "" if chance is None else "chance", chance
    value = known[metric]["value"]
    if value is None:
        return "", None
    named = ["malignant"] if always == "malignant" else known[always]
    return f"always saying {named_in_words(named)}", value


def doubt_in_words(evaluation: Mapping[str, Any]) -> str:
    """Say that a run is not better than always naming the commonest sub-type; nothing where it surely is.

    >>> found = {"value": 0.308, "difference": -0.077, "interval": [-0.2, 0.05]}
    >>> known = {"chance": 0.125, "commonest": {"subtypes": ["PT"], "accuracy": found}}
    >>> doubt_in_words({"baselines": known})
    'Not better than always naming the commonest sub-type of the training: accuracy −0.077 (−0.200 to 0.050).'
    """
    known = evaluation["baselines"]["commonest"]
    if known is None or known["accuracy"]["difference"] is None:
        return ""
    difference, limits = known["accuracy"]["difference"], known["accuracy"]["interval"]
    always = "always naming the commonest sub-type of the training"
    if limits is None:
        return f"Too few cases to say whether this is better than {always}."
    if limits[0] > 0:
        return ""
    verdict = "Worse than" if limits[1] < 0 else "Not better than"
    return f"{verdict} {always}: accuracy {number(difference, signed=True)} ({interval(limits)})."
