import re

import altair as alt
import numpy as np
import pandas as pd
import pytest

from breakhis_core.charts.comparison import comparison_chart, magnification_chart
from breakhis_core.charts.one_run import (
    class_bars_chart,
    confusion_cells,
    confusion_chart,
    roc_chart,
)
from breakhis_core.charts.probability import histogram_bars, probability_histogram, reliability_chart
from breakhis_core.charts.training_curves import history_chart
from breakhis_core.images.taxonomy import CODES
from breakhis_core.results.compare import compare
from breakhis_core.results.evaluate import evaluate
from breakhis_core.results.metric_registry import places_in
from breakhis_core.results.operating_points import malignancy_table, roc_curves
from tests.prediction_tables import certain, predictions_table, table_of

HISTORY = pd.DataFrame(
    {
        "epoch": [1, 2],
        "loss": [2.0, 1.5],
        "accuracy": [0.3, 0.5],
        "val_loss": [2.1, np.nan],
        "val_accuracy": [0.2, 0.4],
    }
)
ONE_IMAGE = table_of([4], certain([4]), [0])


def all_charts(table: pd.DataFrame) -> dict[str, alt.LayerChart]:
    found = evaluate(table, "case", resamples=50)
    against = compare([("a", table, "case"), ("b", table, "case")], resamples=50)["against"][0]
    return {
        "confusion": confusion_chart(found["confusion"], found["classes"]),
        "sides": confusion_chart(found["binary"]["confusion"], ["benign", "malignant"], dark=True),
        "roc": roc_chart(roc_curves(table)),
        "bars": class_bars_chart(found),
        "loss": history_chart(HISTORY, "loss"),
        "accuracy": history_chart(HISTORY, "accuracy"),
        "reliability": reliability_chart(found["calibration"]["bins"]),
        "histogram": probability_histogram(malignancy_table(table), 0.4),
        "comparison": comparison_chart(against),
        **{name: magnification_chart(found, name) for name in places_in("each magnification")},
    }


FULL = all_charts(predictions_table())


def parts_of(spec: dict, key: str) -> list:
    """Find all that a chart says under a key, wherever it stands; data do not count."""
    spec = {name: value for name, value in spec.items() if name not in ("datasets", "mark")}
    found = [spec[key]] if key in spec else []
    for value in spec.values():
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                found += parts_of(inner, key)
    return found


@pytest.mark.parametrize("name", FULL)
def test_every_chart_is_valid_and_sits_on_any_ground(name):
    spec = FULL[name].to_dict()
    assert spec["background"] == "transparent"
    assert spec["width"] == "container"


@pytest.mark.parametrize("name", FULL)
def test_every_chart_has_axis_titles_and_tooltips(name):
    spec = FULL[name].to_dict()
    titles = {one.get("title") for axis in ("x", "y") for one in parts_of(spec, axis)}
    assert titles - {None}
    assert parts_of(spec, "tooltip")


@pytest.mark.parametrize(
    "table",
    [pytest.param(ONE_IMAGE, id="one image"), pytest.param(predictions_table(codes=["F"]), id="one class")],
)
def test_charts_of_little_can_be_drawn(table):
    for chart in all_charts(table).values():
        chart.to_dict()


@pytest.mark.parametrize(
    ("chart", "selection", "fields"),
    [
        ("confusion", "cell", ["true", "predicted"]),
        ("bars", "subtype", ["subtype"]),
        ("histogram", "bar", ["side", "low", "high"]),
    ],
)
def test_a_click_answers_under_its_name(chart, selection, fields):
    params = [one for params in parts_of(FULL[chart].to_dict(), "params") for one in params]
    assert [(one["name"], one["select"]["fields"]) for one in params] == [(selection, fields)]


def test_confusion_cells_hold_counts_and_shares_of_their_row():
    cells = confusion_cells([[6, 2, 0], [0, 0, 0], [1, 0, 3]], ["a", "b", "c"]).set_index(
        ["true", "predicted"]
    )
    assert cells.loc[("a", "b"), "images"] == 2
    assert cells.loc[("a", "b"), "share"] == 0.25
    assert cells.loc[("b", "b"), "share"] == 0
    assert cells.loc[("c", "a"), "answer"] == "wrong"
    assert (cells["answer"] == "right").sum() == 3


