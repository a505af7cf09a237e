"""Charts of one run: pure Altair, no Streamlit, the same on the screen, in a report and on paper.

Every chart has a transparent ground, axis titles and tooltips with counts. Text on axes takes the page's
colour; the side or the sub-type decides every other colour (``colours``). Charts that answer a click name
their selection: ``"cell"`` in a confusion matrix, ``"subtype"`` in the class bars, ``"bar"`` in the
histogram.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from breakhis_core.charts.colours import NEUTRAL, RIGHT, SIDE_COLOURS, SUBTYPE_COLOURS, WRONG
from breakhis_core.charts.parts import (
    HEIGHT,
    SHARE,
    SIDE_SCALE,
    category_axis,
    diagonal,
    finish,
    interval_rules,
    scale,
    share_axis,
    with_interval,
)
from breakhis_core.images.taxonomy import CODES, side_of, subtype
from breakhis_core.results.metric_registry import SUBTYPE_METRICS

DASHES = ([1, 0], [7, 3], [2, 2], [8, 3, 2, 3])
"""One dash pattern for each of the four sub-types of a side."""


def confusion_chart(
    matrix: Sequence[Sequence[int]], labels: Sequence[str], *, dark: bool = False, height: int = 440
) -> alt.LayerChart:
    """Draw a confusion matrix: rows true, columns predicted, each cell its count and its share of the row.

    Right answers and wrong ones have different colours; the depth is the share of the row. A click on a cell
    selects its true and predicted label under the name ``"cell"``.

    Args:
        matrix: counts, shape ``(K, K)``, rows true.
        labels: label of each class, length K.
        dark: whether the page is dark, for the numbers in pale cells.
        height: height in pixels.
    """
    cells = confusion_cells(matrix, labels)
    clicked = alt.selection_point(name="cell", fields=["true", "predicted"])
    base = alt.Chart(cells).encode(
        x=alt.X("predicted:N", sort=list(labels), title="Predicted", axis=category_axis(orient="top")),
        y=alt.Y("true:N", sort=list(labels), title="True", axis=category_axis()),
        tooltip=[
            alt.Tooltip("true:N", title="True"),
            alt.Tooltip("predicted:N", title="Predicted"),
            alt.Tooltip("images:Q", title="Images"),
            alt.Tooltip("share:Q", title="Share of the true class", format=".1%"),
        ],
    )
    tiles = (
        base.mark_rect(cornerRadius=3, stroke=NEUTRAL, strokeOpacity=0.35, strokeWidth=1)
        .encode(
            color=alt.Color(
                "answer:N",
                scale=alt.Scale(domain=["right", "wrong"], range=[RIGHT, WRONG]),
                legend=alt.Legend(title=None, orient="bottom", symbolOpacity=0.9, symbolStrokeWidth=0),
            ),
            opacity=alt.condition(clicked, alt.Opacity("depth:Q", scale=None), alt.value(0.04)),
        )
        .add_params(clicked)
    )
    ink = alt.when(alt.datum.depth > 0.6).then(alt.value("#FFFFFF"))
    colour = ink.otherwise(alt.value("#F0F2F6" if dark else "#1F2430"))
    shown = base.transform_filter(alt.datum.images > 0)
    counts = shown.mark_text(fontSize=13, fontWeight="bold", dy=-6).encode(text="images:Q", color=colour)
    shares = shown.mark_text(fontSize=10, dy=8).encode(text=alt.Text("share:Q", format=".0%"), color=colour)
    return finish(height, tiles, counts, shares)


def confusion_cells(matrix: Sequence[Sequence[int]], labels: Sequence[str]) -> pd.DataFrame:
    """Tabulate a confusion matrix.

    Returns:
        Columns true, predicted, images, share (of the row; 0 for an empty row), answer (``"right"`` or
        ``"wrong"``) and depth (opacity that shows the share).

    >>> confusion_cells([[3, 1], [0, 4]], ["benign", "malignant"])["share"].tolist()
    [0.75, 0.25, 0.0, 1.0]
    """
    counts = np.asarray(matrix, dtype=np.int64)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    return pd.DataFrame(
        {
            "true": np.repeat(list(labels), len(labels)),
            "predicted": np.tile(list(labels), len(labels)),
            "images": counts.ravel(),
            "share": shares.ravel(),
            "answer": np.where(np.eye(len(labels), dtype=bool).ravel(), "right", "wrong"),
            "depth": np.where(counts > 0, 0.12 + 0.83 * shares**0.6, 0.03).ravel(),
        }
    )


def roc_chart(curves: pd.DataFrame, *, height: int = 440) -> alt.LayerChart:
    """Draw ROC curves, benign sub-types in cool and malignant ones in warm colours.

    A click in the legend shows a curve alone.

    Args:
        curves: from ``results.operating_points.roc_curves``, all or some of its curves.
        height: height in pixels.
    """
    named = curves.assign(
        label=curves["curve"].astype(str) + "  " + curves["area"].map("{:.3f}".format),
        images_label=curves["images"].astype(int),
    )
    order = [*CODES, "malignant"]
    present = named.drop_duplicates("curve").set_index("curve")["label"]
    shown = [code for code in order if code in present.index]
    styles = {code: DASHES[index % len(DASHES)] for index, code in enumerate(CODES)}
    styles["malignant"] = DASHES[0]
    # Beside the sub-types the sum of sides is a line of its own kind; alone it has its side's colour.
    colours = SUBTYPE_COLOURS | {"malignant": NEUTRAL if len(shown) > 1 else SIDE_COLOURS["malignant"]}
    labels = [present[code] for code in shown]
    legend = alt.Legend(title="Area under the curve", orient="right", symbolStrokeWidth=2.5, symbolSize=240)
    alone = alt.selection_point(name="curve", fields=["label"], bind="legend")
    lines = (
        alt.Chart(named)
        .mark_line(interpolate="linear", strokeWidth=2.2)
        .encode(
            x=alt.X("false_positive_rate:Q", title="False positive rate", scale=SHARE, axis=share_axis()),
            y=alt.Y("sensitivity:Q", title="Sensitivity", scale=SHARE, axis=share_axis()),
            order="order:Q",
            color=alt.Color("label:N", legend=legend, scale=scale(labels, [colours[code] for code in shown])),
            strokeDash=alt.StrokeDash("label:N", scale=scale(labels, [styles[code] for code in shown])),
            opacity=alt.condition(alone, alt.value(1.0), alt.value(0.12)),
            tooltip=[
                alt.Tooltip("curve:N", title="Curve"),
                alt.Tooltip("area:Q", title="Area", format=".3f"),
                alt.Tooltip("images_label:Q", title="Images of the class"),
                alt.Tooltip("sensitivity:Q", title="Sensitivity", format=".3f"),
                alt.Tooltip("false_positive_rate:Q", title="False positive rate", format=".3f"),
                alt.Tooltip("threshold:Q", title="Threshold", format=".3f"),
            ],
        )
        .add_params(alone)
        .transform_window(order="row_number()")
    )
    return finish(height, diagonal(), lines)


def class_bars_chart(evaluation: Mapping[str, Any], *, height: int = HEIGHT) -> alt.LayerChart:
    """Draw precision, recall and F1 of each sub-type with their 95 % intervals.

    The bars of a sub-type of one case are hollow: what they say is said of one patient. A click on a bar
    selects its sub-type under the name ``"subtype"``.

    Args:
        evaluation: from ``evaluate``.
        height: height in pixels.
    """
    names = {metric.key: metric.name for metric in SUBTYPE_METRICS if metric.in_bars}
    rows = [
        with_interval(evaluation, f"per_class.{code}.{key}")
        | {"subtype": code, "name": subtype(code).name, "side": side_of(code), "metric": shown}
        | {
            "images": evaluation["per_class"][code]["support"],
            "cases": evaluation["per_class"][code]["cases"],
            "one_case": evaluation["per_class"][code]["cases"] == 1,
        }
        for code in CODES
        for key, shown in names.items()
    ]
    clicked = alt.selection_point(name="subtype", fields=["subtype"])
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X("subtype:N", sort=list(CODES), title="Sub-type", axis=category_axis()),
        xOffset=alt.XOffset("metric:N", sort=list(names.values())),
        tooltip=[
            alt.Tooltip("name:N", title="Sub-type"),
            alt.Tooltip("metric:N", title="Metric"),
            alt.Tooltip("value:Q", title="Value", format=".3f"),
            alt.Tooltip("limits:N", title="95 % interval"),
            alt.Tooltip("images:Q", title="Images"),
            alt.Tooltip("cases:Q", title="Cases"),
        ],
    )
    bars = (
        base.mark_bar(cornerRadiusEnd=2)
        .encode(
            y=alt.Y("value:Q", title="Value", scale=SHARE, axis=share_axis()),
            color=alt.Color("side:N", scale=SIDE_SCALE, legend=alt.Legend(title=None, orient="top")),
            opacity=alt.Opacity(
                "metric:O",
                scale=alt.Scale(type="ordinal", domain=list(names.values()), range=[0.4, 0.7, 1.0]),
                legend=alt.Legend(title=None, orient="top", symbolFillColor=NEUTRAL),
            ),
            stroke=alt.Stroke("side:N", scale=SIDE_SCALE, legend=None),
            strokeWidth=alt.condition(alt.datum.one_case, alt.value(2), alt.value(0)),
            fillOpacity=alt.when(alt.datum.one_case)
            .then(alt.value(0.12))
            .when(clicked)
            .then(alt.value(1.0))
            .otherwise(alt.value(0.35)),
        )
        .add_params(clicked)
    )
    return finish(height, bars, interval_rules(base))
