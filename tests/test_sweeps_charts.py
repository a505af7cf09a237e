"""The charts of a sweep are valid JSON at every stage, and give a number to finished cells only."""

from __future__ import annotations

import json

import pandas as pd

from breakhis_core.sweeps_charts import chart_rows, epochs_chart, heat_chart
from breakhis_core.sweeps_reading import load_study
from breakhis_core.workspace import Workspace
from tests.sweep_studies import a_request, play, put


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def test_a_cell_without_a_value_has_null_and_says_why(workspace: Workspace, pictures: pd.DataFrame) -> None:
    request = a_request()
    put(workspace, "s", request)
    play(workspace, "s", request, {(0, 0): "01234567", (1, 0): 2, (2, 0): "The loss is no number."})
    study = load_study(workspace, "s")
    rows = chart_rows(study)
    assert rows["value"].isna().to_list() == [False, True, True, True]
    assert rows["says"].to_list() == ["1.000", "pruned, epoch 2", "failed", "waiting"]
    for chart in (heat_chart(study), epochs_chart(study)):
        json.loads(chart.to_json(), parse_constant=refuse)
