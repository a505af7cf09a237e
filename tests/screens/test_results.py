"""The results screen, run without a browser."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from starlette.requests import Request
from streamlit.proto.Metric_pb2 import Metric
from streamlit.testing.v1 import AppTest

from breakhis_core import reviews
from breakhis_core.images.taxonomy import CODES
from breakhis_core.results.baselines import baseline_text
from breakhis_core.results.evaluate import evaluate
from breakhis_core.results.provenance import where_from
from breakhis_core.runs import Run, open_run
from breakhis_core.runs.notes import describe
from breakhis_core.settings import Settings
from breakhis_core.wording import counted, duration, interval, number
from breakhis_core.workspace import Workspace
from pages.parts.results import tables
from pages.parts.server import run_download
from pages.parts.shared import review_links
from tests.conftest import write_fake_run
from tests.screens.conftest import PROJECT
from tests.screens.in_app import in_app

VIEWS = ["Confusion", "Sub-types", "Benign or malignant", "Cases", "Calibration", "Training", "Compare"]


@pytest.fixture
def retrained(workspace: Workspace, pictures: pd.DataFrame, fake_run: Run) -> Run:
    """A second run on the same split that says it improves on the first."""
    return write_fake_run(workspace.models, "better", pictures, seed=2, improves="fake")


def said(screen: AppTest) -> str:
    assert not screen.exception, screen.exception
    kinds = (screen.markdown, screen.caption, screen.info, screen.warning)
    return "\n".join(one.value for kind in kinds for one in kind)


def test_without_a_run_it_says_what_to_do(workspace: Workspace) -> None:
    screen = in_app("results")
    assert "no run" in said(screen)
    assert [button.label for button in screen.button] == ["Train a run"]


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_names_part_unit_images_and_cases(retrained: Run, view: str) -> None:
    screen = in_app("results", run="better", view=view)
    assert "Test · split by case · 32 images of 8 cases" in said(screen)


def test_the_headline_is_what_evaluate_says_with_its_interval(fake_run: Run) -> None:
    expected = evaluate(fake_run.predictions(), "case")
    shown = {one.label: (one.value, one.delta) for one in in_app("results").metric}
    assert shown["Accuracy, 8 sub-types"] == (
        f"{expected['accuracy']:.3f}",
        interval(expected["intervals"]["accuracy"]),
    )
    assert shown["Malignant specificity"][0] == f"{expected['binary']['specificity']:.3f}"
    assert shown["Macro AUC"][0] == f"{expected['auc']['macro']:.3f}"


def test_each_headline_number_stands_with_what_it_has_to_beat(fake_run: Run) -> None:
    expected = evaluate(fake_run.predictions(), "case")
    captions = [one.value for one in in_app("results").caption]
    for metric in ("accuracy", "macro_f1", "auc.macro", "binary.f1"):
        assert baseline_text(expected, metric) in captions
    assert any(caption.startswith("always saying") for caption in captions)


def test_a_run_that_is_not_better_than_naming_the_commonest_says_so(
    workspace: Workspace, pictures: pd.DataFrame
) -> None:
    write_fake_run(workspace.models, "poor", pictures, skill=0.0)
    text = said(in_app("results"))
    assert "ot better than always naming the commonest sub-type of the training: accuracy" in text
    assert "below each number: 95 % interval, bootstrap over cases" in text


def test_macro_figures_say_over_how_many_subtypes(workspace: Workspace, pictures: pd.DataFrame) -> None:
    run = write_fake_run(workspace.models, "few", pictures, skill=0.0)
    evaluation = evaluate(run.predictions().query("subtype not in ['TA', 'LC'] or part != 'test'"), "case")
    assert tables.per_class(evaluation)["Sub-type"].iloc[-1] == "Macro (mean of 6)"
    table = tables.per_class(evaluation).set_index("Sub-type")
    assert table.loc["Macro (mean of 6)", "F1"] == pytest.approx(evaluation["macro_f1"])
    assert table.loc["TA tubular adenoma", "F1"] is None or pd.isna(table.loc["TA tubular adenoma", "F1"])
    helped = {one.label: one.proto.help for one in in_app("results").metric}
    assert "Over all 8 sub-types." in helped["Macro F1"]


def test_the_part_can_be_chosen_and_training_images_are_called_learnt(fake_run: Run) -> None:
    screen = in_app("results", of="Train")
    assert "Train · split by case" in said(screen)
    assert "learnt these images" in said(screen)


def test_a_split_by_image_is_told_with_what_leaks(workspace: Workspace, pictures: pd.DataFrame) -> None:
    write_fake_run(workspace.models, "leaky", pictures, unit="image")
    screen = in_app("results")
    # The made-up run keeps whole cases apart whatever it says its unit is.
    assert "Split by image: 0 of 32 test images are of cases" in said(screen)


def test_the_table_of_subtypes_has_the_authors_numbers_and_the_macro_mean(fake_run: Run) -> None:
    evaluation = evaluate(fake_run.predictions(), "case")
    table = tables.per_class(evaluation).set_index("Sub-type")
    assert table.loc["DC ductal carcinoma", "Recall"] == evaluation["per_class"]["DC"]["recall"]
    assert table.loc["DC ductal carcinoma", "AUC"] == evaluation["auc"]["DC"]
    assert table.loc["Macro (mean)", "F1"] == pytest.approx(evaluation["macro_f1"])
    assert table.loc["Macro (mean)", "Precision"] == pytest.approx(evaluation["macro_precision"])
    assert table.loc["Macro (mean)", "Images"] == table["Images"].iloc[:8].sum() == 32


def test_a_damaged_run_folder_is_named_with_its_reason(retrained: Run) -> None:
    (retrained.path / "history.csv").write_text("epoch\n1\n")
    screen = in_app("results")
    assert screen.expander[-1].label == "1 folder under models/ cannot be used"
    assert "better: history.csv is not the file that was written" in said(screen)


def test_a_retraining_is_held_against_the_run_that_it_improves_on(retrained: Run) -> None:
    screen = in_app("results", run="better", view="Compare")
    assert screen.selectbox(key="with-better").value == "fake"
    before, after = (evaluate(run, "case")["accuracy"] for run in _predictions(screen, "fake", "better"))
    accuracy = next(one for one in screen.metric if one.label == "Accuracy")
    assert accuracy.value == f"{after:.3f}"
    assert accuracy.delta.startswith(number(after - before, signed=True))
    assert "Minus flagged" not in said(screen)


def test_flagged_test_images_make_a_second_line_and_never_the_headline(
    workspace: Workspace, retrained: Run
) -> None:
    table = retrained.predictions()
    image = table.loc[table["part"] == "test", "hash"].iloc[0]
    reviews.flag(workspace, "Ada", image, "staining")
    text = said(in_app("results", run="better", view="Compare"))
    assert "Test · split by case · 32 images of 8 cases" in text
    assert "without the 1 flagged test image, on 31 images of 8 cases, split by case" in text


def test_fixed_and_broken_images_are_links_to_their_review(retrained: Run) -> None:
    screen = in_app("results", run="better", view="Compare")
    first, second = _predictions(screen, "fake", "better")
    right = [
        table.set_index("hash")["predicted"] == table.set_index("hash")["subtype"]
        for table in (first, second)
    ]
    tested = first.loc[first["part"] == "test", "hash"]
    fixed = [image for image in tested if not right[0][image] and right[1][image]]
    labels = [link.label for link in screen.get("page_link")]
    assert f"Review {counted(len(fixed), 'image')} newly right" in labels


def test_runs_with_other_test_sets_are_shown_each_for_itself_with_the_reason(
    workspace: Workspace, pictures: pd.DataFrame, fake_run: Run
) -> None:
    write_fake_run(workspace.models, "half", pictures.iloc[:40].reset_index(drop=True))
    screen = in_app("results", run="half", view="Compare")
    assert "cannot be compared" in said(screen)
    assert "test images are only in" in said(screen)
    columns = list(screen.dataframe[0].value.columns)
    assert columns[1].startswith("half: test · split by case · ")
    assert columns[2] == "fake: test · split by case · 32 images of 8 cases"
    assert screen.selectbox(key="with-half").options == ["fake · split by case · phantoms · other test set"]


def test_runs_of_two_units_open_with_what_knowing_the_patient_is_worth(
    workspace: Workspace, pictures: pd.DataFrame, fake_run: Run
) -> None:
    write_fake_run(workspace.models, "by-image", pictures, unit="image", seed=2)
    screen = in_app("results", run="by-image", view="Compare")
    assert screen.markdown[0].value.startswith("## 0.")
    assert "on painted cases it knows" in screen.markdown[0].value, "phantoms are no patients"
    assert len(screen.get("vega_lite_chart")) == 1
    assert "cannot be compared" in screen.caption[-1].value


def test_phantoms_are_not_offered_beside_tissue(
    workspace: Workspace, pictures: pd.DataFrame, fake_run: Run
) -> None:
    write_fake_run(workspace.models, "tissue", pictures, phantom=False)
    write_fake_run(workspace.models, "tissue-2", pictures, phantom=False, seed=2)
    screen = in_app("results", run="tissue", view="Compare")
    assert screen.selectbox(key="with-tissue").options == ["tissue-2 · split by case"]
    assert "There is no other run on phantoms" in said(in_app("results", run="fake", view="Compare"))


def test_one_run_that_cannot_be_compared_does_not_hide_the_others(
    workspace: Workspace, pictures: pd.DataFrame, retrained: Run
) -> None:
    write_fake_run(workspace.models, "half", pictures.iloc[:40].reset_index(drop=True))
    for address in ({"with": "fake", "also": "half"}, {"with": "half", "also": "fake"}):
        screen = in_app("results", run="better", view="Compare", **address)
        assert next(one for one in screen.metric if one.label == "Accuracy").delta
        assert "Each on its own test set" in said(screen)


def a_run_that_is_wrong(run: Run, models: Path, name: str) -> Run:
    """Return a run on the same split that takes every image for another sub-type."""
    table = run.predictions().copy()
    wrong = [CODES[(CODES.index(code) + 1) % len(CODES)] for code in table["subtype"]]
    for code in CODES:
        table[f"p_{code}"] = [0.93 if code == one else 0.01 for one in wrong]
    table["predicted"] = wrong
    shutil.copytree(run.path, models / name)
    table.to_parquet(models / name / "predictions.parquet")
    file = models / name / "manifest.json"
    manifest = json.loads(file.read_text())
    content = (models / name / "predictions.parquet").read_bytes()
    manifest["files"]["predictions.parquet"] = hashlib.sha256(content).hexdigest()
    file.write_text(json.dumps(manifest | {"name": name}))
    return open_run(models / name)


def test_a_surely_worse_run_is_never_green(workspace: Workspace, fake_run: Run) -> None:
    a_run_that_is_wrong(fake_run, workspace.models, "worse")
    colour = Metric.MetricColor
    for run, other, words, shade in (
        ("worse", "fake", "worse is worse than fake", colour.VIOLET),
        ("fake", "worse", "fake is better than worse", colour.GREEN),
    ):
        screen = in_app("results", **{"run": run, "with": other, "view": "Compare"})
        accuracy = next(one for one in screen.metric if one.label == "Accuracy")
        assert accuracy.proto.color == shade
        assert words in said(screen)


def test_two_runs_that_say_the_same_are_called_so(workspace: Workspace, fake_run: Run) -> None:
    shutil.copytree(fake_run.path, workspace.models / "copy")
    screen = in_app("results", run="copy", view="Compare")
    assert "fake and copy give the same answers on all 32 test images." in said(screen)
    assert not screen.metric


def test_columns_are_before_and_after_only_for_a_retraining(
    workspace: Workspace, pictures: pd.DataFrame, retrained: Run
) -> None:
    columns = list(in_app("results", run="better", view="Compare").dataframe[0].value.columns)
    assert columns[1:3] == ["Before: fake", "After: better"]
    write_fake_run(workspace.models, "third", pictures, seed=3)
    columns = list(in_app("results", run="third", view="Compare").dataframe[0].value.columns)
    assert columns[2] == "third"


def test_the_threshold_moves_sensitivity_and_specificity(fake_run: Run) -> None:
    screen = in_app("results", view="Benign or malignant")
    screen.slider[0].set_value(0.0).run()
    shown = {one.label: one.value for one in screen.metric}
    assert (shown["Sensitivity"], shown["Specificity"]) == ("1.000", "0.000")


def test_the_line_goes_along_into_the_review(fake_run: Run) -> None:
    screen = in_app("results", view="Benign or malignant")
    screen.slider[0].set_value(0.3).run()
    link = next(link for link in screen.get("page_link") if link.label.startswith("Review all"))
    assert link.label == "Review all, nearest to 0.30 first"
    assert "threshold=0.30" in link.proto.query_string
    assert "order=side_threshold" in link.proto.query_string


def test_three_runs_are_held_against_the_first(
    retrained: Run, workspace: Workspace, pictures: pd.DataFrame
) -> None:
    write_fake_run(workspace.models, "third", pictures, seed=3, improves="fake")
    screen = in_app("results", run="better", view="Compare", also="third")
    assert "the same for both" not in said(screen)
    table = screen.dataframe[0].value
    assert list(table.columns) == ["Metric", "fake", "better", "third"]
    third = evaluate(open_run(workspace.models / "third").predictions(), "case")
    assert table["third"].iloc[0].startswith(f"{third['accuracy']:.3f}  ")
    assert sum("McNemar" in caption.value for caption in screen.caption) == 2


def test_an_address_of_the_review_keeps_part_filters_and_images(fake_run: Run) -> None:
    address = review_links.queue_address(fake_run, "validation", true="DC", predicted="")
    assert address == {"run": "fake", "part": "validation", "order": "all", "true": "DC"}
    assert review_links.only(["a" * 32, "b" * 32]) == "a" * 10 + "." + "b" * 10


def test_figures_read_well() -> None:
    assert (number(0.85), number(None), number(-0.0123, signed=True)) == ("0.850", "–", "−0.012")
    assert (interval([0.791, 0.9]), interval(None)) == ("0.791 to 0.900", "–")
    assert (counted(1, "case"), counted(1312, "image")) == ("1 case", "1,312 images")
    assert [duration(seconds) for seconds in (0.4, 95, 600, 7300)] == [
        "1 s",
        "1 min 35 s",
        "10 min",
        "2 h 1 min",
    ]
    assert where_from({"part": "test", "split": "split by case", "images": 64, "cases": 8}) == (
        "Test · split by case · 64 images of 8 cases"
    )


USED = """
import sys
from streamlit.proto.Metric_pb2 import Metric
from streamlit.testing.v1 import AppTest
screen = AppTest.from_file("app.py", default_timeout=120)
screen.switch_page("pages/results.py")
screen.query_params.update({"run": "better", "view": sys.argv[1]})
screen.run()
assert not screen.exception, screen.exception
print(sorted({name.split(".")[0] for name in sys.modules} & {"tensorflow", "keras", "tf_keras_vis"}))
"""


def test_no_view_loads_tensorflow(retrained: Run, settings: Settings) -> None:
    for view in ("Sub-types", "Compare"):
        command = [sys.executable, "-c", USED, view]
        done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
        assert done.stdout.strip().endswith("[]"), done.stdout + done.stderr[-2000:]


def _predictions(screen: AppTest, *names: str) -> list[pd.DataFrame]:
    from breakhis_core.runs import open_run

    models = Settings().models
    return [open_run(models / name).predictions() for name in names]


def test_a_card_asks_no_stranger_for_a_picture(fake_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Run, "card", lambda _: "# Card\n\n![m](http://127.0.0.1:9/m.png) and *more*")
    screen = in_app("results", run="fake", view="Training")
    card = next(one.value for one in screen.markdown if "# Card" in one.value)
    assert "![" not in card
    assert "*more*" in card


@pytest.mark.parametrize("origin", ["flags", "train"])
def test_a_link_to_the_comparison_opens_it_from_every_screen(
    workspace: Workspace, retrained: Run, origin: str
) -> None:
    reviews.flag(workspace, "Ada", retrained.predictions()["hash"].iloc[0], "staining")
    app = in_app(origin)
    app.switch_page("pages/results.py")
    for key, value in {"run": "better", "view": "Compare", "with": "fake"}.items():
        app.query_params[key] = value
    app.run()
    assert "better cannot be told from fake" in said(app)


def test_where_no_run_was_chosen_all_are_listed(retrained: Run) -> None:
    screen = in_app("results")
    assert not screen.exception
    table = screen.dataframe[0].value
    assert table["Run"].tolist() == ["better", "fake"]
    assert table["Differs"].tolist()[0].startswith("fake: ")
    expected = evaluate(open_run(retrained.path.parent / "fake").predictions(), "case")
    assert table["Accuracy"].iloc[1] == pytest.approx(expected["accuracy"])
    assert table["Data"].tolist() == ["pictures · painted, not tissue"] * 2
    assert "Baseline: always naming the sub-type commonest in training" in said(screen)


def test_a_title_stands_wherever_the_run_is_chosen(workspace: Workspace, retrained: Run) -> None:
    describe(workspace, "Ada", "better", "Without blur", "")
    screen = in_app("results", view="Runs")
    assert screen.dataframe[0].value["Run"].iloc[0] == "Without blur (better)"
    assert screen.selectbox(key="results-run").options[0].startswith("Without blur (better) · split by case")


def test_report_and_card_are_sent_as_files(fake_run: Run) -> None:
    shown = {link.proto.label: link.proto.url for link in in_app("results").get("link_button")}
    for label, beginning in (("Report", b"<!doctype html>"), ("Card", b"# A run")):
        address, _, query = shown[label].partition("?")
        answer = asyncio.run(
            run_download.download(
                Request(
                    {
                        "type": "http",
                        "query_string": query.encode(),
                        "headers": [],
                        "path_params": {"what": address.rpartition("/")[2]},
                    }
                )
            )
        )
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith(
            f'attachment; filename="fake-{label.lower()}.'
        )
        assert answer.body.lower().startswith(beginning.lower())
    gone = {"type": "http", "query_string": b"run=..", "headers": [], "path_params": {"what": "card"}}
    assert asyncio.run(run_download.download(Request(gone))).status_code == 404
