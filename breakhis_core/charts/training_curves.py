"""The curves of one training: what the head's epochs and the others did to loss and accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

import altair as alt
import pandas as pd

from breakhis_core.charts.colours import NEUTRAL, RIGHT
from breakhis_core.charts.parts import SHARE, finish, scale
from breakhis_core.wording import number

_PARTS = {"": "train", "val_": "validation"}
_SHOWN_OF_HEAD, _SHOWN = 25, 150
"""Points of a curve at most: more cannot be told apart, and a running training's is sent each second."""
_HEAD_WIDTH = 0.25
"""Room for the head's epochs, as a share of that for the others."""


@dataclass(frozen=True)
class Parent:
    """The run that a training improves on.

    Attributes:
        name: of the run.
        history: its history.
    """

    name: str
    history: pd.DataFrame


def history_chart(
    history: pd.DataFrame,
    measure: str = "loss",
    *,
    height: int = 260,
    epochs: int = 0,
    parent: Parent | None = None,
) -> alt.LayerChart:
    """Draw a measure on training and validation images by epoch.

    Epochs of the head alone stand in front of the others, drawn together, behind a line. A ring marks the
    epoch with the lowest validation loss.

    Args:
        history: columns epoch, and the measure with and without ``val_`` before it; also phase, as in
            ``Run.history``, where there are several, and of a cross-validation fold, the last of which stands
            out while the folds before it are thin.
        measure: ``"loss"`` or ``"accuracy"``.
        height: height in pixels.
        epochs: epochs that there will be, so that the axis of a training that runs does not move.
        parent: the run that this one improves on, in grey; of its folds the mean.
    """
    told = _with_phases(history)
    before = None if parent is None else _mean_of_folds(_with_phases(parent.history))
    longest = max(epochs, *(_epochs(table) for table in (told, before) if table is not None))
    headed = any((table["phase"] == "head").any() for table in (told, before) if table is not None)
    room = _HEAD_WIDTH * longest if headed else 0.0
    rows = _rows(told, measure, room)
    layers: list[alt.Chart] = []
    if parent is not None and before is not None:
        layers.append(_lines_of_parent(_rows(before, measure, room).assign(run=parent.name)))
    if headed:
        layers.extend(_border(8 if measure == "loss" else height - 10))
    base = _base(rows, measure, longest, room)
    nearest = alt.selection_point(name="epoch", fields=["x"], nearest=True, on="pointerover", empty=False)
    dot = 35 if longest <= 40 else 8
    points = base.mark_point(filled=True).encode(size=alt.condition(nearest, alt.value(110), alt.value(dot)))
    layers += [base.mark_line(strokeWidth=2), points.add_params(nearest)]
    best = best_epoch(told)
    if best is not None:
        at = (rows["phase"] == "all") & (rows["epoch"] == best) & (rows["fold"] == rows["fold"].max())
        marked = rows[at & (rows["part"] == "validation")]
        ring = _base(marked, measure, longest, room)
        layers.append(ring.mark_point(filled=False, size=170, strokeWidth=2, opacity=1))
    return finish(height, *layers)


def best_epoch(history: pd.DataFrame) -> int | None:
    """Return the epoch with the lowest validation loss, of the last fold where there are folds; else None.

    >>> best_epoch(pd.DataFrame({"epoch": [1, 2, 3], "val_loss": [0.9, 0.7, 0.8]}))
    2
    """
    if "val_loss" not in history:
        return None
    told = _with_phases(history)
    told = told[(told["phase"] == "all") & (told["fold"] == told["fold"].max())].dropna(subset=["val_loss"])
    return None if told.empty else int(told.loc[told["val_loss"].idxmin(), "epoch"])


def best_in_words(history: pd.DataFrame) -> str:
    """Say which epoch the ring marks; nothing where there is none.

    >>> best_in_words(pd.DataFrame({"epoch": [1, 2, 3], "val_loss": [0.9, 0.7, 0.8]}))
    'Ring: lowest validation loss, 0.700 in epoch 2; the run is the model after the last.'
    """
    best = best_epoch(history)
    if best is None:
        return ""
    told = _with_phases(history)
    last = told[(told["phase"] == "all") & (told["fold"] == told["fold"].max())]
    loss = number(float(last.loc[last["epoch"] == best, "val_loss"].iloc[0]))
    fold = f" of fold {told['fold'].max()}" if told["fold"].nunique() > 1 else ""
    return f"Ring: lowest validation loss{fold}, {loss} in epoch {best}; the run is the model after the last."


def _with_phases(history: pd.DataFrame) -> pd.DataFrame:
    """Fill in what older histories do not say."""
    missing = {name: value for name, value in (("phase", "all"), ("fold", 1)) if name not in history}
    return history.assign(**missing).fillna({"phase": "all"})


