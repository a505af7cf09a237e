"""The curves of one training: its phases, its best epoch, its parent."""

import json

import altair as alt
import numpy as np
import pandas as pd
import pytest

from breakhis_core.charts.training_curves import Parent, best_epoch, best_in_words, history_chart

WHOLE = pd.DataFrame(
    {
        "epoch": [1, 2, 3],
        "loss": [2.0, 1.5, 1.0],
        "accuracy": [0.3, 0.5, 0.7],
        "val_loss": [2.1, 1.2, 1.4],
        "val_accuracy": [0.2, 0.4, 0.5],
    }
)


def with_head(epochs: int) -> pd.DataFrame:
    """Return a history whose head was trained first."""
    head = pd.concat([WHOLE.iloc[[0]]] * epochs, ignore_index=True).assign(
        epoch=range(1, epochs + 1), val_loss=0.1, phase="head"
    )
    return pd.concat([head, WHOLE.assign(phase="all")], ignore_index=True)


def points_of(chart: alt.LayerChart) -> list[pd.DataFrame]:
    """Return the rows that a chart draws, one table a data set."""
    return [pd.DataFrame(rows) for rows in chart.to_dict()["datasets"].values()]


def curves_of(chart: alt.LayerChart) -> pd.DataFrame:
    return max((table for table in points_of(chart) if "latest" in table), key=len)


def test_the_head_stands_in_front_of_the_epochs_that_count():
    rows = curves_of(history_chart(with_head(100)))
    head, others = rows[rows["phase"] == "head"], rows[rows["phase"] == "all"]
    assert head["x"].between(0.5 - 0.25 * 3, 0.5).all()
    assert others["x"].tolist() == others["epoch"].tolist()
    # As many points as can be told apart, the last among them.
    assert head.groupby("part")["epoch"].nunique().eq(25).all()
    assert head["epoch"].max() == 100


def test_histories_without_phases_are_drawn_as_before():
    chart = history_chart(WHOLE).to_dict()
    assert curves_of(history_chart(WHOLE))["x"].tolist() == [1, 2, 3, 1, 2, 3]
    assert "head alone" not in json.dumps(chart)


def test_the_best_epoch_is_of_those_that_count_and_of_the_last_fold():
    assert best_epoch(with_head(5)) == 2
    folds = pd.concat([WHOLE.assign(fold=1), WHOLE.assign(fold=2, val_loss=[1.0, 0.9, 0.8])])
    assert best_epoch(folds) == 3
    assert "of fold 2, 0.800 in epoch 3" in best_in_words(folds)
    assert best_epoch(WHOLE.drop(columns="val_loss")) is None
    assert best_in_words(WHOLE.assign(val_loss=np.nan)) == ""


def test_the_ring_is_on_the_validation_curve():
    rings = [table for table in points_of(history_chart(WHOLE, "accuracy")) if len(table) == 1]
    assert [(ring["epoch"][0], ring["value"][0], ring["part"][0]) for ring in rings] == [
        (2, 0.4, "validation")
    ]


def test_the_parent_is_drawn_in_the_mean_of_its_folds():
    folds = pd.concat([WHOLE.assign(fold=1), WHOLE.assign(fold=2, loss=WHOLE["loss"] + 1)])
    chart = history_chart(WHOLE, parent=Parent("first", folds))
    drawn = next(table for table in points_of(chart) if "run" in table)
    train = drawn[drawn["part"] == "train"]
    assert train["value"].tolist() == pytest.approx((WHOLE["loss"] + 0.5).tolist())
    assert set(drawn["run"]) == {"first"}


@pytest.mark.parametrize("epochs", [0, 20])
def test_what_has_only_begun_can_be_drawn(epochs: int):
    some = with_head(3).iloc[:2]
    for measure in ("loss", "accuracy"):
        domain = curves_of(history_chart(some, measure, epochs=epochs))["x"]
        assert domain.max() <= 0.5


def test_a_cross_validation_of_many_epochs_stays_small():
    many = pd.concat([WHOLE.iloc[[0]]] * 103, ignore_index=True).assign(epoch=range(1, 104), phase="all")
    chart = history_chart(pd.concat([many.assign(fold=fold) for fold in range(1, 6)]))
    assert len(json.dumps(chart.to_dict())) < 100_000
