"""What the charts share: scales, axes, the finish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from breakhis_core.charts.colours import NEUTRAL, SIDE_COLOURS
from breakhis_core.images.taxonomy import SIDES
from breakhis_core.results.tables import interval_of

HEIGHT = 320
SHARE = alt.Scale(domain=[0, 1])
SIDE_SCALE = alt.Scale(domain=list(SIDES), range=[SIDE_COLOURS[side] for side in SIDES])


def scale(domain: Sequence[str], colours: Sequence[Any]) -> alt.Scale:
    """Return a scale that gives each value of the domain its colour or dash."""
    return alt.Scale(domain=list(domain), range=list(colours))


def share_axis(**options: Any) -> alt.Axis:
    """Return an axis from 0 to 1 in tenths."""
    return alt.Axis(format=".1f", tickCount=10, **options)


def category_axis(**options: Any) -> alt.Axis:
    """Return an axis of level, complete labels without ticks."""
    return alt.Axis(labelAngle=0, labelOverlap=False, ticks=False, domain=False, **options)


def diagonal() -> alt.Chart:
    """Draw the line from (0, 0) to (1, 1): chance in a ROC plot, truth in a reliability diagram."""
    line = pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0]})
    dashed = alt.Chart(line).mark_line(color=NEUTRAL, strokeDash=[4, 4], strokeWidth=1.2)
    placed: alt.Chart = dashed.encode(x="x:Q", y="y:Q")
    return placed


def with_interval(evaluation: Mapping[str, Any], metric: str) -> dict[str, Any]:
    """Return value, low, high and the limits as text of a metric by its place in an evaluation."""
    value: Any = evaluation
    for key in metric.split("."):
        value = value[key]
    limits = evaluation["intervals"].get(metric)
    low, high = limits or (None, None)
    return {"value": value, "low": low, "high": high, "limits": interval_of(evaluation, metric)}


def interval_rules(base: alt.Chart, low: str = "low", high: str = "high") -> alt.Chart:
    """Draw vertical intervals from two columns, and say in the legend what they are."""
    name = "95 % interval"
    told = base.transform_filter(f"isValid(datum.{low})").transform_calculate(line=f"'{name}'")
    rules: alt.Chart = told.mark_rule(strokeWidth=2, color=NEUTRAL).encode(
        y=f"{low}:Q",
        y2=f"{high}:Q",
        strokeDash=alt.StrokeDash(
            "line:N",
            scale=scale([name], [[1, 0]]),
            legend=alt.Legend(
                title=None, orient="top", symbolType="stroke", symbolStrokeColor=NEUTRAL, symbolStrokeWidth=2
            ),
        ),
    )
    return rules


def finish(height: int, *layers: alt.Chart | alt.LayerChart) -> alt.LayerChart:
    """Join layers, the first at the bottom, and give them a transparent ground and the type sizes."""
    finished: alt.LayerChart = (
        alt.layer(*layers)
        .properties(background="transparent", width="container", height=height)
        .configure_view(stroke=None)
        .configure_axis(
            labelFontSize=12,
            titleFontSize=13,
            titleFontWeight="normal",
            titlePadding=8,
            # A label at the end of an axis stands at its tick, not inside of it.
            labelFlush=False,
        )
        .configure_legend(labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelLimit=260)
    )
    return finished
