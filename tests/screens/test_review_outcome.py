"""The Review view of Results, run inside the app."""

from __future__ import annotations

import pandas as pd
import pytest

from breakhis_core import reviews
from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace
from tests.conftest import write_fake_run
from tests.screens.in_app import in_app
from tests.worth.kept_results import measure_and_keep


def rows_of_test(run: Run) -> pd.DataFrame:
    table = run.predictions()
    return table[table["part"] == "test"].reset_index(drop=True)


@pytest.fixture
def reviewed(workspace: Workspace, fake_run: Run) -> Run:
    table = rows_of_test(fake_run)
    wrong = table[table["predicted"] != table["subtype"]]["hash"].tolist()
    right = table[table["predicted"] == table["subtype"]]["hash"].tolist()
    reviews.flag(workspace, "Ada", wrong[0], "staining", run="fake")
    reviews.keep(workspace, "Ada", wrong[1], run="fake")
    reviews.keep(workspace, "Ada", right[0], run="fake")
    return fake_run


def said(app) -> str:
    return " ".join(one.value for one in [*app.markdown, *app.caption, *app.html])


def test_it_counts_mistakes_and_the_base_rate(reviewed: Run) -> None:
    table = rows_of_test(reviewed)
    wrong = int((table["predicted"] != table["subtype"]).sum())
    app = in_app("results", run="fake", view="Review")
    assert not app.exception
    words = said(app)
    assert f"Of {wrong} mistakes, 1 is flagged, 1 is kept and {wrong - 2} are not reviewed." in words
    assert "50 % of the mistakes, 0 % of the right ones" in words
    assert "**Minus flagged**, on 31 images of 8 cases, split by case" in words
    assert "No run improves on fake yet" in words


def test_corrected_labels_are_a_second_line_and_never_the_headline(
    workspace: Workspace, reviewed: Run, pictures: pd.DataFrame
) -> None:
    table = rows_of_test(reviewed)
    image, right = table.loc[table["predicted"] != table["subtype"], ["hash", "predicted"]].iloc[-1]
    before = [one.value for one in in_app("results", run="fake", view="Review").metric]
    reviews.flag(workspace, "Bea", image, "wrong_label", correction=right)
    app = in_app("results", run="fake", view="Review")
    assert not app.exception
    assert [one.value for one in app.metric] == before
    assert "**With corrected labels**, on 32 images of 8 cases, split by case, 1 of them relabelled" in said(
        app
    )
    assert "Second line, on labels that 1 reviewer corrected; not the headline" in said(app)
    write_fake_run(workspace.models, "after", pictures, seed=9, improves="fake")
    compared = in_app("results", run="after", view="Compare")
    assert not compared.exception
    assert "With corrected labels: 1 test image of 32 relabelled, split by case" in said(compared)


def test_without_reviews_it_says_so_and_leads_to_the_images(fake_run: Run) -> None:
    app = in_app("results", run="fake", view="Review")
    assert not app.exception
    assert "the flags explain nothing yet" in said(app)
    labels = [link.proto.label for link in app.get("page_link")]
    assert any("that are wrong and not reviewed" in label for label in labels)
    assert any("that the run got right, drawn at random" in label for label in labels)


def test_retraining_is_told_image_by_image(
    workspace: Workspace, pictures: pd.DataFrame, reviewed: Run
) -> None:
    after = write_fake_run(workspace.models, "after", pictures, seed=9, improves="fake")
    before, now = rows_of_test(reviewed), rows_of_test(after)
    was, right = before["predicted"] == before["subtype"], now["predicted"] == now["subtype"]
    app = in_app("results", run="fake", view="Review")
    assert not app.exception
    words = said(app)
    assert "**fake → after**, trained without 0 images." in words
    fixed = before.loc[~was & right, "hash"].tolist()
    assert all(f"image={image}" in words for image in fixed)
    labels = [link.proto.label for link in app.get("page_link")]
    assert any(f"Review {len(fixed)} image" in label and "right now" in label for label in labels)


def test_the_end_of_a_queue_leads_here(fake_run: Run) -> None:
    app = in_app("review", run="fake", image="end")
    assert "What the review explains" in [button.label for button in app.button]


def test_what_was_said_while_it_was_summed_up_is_there_the_next_time(
    workspace: Workspace, reviewed: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = rows_of_test(reviewed)
    last = table[table["predicted"] != table["subtype"]]["hash"].iloc[-1]
    read = reviews.standing

    def then_somebody_answers(*args, **wish) -> pd.DataFrame:
        found = read(*args, **wish)
        if not reviews.answers_on(workspace, last):
            reviews.keep(workspace, "Bob", last)
        return found

    monkeypatch.setattr(reviews, "standing", then_somebody_answers)
    assert "1 is flagged, 1 is kept" in said(in_app("results", run="fake", view="Review"))
    assert "1 is flagged, 2 are kept" in said(in_app("results", run="fake", view="Review"))


def test_under_a_before_and_after_stands_what_exactly_that_is_worth(
    workspace: Workspace, looked_run: tuple[Run, tuple[str, ...]], pictures: pd.DataFrame
) -> None:
    run, (first, second, _) = looked_run
    for image in (first, second):
        reviews.flag(workspace, "Ada", image, "staining")
    write_fake_run(workspace.models, "again", pictures, seed=2, improves="looked", excluded=[first, second])
    app = in_app("results", run="looked", view="Review")
    assert not app.exception
    assert "was not measured" in said(app)
    assert "One pair cannot tell" in said(app)
    assert "Measure it on Flags" in [one.proto.label for one in app.get("page_link")]
    measure_and_keep(workspace, run)
    told = "Measured with a frozen base: Leaving 2 flagged images out"
    assert told in said(in_app("results", run="looked", view="Review"))
    assert told in said(in_app("results", run="again", view="Compare", **{"with": "looked"}))
