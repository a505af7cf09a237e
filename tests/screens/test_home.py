"""The home screen, run without a browser."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import insert
from streamlit.testing.v1 import AppTest

from breakhis_core import jobs, reviews
from breakhis_core.images import datasets
from breakhis_core.images.catalogue import Catalogue, scan
from breakhis_core.runs import Run
from breakhis_core.storage import database as db
from breakhis_core.storage import tables
from breakhis_core.workspace import Workspace
from tests.conftest import paint_pictures, write_fake_run
from tests.screens.conftest import Open

NO_PROBLEMS = pd.DataFrame(columns=["path", "kind", "reason"])


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str]]]:
    """Keep jobs from starting; the list is what would have been started."""
    kept: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(
        jobs, "submit", lambda workspace, kind, arguments: kept.append((kind, dict(arguments)))
    )
    return kept


def labels(screen: AppTest) -> list[str]:
    return [button.label for button in screen.button]


def words(screen: AppTest) -> str:
    return " ".join(one.value for one in [*screen.markdown, *screen.html])


def test_the_first_start_offers_the_demo_and_folds_a_folder_away(
    workspace: Workspace, open_screen: Open, submitted: list[tuple[str, dict[str, str]]]
) -> None:
    screen = open_screen("home")
    assert labels(screen) == ["Prepare the demo", "Catalogue the images"]
    assert [fold.label for fold in screen.expander] == ["Add a folder of BreakHis images"]
    screen.button[0].click().run()
    assert submitted == [("demo", {})]


def test_a_folder_that_is_set_but_missing_is_explained(
    workspace: Workspace, open_screen: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BREAKHIS_DATA", str(tmp_path / "gone"))
    screen = open_screen("home")
    assert "gone: there is no such folder" in screen.warning[0].value
    assert "histology_slides" in words(screen)
    assert labels(screen) == ["Prepare the demo", "Catalogue the images"]


def test_a_folder_in_another_layout_is_explained(
    workspace: Workspace, open_screen: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "other" / "pictures").mkdir(parents=True)
    monkeypatch.setenv("BREAKHIS_DATA", str(tmp_path / "other"))
    assert "official layout" in open_screen("home").warning[0].value


def test_a_good_folder_is_offered_for_cataloguing(
    pictures: pd.DataFrame,
    tmp_path: Path,
    open_screen: Open,
    monkeypatch: pytest.MonkeyPatch,
    submitted: list[tuple[str, dict[str, str]]],
) -> None:
    monkeypatch.setenv("BREAKHIS_WORKSPACE", str(tmp_path / "another"))
    monkeypatch.setenv("BREAKHIS_DATA", str(tmp_path / "pictures"))
    screen = open_screen("home")
    assert labels(screen) == ["Catalogue the images"]
    screen.button[0].click().run()
    assert submitted == [("catalogue", {"root": str(tmp_path / "pictures")})]


def test_images_without_a_run_lead_to_training(pictures: pd.DataFrame, open_screen: Open) -> None:
    screen = open_screen("home")
    assert not screen.exception
    assert f"{len(pictures)} images" in words(screen)
    assert "Train a model" in labels(screen)


def test_a_run_leads_to_its_mistakes(fake_run: Run, open_screen: Open) -> None:
    table = fake_run.predictions()
    wrong = int(((table["part"] == "test") & (table["subtype"] != table["predicted"])).sum())
    screen = open_screen("home")
    assert "Start reviewing" in labels(screen)
    assert f"Review {wrong} misclassified test images of fake on pictures." in words(screen)
    assert f"{wrong} mistakes, you have reviewed none" in words(screen)
    assert "not tissue" in words(screen)


def test_suspects_are_worth_a_look_before_anything_is_retrained(
    workspace: Workspace, looked_run: tuple[Run, tuple[str, ...]], open_screen: Open
) -> None:
    run, doubtful = looked_run
    tested = wrong_of(run, "test")
    screen = open_as(open_screen, "Ada")
    expected = f"Review {len(doubtful)} suspects and {len(tested)} misclassified test images of looked"
    assert expected in words(screen)
    assert f"show=mixed&image={doubtful[0]}" in words(screen) or "show=mixed&amp;image=" in words(screen)
    for image in tested:
        reviews.keep(workspace, "Ada", image)
    screen = open_as(open_screen, "Ada")
    assert f"{len(doubtful)} suspects of looked on pictures are left for you to review." in words(screen)
    for image in doubtful:
        reviews.flag(workspace, "Ada", image, "wrong_label")
    assert "Retrain without flagged images" in labels(open_as(open_screen, "Ada"))


def wrong_of(run: Run, part: str) -> list[str]:
    table = run.predictions()
    wrong = table[(table["part"] == part) & (table["subtype"] != table["predicted"])]
    return wrong.sort_values("confidence", ascending=False)["hash"].tolist()


def open_as(open_screen: Open, name: str) -> AppTest:
    screen = open_screen("home")
    screen.session_state.reviewer = name
    return screen.run()


def test_flagged_test_images_lead_to_the_mistakes_on_training_images_and_those_to_retraining(
    workspace: Workspace, fake_run: Run, open_screen: Open
) -> None:
    tested, learnt = wrong_of(fake_run, "test"), wrong_of(fake_run, "train")
    reviews.flag(workspace, "Ada", tested[0], "staining")
    assert "Go on reviewing" in labels(open_as(open_screen, "Ada"))
    for image in tested[1:]:
        reviews.keep(workspace, "Ada", image)
    screen = open_as(open_screen, "Ada")
    assert "Retrain without flagged images" not in labels(screen)
    assert "Review the mistakes on training images" in labels(screen)
    assert f"{len(tested)} images reviewed by 1 reviewer, 1 flagged" in words(screen)
    assert all(image in words(screen) for image in learnt[:6]), "the strip shows what to look at"
    reviews.flag(workspace, "Ada", learnt[0], "staining")
    screen = open_as(open_screen, "Ada")
    assert "Retrain without flagged images" in labels(screen)
    assert "1 training image and 0 validation images leave." in words(screen)


def test_a_second_reader_begins_at_the_beginning_and_learns_nothing_of_the_first(
    workspace: Workspace, fake_run: Run, open_screen: Open
) -> None:
    tested = wrong_of(fake_run, "test")
    for image in tested:
        reviews.flag(workspace, "Ada", image, "staining")
    screen = open_as(open_screen, "Bea")
    assert "Start reviewing" in labels(screen)
    assert f"{len(tested)} mistakes, you have reviewed none" in words(screen)
    assert "flagged" not in words(screen)
    assert "by 1 reviewer" not in words(screen)


def test_images_of_their_own_are_shown_of_a_folder_without_a_run(
    workspace: Workspace, fake_run: Run, open_screen: Open, tmp_path: Path
) -> None:
    tissue = paint_pictures(tmp_path / "tissue", size=(71, 46))
    catalogued = Catalogue(tmp_path / "tissue", tissue, NO_PROBLEMS, phantom=False)
    datasets.save_catalogue(workspace, catalogued)
    screen = open_screen("home")
    assert "No model was trained on tissue yet." in words(screen)
    strip = next(one.value for one in screen.html if 'class="strip"' in one.value)
    assert [image in strip for image in tissue.drop_duplicates("subtype")["hash"]] == [True] * 6 + [False] * 2
    assert not any(image in strip for image in fake_run.predictions()["hash"])
    assert "Images of tissue" in [one.value for one in screen.caption]
    assert any(
        "64 of 7,909 published images (1%)**; marked is what is missing" in one.value
        for one in screen.markdown
    )


def test_the_run_on_tissue_comes_before_a_newer_one_on_phantoms(
    workspace: Workspace, pictures: pd.DataFrame, open_screen: Open, tmp_path: Path
) -> None:
    tissue = paint_pictures(tmp_path / "tissue", size=(71, 46))
    datasets.save_catalogue(workspace, Catalogue(tmp_path / "tissue", tissue, NO_PROBLEMS, phantom=False))
    write_fake_run(workspace.models, "real", tissue, phantom=False)
    write_fake_run(workspace.models, "later", pictures)
    screen = open_screen("home")
    assert "misclassified test images of real on tissue" in words(screen)
    assert "2 runs</b>; real" in words(screen)
    strip = next(one.value for one in screen.html if 'class="strip"' in one.value)
    assert "run=real" in strip
    assert "run=later" not in strip


def test_what_runs_and_waits_is_said_in_one_line_with_links(
    workspace: Workspace, fake_run: Run, open_screen: Open
) -> None:
    with db.writing(workspace.engine, "jobs") as connection:
        for kind, arguments in (("maps", {"run": "fake", "methods": []}), ("train", {"name": "next"})):
            connection.execute(
                insert(tables.jobs).values(
                    kind=kind, arguments=arguments, state="queued", created=db.now(), attempt=1
                )
            )
    line = next(one.value for one in open_screen("home").html if "In progress" in one.value)
    assert '<a href="/review?run=fake" target="_self">maps of fake, waiting</a>' in line
    assert '<a href="/train" target="_self">training next, waiting</a>' in line


def test_a_picture_filed_twice_is_shown_with_both_names(
    workspace: Workspace, pictures: pd.DataFrame, open_screen: Open, tmp_path: Path
) -> None:
    pair = [pictures[pictures["subtype"] == code].iloc[0] for code in ("DC", "LC")]
    (tmp_path / "pictures" / pair[1]["path"]).write_bytes(
        (tmp_path / "pictures" / pair[0]["path"]).read_bytes()
    )
    datasets.save_catalogue(workspace, scan(tmp_path / "pictures"))
    screen = open_screen("home")
    drawn = next(one.value for one in screen.html if "filed-twice" in one.value)
    assert all(one["name"] in drawn for one in pair)
    assert f"/thumbnail/{pair[0]['hash']}" in drawn
    assert "The same pixels are stored under two sub-types" in words(screen)


def test_a_refused_run_is_named_with_its_reason(
    workspace: Workspace, fake_run: Run, open_screen: Open
) -> None:
    (fake_run.path / "predictor.onnx").write_bytes(b"damaged")
    screen = open_screen("home")
    assert any("fake" in one.value and "predictor.onnx" in one.value for one in screen.warning)


def test_a_name_that_is_given_is_kept(fake_run: Run, open_screen: Open) -> None:
    screen = open_screen("home")
    screen.text_input(key="reviewer-home").set_value("  Ada   Lovelace ").run()
    assert screen.session_state.reviewer == "Ada Lovelace"


def test_a_folder_that_cannot_be_used_is_refused_in_place(
    pictures: pd.DataFrame, open_screen: Open, submitted: list[tuple[str, dict[str, str]]]
) -> None:
    screen = open_screen("home")
    field = next(one for one in screen.text_input if one.label.startswith("Folder on the machine"))
    field.set_value("/no/such/folder")
    next(button for button in screen.button if button.label == "Catalogue the images").click().run()
    assert "/no/such/folder: there is no such folder" in screen.error[0].value
    assert submitted == []


def test_a_refused_run_asks_no_stranger_for_a_picture(fake_run: Run, open_screen: Open) -> None:
    file = fake_run.path / "manifest.json"
    manifest = json.loads(file.read_text())
    file.write_text(json.dumps({**manifest, "unit": "![m](http://127.0.0.1:9/m.png)"}))
    for name in ("home", "results"):
        screen = open_screen(name)
        drawn = [one.value for one in [*screen.warning, *screen.markdown]]
        assert any("127.0.0.1" in one for one in drawn)
        assert not any("![" in one for one in drawn)
