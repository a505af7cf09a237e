"""The home screen, run without a browser."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from breakhis_core import jobs, reviews
from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace
from tests.screens.conftest import Open


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
    assert "gone" in screen.warning[0].value
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
    assert f"{wrong} test images" in words(screen)
    assert "not tissue" in words(screen)


def test_reviewed_mistakes_lead_to_retraining(workspace: Workspace, fake_run: Run, open_screen: Open) -> None:
    table = fake_run.predictions()
    wrong = table[(table["part"] == "test") & (table["subtype"] != table["predicted"])]["hash"].tolist()
    reviews.flag(workspace, "Ada", wrong[0], "staining")
    assert "Go on reviewing" in labels(open_screen("home"))
    for image in wrong[1:]:
        reviews.keep(workspace, "Ada", image)
    screen = open_screen("home")
    assert "Retrain without flagged images" in labels(screen)
    assert f"{len(wrong)} images reviewed" in words(screen)


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
    assert "/no/such/folder" in screen.error[0].value
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
