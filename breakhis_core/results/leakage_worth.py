"""What knowing the patient is worth: one recipe split by image against the same recipe split by case.

By image, a model is tested on cases that it learnt from; by case it is not. The gap between the two is the
part of the published figures that a new patient would not see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from breakhis_core.images.taxonomy import CODES
from breakhis_core.metrics.intervals import RESAMPLES, case_weights, limits_or_none, number_or_none
from breakhis_core.results.case_sums import sum_by_case
from breakhis_core.results.evaluate import select_part
from breakhis_core.results.metric_registry import METRICS, measure, places_in
from breakhis_core.results.predicted_arrays import read_answers
from breakhis_core.runs import Run
from breakhis_core.splits.folds import fold_columns
from breakhis_core.wording import interval, number


def gaps(
    by_image: pd.DataFrame,
    by_case: pd.DataFrame,
    metrics: Sequence[str] | None = None,
    resamples: int = RESAMPLES,
) -> dict[str, dict[str, Any]]:
    """Measure what a split by image adds to each metric.

    The two test sets differ, so that nothing can be paired: cases are drawn anew for each of them, and the
    interval is that of the difference of two independent results.

    Args:
        by_image: predictions of the tested images of the run split by image.
        by_case: those of the run split by case.
        metrics: places in an evaluation; by default those of the list ``leakage``.
        resamples: bootstrap samples behind each interval.

    Returns:
        By metric: ``by_image``, ``by_case``, ``gap`` (the first minus the second) and its ``interval``. Macro
        figures are means over the sub-types that both test sets hold; ``over`` names them.
    """
    sums = [sum_by_case(read_answers(predictions)) for predictions in (by_image, by_case)]
    over = np.all([one.confusion.sum((0, 2)) > 0 for one in sums], axis=0)
    places = places_in("leakage") if metrics is None else metrics
    sides = [
        measure(one, case_weights(one.cases, resamples, seed), places, over) for seed, one in enumerate(sums)
    ]
    found: dict[str, dict[str, Any]] = {}
    for place in places:
        difference = sides[0][place] - sides[1][place]
        found[place] = {
            "by_image": number_or_none(sides[0][place][0]),
            "by_case": number_or_none(sides[1][place][0]),
            "gap": number_or_none(difference[0]),
            "interval": limits_or_none(difference[1:], min(METRICS[place].carried_by(one) for one in sums)),
        }
        if METRICS[place].is_macro:
            found[place]["over"] = [code for code, counts in zip(CODES, over, strict=True) if counts]
    return found


def gap_in_words(accuracy: Mapping[str, Any], phantom: bool = False) -> str:
    """Say what knowing the patient is worth, in one sentence.

    >>> gap_in_words({"by_image": 0.7, "by_case": 0.23, "gap": 0.47, "interval": [0.13, 0.72]})
    '0.70 on patients it knows, 0.23 on new ones: 0.47 of the accuracy is knowing the patient (0.13 to 0.72).'

    Args:
        accuracy: of ``gaps``.
        phantom: whether the images are synthetic phantoms, whose cases are no patients.
    """
    who, one = ("painted cases", "case") if phantom else ("patients", "patient")
    if accuracy["gap"] is None:
        return f"What knowing the {one} is worth cannot be told: a test set is empty."
    by_image, by_case = (number(accuracy[side], digits=2) for side in ("by_image", "by_case"))
    told = f"{by_image} on {who} it knows, {by_case} on new ones"
    limits = accuracy["interval"]
    if limits is None:
        return f"{told}: too few cases to tell what knowing the {one} is worth."
    span = interval(limits, digits=2)
    if limits[0] <= 0 <= limits[1]:
        return f"{told}: what knowing the {one} is worth cannot be told here ({span})."
    if accuracy["gap"] < 0:
        return f"{told}: nothing is gained here by knowing the {one} ({span})."
    return f"{told}: {number(accuracy['gap'], digits=2)} of the accuracy is knowing the {one} ({span})."


def over_in_words(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Say over which sub-types the macro figures of both runs are means, or nothing where over all eight.

    >>> over_in_words({"macro_f1": {"over": ["F", "DC"]}})
    'Macro figures of both are over the 2 sub-types that both test sets hold: F, DC.'
    """
    over = next((one["over"] for one in found.values() if "over" in one), CODES)
    if len(over) == len(CODES):
        return ""
    held = f"the {len(over)} sub-types that both test sets hold: {', '.join(over)}"
    return f"Macro figures of both are over {held}."


def tested(run: Run) -> pd.DataFrame:
    """Return the predictions that say how good a run is."""
    return select_part(run.predictions(), run.tested_part)


def pairs_across(
    run: Run, near: Mapping[str, Sequence[tuple[str, str]]] | None = None
) -> dict[str, int | None]:
    """Count the pairs of a tested image and a learnt one that a model could recognise.

    Args:
        run: the run; of a cross-validation, the pairs of all folds are added.
        near: near-duplicates of each image, as ``measuring.Checks`` has them; None where nobody looked.

    Returns:
        ``tested`` (an image counts once for each fold that tests it), ``tested_of_learnt_cases``,
        ``same_case_pairs``, ``pixel_equal_pairs`` and ``near_pairs`` (None where nobody looked). Train and
        validation images count as learnt: both took part in choosing the model.
    """
    split, facts = run.split(), run.predictions().drop_duplicates("hash").set_index("hash")["case"]
    columns = fold_columns(split) if run.folds else ["part"]
    counts = {"tested": 0, "tested_of_learnt_cases": 0, "same_case_pairs": 0, "pixel_equal_pairs": 0}
    near_pairs = 0
    for column in columns:
        part = split[column].to_numpy(dtype=object)
        is_tested, is_learnt = part == "test", np.isin(part.astype(str), ["train", "validation"])
        case = split["hash"].map(facts).to_numpy(dtype=object).astype(str)
        learnt_of = pd.Series(case[is_learnt]).value_counts()
        pairs = pd.Series(case[is_tested]).map(learnt_of).fillna(0)
        counts["tested"] += int(is_tested.sum())
        counts["tested_of_learnt_cases"] += int((pairs > 0).sum())
        counts["same_case_pairs"] += int(pairs.sum())
        hashes = split["hash"].to_numpy(dtype=object)
        learnt, others = set(hashes[is_learnt]), set(hashes[is_tested])
        # One image has one hash and one part, so that this is zero unless a split was tampered with.
        counts["pixel_equal_pairs"] += len(learnt & others)
        if near is not None:
            near_pairs += sum(other in learnt for image in others for other, _ in near.get(image, ()))
    return {**counts, "near_pairs": None if near is None else near_pairs}
