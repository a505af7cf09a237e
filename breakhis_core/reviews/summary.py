"""What a review explains of a run's mistakes, beside how often rightly classified images are flagged.

A share of flagged mistakes means nothing alone: somebody who flags every second image "explains" half of the
mistakes. So it stands beside the base rate, the share among reviewed images that the run got right. What the
numbers would be without flagged images is a second line: leaving out mistakes raises any number. So is what
they would be on corrected labels.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from breakhis_core.metrics.classification import Floats, ratio
from breakhis_core.metrics.intervals import case_weights, limits_or_none, number_or_none
from breakhis_core.metrics.ranking import Booleans
from breakhis_core.results.evaluate import evaluate, select_part, value_at
from breakhis_core.results.metric_registry import metric_name, places_in
from breakhis_core.results.predicted_arrays import relabelled
from breakhis_core.results.provenance import split_of
from breakhis_core.reviews.terms import REASON_CODES
from breakhis_core.wording import NOT_DEFINED, counted, interval, number

STATES: dict[str, str] = {
    "flagged": "flagged",
    "disputed": "flagged but kept by the rule",
    "kept": "kept",
    "open": "not reviewed",
}
"""What a review made of an image; disputed: somebody flagged it, and the rule or a steward keeps it."""
SAMPLE = 20
"""Rightly classified images that give a first idea of the base rate."""


def summarise(
    predictions: pd.DataFrame,
    unit: str,
    answers: pd.DataFrame,
    excluded: Collection[str],
    part: str = "test",
    corrected: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Sum up what reviewers made of a run's right and wrong answers.

    Args:
        predictions: of the run.
        unit: its split unit.
        answers: what stands, from ``reviews.standing``: hash, action, reason.
        excluded: hashes of the images that count as flagged under the policy in force.
        part: the part of the run.
        corrected: corrected sub-types by hash, from ``reviews.corrected_labels``.

    Returns:
        A dictionary that JSON can hold: unit, split (in words), part, images, cases; ``mistakes`` and
        ``right``, each with images, cases, one count for each of ``STATES``, reviewed, share (flagged among
        the reviewed) and its interval over cases; ``difference``, the two shares' difference with its paired
        interval; ``reasons``, by code the flagged mistakes and right images (an image flagged with two
        reasons counts for both); ``without_flagged`` (``None`` without a flagged image, or with nothing
        else); ``with_corrected`` (``None`` without an image that is published otherwise), with
        ``relabelled``, the hashes of these images.

    Raises:
        InputError: the part has no image.
    """
    table = select_part(predictions, part)
    wrong = (table["predicted"] != table["subtype"]).to_numpy(bool)
    states = review_states(table["hash"], answers, excluded)
    case_names, cases = np.unique(table["case"].to_numpy(dtype=object).astype(str), return_inverse=True)
    weights = case_weights(len(case_names))
    shares = {}
    summary: dict[str, Any] = {
        "unit": unit,
        "split": split_of(predictions, unit),
        "part": part,
        "images": len(table),
        "cases": len(case_names),
    }
    for name, rows in (("mistakes", wrong), ("right", ~wrong)):
        shares[name], summary[name] = _tally(states, rows, cases, weights)
    difference = shares["mistakes"] - shares["right"]
    carried = min(summary[name]["reviewed_cases"] for name in ("mistakes", "right"))
    summary["difference"] = {
        "value": number_or_none(difference[0]),
        "interval": limits_or_none(difference[1:], carried),
    }
    summary["reasons"] = _reasons(table["hash"], wrong, states == "flagged", answers)
    summary |= _second_lines(table, unit, part, states == "flagged", corrected or {})
    return summary


def review_states(
    images: pd.Series, answers: pd.DataFrame, excluded: Collection[str]
) -> np.ndarray[Any, np.dtype[np.str_]]:
    """Return the state of each image, one of ``STATES``."""
    flagged = images.isin(list(excluded)).to_numpy(bool)
    disputed = images.isin(answers.loc[answers["action"] == "flag", "hash"]).to_numpy(bool)
    answered = images.isin(answers["hash"]).to_numpy(bool)
    return np.select([flagged, disputed, answered], ["flagged", "disputed", "kept"], "open")


def base_rate_sample(
    predictions: pd.DataFrame, answered: Collection[str], part: str = "test", count: int = SAMPLE
) -> list[str]:
    """Return rightly classified images that nobody answered yet, to learn how often such images are flagged.

    The hashes of pictures are as good as drawn at random: the lowest are a fair sample, the same tomorrow.
    """
    table = predictions[predictions["part"] == part]
    right = table[(table["predicted"] == table["subtype"]) & ~table["hash"].isin(list(answered))]
    return sorted(right["hash"].tolist())[:count]


def in_words(summary: Mapping[str, Any]) -> list[str]:
    """Say what the review explains, sentence by sentence."""
    mistakes, right = summary["mistakes"], summary["right"]
    if not mistakes["images"]:
        return ["The run made no mistake here: there is nothing to explain."]
    lines = [f"Of {counted(mistakes['images'], 'mistake')}, {_told(mistakes)}."]
    if not right["reviewed"]:
        lines.append(
            f"None of the {counted(right['images'], 'rightly classified image')} was reviewed, so nobody "
            "knows how often a good answer's image would be flagged too: the flags explain nothing yet."
        )
        return lines
    lines.append(f"Of {counted(right['images'], 'rightly classified image')}, {_told(right)}.")
    if mistakes["reviewed"]:
        difference = summary["difference"]
        limits = difference["interval"]
        within = (
            "too few cases for an interval"
            if limits is None
            else f"95 % interval over cases {_percent(limits[0])} to {_percent(limits[1])}"
        )
        lines.append(
            f"Flagged of those reviewed: {_percent(mistakes['share'])} of the mistakes, "
            f"{_percent(right['share'])} of the right ones. What poor images may explain is the difference, "
            f"{_percent(difference['value'])} ({within})."
        )
    return lines