def _mean_of_folds(history: pd.DataFrame) -> pd.DataFrame:
    means = history.groupby(["phase", "epoch"], as_index=False).mean(numeric_only=True)
    return means.assign(fold=1)


def _epochs(history: pd.DataFrame) -> int:
    last = history.loc[history["phase"] == "all", "epoch"].max()
    return 1 if pd.isna(last) else int(last)


def _rows(history: pd.DataFrame, measure: str, room: float) -> pd.DataFrame:
    """Return one row per point: its phase, epoch, fold, part, value, and x, the place on the axis."""
    columns = {
        f"{prefix}{measure}": part for prefix, part in _PARTS.items() if f"{prefix}{measure}" in history
    }
    rows = history.melt(["phase", "fold", "epoch"], list(columns), "part", "value").dropna(subset=["value"])
    latest = rows["fold"] == rows["fold"].max()
    head = rows["phase"] == "head"
    last = rows.groupby("phase")["epoch"].transform("max")
    rows = rows.assign(
        part=rows["part"].map(columns),
        latest=latest,
        x=rows["epoch"].where(~head, 0.5 - room * (1 - rows["epoch"] / last)).astype(float),
        trained=rows["phase"].map({"head": "head alone", "all": "all that the recipe trains"}),
    )
    shown = latest.map({True: _SHOWN, False: _SHOWN_OF_HEAD}).where(~head, _SHOWN_OF_HEAD)
    step = (last / shown).map(ceil)
    best = ~head & (rows["epoch"] == best_epoch(history))
    return rows[(rows["epoch"] % step == 0) | (rows["epoch"] == last) | best]


def _base(rows: pd.DataFrame, measure: str, longest: int, room: float) -> alt.Chart:
    step = ceil(longest / 12)
    # No number below the head's epochs: where they stand is no count of the others.
    ticks: dict[str, Any] = {"values": sorted({1, *range(step, longest + 1, step)})} if room else {}
    several = rows["fold"].nunique() > 1
    encoded: alt.Chart = alt.Chart(rows).encode(
        x=alt.X(
            "x:Q",
            title="Epoch",
            axis=alt.Axis(tickMinStep=1, format="d", grid=False, **ticks),
            scale=alt.Scale(domain=[0.5 - room if room else 1, max(2, longest)], nice=False),
        ),
        y=alt.Y(
            "value:Q",
            title=measure.capitalize(),
            scale=SHARE if measure == "accuracy" else alt.Scale(zero=True),
        ),
        color=alt.Color(
            "part:N",
            scale=scale(["train", "validation"], [NEUTRAL, RIGHT]),
            legend=alt.Legend(title=None, orient="top"),
        ),
        detail=["fold:N", "phase:N"],
        opacity=alt.condition(alt.datum.latest, alt.value(1.0), alt.value(0.35)),
        tooltip=[
            *([alt.Tooltip("fold:N", title="Fold")] if several else []),
            *([alt.Tooltip("trained:N", title="Trains")] if room else []),
            alt.Tooltip("epoch:Q", title="Epoch"),
            alt.Tooltip("part:N", title="Part"),
            alt.Tooltip("value:Q", title=measure.capitalize(), format=".4f"),
        ],
    )
    return encoded


def _lines_of_parent(rows: pd.DataFrame) -> alt.Chart:
    name = str(rows["run"].iloc[0]) if len(rows) else ""
    lines: alt.Chart = (
        alt.Chart(rows)
        .mark_line(strokeWidth=1.4, color=NEUTRAL)
        .encode(
            x="x:Q",
            y="value:Q",
            detail=["part:N", "phase:N"],
            opacity=alt.condition(alt.datum.part == "train", alt.value(0.4), alt.value(0.9)),
            strokeDash=alt.StrokeDash(
                "run:N",
                scale=scale([name], [[4, 3]]),
                legend=alt.Legend(title=None, orient="top", symbolType="stroke", symbolStrokeColor=NEUTRAL),
            ),
        )
    )
    return lines


def _border(depth: int) -> tuple[alt.Chart, alt.Chart]:
    """Draw the line between the head's epochs and the others, and name those at a depth in pixels."""
    place = alt.Chart(pd.DataFrame({"x": [0.5], "before": ["head alone"]})).encode(x="x:Q")
    rule = place.mark_rule(color=NEUTRAL, strokeDash=[2, 3], opacity=0.6)
    words = place.mark_text(color=NEUTRAL, align="right", dx=-5, fontSize=11).encode(
        text="before:N", y=alt.value(depth)
    )
    return rule, words
