import pandas as pd

from breakhis_core.charts.review import reason_chart, state_chart
from breakhis_core.reviews.summary import summarise
from tests.prediction_tables import predictions_table


def summary():
    table = predictions_table(images=80, cases=8, skill=1.0)
    some = table["hash"][:20]
    said = pd.DataFrame({"hash": some, "action": "flag", "reason": ["staining", "duplicate"] * 10})
    said.loc[15:, "action"] = "keep"
    return summarise(table, "case", said, said.loc[said["action"] == "flag", "hash"].tolist())


def rows(chart) -> list[dict]:
    (found,) = chart.to_dict()["datasets"].values()
    return found


def test_the_bars_of_a_group_add_up_to_all_its_images():
    told = summary()
    bars = rows(state_chart(told))
    for group, label in (("mistakes", "Mistakes"), ("right", "Right answers")):
        mine = [bar for bar in bars if bar["group"].startswith(label)]
        assert sum(bar["images"] for bar in mine) == told[group]["images"]
        assert abs(sum(bar["share"] for bar in mine) - 1) < 1e-9
    assert "flagged but kept by the rule" not in {bar["state"] for bar in bars}


def test_each_reason_has_a_bar_for_mistakes_and_one_for_right_answers():
    told = summary()
    assert [(bar["reason"], bar["group"], bar["images"]) for bar in rows(reason_chart(told))] == [
        ("Staining", "Mistakes", told["reasons"][0]["mistakes"]),
        ("Staining", "Right answers", told["reasons"][0]["right"]),
        ("Duplicate", "Mistakes", told["reasons"][1]["mistakes"]),
        ("Duplicate", "Right answers", told["reasons"][1]["right"]),
    ]


def test_an_empty_part_of_a_review_still_draws():
    table = predictions_table(images=16, cases=4, skill=50.0)
    none = pd.DataFrame(columns=["hash", "action", "reason"])
    assert rows(state_chart(summarise(table, "case", none, [])))[0]["state"] == "not reviewed"
