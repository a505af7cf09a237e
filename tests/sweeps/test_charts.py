"""The charts of a sweep are valid JSON at every stage, and give a number to finished cells only."""

from __future__ import annotations

import json
from dataclasses import replace

import altair as alt
import pandas as pd

from breakhis_core.sweeps.charts import chart_rows, curve_chart, epochs_chart, heat_chart
from breakhis_core.sweeps.reading import load_study
from breakhis_core.sweeps.results import uncertainty, visible_difference
from breakhis_core.workspace import Workspace
from tests.sweeps.sweep_studies import a_request, play, put


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def test_a_cell_without_a_value_has_null_and_says_why(workspace: Workspace, pictures: pd.DataFrame) -> None:
    request = a_request()
    put(workspace, "s", request)
    play(workspace, "s", request, {(0, 0): "01234567", (1, 0): 2, (2, 0): "The loss is no number."})
    study = load_study(workspace, "s")
    doubt = uncertainty(study, resamples=20)
    rows = chart_rows(study, doubt)
    assert rows["value"].isna().to_list() == [False, True, True, True]
    assert rows["says"].to_list() == ["1.000", "pruned, epoch 2", "failed", "waiting"]
    for chart in (heat_chart(study, doubt), epochs_chart(study, doubt)):
        json.loads(chart.to_json(), parse_constant=refuse)


def baselines_drawn(chart: alt.LayerChart) -> list[float]:
    tables = chart.to_dict()["datasets"].values()
    return [row["baseline"] for table in tables for row in table if "baseline" in row]


def test_no_cell_is_framed_where_none_can_be_told_from_another(
    workspace: Workspace, pictures: pd.DataFrame
) -> None:
    request = a_request()
    put(workspace, "s", request)
    play(workspace, "s", request, dict.fromkeys([(cell, 0) for cell in range(4)], "01111111"))
    study = load_study(workspace, "s")
    doubt = uncertainty(study)
    assert (doubt.best, len(doubt.as_good)) == (None, 3)
    assert not chart_rows(study, doubt)["best"].any()
    first, second = doubt.words.split(". The")
    assert first == (
        "No setting can be told from another here "
        "(accuracy 0.250; always saying fibroadenoma: 0.125, chance: 0.125)"
    )
    assert second == " highest is not better than always naming the commonest sub-type of the training."


def test_the_best_of_cells_that_differ_in_every_case_is_framed(
    workspace: Workspace, pictures: pd.DataFrame
) -> None:
    request = a_request()
    put(workspace, "s", request)
    wrong = dict.fromkeys([(0, 0), (2, 0), (3, 0)], "70000000")
    play(workspace, "s", request, wrong | {(1, 0): "01234567"})
    study = load_study(workspace, "s")
    doubt = uncertainty(study)
    assert doubt.best == 1
    assert chart_rows(study, doubt)["best"].to_list() == [False, True, False, False]
    assert doubt.words.startswith("Best: learning rate 0.01, decay 0.9, accuracy 1.000 (95 % 1.000 ")
    assert "not better" not in doubt.words


def test_what_always_naming_the_commonest_gives_is_a_dashed_line(
    workspace: Workspace, pictures: pd.DataFrame
) -> None:
    request = a_request({"learning_rate": [0.01, 0.001]})
    put(workspace, "s", request)
    play(workspace, "s", request, {(0, 0): "01234567"})
    study = load_study(workspace, "s")
    doubt = uncertainty(study, resamples=20)
    for chart in (curve_chart(study, doubt), epochs_chart(study, doubt)):
        assert baselines_drawn(chart) == [0.125]
    # Sweeps of before do not know it.
    old = replace(study, facts={key: fact for key, fact in study.facts.items() if key != "commonest"})
    doubt = uncertainty(old, resamples=20)
    assert doubt.baseline is None
    assert baselines_drawn(curve_chart(old, doubt)) == []


def test_fewer_cases_show_larger_differences_only() -> None:
    parts = ((1186, 1186), (1186, 68), (1186, 10), (39, 4))
    seen = [visible_difference(images, cases) for images, cases in parts]
    assert seen == sorted(seen)
    assert visible_difference(5, 1) == 1
