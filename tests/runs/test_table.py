"""The table of runs: what each is, in what it differs, and how good it is on its own test images."""

from __future__ import annotations

import pandas as pd

from breakhis_core.results.evaluate import evaluate_run
from breakhis_core.runs import Run
from breakhis_core.runs.table import data_change, differs, run_rows
from breakhis_core.workspace import Workspace
from tests.conftest import write_fake_run


def test_a_row_says_what_evaluate_says(fake_run: Run) -> None:
    (row,) = run_rows([fake_run], evaluate_run)
    expected = evaluate_run(fake_run)
    assert (row.name, row.recipe, row.split) == ("fake", "recommended", "split by case")
    assert (row.accuracy, row.macro_f1) == (expected["accuracy"], expected["macro_f1"])
    assert list(row.limits or ()) == expected["intervals"]["accuracy"]
    assert row.baseline == expected["baselines"]["commonest"]["accuracy"]["value"]
    assert row.images == "25 train, 7 validation, 32 test"


def test_a_retraining_says_what_it_left_out(
    workspace: Workspace, pictures: pd.DataFrame, fake_run: Run
) -> None:
    excluded = sorted(fake_run.predictions()["hash"])[:2]
    run = write_fake_run(
        workspace.models, "next", pictures, improves="fake", excluded=excluded, weights="imagenet"
    )
    assert differs(run, fake_run) == "fake: 2 images left out, weights imagenet"


def test_a_repetition_differs_by_chance_alone(
    workspace: Workspace, pictures: pd.DataFrame, fake_run: Run
) -> None:
    run = write_fake_run(workspace.models, "again", pictures, improves="fake")
    assert differs(run, fake_run) == "fake: nothing but chance"


def test_a_run_of_its_own_is_held_against_the_recipe_that_ships(fake_run: Run) -> None:
    assert differs(fake_run, None) == "epochs 3 → 2, seed 0 → 1"


def test_only_what_was_left_out_on_top_counts_and_only_where_nothing_else_changed(
    workspace: Workspace, pictures: pd.DataFrame, fake_run: Run
) -> None:
    images = sorted(fake_run.predictions()["hash"])
    first = write_fake_run(workspace.models, "first", pictures, improves="fake", excluded=images[:2])
    second = write_fake_run(workspace.models, "second", pictures, improves="first", excluded=images[:3])
    other = write_fake_run(workspace.models, "other", pictures, seed=9, improves="fake", excluded=images[:2])
    assert data_change(first, fake_run) == "Leaving out 2 images"
    assert data_change(second, first) == "Leaving out 1 image"
    assert data_change(other, fake_run) is None, "another seed"
    assert data_change(second, fake_run) is None, "no retraining of this one"
    assert data_change(fake_run, first) is None


def test_corrected_labels_are_a_change_of_the_data(
    workspace: Workspace, pictures: pd.DataFrame, fake_run: Run
) -> None:
    images = sorted(fake_run.predictions()["hash"])
    labels = {images[0]: "PC", images[1]: "MC"}
    first = write_fake_run(workspace.models, "first", pictures, improves="fake", corrected=labels)
    both = write_fake_run(
        workspace.models, "both", pictures, improves="fake", corrected=labels, excluded=images[2:3]
    )
    back = write_fake_run(
        workspace.models, "back", pictures, improves="first", corrected={images[0]: "DC"}, excluded=[]
    )
    assert data_change(first, fake_run) == "Correcting 2 labels"
    assert differs(first, fake_run) == "fake: 2 labels corrected"
    assert data_change(both, fake_run) == "Correcting 2 labels and leaving out 1 image"
    assert differs(both, fake_run) == "fake: 2 labels corrected, 1 image left out"
    assert data_change(back, first) is None
    assert differs(back, first) == "first: 1 label corrected, 1 label as published again"