def without_in_words(summary: Mapping[str, Any]) -> list[str]:
    """Say what the numbers would be without the flagged images, and that this is no headline."""
    without = summary["without_flagged"]
    if without is None:
        return []
    return [
        f"Minus flagged, on {counted(without['images'], 'image')} of {counted(without['cases'], 'case')}, "
        f"{summary['split']}, without {counted(without['flagged_images'], 'flagged image')}: "
        f"{_metrics(without, 'without')}.",
        "In brackets: 95 % interval, bootstrap over cases. Leaving out mistakes raises any number, so this "
        "is no estimate of how good the run is; the headline keeps every image.",
    ]


def corrected_in_words(summary: Mapping[str, Any], reviewers: int) -> list[str]:
    """Say what the numbers would be on corrected labels, and that this is no headline.

    Args:
        summary: what ``summarise`` returns.
        reviewers: how many people corrected these labels.
    """
    right = summary["with_corrected"]
    if right is None:
        return []
    images, cases = counted(right["images"], "image"), counted(right["cases"], "case")
    return [
        f"With corrected labels, on {images} of {cases}, {summary['split']}, "
        f"{len(right['relabelled']):,} of them relabelled: {_metrics(right, 'corrected')}.",
        f"Second line, on labels that {counted(reviewers, 'reviewer')} corrected; not the headline, which "
        "is on published labels.",
    ]


def _metrics(line: Mapping[str, Any], which: str) -> str:
    return " · ".join(
        f"{metric_name(name)} {number(values['whole'])} → {number(values[which])} "
        f"({interval(values['interval'], of=values[which])})"
        for name, values in line["metrics"].items()
    )


def _tally(
    states: np.ndarray[Any, np.dtype[np.str_]],
    rows: Booleans,
    cases: np.ndarray[Any, np.dtype[np.intp]],
    weights: Floats,
) -> tuple[Floats, dict[str, Any]]:
    """Count the states of some rows, and the share of flagged ones among the reviewed under case weights."""
    count = weights.shape[1]
    flagged = np.bincount(cases[rows & (states == "flagged")], minlength=count)
    reviewed = np.bincount(cases[rows & (states != "open")], minlength=count)
    share = ratio(weights @ flagged.astype(float), weights @ reviewed.astype(float))
    carried = int((reviewed > 0).sum())
    return share, {
        "images": int(rows.sum()),
        "cases": len(np.unique(cases[rows])),
        **{state: int((states[rows] == state).sum()) for state in STATES},
        "reviewed": int(reviewed.sum()),
        "reviewed_cases": carried,
        "share": number_or_none(share[0]),
        "interval": limits_or_none(share[1:], carried) if carried else None,
    }


def _reasons(
    images: pd.Series, wrong: Booleans, flagged: Booleans, answers: pd.DataFrame
) -> list[dict[str, Any]]:
    flags = answers[answers["action"] == "flag"].drop_duplicates(["hash", "reason"])
    groups = {"mistakes": set(images[wrong & flagged]), "right": set(images[~wrong & flagged])}
    counts = {
        name: flags.loc[flags["hash"].isin(list(hashes)), "reason"].value_counts()
        for name, hashes in groups.items()
    }
    return [
        {"reason": code, **{name: int(counts[name].get(code, 0)) for name in groups}}
        for code in REASON_CODES
        if any(code in counts[name].index for name in groups)
    ]


def _second_lines(
    table: pd.DataFrame, unit: str, part: str, flagged: Booleans, corrected: Mapping[str, str]
) -> dict[str, Any]:
    """Evaluate without flagged images, and on corrected labels, each beside the whole part as published."""
    lines: dict[str, Any] = {"without_flagged": None, "with_corrected": None}
    published = dict(zip(table["hash"], table["subtype"], strict=True))
    changed = {image: code for image, code in corrected.items() if published.get(image, code) != code}
    leaves = flagged.any() and not flagged.all()
    if leaves or changed:
        whole = evaluate(table, unit, part)
    if leaves:
        told = {"flagged_images": int(flagged.sum())}
        lines["without_flagged"] = told | _beside(whole, evaluate(table[~flagged], unit, part), "without")
    if changed:
        right = evaluate(relabelled(table, changed), unit, part)
        lines["with_corrected"] = {"relabelled": sorted(changed)} | _beside(whole, right, "corrected")
    return lines


def _beside(whole: Mapping[str, Any], other: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {
        "images": other["images"],
        "cases": other["cases"],
        "metrics": {
            place: {
                "whole": value_at(whole, place),
                name: value_at(other, place),
                "interval": other["intervals"][place],
            }
            for place in places_in("main")
        },
    }


def _told(tally: Mapping[str, Any]) -> str:
    parts: Sequence[str] = [
        f"{tally[state]} {'is' if tally[state] == 1 else 'are'} {words}"
        for state, words in STATES.items()
        if tally[state] or state != "disputed"
    ]
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _percent(share: float | None) -> str:
    return NOT_DEFINED if share is None else f"{100 * share:.0f} %".replace("-", "−")
