"""How good a run is: every metric of one part of its predictions, with its interval, ready for JSON."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from breakhis_core.errors import InputError
from breakhis_core.images.taxonomy import CODES, MAGNIFICATIONS, SIDES
from breakhis_core.metrics import calibration, classification
from breakhis_core.metrics.intervals import (
    LEVEL,
    RESAMPLES,
    case_weights,
    limits_or_none,
    number_or_none,
    off_centre,
)
from breakhis_core.results.baselines import always_right, always_saying, baselines
from breakhis_core.results.case_sums import SIDE_OF, CaseSums, sum_by_case
from breakhis_core.results.fold_spread import fold_spread
from breakhis_core.results.metric_registry import METRICS, measure, places_in
from breakhis_core.results.patients import case_table
from breakhis_core.results.predicted_arrays import read_answers
from breakhis_core.results.provenance import split_of
from breakhis_core.runs import Run
from breakhis_core.runs.pointing import painted, pointing
from breakhis_core.splits.folds import OUT_OF_FOLD
from breakhis_core.wording import part_in_words

FEW_CASES = 10
"""Below this many cases an interval is itself uncertain, and is said to be."""

Evaluation = dict[str, Any]


def evaluate(
    predictions: pd.DataFrame,
    unit: str,
    part: str = "test",
    resamples: int = RESAMPLES,
    by_fold: pd.DataFrame | None = None,
    split: pd.DataFrame | None = None,
    played: pd.DataFrame | None = None,
    asked: pd.DataFrame | None = None,
) -> Evaluation:
    """Evaluate one part of a run's predictions.

    The side of an image is the side of its predicted sub-type, as the method's authors count it; ROC curve
    and average precision of the sides use the summed probability of the malignant sub-types. Malignant is the
    positive side.

    Args:
        predictions: all predictions of a run, or those of one part. The temperature is fitted on its rows of
            the part ``"validation"``; without any, it is ``None``.
        unit: unit of the split, ``"image"`` or ``"case"``: it stands beside every number.
        part: ``"train"``, ``"validation"``, ``"test"``, ``"out_of_fold"`` of a cross-validation, or ``"all"``
            for every image.
        resamples: bootstrap samples behind each interval.
        by_fold: what each fold of a cross-validation said; ``folds`` then has their spread.
        split: the frozen split of a cross-validation, for what is commonest in the training of each fold.
        played: what the run's grid pointing game said, where it was played and the part is the test.
        asked: where its evidence for phantoms lies, as `maps.painted.on_painted` says, likewise.

    Returns:
        A dictionary that JSON can hold. ``pointing`` is what `runs.pointing.pointing` says, ``painted`` what
        `runs.pointing.painted` says. ``parts`` counts the images of each part. ``tested_subtypes`` are
        those with images, over which every macro figure is the mean; ``predicted_only`` were predicted and
        have none. ``baselines`` is what :func:`baselines.baselines` says. ``intervals`` has the limits of
        each metric by its place, such as ``"per_class.DC.f1"``. What is undefined is ``None``, never nan.
        ``split`` says in words how the images were split.

    Raises:
        InputError: the part has no image, or the table cannot be read.
    """
    chosen = select_part(predictions, part)
    answers = read_answers(chosen)
    temperature = temperature_for(predictions, part)
    sums = sum_by_case(answers, temperature)
    values, limits = _measure_with_intervals(sums, resamples)
    evaluation: Evaluation = {
        "unit": unit,
        "split": split_of(chosen, unit),
        "part": part,
        "images": len(chosen),
        "cases": len(answers.case_names),
        "few_cases": len(answers.case_names) < FEW_CASES,
        "resamples": resamples,
        "level": LEVEL,
        "classes": list(CODES),
        "parts": _part_counts(predictions),
        **subtypes_averaged(sums),
    }
    evaluation |= _nest(values)
    _add_supports(evaluation, sums)
    always = always_saying(predictions, chosen, split)
    evaluation["baselines"] = baselines(sums, always, resamples)
    evaluation["calibration"] |= {
        "temperature": temperature,
        "bins": _records(calibration.reliability(sums.bins)),
    }
    evaluation["per_magnification"] = _per_magnification(chosen, always, resamples)
    evaluation["per_case"] = _records(case_table(chosen))
    evaluation["intervals"] = limits
    evaluation["pointing"] = None if played is None else pointing(played, predictions, unit)
    evaluation["painted"] = None if asked is None else painted(asked, predictions)
    if by_fold is not None:
        evaluation["folds"] = fold_spread(chosen, by_fold, split)
    return evaluation


def evaluate_run(run: Run, part: str | None = None) -> Evaluation:
    """Evaluate a part of a run, by default the one that says how good it is.

    Raises:
        InputError: the part has no image.
    """
    by_fold, split = (run.fold_predictions(), run.split()) if run.folds else (None, None)
    part = part or run.tested_part
    played, asked = (run.pointing(), run.painted()) if part == "test" else (None, None)
    found = evaluate(
        run.predictions(), run.unit, part, by_fold=by_fold, split=split, played=played, asked=asked
    )
    return {**found, "split": run.split_in_words}


def select_part(predictions: pd.DataFrame, part: str) -> pd.DataFrame:
    """Keep the rows of one part; ``"all"`` keeps every row.

    Raises:
        InputError: the part has no image.
    """
    chosen = predictions
    if part != "all" and "part" in predictions.columns:
        chosen = predictions[predictions["part"] == part]
    if chosen.empty:
        raise InputError(
            f"The run has no predictions in its part {part_in_words(part)!r}: there is nothing to evaluate."
        )
    return chosen.reset_index(drop=True)


def temperature_for(predictions: pd.DataFrame, part: str) -> float | None:
    """Fit the temperature on the validation images of a run, for its other images.

    Returns:
        The temperature, or ``None`` where there is none: no validation image, or a part with images that it
        was fitted on, which cannot say how well it does.
    """
    if part in ("validation", "all", OUT_OF_FOLD) or "part" not in predictions.columns:
        return None
    validation = predictions[predictions["part"] == "validation"]
    if validation.empty:
        return None
    answers = read_answers(validation)
    return calibration.fit_temperature(answers.probabilities, answers.true)


def subtypes_averaged(sums: CaseSums) -> dict[str, list[str]]:
    """Say what macro figures are means over.

    Returns:
        ``tested_subtypes``, those with images, over which every macro figure is the mean; ``predicted_only``,
        those that were predicted and have none.
    """
    confusion = sums.confusion.sum(0)
    tested, called = confusion.sum(1) > 0, confusion.sum(0) > 0
    return {
        "tested_subtypes": [code for k, code in enumerate(CODES) if tested[k]],
        "predicted_only": [code for k, code in enumerate(CODES) if called[k] and not tested[k]],
    }


def value_at(evaluation: Mapping[str, Any], metric: str) -> float | None:
    """Return a metric by its place.

    >>> value_at({"binary": {"f1": 0.9}}, "binary.f1")
    0.9
    """
    value: Any = evaluation
    for key in metric.split("."):
        value = value[key]
    return None if value is None else float(value)


def _measure_with_intervals(
    sums: CaseSums, resamples: int, wanted: Collection[str] | None = None
) -> tuple[dict[str, float | None], dict[str, list[float] | None]]:
    measured = measure(sums, case_weights(sums.cases, resamples), wanted)
    values = {place: number_or_none(samples[0]) for place, samples in measured.items()}
    limits: dict[str, list[float] | None] = {}
    for place, samples in measured.items():
        metric, value = METRICS[place], values[place]
        about = value if metric.noise_adds else None
        told = value is not None and not (metric.is_macro and off_centre(samples[1:], samples[0]))
        limits[place] = limits_or_none(samples[1:], metric.carried_by(sums), about) if told else None
    return values, limits


def _per_magnification(
    chosen: pd.DataFrame, always: pd.DataFrame | None, resamples: int
) -> dict[str, Evaluation]:
    if "magnification" not in chosen.columns:
        return {}
    found: dict[str, Evaluation] = {}
    for magnification in MAGNIFICATIONS:
        rows = chosen[chosen["magnification"].astype(int) == magnification]
        if rows.empty:
            continue
        sums = sum_by_case(read_answers(rows))
        values, limits = _measure_with_intervals(sums, resamples, places_in("each magnification"))
        found[str(magnification)] = {
            "images": len(rows),
            "cases": len(sums.confusion),
            **subtypes_averaged(sums),
            "always_commonest": always_right(rows, always),
            **_nest(values),
            "intervals": limits,
        }
    return found


def _part_counts(predictions: pd.DataFrame) -> dict[str, int]:
    if "part" not in predictions.columns:
        return {}
    return {str(part): int(count) for part, count in predictions["part"].value_counts().items()}


def _add_supports(evaluation: Evaluation, sums: CaseSums) -> None:
    """Add counts and the second names that readers look for: recall is sensitivity."""
    confusion = sums.confusion.sum(0)
    cases = (sums.confusion.sum(2) > 0).sum(0)
    for k, code in enumerate(CODES):
        entry = evaluation["per_class"][code]
        entry |= {"recall": entry["sensitivity"], "support": int(confusion[k].sum()), "cases": int(cases[k])}
        evaluation["auc"][code] = entry["auc"]
    sides = classification.merge_classes(confusion, SIDE_OF, 2).astype(int)
    evaluation["binary"] |= {
        "positive": "malignant",
        "recall": evaluation["binary"]["sensitivity"],
        "support": dict(zip(SIDES, sides.sum(1).tolist(), strict=True)),
        "confusion": sides.tolist(),
    }
    evaluation["confusion"] = confusion.astype(int).tolist()
    evaluation["patients"]["cases"] = len(sums.confusion)


def _nest(values: Mapping[str, float | None]) -> Evaluation:
    nested: Evaluation = {}
    for name, value in values.items():
        *places, last = name.split(".")
        level = nested
        for place in places:
            level = level.setdefault(place, {})
        level[last] = value
    return nested


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = table.to_dict("records")
    return records