def test_a_deeper_cell_means_a_larger_share():
    cells = confusion_cells([[90, 9, 1], [0, 1, 0], [0, 0, 1]], ["a", "b", "c"])
    row = cells[cells["true"] == "a"].sort_values("share")
    assert row["depth"].is_monotonic_increasing
    assert row["depth"].between(0, 1).all()


def test_histogram_counts_every_image_once():
    table = malignancy_table(predictions_table())
    bars = histogram_bars(table)
    assert bars["images"].sum() == len(table)
    inside = (table["side"] == "benign") & (table["malignancy"] >= 0.2) & (table["malignancy"] < 0.25)
    found = bars[(bars["side"] == "benign") & (bars["low"] == 0.2)]["images"].sum()
    assert found == inside.sum()


def test_sides_keep_their_colours_in_every_chart():
    for name in ("bars", "histogram"):
        found = parts_of(FULL[name].to_dict(), "color")
        colours = [one["scale"]["range"] for one in found if "scale" in one]
        assert colours[0] == ["#0E7EC2", "#D55E00"]


def test_every_curve_of_the_sides_can_be_told_apart():
    color = next(one for one in parts_of(FULL["roc"].to_dict(), "color") if "scale" in one)
    dash = next(one for one in parts_of(FULL["roc"].to_dict(), "strokeDash") if "scale" in one)
    styles = [
        (colour, tuple(dashes))
        for colour, dashes in zip(color["scale"]["range"], dash["scale"]["range"], strict=True)
    ]
    assert len(set(styles)) == len(CODES) + 1


def test_a_difference_has_a_colour_only_where_its_interval_excludes_zero():
    delta = {"before": 0.5, "after": 0.6, "delta": 0.1, "higher_is_better": True}
    deltas = {
        "accuracy": delta | {"interval": [0.02, 0.2]},
        "kappa": delta | {"interval": [-0.1, 0.3]},
        "macro_f1": delta | {"interval": None},
        "calibration.brier": delta | {"interval": [0.02, 0.2], "higher_is_better": False},
    }
    spec = comparison_chart({"deltas": deltas}).to_dict()
    rows = [row for rows in spec["datasets"].values() for row in rows if "verdict" in row]
    assert {row["metric"]: row["verdict"] for row in rows} == {
        "Accuracy": "better",
        "Macro F1": "may be chance",
        "Cohen's kappa": "may be chance",
        "Brier score": "worse",
    }


def test_the_three_metrics_of_a_subtype_differ_in_depth():
    import vl_convert

    drawn = vl_convert.vegalite_to_svg(FULL["bars"].to_dict() | {"width": 400})
    depths = re.findall(r'roledescription="bar"[^>]* opacity="([\d.]+)"', drawn)
    assert [float(depth) for depth in depths[:3]] == [0.4, 0.7, 1.0]


def test_bars_of_one_case_are_hollow():
    table = predictions_table(images=170, cases=17)
    alone = table[~table["case"].isin(["14-00000", "14-00008"])]  # Sub-type A is left with one case.
    spec = class_bars_chart(evaluate(alone, "case", resamples=20)).to_dict()
    rows = next(iter(spec["datasets"].values()))
    assert {row["subtype"] for row in rows if row["one_case"]} == {"A"}
    hollow = parts_of(spec, "fillOpacity")[0]["condition"][0]
    assert (hollow["test"], hollow["value"]) == ("datum.one_case", 0.12)


@pytest.mark.parametrize("name", ["bars", "reliability", "macro_f1"])
def test_lines_of_intervals_are_named_in_the_legend(name):
    domains = [one["scale"]["domain"] for one in parts_of(FULL[name].to_dict(), "strokeDash")]
    assert domains == [["95 % interval"]]
