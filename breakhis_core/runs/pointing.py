"""What a run's grid pointing game came to: do its maps point to where their sub-type is?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from breakhis_core.wording import counted, number

COLUMNS = ("hash", "share", "mosaics")
PAINTED_COLUMNS = ("hash", "share", "area")
CHANCE = 0.25
"""Share of evidence in the right quarter where it lies anywhere."""


def pointing(played: pd.DataFrame, predictions: pd.DataFrame, unit: str) -> dict[str, Any] | None:
    """Sum up a game, with an interval from a bootstrap over cases.

    Args:
        played: as `maps.pointing.play` returns it.
        predictions: of the run, for the cases.
        unit: of the run's split.

    Returns:
        ``{"value", "interval", "chance", "images", "cases", "unit"}``; None without any image.
    """
    if played.empty:
        return None
    mean, found = _over_cases(played["hash"], played["share"], predictions)
    return {"value": mean, "chance": CHANCE, "unit": unit, **found}


def painted(asked: pd.DataFrame, predictions: pd.DataFrame) -> dict[str, Any] | None:
    """Sum up where the evidence for phantoms lies, with an interval from a bootstrap over cases.

    Args:
        asked: as `maps.painted.on_painted` returns it.
        predictions: of the run, for the cases.

    Returns:
        ``{"value", "area", "difference", "interval", "images", "cases"}``; the interval is that of the
        difference, 0 by chance. None without any image.
    """
    if asked.empty:
        return None
    mean, found = _over_cases(asked["hash"], asked["share"] - asked["area"], predictions)
    share, area = (round(float(asked[column].mean()), 6) for column in ("share", "area"))
    return {"value": share, "area": area, "difference": mean, **found}


def _over_cases(
    hashes: pd.Series, values: pd.Series, predictions: pd.DataFrame
) -> tuple[float, dict[str, Any]]:
    """Return the mean over images, with its interval from a bootstrap over cases and what that rests on."""
    from breakhis_core.metrics.intervals import RESAMPLES, case_weights, limits_or_none  # Loads SciPy.

    cases = hashes.map(predictions.set_index("hash")["case"])
    by_case = values.groupby(cases.to_numpy(dtype=object)).agg(["sum", "size"])
    weights = case_weights(len(by_case), RESAMPLES)
    samples = (weights @ by_case["sum"].to_numpy(float)) / (weights @ by_case["size"].to_numpy(float))
    interval = limits_or_none(samples[1:], len(by_case))
    return round(float(samples[0]), 6), {"interval": interval, "images": len(values), "cases": len(by_case)}


def painted_in_words(result: dict[str, Any]) -> str:
    """Say in one sentence where the evidence for phantoms lies."""
    limits = result["interval"]
    between = "" if limits is None else f" ({limits[0]:+.2f} to {limits[1]:+.2f})"
    images, cases = counted(result["images"], "test phantom"), counted(result["cases"], "case")
    return (
        f"Phantoms: {number(result['value'], digits=2)} of the evidence lies where the sub-type's texture "
        f"was painted, {number(result['area'], digits=2)} of the field: "
        f"{result['difference']:+.2f}{between}; by chance 0 "
        f"({images} of {cases} with other tissue in a corner)."
    )


def in_words(result: dict[str, Any]) -> str:
    """Say it in one sentence.

    >>> in_words({"value": 0.5, "interval": None, "images": 9, "cases": 3, "unit": "case"})[:71]
    'Pointing game: 0.50 of the evidence lies on the right picture of four; '
    """
    limits = result["interval"]
    between = "" if limits is None else f" ({number(limits[0], digits=2)} to {number(limits[1], digits=2)})"
    images, cases = counted(result["images"], "test image"), counted(result["cases"], "case")
    share = f"{number(result['value'], digits=2)}{between}"
    return (
        f"Pointing game: {share} of the evidence lies on the right picture of four; by chance {CHANCE} "
        f"({images} of {cases} that the model gets right, split by {result['unit']})."
    )


def maps_in_words(evaluation: Mapping[str, Any]) -> list[str]:
    """Say what an evaluation holds of the maps, a sentence each; none where it holds nothing.

    >>> maps_in_words({})
    []
    """
    said = (("pointing", in_words), ("painted", painted_in_words))
    return [words(evaluation[key]) for key, words in said if evaluation.get(key)]
