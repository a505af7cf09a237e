"""Charts of a sweep: a heat map of two settings, a curve of one, strips of more, and the trials by epoch.

A cell that was pruned, failed, runs or waits says so and has no value: only a cell whose trainings are all
finished has a number.
"""

from __future__ import annotations

import math
from typing import Any

import altair as alt
import pandas as pd

from breakhis_core.charts.colours import ACCENT, NEUTRAL, WRONG
from breakhis_core.charts.parts import SHARE, category_axis, finish, share_axis
from breakhis_core.sweeps.reading import Study
from breakhis_core.sweeps.request import MEASURES
from breakhis_core.sweeps.results import Uncertainty, cell_table
from breakhis_core.sweeps.values import Value, field_text, value_text

_STATE_COLOURS = {"finished": NEUTRAL, "running": ACCENT, "pruned": WRONG, "failed": WRONG}


def chart_rows(study: Study, doubt: Uncertainty) -> pd.DataFrame:
    """Tabulate the cells as the charts write them.

    Args:
        study: the study.
        doubt: from ``results.uncertainty``.

    Returns:
        The rows of ``results.cell_table`` without error, and of each field ``x_<field>``, its value
        as an axis has it, and ``t_<field>``, as a tooltip has it; says, what stands in a cell; range, over
        seeds; best, whether it is, which none is where none can be told from another.
    """
    table = cell_table(study)
    for field in study.request.grid:
        table[f"x_{field}"] = [short(field, value) for value in table[field]]
        table[f"t_{field}"] = [value_text(field, value) for value in table[field]]
    table["says"] = [
        _says(row["state"], row["value"], row["epochs"], study.cells[row["cell"]].recipe.main_epochs)
        for row in table.to_dict("records")
    ]
    many = study.request.seeds > 1
    table["range"] = [
        f"{low:.3f} to {high:.3f}" if many and low is not None else ""
        for low, high in zip(table["low"], table["high"], strict=True)
    ]
    table["best"] = [number == doubt.best for number in table["cell"]]
    # Altair writes null for what a column of floats lacks; of other columns nan gets into the JSON.
    return table.drop(columns="error").astype({"value": float, "low": float, "high": float})


def heat_chart(study: Study, doubt: Uncertainty, *, dark: bool = False, height: int = 380) -> alt.LayerChart:
    """Draw a grid of two settings: the first downwards, the second across, the best cell framed.

    Args:
        study: of two fields.
        doubt: from ``results.uncertainty``.
        dark: whether the page is dark.
        height: height in pixels.
    """
    rows = chart_rows(study, doubt)
    down, across = study.request.grid
    metric = MEASURES[study.request.metric]
    base = alt.Chart(rows).encode(
        x=alt.X(f"x_{across}:N", title=_title(across), axis=category_axis(), **_in_order(study, across)),
        y=alt.Y(f"x_{down}:N", title=_title(down), axis=category_axis(), **_in_order(study, down)),
        tooltip=_tooltips(study),
    )
    empty = base.transform_filter("datum.state != 'finished'").mark_rect(
        cornerRadius=3, fill=NEUTRAL, fillOpacity=0.1, stroke=NEUTRAL, strokeOpacity=0.35, strokeDash=[4, 3]
    )
    whole = base.transform_filter("datum.state == 'finished'")
    low, high = _extent(rows)
    tiles = whole.mark_rect(cornerRadius=3).encode(
        color=alt.Color(
            "value:Q",
            scale=alt.Scale(scheme="viridis", domain=[low, high]),
            legend=alt.Legend(title=metric, orient="right", format=".2f", gradientLength=height - 120),
        )
    )
    frame = whole.transform_filter("datum.best").mark_rect(
        cornerRadius=3, filled=False, stroke="#F0F2F6" if dark else "#1F2430", strokeWidth=3
    )
    # Viridis is dark below two thirds of its way, and pale above.
    pale = alt.when(alt.datum.value > low + 0.65 * (high - low)).then(alt.value("#1F2430"))
    seeds = study.request.seeds > 1
    ink = pale.otherwise(alt.value("#FFFFFF"))
    numbers = whole.mark_text(fontSize=14, fontWeight="bold", dy=-7 if seeds else 0).encode(
        text="says:N", color=ink
    )
    ranges = whole.mark_text(fontSize=10, dy=10).encode(text="range:N", color=ink)
    words = base.transform_filter("datum.state != 'finished'").mark_text(
        fontSize=12, color="#B4BBC1" if dark else "#59636B"
    )
    layers = [empty, tiles, frame, numbers, words.encode(text="says:N")]
    return finish(height, *layers, *([ranges] if seeds else []))


