"""Charts that set numbers beside each other: magnifications, cases, runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from breakhis_core.charts.colours import NEUTRAL, RIGHT, WRONG
from breakhis_core.charts.parts import SHARE, category_axis, finish, interval_rules, share_axis, with_interval
from breakhis_core.results.compare import VERDICTS, verdict
from breakhis_core.results.metric_registry import METRICS, metric_name, places_in
from breakhis_core.wording import interval


def magnification_chart(
    evaluation: Mapping[str, Any], metric: str = "accuracy", *, height: int = 240
) -> alt.LayerChart:
    """Draw a metric at each magnification with its 95 % interval.

    Args:
        evaluation: from ``evaluate``.
        metric: one that is measured at each magnification.
        height: height in pixels.
    """
    rows = [
        with_interval(found, metric)
        | {"magnification": f"{magnification}×", "images": found["images"], "cases": found["cases"]}
        for magnification, found in evaluation["per_magnification"].items()
    ]
    columns = ["magnification", "value", "low", "high", "limits", "images", "cases"]
    base = alt.Chart(pd.DataFrame(rows, columns=columns)).encode(
        x=alt.X("magnification:N", title="Magnification", sort=None, axis=category_axis()),
        tooltip=[
            alt.Tooltip("magnification:N", title="Magnification"),
            alt.Tooltip("value:Q", title=metric_name(metric), format=".3f"),
            alt.Tooltip("limits:N", title="95 % interval"),
            alt.Tooltip("images:Q", title="Images"),
            alt.Tooltip("cases:Q", title="Cases"),
        ],
    )
    extent = SHARE if METRICS[metric].is_share else alt.Scale()
    dots = base.mark_circle(size=110, opacity=1, color=RIGHT).encode(
        y=alt.Y("value:Q", title=metric_name(metric), scale=extent)
    )
    return finish(height, interval_rules(base), dots)


def comparison_chart(compared: Mapping[str, Any], metrics: Sequence[str] | None = None) -> alt.LayerChart:
    """Draw the difference of each metric between two runs with its paired 95 % interval.

    A difference has a colour only where its interval excludes zero.

    Args:
        compared: one entry of ``compare(...)["against"]``.
        metrics: metrics to draw, by their place in an evaluation, from the top; by default those of the list
            ``comparison``.
    """
    rows = [
        {
            "metric": metric_name(name),
            "delta": delta["delta"],
            "low": (delta["interval"] or [None, None])[0],
            "high": (delta["interval"] or [None, None])[1],
            "limits": interval(delta["interval"], of=delta["delta"], signed=True),
            "before": delta["before"],
            "after": delta["after"],
            "verdict": verdict(delta),
        }
        for name, delta in (
            (name, compared["deltas"][name])
            for name in (places_in("comparison") if metrics is None else metrics)
            if name in compared["deltas"]
        )
        if delta["delta"] is not None
    ]
    columns = ["metric", "delta", "low", "high", "limits", "before", "after", "verdict"]
    base = alt.Chart(pd.DataFrame(rows, columns=columns)).encode(
        y=alt.Y("metric:N", sort=None, title=None, axis=category_axis(labelLimit=260)),
        color=alt.Color(
            "verdict:N",
            scale=alt.Scale(domain=list(VERDICTS), range=[RIGHT, WRONG, NEUTRAL]),
            legend=alt.Legend(title=None, orient="top"),
        ),
        tooltip=[
            alt.Tooltip("metric:N", title="Metric"),
            alt.Tooltip("delta:Q", title="Difference", format="+.3f"),
            alt.Tooltip("limits:N", title="95 % interval"),
            alt.Tooltip("before:Q", title="First run", format=".3f"),
            alt.Tooltip("after:Q", title="This run", format=".3f"),
        ],
    )
    dotted = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=NEUTRAL, strokeDash=[4, 4])
    told = base.transform_filter("isValid(datum.low)")
    rules = told.mark_rule(strokeWidth=2).encode(x="low:Q", x2="high:Q")
    dots = base.mark_circle(size=110, opacity=1).encode(
        x=alt.X("delta:Q", title="Difference to the first run")
    )
    return finish(60 + 26 * len(rows), dotted.encode(x="zero:Q"), rules, dots)


def slope_chart(found: Mapping[str, Mapping[str, Any]], *, height: int = 300) -> alt.LayerChart:
    """Draw what each metric reads by image and by case, a line each: how far it falls on new cases.

    Args:
        found: from ``results.leakage_worth.gaps``.
        height: height in pixels.
    """
    rows = [
        {"metric": metric_name(name), "split": split, "value": one[side]}
        for name, one in found.items()
        for split, side in (("split by image", "by_image"), ("split by case", "by_case"))
        if one["by_image"] is not None and one["by_case"] is not None
    ]
    base = alt.Chart(pd.DataFrame(rows, columns=["metric", "split", "value"])).encode(
        x=alt.X("split:N", sort=None, title=None, axis=category_axis(labelFontSize=13)),
        y=alt.Y("value:Q", title=None, scale=SHARE, axis=share_axis()),
        detail="metric:N",
        tooltip=[
            alt.Tooltip("metric:N", title="Metric"),
            alt.Tooltip("split:N", title="Split"),
            alt.Tooltip("value:Q", title="Value", format=".3f"),
        ],
    )
    first = alt.datum.metric == metric_name("accuracy")
    opacity = alt.condition(first, alt.value(1.0), alt.value(0.45))
    lines = base.mark_line(color=RIGHT, strokeWidth=2).encode(opacity=opacity)
    dots = base.mark_circle(color=RIGHT, size=90).encode(opacity=opacity)
    ends = {name: float(one["by_case"]) for name, one in found.items() if one["by_case"] is not None}
    labels = [(metric_name(name), "split by case", at) for name, at in _spread(ends).items()]
    named = alt.Chart(pd.DataFrame(labels, columns=["metric", "split", "at"])).mark_text(
        align="left", dx=9, fontSize=12, color=NEUTRAL
    )
    placed = named.encode(x=alt.X("split:N", sort=None), y=alt.Y("at:Q"), text="metric:N")
    return finish(height, lines, dots, placed)


def _spread(values: Mapping[str, float], apart: float = 0.055) -> dict[str, float]:
    """Return places for labels near their values, from the top, none closer to another than ``apart``."""
    places: dict[str, float] = {}
    last = 1.0 + apart
    for name, value in sorted(values.items(), key=lambda pair: -pair[1]):
        last = places[name] = min(value, last - apart)
    lowest = min(places.values(), default=0.0)
    return {name: place - min(0.0, lowest) for name, place in places.items()}
