"""Charts of what a review explains: the states of mistakes beside those of right answers, and the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from breakhis_core.charts.colours import ACCENT, NEUTRAL, RIGHT, WRONG
from breakhis_core.charts.parts import category_axis, finish, scale
from breakhis_core.reviews.summary import STATES
from breakhis_core.reviews.terms import REASONS

GROUPS = {"mistakes": "Mistakes", "right": "Right answers"}
_COLOURS = {"flagged": ACCENT, "disputed": f"{ACCENT}88", "kept": NEUTRAL, "open": f"{NEUTRAL}44"}


def state_chart(summary: Mapping[str, Any], *, height: int = 190) -> alt.LayerChart:
    """Draw which share of the mistakes, and of the right answers, is flagged, kept and not reviewed.

    Args:
        summary: from ``reviews.summary.summarise``.
        height: height in pixels.
    """
    rows = [
        {
            "group": f"{label} ({summary[group]['images']})",
            "state": words,
            "order": place,
            "images": summary[group][state],
            "share": summary[group][state] / max(1, summary[group]["images"]),
        }
        for group, label in GROUPS.items()
        for place, (state, words) in enumerate(STATES.items())
        if summary[group][state]
    ]
    shown = [state for state in STATES if any(summary[group][state] for group in GROUPS)]
    words = [STATES[state] for state in shown]
    colours = [_COLOURS[state] for state in shown]
    columns = ["group", "state", "order", "images", "share"]
    base = alt.Chart(pd.DataFrame(rows, columns=columns)).encode(
        y=alt.Y("group:N", title=None, sort=None, axis=category_axis(labelLimit=200)),
        x=alt.X("share:Q", title="Share of the images", stack="zero", axis=alt.Axis(format="%")),
        order="order:Q",
        tooltip=[
            alt.Tooltip("group:N", title="Of"),
            alt.Tooltip("state:N", title="State"),
            alt.Tooltip("images:Q", title="Images"),
            alt.Tooltip("share:Q", title="Share", format=".1%"),
        ],
    )
    bars = base.mark_bar().encode(
        color=alt.Color(
            "state:N",
            scale=scale(words, colours),
            legend=alt.Legend(title=None, orient="top"),
            sort=words,
        )
    )
    return finish(height, bars)


def reason_chart(summary: Mapping[str, Any]) -> alt.LayerChart:
    """Draw for each reason how many mistakes and how many right answers carry it.

    Args:
        summary: from ``reviews.summary.summarise``.
    """
    labels = {reason.code: reason.label for reason in REASONS}
    rows = [
        {"reason": labels[row["reason"]], "group": label, "images": row[group]}
        for row in summary["reasons"]
        for group, label in GROUPS.items()
    ]
    base = alt.Chart(pd.DataFrame(rows, columns=["reason", "group", "images"])).encode(
        y=alt.Y("reason:N", title=None, sort=None, axis=category_axis(labelLimit=180)),
        yOffset=alt.YOffset("group:N", sort=list(GROUPS.values())),
        x=alt.X("images:Q", title="Flagged images", axis=alt.Axis(tickMinStep=1, format="d")),
        tooltip=[
            alt.Tooltip("reason:N", title="Reason"),
            alt.Tooltip("group:N", title="Of"),
            alt.Tooltip("images:Q", title="Images"),
        ],
    )
    bars = base.mark_bar().encode(
        color=alt.Color(
            "group:N",
            scale=scale(list(GROUPS.values()), [WRONG, RIGHT]),
            legend=alt.Legend(title=None, orient="top"),
            sort=list(GROUPS.values()),
        )
    )
    return finish(100 + 36 * len(summary["reasons"]), bars)
