"""A run as frames and arrays, each with what it rests on."""

import json

import numpy as np
import pytest

import breakhis_core as breakhis
from breakhis_core.results.evaluate import evaluate_run, value_at
from tests.conftest import write_fake_run


@pytest.fixture
def run(fake_run):
    return breakhis.open_run("fake")


def test_a_run_is_opened_by_name_and_by_folder(run, fake_run):
    assert breakhis.open_run(fake_run.path).path == run.path == fake_run.path
    with pytest.raises(breakhis.InputError, match="There is no run called first; the runs in .* are fake"):
        breakhis.open_run("first")


def test_a_run_is_one_line(run):
    assert repr(run) == (
        "<run fake: recommended, split by case, 25 train, 7 validation, 32 test, "
        "synthetic phantoms, not tissue>"
    )


def test_maps_and_embeddings_stand_in_the_rows_of_the_predictions(run, fake_run):
    wrong = run.predictions.query("predicted != subtype")
    assert run.maps.shape == (64, 8, 7, 7)
    assert run.maps.dtype == run.embeddings.dtype == np.float32
    assert np.array_equal(run.maps[wrong.index], fake_run.class_maps()[wrong.index])
    assert run.embeddings.shape == (64, 960)
    assert run.maps is run.maps
    with pytest.raises(ValueError, match="read-only"):
        run.maps[0] = 0


def test_a_changed_frame_leaves_the_run_as_it_is(run):
    run.predictions.loc[:, "predicted"] = "A"
    assert set(run.predictions["predicted"]) != {"A"}


def test_metrics_are_those_of_the_evaluation_with_interval_and_baseline(run, fake_run):
    found = evaluate_run(fake_run)
    metrics = run.metrics()
    assert np.isnan(metrics.loc["per_class.DC.f1", "low"])
    for metric in ("accuracy", "binary.f1", "macro_f1"):
        row = metrics.loc[metric]
        assert row["value"] == value_at(found, metric)
        assert [row["low"], row["high"]] == found["intervals"][metric]
    assert metrics.loc["accuracy", "baseline"] == found["baselines"]["commonest"]["accuracy"]["value"]
    assert metrics.loc["accuracy", "baseline_of"].startswith("always saying")
    assert np.isnan(metrics.loc["per_class.DC.f1", "baseline"])
    assert metrics.loc["kappa", ["baseline", "baseline_of"]].to_list() == [0.0, "chance"]
    assert set(metrics["split"]) == {"split by case"}
    assert set(metrics["images"]) == {"synthetic phantoms, not tissue"}
    assert metrics.attrs["count"] == 32


def test_every_frame_says_its_split_and_what_its_images_are(run, settings, pictures):
    write_fake_run(settings.models, "tissue", pictures, phantom=False, unit="image")
    for frame in (run.predictions, run.history, run.metrics("validation")):
        assert frame.attrs["split"] == "split by case"
        assert frame.attrs["images"] == "synthetic phantoms, not tissue"
    tissue = breakhis.open_run("tissue").metrics().attrs
    assert (tissue["split"], tissue["images"]) == ("split by image", "tissue")


def test_the_evaluation_is_all_of_it(run, fake_run):
    assert run.evaluation("train")["part"] == "train"
    whole = run.evaluation()
    assert json.loads(json.dumps(whole))["confusion"] == evaluate_run(fake_run)["confusion"]
    assert whole["phantom"] is True
    with pytest.raises(breakhis.InputError, match="out of fold"):
        run.metrics("out_of_fold")


def test_pictures_are_classified_and_a_bad_one_has_its_reason(tiny_run, small, tmp_path):
    run = breakhis.open_run(tiny_run.path)
    known = small.workspace.root.parent / "pictures" / small.images["path"][0]
    answers = run.classify([known, tmp_path / "gone.png"])
    row = run.predictions.set_index("hash").loc[answers["hash"][0]]
    assert answers["subtype"][0] == row["predicted"]
    assert answers["confidence"][0] == pytest.approx(row["confidence"], abs=1e-3)
    assert answers["seen_in"][0] == row["part"]
    assert answers["error"][1].endswith("the file cannot be read (No such file or directory).")
    assert len(run.classify(str(known))) == 1
