"""What leaving images out is worth: each retraining against all images and against its placebo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from breakhis_core.charts.colours import NEUTRAL, RIGHT, WRONG
from breakhis_core.charts.parts import category_axis, finish, scale
from breakhis_core.wording import interval, number

AGAINST = {"to_all": "against all images", "to_placebo": "against the placebo"}
"""What an arm is held against, by its key in a result."""
COLUMNS = ("arm", "against", "delta", "low", "high", "limits", "p", "chance")


def arms_chart(arms: Sequence[tuple[str, Mapping[str, Any]]], smallest: float) -> alt.LayerChart:
    """Draw the differences of each arm with their 95 % intervals.

    Args:
        arms: from the top, the words of an arm and what ``worth.differences.compared`` says of a figure.
        smallest: the smallest difference that could have been seen; what lies within is shaded.
    """
    rows = [
        {
            "arm": words,
            "against": against,
            "delta": found[key]["delta"],
            "low": (found[key]["interval"] or [None, None])[0],
            "high": (found[key]["interval"] or [None, None])[1],
            "limits": interval(found[key]["interval"], of=found[key]["delta"], signed=True),
            "p": number(found["p"]),
            "chance": f"p {number(found['p'])}",
        }
        for words, found in arms
        for key, against in AGAINST.items()
    ]
    base = alt.Chart(pd.DataFrame(rows, columns=list(COLUMNS))).encode(
        y=alt.Y("arm:N", sort=None, title=None, axis=category_axis(labelLimit=320)),
        yOffset=alt.YOffset("against:N", sort=list(AGAINST.values())),
        color=alt.Color(
            "against:N",
            scale=scale(list(AGAINST.values()), [RIGHT, WRONG]),
            legend=alt.Legend(title=None, orient="top"),
        ),
        tooltip=[
            alt.Tooltip("arm:N", title="Retraining"),
            alt.Tooltip("against:N", title="Difference"),
            alt.Tooltip("delta:Q", title="in the mean", format="+.3f"),
            alt.Tooltip("limits:N", title="95 % interval, cases and seeds"),
            alt.Tooltip("p:N", title="p, from placebos"),
        ],
    )
    ends = [row[end] for row in rows for end in ("delta", "low", "high") if row[end] is not None]
    low, high = min([-smallest, 0, *ends]), max([smallest, 0, *ends])
    # Right of everything there is room for what chance says.
    extent = alt.Scale(domain=[low - 0.03 * (high - low), high + 0.12 * (high - low)], nice=False)
    band = pd.DataFrame({"low": [-smallest], "high": [smallest], "zero": [0.0]})
    ground = alt.Chart(band)
    unseen = ground.mark_rect(color=NEUTRAL, opacity=0.18).encode(x="low:Q", x2="high:Q")
    zero = ground.mark_rule(color=NEUTRAL, strokeDash=[4, 4]).encode(x="zero:Q")
    rules = (
        base.transform_filter("isValid(datum.low)").mark_rule(strokeWidth=2).encode(x="low:Q", x2="high:Q")
    )
    dots = base.mark_circle(size=90, opacity=1).encode(
        x=alt.X("delta:Q", title="Difference", scale=extent, axis=alt.Axis(tickCount=8))
    )
    chances = (
        base.transform_filter(alt.datum.against == AGAINST["to_placebo"])
        .mark_text(align="right", fontSize=12)
        .encode(x=alt.value("width"), text="chance:N", color=alt.value(NEUTRAL))
    )
    # Axis and legend take some 110 pixels of it.
    return finish(120 + 46 * len(arms), unseen, zero, rules, dots, chances)
