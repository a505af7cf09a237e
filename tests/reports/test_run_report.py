import re

import pandas as pd
import pytest

from breakhis_core.reports.run_report import report
from breakhis_core.results.evaluate import evaluate
from breakhis_core.results.tables import NumberTable
from tests.prediction_tables import certain, predictions_table, table_of

HISTORY = pd.DataFrame({"epoch": [1, 2], "loss": [2.0, 1.5], "val_loss": [2.1, 1.9]})


@pytest.fixture(scope="module")
def page():
    table = pd.concat([predictions_table(), predictions_table(seed=5, part="validation")])
    return report("<first> {{7*7}}", table, "case", recipe={"name": "a < b"}, history=HISTORY, phantom=True)


def test_a_report_asks_no_server_and_runs_no_script(page):
    # Names of XML spaces look like addresses and are none.
    addresses = set(re.findall(r"https?://[^\s\"'<]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert not re.search(r"<(script|link|img|iframe|object)\b|@import|url\((?!#)", page)


def test_a_report_has_every_plot_and_its_numbers(page):
    assert page.count("<svg") == 8
    evaluation = evaluate(predictions_table(), "case")
    assert f"<b>{evaluation['accuracy']:.3f}</b>" in page
    for title in ("Numbers", "Confusion", "Sub-types", "Ranking", "Magnifications", "Calibration", "Cases"):
        assert f"<h2>{title}</h2>" in page


def test_names_cannot_become_markup(page):
    assert "<h1>&lt;first&gt; {{7*7}}</h1>" in page
    assert "a &lt; b" in page


def test_a_report_says_what_it_is_not(page):
    assert "synthetic phantoms, not tissue" in page
    assert "Research tool, not a medical device." in page


def test_one_image_and_no_history_make_a_report():
    empty = pd.DataFrame(columns=["epoch", "loss", "val_loss"])
    table = table_of([4], certain([4]), [0])
    page = report("one", table, "image", recipe={}, history=empty, phantom=False)
    assert "1 image of 1 case, split by image" in page


def test_a_report_says_what_leaving_out_is_worth_where_it_was_measured():
    table, measured = predictions_table(), (["Leaving 3 out < helps."], NumberTable(["arm"], [["without 3"]]))
    made = report("one", table, "case", recipe={}, history=HISTORY, phantom=False, worth=measured)
    assert "<h2>What leaving out is worth</h2>" in made
    assert "<p>Leaving 3 out &lt; helps.</p>" in made
    assert "<td>without 3</td>" in made
    assert "What leaving out" not in report("one", table, "case", recipe={}, history=HISTORY, phantom=False)
