"""The estimate of a training: its stages, and what earlier runs say of its pace."""

import hashlib
import json

import pytest

from breakhis_core.recipes import BOUNDARIES, RECIPES
from breakhis_core.runs import Run, open_run
from breakhis_core.training.duration import (
    Pace,
    is_kept,
    pace,
    seconds_needed,
    stages_of,
    trained_share,
)

FAST = Pace(1e9, None)


def test_more_work_takes_longer() -> None:
    recipe = RECIPES["recommended"]
    larger = recipe.model_copy(update={"width": 512, "height": 336})
    at = pace(recipe, ())
    one = stages_of(recipe, 1000, 1300, at)
    assert pace(larger, ()).images_per_second < at.images_per_second
    assert stages_of(larger, 1000, 1300, pace(larger, ())).looking > one.looking
    two_flips = stages_of(recipe.model_copy(update={"upside_down": False}), 1000, 1300, at)
    assert two_flips.looking < one.looking
    assert two_flips.first < one.first
    averaged = stages_of(recipe.model_copy(update={"average_flips": True}), 1000, 1300, at)
    assert averaged.publishing > one.publishing
    assert stages_of(recipe, 1000, 1300, at, kept=True).looking == 0
    assert stages_of(recipe, 1000, 1300, at, improves=True).first == 0
    assert one.total == pytest.approx(seconds_needed(recipe, 1000, 1300, at))


def test_folds_look_once_and_train_each_for_itself() -> None:
    recipe = RECIPES["quick"]
    at = pace(recipe, ())
    one, five = (seconds_needed(recipe, 1000, 1300, at, models) for models in (1, 5))
    epochs = stages_of(recipe, 1000, 1300, at).epochs
    assert one + 4 * epochs < five < 5 * one


def test_a_step_costs_more_the_earlier_the_boundary() -> None:
    recipe = RECIPES["paper"]
    names = ["conv", *BOUNDARIES.values()]
    found = [recipe.model_copy(update={"boundary": name}) for name in names]
    shares = [trained_share(each) for each in found]
    paces = [pace(each, ()).images_per_second for each in found]
    assert shares == sorted(shares, reverse=True)
    assert paces == sorted(paces)


def test_a_measured_pace_is_brought_to_the_size_of_the_input(fake_run: Run) -> None:
    recipe = RECIPES["recommended"]
    (fake_run.path / "recipe.json").write_text(recipe.model_dump_json())
    history = "phase,epoch,seconds\nhead,1,0.1\nhead,2,0.1\nhead,3,0.1\nall,1,2\nall,2,2\n"
    (fake_run.path / "history.csv").write_text(history)
    run = sealed(fake_run)
    train = int((run.predictions()["part"] == "train").sum())
    assert pace(recipe, [run]) == Pace(train / 2, run.name)
    half = recipe.model_copy(update={"width": recipe.width // 2})
    assert pace(half, [run]).images_per_second == pytest.approx(train)


def test_what_a_run_left_is_known(fake_run: Run) -> None:
    recipe = RECIPES["recommended"]
    (fake_run.path / "recipe.json").write_text(recipe.model_dump_json())
    run = sealed(fake_run)
    weights = str(run.manifest["weights"])
    assert is_kept(recipe.model_copy(update={"epochs": 50, "dropout": 0.5}), weights, [run])
    assert not is_kept(recipe.model_copy(update={"width": 512}), weights, [run])
    assert not is_kept(recipe, "other.h5", [run])


def sealed(run: Run) -> Run:
    """Write the hashes of changed files into the manifest, as if the run had been made with them."""
    manifest = json.loads((run.path / "manifest.json").read_text())
    for name in ("recipe.json", "history.csv"):
        manifest["files"][name] = hashlib.sha256((run.path / name).read_bytes()).hexdigest()
    (run.path / "manifest.json").write_text(json.dumps(manifest))
    return open_run(run.path)
