"""Several runs against one, on the same tested images: a table of differences, and what changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from breakhis_core.results.compare import Verdict, verdict
from breakhis_core.results.comparison_words import chance_in_words
from breakhis_core.results.metric_registry import METRICS
from breakhis_core.runs import Run
from breakhis_core.wording import interval, number
from pages.parts.shared import review_links
from pages.parts.shared.markdown import plain

MARKS: dict[Verdict, str] = {"better": " ▲", "worse": " ▼", "may be chance": ""}


def choose_more(run: Run, before: Run, known: Sequence[Run], label: Callable[[Run], str]) -> list[Run]:
    """Let the person choose further runs to hold against the same one.

    Args:
        run: the run that the screen shows.
        before: the run that it is compared with.
        known: what can be chosen, in order.
        label: names a run.
    """
    others = {other.name: other for other in known if other.name not in (run.name, before.name)}
    if not others:
        return []
    asked = [name for name in st.query_params.get("also", "").split(",") if name in others]
    key = f"also-{run.name}-{before.name}"

    def remember() -> None:
        st.query_params["also"] = ",".join(st.session_state[key])

    chosen = st.multiselect(
        "and further runs compared with it",
        list(others),
        default=asked,
        format_func=lambda name: label(others[name]),
        placeholder="none",
        width=420,
        key=key,
        on_change=remember,
    )
    return [others[name] for name in chosen]


def show(compared: Mapping[str, Any], runs: Sequence[Run], part: str, metrics: Sequence[str]) -> None:
    """Show what each run changes against the first.

    Args:
        compared: from ``compare``.
        runs: the further runs, in the order of ``compared["against"]``.
        part: the part they are compared on.
        metrics: metrics of the table.
    """
    st.dataframe(difference_table(compared, metrics), hide_index=True, height="content")
    st.caption(
        "Value, and in brackets the paired 95 % interval of its difference to "
        f"{plain(compared['first']['name'])}; ▲ surely better, ▼ surely worse: an interval that leaves "
        "out zero. With several runs, one in twenty such marks is chance."
    )
    for run, against in zip(runs, compared["against"], strict=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(run.name)}**", width=220)
            change_links(run, part, against)
            st.caption(chance_in_words(against))


def change_links(run: Run, part: str, against: Mapping[str, Any]) -> None:
    """Link to the images that a run gets right and the first one did not, and to the reverse."""
    review_links.link(run, part, against["fixed"], "newly right")
    review_links.link(run, part, against["broken"], "newly wrong")


def difference_table(compared: Mapping[str, Any], metrics: Sequence[str]) -> pd.DataFrame:
    """Return each metric of the first run, and of each further one with its difference."""
    first = compared["first"]
    columns: dict[str, list[str]] = {
        "Metric": [METRICS[name].direction_told for name in metrics],
        str(first["name"]): [number(first["values"].get(name)) for name in metrics],
    }
    for against in compared["against"]:
        columns[str(against["name"])] = [_cell(against["deltas"].get(name)) for name in metrics]
    return pd.DataFrame(columns)


def _cell(delta: Mapping[str, Any] | None) -> str:
    if delta is None:
        return number(None)
    change = number(delta["delta"], signed=True)
    mark = MARKS[verdict(delta)]
    limits = interval(delta["interval"], of=delta["delta"], signed=True)
    return f"{number(delta['after'])}  {change} ({limits}){mark}"
