"""Charts of probabilities: reliability diagram and the histogram behind a threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd

from breakhis_core.charts.colours import NEUTRAL, RIGHT
from breakhis_core.charts.parts import HEIGHT, SHARE, SIDE_SCALE, diagonal, finish, interval_rules, share_axis
from breakhis_core.images.taxonomy import SIDES
from breakhis_core.wording import interval

BARS = 20


def reliability_chart(bins: Sequence[Mapping[str, Any]], *, height: int = HEIGHT) -> alt.LayerChart:
    """Draw accuracy against confidence, a point for each bin, its area the number of images.

    Points below the diagonal are overconfident, surely so where the whole interval is. A click on a point
    selects its bin's edges under the name ``"bin"``.

    Args:
        bins: ``evaluation["calibration"]["bins"]``.
        height: height in pixels.
    """
    columns = ["low", "high", "images", "cases", "confidence", "accuracy", "accuracy_low", "accuracy_high"]
    table = pd.DataFrame(list(bins), columns=columns)
    limits = zip(table["accuracy_low"], table["accuracy_high"], strict=True)
    table["limits"] = [interval(pair) for pair in limits]
    clicked = alt.selection_point(name="bin", fields=["low", "high"])
    base = alt.Chart(table).encode(
        x=alt.X("confidence:Q", title="Mean confidence", scale=SHARE, axis=share_axis()),
        tooltip=[
            alt.Tooltip("images:Q", title="Images"),
            alt.Tooltip("cases:Q", title="Cases"),
            alt.Tooltip("confidence:Q", title="Mean confidence", format=".3f"),
            alt.Tooltip("accuracy:Q", title="Accuracy", format=".3f"),
            alt.Tooltip("limits:N", title="95 % interval"),
            alt.Tooltip("low:Q", title="Bin from", format=".2f"),
            alt.Tooltip("high:Q", title="Bin to", format=".2f"),
        ],
    )
    points = base.mark_circle(color=RIGHT).encode(
        opacity=alt.condition(clicked, alt.value(0.9), alt.value(0.3)),
        y=alt.Y("accuracy:Q", title="Accuracy", scale=SHARE, axis=share_axis()),
        size=alt.Size(
            "images:Q",
            title="Images",
            scale=alt.Scale(range=[30, 500]),
            legend=alt.Legend(orient="right", tickCount=4, format="d"),
        ),
    )
    intervals = interval_rules(base, "accuracy_low", "accuracy_high")
    return finish(height, diagonal(), intervals, points.add_params(clicked))


def probability_histogram(
    malignancy: pd.DataFrame, threshold: float = 0.5, *, height: int = 240
) -> alt.LayerChart:
    """Draw how many images of each true side have which malignant probability, and the threshold.

    A click on a bar selects its side and its edges under the name ``"bar"``.

    Args:
        malignancy: columns malignancy and side, from ``results.operating_points.malignancy_table``.
        threshold: drawn as a line, between 0 and 1.
        height: height in pixels.
    """
    clicked = alt.selection_point(name="bar", fields=["side", "low", "high"])
    bars = (
        alt.Chart(histogram_bars(malignancy))
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X("low:Q", title="Probability of malignant", scale=SHARE, axis=share_axis(), bin="binned"),
            x2="high:Q",
            y=alt.Y("images:Q", title="Images", stack=True),
            color=alt.Color("side:N", scale=SIDE_SCALE, legend=alt.Legend(title="True side", orient="top")),
            opacity=alt.condition(clicked, alt.value(0.95), alt.value(0.3)),
            tooltip=[
                alt.Tooltip("side:N", title="True side"),
                alt.Tooltip("images:Q", title="Images"),
                alt.Tooltip("low:Q", title="From", format=".2f"),
                alt.Tooltip("high:Q", title="To", format=".2f"),
            ],
        )
        .add_params(clicked)
    )
    line = pd.DataFrame({"threshold": [threshold]})
    rule = (
        alt.Chart(line)
        .mark_rule(color=NEUTRAL, strokeWidth=2, strokeDash=[6, 3])
        .encode(x="threshold:Q", tooltip=[alt.Tooltip("threshold:Q", title="Threshold", format=".2f")])
    )
    return finish(height, bars, rule)


def in_bar(malignancy: pd.DataFrame, side: str, low: float, high: float) -> npt.NDArray[np.bool_]:
    """Return which images a bar of the histogram counts.

    >>> table = pd.DataFrame({"malignancy": [0.5, 0.49, 1.0], "side": ["benign"] * 3})
    >>> in_bar(table, "benign", 0.5, 1.0).tolist()
    [True, False, True]
    """
    values = np.clip(malignancy["malignancy"].to_numpy(dtype=np.float64), 0, 1)
    # As histogram_bars counts: steps are closed below, the last one above too.
    inside = (values >= low) & ((values < high) | (high >= 1))
    return np.asarray(inside & (malignancy["side"] == side).to_numpy(dtype=bool))


def histogram_bars(malignancy: pd.DataFrame, bars: int = BARS) -> pd.DataFrame:
    """Count the images of each side in equal steps of malignant probability; the last step is closed.

    Returns:
        Columns side, low, high and images; bars without images are left out.

    >>> histogram_bars(pd.DataFrame({"malignancy": [0.01, 1.0], "side": ["benign", "malignant"]}), 2)
            side  low  high  images
    0     benign  0.0   0.5       1
    1  malignant  0.5   1.0       1
    """
    edges = np.round(np.linspace(0, 1, bars + 1), 10)
    tables = []
    for side in SIDES:
        values = malignancy.loc[malignancy["side"] == side, "malignancy"].to_numpy(dtype=np.float64)
        counts, _ = np.histogram(np.clip(values, 0, 1), edges)
        tables.append(pd.DataFrame({"side": side, "low": edges[:-1], "high": edges[1:], "images": counts}))
    table = pd.concat(tables, ignore_index=True)
    return table[table["images"] > 0].reset_index(drop=True)
