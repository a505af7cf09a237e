import io

import pytest
from rich.console import Console

from breakhis_core.command_line.evaluate import headline
from breakhis_core.results.card import card
from breakhis_core.results.compare import compare
from breakhis_core.results.evaluate import evaluate, value_at
from breakhis_core.results.leakage_worth import gaps
from breakhis_core.results.metric import Metric
from breakhis_core.results.metric_registry import METRICS, SUBTYPE_METRICS, of_all_images, shown_in
from breakhis_core.results.tables import interval_of
from breakhis_core.wording import number
from pages.parts.results import comparison, folds, tables
from tests.prediction_tables import predictions_table

EVERYWHERE = (
    *("headline", "main", "command", "comparison", "leakage", "folds", "magnifications"),
    *("magnifications on screen", "each fold", "each magnification"),
)


@pytest.fixture
def made_up(monkeypatch):
    """Add a metric by one row: the share of wrong answers."""
    row = Metric(
        "errors.share",
        "Wrong answers",
        lambda draws: 1 - METRICS["accuracy"].measured(draws),
        EVERYWHERE,
        higher_is_better=False,
    )
    monkeypatch.setitem(METRICS, row.place, row)
    return row


def printed(renderable) -> str:
    console = Console(file=io.StringIO(), width=200)
    console.print(renderable)
    return console.file.getvalue()


def test_a_metric_is_added_by_one_row(made_up):
    table = predictions_table()
    found = evaluate(table, "case")
    value, limits = value_at(found, made_up.place), found["intervals"][made_up.place]
    assert value == pytest.approx(1 - found["accuracy"])
    assert limits[0] < value < limits[1]
    cells = [made_up.name, number(value), interval_of(found, made_up.place)]
    written = card({"name": "a"}, {}, found, phantom=False)
    assert f"| {' | '.join(cells)} |" in written
    assert f"{made_up.name} **{number(value)}**" in written
    line = next(line for line in printed(headline(found)).splitlines() if made_up.name in line)
    assert all(cell in line for cell in cells)
    row = tables.all_numbers(found).set_index("Metric").loc["Wrong answers, lower is better"]
    assert row[["Value", "95 % interval"]].tolist() == cells[1:]
    assert made_up.name in tables.per_magnification(found)


def test_it_is_compared_too(made_up):
    first, second = predictions_table(seed=1), predictions_table(seed=1, skill=4)
    deltas = compare([("a", first, "case"), ("b", second, "case")])["against"][0]["deltas"]
    assert deltas[made_up.place]["delta"] == pytest.approx(-deltas["accuracy"]["delta"])
    assert not deltas[made_up.place]["higher_is_better"]
    shown = comparison.delta_table(deltas, "a", "b").set_index("Metric")
    assert shown.loc["Wrong answers, lower is better", "a"] == number(deltas[made_up.place]["before"])
    assert gaps(first, second)[made_up.place]["gap"] is not None


def test_it_is_measured_for_each_fold(made_up):
    table = predictions_table().assign(fold=lambda rows: rows.index % 2 + 1, folds="1 2")
    by_fold = table[["hash", "fold", *(name for name in table if name.startswith("p_"))]]
    found = evaluate(table, "case", by_fold=by_fold)
    shown = folds.table(found)
    assert shown[made_up.name].tolist()[:2] == [
        number(fold[made_up.place]) for fold in found["folds"]["per_fold"]
    ]


def test_every_row_says_where_it_belongs():
    assert all(place == metric.place for place, metric in METRICS.items())
    assert len({metric.name for metric in METRICS.values()}) == len(METRICS)
    assert all(metric.meaning for metric in shown_in("headline"))
    assert all(metric.is_share for metric in (*shown_in("leakage"), *shown_in("folds")))
    # What a table shows has to be measured there.
    for shown, measured in (
        ("folds", "each fold"),
        ("magnifications", "each magnification"),
        ("magnifications on screen", "each magnification"),
    ):
        assert {metric.place for metric in shown_in(shown)} <= {metric.place for metric in shown_in(measured)}
    assert {metric.mean for metric in SUBTYPE_METRICS} - {None} <= {one.place for one in of_all_images()}