def curve_chart(study: Study, doubt: Uncertainty, *, height: int = 380) -> alt.LayerChart:
    """Draw one setting against the metric, with the best cell's interval as a band.

    Args:
        study: of one field.
        doubt: from ``results.uncertainty``.
        height: height in pixels.
    """
    rows = chart_rows(study, doubt)
    (field,) = study.request.grid
    base = _against(rows, study, field)
    layers: list[alt.Chart] = []
    if doubt.interval is not None:
        low, high = doubt.interval
        band = alt.Chart(pd.DataFrame({"low": [low], "high": [high]}))
        layers.append(band.mark_rect(color=ACCENT, opacity=0.13).encode(y="low:Q", y2="high:Q"))
    whole = base.transform_filter("datum.state == 'finished'")
    # Over all cells: the line breaks where one has no value.
    layers.append(base.mark_line(color=NEUTRAL, strokeWidth=1.5).encode(y=_metric_axis(study)))
    if study.request.seeds > 1:
        layers.append(whole.mark_rule(color=NEUTRAL, strokeWidth=2).encode(y="low:Q", y2="high:Q"))
    layers += _baseline_line(doubt)
    layers.append(_dots(whole, study))
    layers.append(_marks_without_value(base, height))
    return finish(height, *layers)


def strip_chart(study: Study, doubt: Uncertainty, field: str, *, height: int = 230) -> alt.LayerChart:
    """Draw all finished cells by one of several settings, and the mean of each choice as a bar.

    Args:
        study: of several fields.
        doubt: from ``results.uncertainty``.
        field: one of them.
        height: height in pixels.
    """
    rows = chart_rows(study, doubt)
    whole = _against(rows[rows["state"] == "finished"], study, field)
    means = whole.mark_tick(thickness=3, size=34, color=NEUTRAL).encode(
        y=alt.Y("mean(value):Q", scale=SHARE),
        tooltip=[alt.Tooltip("mean(value):Q", title="Mean", format=".3f")],
    )
    return finish(height, *_baseline_line(doubt), means, _dots(whole, study))


def epochs_chart(study: Study, doubt: Uncertainty, *, height: int = 300) -> alt.LayerChart:
    """Draw the metric of every trial by epoch, in the colour of its state."""
    rows = pd.DataFrame(
        [
            {
                "trial": trial.number,
                "epoch": epoch,
                "value": value,
                "state": trial.state,
                "settings": ", ".join(
                    f"{field_text(field)} {value_text(field, chosen)}"
                    for field, chosen in study.cells[trial.cell].values.items()
                ),
            }
            for trial in study.trials
            for epoch, value in trial.curve.items()
        ],
        columns=["trial", "epoch", "value", "state", "settings"],
    )
    longest = max(cell.recipe.main_epochs for cell in study.cells)
    states = [state for state in _STATE_COLOURS if state in set(rows["state"])]
    base = alt.Chart(rows).encode(
        x=alt.X(
            "epoch:Q",
            title="Epoch",
            axis=alt.Axis(tickMinStep=1, format="d", grid=False),
            scale=alt.Scale(domain=[1, max(2, longest)]),
        ),
        y=_metric_axis(study),
        detail="trial:N",
        color=alt.Color(
            "state:N",
            scale=alt.Scale(domain=states, range=[_STATE_COLOURS[state] for state in states]),
            legend=alt.Legend(title=None, orient="top"),
        ),
        tooltip=[
            alt.Tooltip("settings:N", title="Settings"),
            alt.Tooltip("epoch:Q", title="Epoch"),
            alt.Tooltip("value:Q", title=MEASURES[study.request.metric].capitalize(), format=".3f"),
            alt.Tooltip("state:N", title="State"),
        ],
    )
    lines = base.mark_line(strokeWidth=1.6, opacity=0.75)
    return finish(height, *_baseline_line(doubt), lines, base.mark_circle(size=24))


def short(field: str, value: Value) -> str:
    """Return a choice as an axis has room for it: a boundary by the paper's index alone.

    >>> short("boundary", "expanded_conv_10_depthwise_bn"), short("decay", 0.95)
    ('150', '0.95')
    """
    return value_text(field, value).split(" · ")[0]


def _against(rows: pd.DataFrame, study: Study, field: str) -> alt.Chart:
    axis = category_axis(grid=False)
    against: alt.Chart = alt.Chart(rows).encode(
        x=alt.X(f"x_{field}:N", title=_title(field), axis=axis, **_in_order(study, field)),
        tooltip=_tooltips(study),
    )
    return against


def _title(field: str) -> str:
    words = field_text(field).capitalize()
    return f"{words}, the paper's index of it" if field == "boundary" else words


def _in_order(study: Study, field: str) -> dict[str, Any]:
    """Keep the order of the grid, whichever cells a layer of the chart has."""
    order = [short(field, value) for value in study.request.grid[field]]
    return {"sort": order, "scale": alt.Scale(domain=order)}


def _metric_axis(study: Study) -> alt.Y:
    name = MEASURES[study.request.metric]
    title = f"Validation {name}"
    return alt.Y("value:Q", title=title, scale=SHARE, axis=share_axis())


def _dots(whole: alt.Chart, study: Study) -> alt.Chart:
    dots: alt.Chart = whole.mark_circle(opacity=1).encode(
        y=_metric_axis(study),
        color=alt.when("datum.best").then(alt.value(ACCENT)).otherwise(alt.value(NEUTRAL)),
        size=alt.when("datum.best").then(alt.value(150)).otherwise(alt.value(70)),
    )
    return dots


def _baseline_line(doubt: Uncertainty) -> list[alt.Chart]:
    """Draw what always naming the commonest sub-type gives, where it is known."""
    if doubt.baseline is None:
        return []
    at = alt.Chart(pd.DataFrame({"baseline": [doubt.baseline]}))
    line: alt.Chart = at.mark_rule(color=NEUTRAL, strokeDash=[6, 4], strokeWidth=1.5).encode(
        y="baseline:Q",
        tooltip=[alt.Tooltip("baseline:Q", title="Always naming the commonest sub-type", format=".3f")],
    )
    return [line]


def _marks_without_value(base: alt.Chart, height: int) -> alt.Chart:
    """Stand a word upright at the foot of the chart where a cell has no number; one that waits has none."""
    silent = base.transform_filter("datum.state != 'finished' && datum.state != 'waiting'")
    marks: alt.Chart = silent.mark_text(
        fontSize=11, color=NEUTRAL, angle=270, align="left", baseline="middle"
    ).encode(y=alt.value(height - 75), text="says:N")
    return marks


def _tooltips(study: Study) -> list[alt.Tooltip]:
    settings = [
        alt.Tooltip(f"t_{field}:N", title=field_text(field).capitalize()) for field in study.request.grid
    ]
    about = [alt.Tooltip("says:N", title=MEASURES[study.request.metric].capitalize())]
    if study.request.seeds > 1:
        about.append(alt.Tooltip("range:N", title="Range over seeds"))
    return [*settings, *about]


def _says(state: str, value: float | None, epochs: int, all_epochs: int) -> str:
    if value is not None:
        return f"{value:.3f}"
    if state == "running":
        return f"epoch {epochs} of {all_epochs}" if epochs else "preparing"
    return {"pruned": f"pruned, epoch {epochs}", "failed": "failed", "waiting": "waiting"}[state]


def _extent(rows: pd.DataFrame) -> tuple[float, float]:
    """Return round limits of the colours, which move rarely while a sweep runs, and at least 0.3 apart.

    Closer limits would paint chance in strong colours.
    """
    values = rows["value"].dropna()
    if values.empty:
        return 0.0, 1.0
    low, high = math.floor(min(values) * 10) / 10, math.ceil(max(values) * 10) / 10
    missing = max(0.0, 0.3 - (high - low))
    high = min(1.0, high + missing / 2)
    return round(max(0.0, high - max(0.3, high - low)), 2), round(max(high, 0.3), 2)
