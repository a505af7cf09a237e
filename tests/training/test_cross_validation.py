"""A cross-validation from request to run folder: what it writes, and how it ends and goes on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from breakhis_core import reviews
from breakhis_core.errors import InputError
from breakhis_core.images.input_form import InputForm
from breakhis_core.images.pixels import decode
from breakhis_core.jobs import retraining
from breakhis_core.progress import JobStopped
from breakhis_core.results.compare import TestSetsDifferError, compare
from breakhis_core.results.evaluate import evaluate_run
from breakhis_core.runs import Run, RunRefusedError, open_run
from breakhis_core.runs.folder import PROBABILITIES, fold_predictor
from breakhis_core.runs.predictor import Predicted, Predictor
from breakhis_core.splits.folds import Folds
from breakhis_core.training import one_model
from breakhis_core.training.fold_data import load_fold_data
from breakhis_core.training.fold_pieces import Piece, begin_piece, load_piece, save_piece
from breakhis_core.training.fold_run import join, make_fold_run
from breakhis_core.training.request import TrainRequest
from breakhis_core.training.train import train
from tests.training.fixtures_ml import TINY, Small, Watching

RECIPE = TINY.model_copy(update={"epochs": 2})
REQUEST = TrainRequest(recipe=RECIPE, weights="none", unit="case", folds=2, name="folds")


@pytest.fixture(scope="module")
def folded(small: Small, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Watching]:
    """Two folds by case, stopped after the first epoch of the second and taken up again."""
    context = Watching(tmp_path_factory.mktemp("folds"), stop_after=3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(one_model, "_STOP_EVERY", -1.0)
        with pytest.raises(JobStopped):
            train(REQUEST, small.workspace, context)
    context.stop_after = None
    return open_run(train(REQUEST, small.workspace, context)), context


def test_every_image_is_predicted_by_a_model_that_never_saw_its_case(
    folded: tuple[Run, Watching], small: Small
) -> None:
    run, _ = folded
    predictions, split = run.predictions(), run.split().set_index("hash")
    assert (run.folds, run.fold_source, run.unit, run.tested_part) == (2, "drawn", "case", "out_of_fold")
    assert run.split_in_words == "2 folds by case"
    assert sorted(predictions["hash"]) == sorted(small.images["hash"])
    assert set(predictions["part"]) == {"out_of_fold"}
    for fold in (1, 2):
        tested = predictions.loc[predictions["fold"] == fold]
        parts = split[f"fold_{fold}"]
        assert sorted(parts.index[parts == "test"]) == sorted(tested["hash"])
        trained = predictions["hash"].isin(parts.index[parts != "test"])
        assert not set(predictions.loc[trained, "case"]) & set(tested["case"])


def test_each_image_has_what_its_fold_says(folded: tuple[Run, Watching], small: Small) -> None:
    run, _ = folded
    predictions = run.predictions()
    paths = small.images.set_index("hash")["path"]
    for fold in (1, 2):
        row = int(np.flatnonzero(predictions["fold"] == fold)[0])
        file = small.workspace.root.parent / "pictures" / paths[predictions["hash"][row]]
        predicted = Predictor.load(run.path / fold_predictor(fold)).predict(
            InputForm().of(decode(file))[None]
        )
        said = predictions.loc[row, list(PROBABILITIES)].to_numpy(float)
        np.testing.assert_allclose(said, predicted.probabilities[0], atol=1e-5)
        np.testing.assert_allclose(run.class_maps()[row], predicted.class_maps[0], rtol=2e-3, atol=1e-7)
        np.testing.assert_allclose(run.embeddings()[row], predicted.embeddings[0], rtol=2e-3, atol=1e-7)


def test_a_fold_that_ended_is_not_trained_again(folded: tuple[Run, Watching], small: Small) -> None:
    run, context = folded
    assert [(row["fold"], row["epoch"]) for row in context.rows] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert run.history()[["fold", "epoch"]].to_numpy().tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]
    # Nothing but the note of the name is left of the checkpoints.
    assert [file.name for file in context.folder.iterdir()] == ["published.txt"]
    assert train(REQUEST, small.workspace, context) == run.path


def test_stopping_and_going_on_gives_the_same_run(
    folded: tuple[Run, Watching], small: Small, tmp_path: Path
) -> None:
    run, _ = folded
    context = Watching(tmp_path)
    undisturbed = open_run(
        train(REQUEST.model_copy(update={"name": "undisturbed"}), small.workspace, context)
    )
    assert undisturbed.predictions().equals(run.predictions())
    np.testing.assert_array_equal(undisturbed.class_maps(), run.class_maps())
    assert undisturbed.fold_predictions().equals(run.fold_predictions())
    fractions = [fraction for _, fraction, _ in context.reports if fraction is not None]
    assert fractions == sorted(fractions)
    told = [message for message, _, _ in context.reports]
    assert any(message.startswith("Fold 2 of 2 · Training: epoch 2 of 2, batch ") for message in told)


def test_excluded_images_leave_training_of_every_fold_and_are_still_predicted(
    folded: tuple[Run, Watching], small: Small, tmp_path: Path
) -> None:
    run, _ = folded
    flagged = tuple(run.predictions()["hash"].iloc[[0, -1]])
    request = TrainRequest(recipe=RECIPE, weights="none", improves="folds", exclude=flagged, name="better")
    better = open_run(train(request, small.workspace, Watching(tmp_path)))
    assert (better.folds, better.improves, better.excluded) == (2, "folds", tuple(sorted(flagged)))
    assert better.split().equals(run.split())
    keys = ["hash", "part", "fold", "folds"]
    assert better.predictions()[keys].equals(run.predictions()[keys])
    assert not better.predictions().equals(run.predictions())
    both = [(one.name, one.predictions(), one.unit) for one in (run, better)]
    compared = compare(both, flagged, "out_of_fold", resamples=50)
    assert (compared["images"], compared["cases"], compared["split"]) == (64, 16, "2 folds by case")
    assert compared["minus_flagged"]["images"] == 62


def test_every_fold_learns_from_corrections_and_tests_on_published_labels(
    folded: tuple[Run, Watching], small: Small, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = folded
    image, code = run.predictions()[["hash", "subtype"]].iloc[0]
    labels = {image: "PC" if code != "PC" else "MC"}
    request = TrainRequest(recipe=RECIPE, weights="none", improves="folds", labels=labels, name="corrected")
    corrected = open_run(train(request, small.workspace, Watching(tmp_path)))
    assert (corrected.corrected, corrected.excluded) == (labels, ())
    assert corrected.predictions()[["hash", "subtype"]].equals(run.predictions()[["hash", "subtype"]])
    assert not corrected.predictions().equals(run.predictions())
    monkeypatch.setattr(reviews, "corrected_labels", lambda *_: labels)
    monkeypatch.setattr(reviews, "excluded_hashes", lambda *_: (image,))
    plan = retraining.plan(small.workspace, run)
    assert plan.words == (
        "Same folds, recipe and first weights as folds: 1 image gets a corrected label. "
        "Each fold tests on published labels."
    )
    assert not retraining.plan(small.workspace, corrected).changes


def test_the_result_names_the_folds_and_how_far_they_lie_apart(folded: tuple[Run, Watching]) -> None:
    run, _ = folded
    evaluation = evaluate_run(run)
    assert 0 <= evaluation["baselines"]["commonest"]["accuracy"]["value"] <= 1
    assert all(fold["always_commonest"] is not None for fold in evaluation["folds"]["per_fold"])
    assert (evaluation["part"], evaluation["split"]) == ("out_of_fold", "2 folds by case")
    assert (evaluation["images"], evaluation["cases"]) == (64, 16)
    per_fold = evaluation["folds"]["per_fold"]
    table = run.predictions()
    right = table["predicted"] == table["subtype"]
    for one in per_fold:
        assert one["accuracy"] == pytest.approx(right[table["fold"] == one["fold"]].mean())
    values = [one["accuracy"] for one in per_fold]
    assert evaluation["folds"]["spread"]["accuracy"]["deviation"] == pytest.approx(np.std(values, ddof=1))
    json.dumps(evaluation, allow_nan=False)
    assert "Out of fold, 2 folds by case: 64 images of 16 cases." in run.card()
    assert "a model that saw no image of its case" in run.card()


def test_other_folds_and_single_models_are_not_compared(folded: tuple[Run, Watching], small: Small) -> None:
    run, _ = folded
    table = run.predictions()
    other = table.assign(fold=3 - table["fold"], folds=[str(3 - fold) for fold in table["fold"]])
    with pytest.raises(TestSetsDifferError, match="64 shared images are tested in another fold"):
        compare([("a", table, "case"), ("b", other, "case")], part="out_of_fold")
    with pytest.raises(TestSetsDifferError, match="tiny is one model with one test set"):
        compare([("folds", table, "case"), ("tiny", small.run.predictions(), "image")])


def test_a_cross_validation_is_not_one_model(folded: tuple[Run, Watching], tmp_path: Path) -> None:
    run, _ = folded
    with pytest.raises(InputError, match="folds is a cross-validation: 2 models"):
        run.require_model()
    assert not run.model_file.exists()
    (run.path / fold_predictor(2)).rename(tmp_path / "kept")
    with pytest.raises(RunRefusedError, match=r"folds/2/predictor.onnx is missing"):
        open_run(run.path)
    (tmp_path / "kept").rename(run.path / fold_predictor(2))
    assert open_run(run.path).folds == 2


def test_published_folds_are_taken_as_they_are(small: Small, tmp_path: Path) -> None:
    names = small.images.sort_values("name")
    cases = sorted(set(names["case"]))
    lines: dict[int, list[str]] = {1: [], 2: []}
    for name, case in zip(names["name"], names["case"], strict=True):
        at = cases.index(case)
        # Case 0 is tested in both folds and case 1 in none.
        lines[1].append(f"{name}|40|1|{'test' if at % 2 == 0 else 'train'}")
        lines[2].append(f"{name}|40|2|{'test' if at == 0 or (at % 2 and at > 1) else 'train'}")
    files = []
    for fold, text in lines.items():
        file = tmp_path / f"dsfold{fold}.txt"
        file.write_text("\n".join(text) + "\n")
        files.append(str(file))
    request = REQUEST.model_copy(update={"folds": 0, "fold_files": tuple(files), "name": ""})
    data = load_fold_data(request, small.workspace)
    pieces = [_piece(tmp_path, data.folds, fold) for fold in (1, 2)]
    run = open_run(
        make_fold_run(small.workspace.models, "published", data, pieces, recipe=RECIPE, form=InputForm())
    )
    assert (run.split_in_words, run.excluded) == ("2 published folds by case", ())
    assert run.manifest["folds"]["never_tested"] == 4
    predictions = run.predictions()
    assert len(predictions) == 60
    assert predictions["folds"].value_counts().to_dict() == {"1": 28, "2": 28, "1 2": 4}
    both = predictions[predictions["folds"] == "1 2"].iloc[0]
    said = run.fold_predictions().query("hash == @both.hash")[list(PROBABILITIES)]
    np.testing.assert_allclose(both[list(PROBABILITIES)].to_numpy(float), said.to_numpy().mean(0), rtol=1e-6)
    assert run.split()["part"].value_counts().to_dict() == {"out_of_fold": 60, "never_tested": 4}
    assert "4 images never tested" in run.card()


def test_an_image_of_several_folds_has_means_and_the_first_embedding(tmp_path: Path) -> None:
    def piece(hashes: list[str], value: float) -> Piece:
        shape = len(hashes)
        predicted = Predicted(
            np.full((shape, 8), value, np.float32),
            np.full((shape, 960), value, np.float16),
            np.full((shape, 8, 7, 7), value, np.float16),
        )
        return Piece(tmp_path, hashes, predicted, pd.DataFrame(), {})

    joined = join([piece(["b", "a"], 0.25), piece(["b", "c"], 0.75)])
    assert joined.hashes == ["a", "b", "c"]
    assert joined.folds == [(1,), (1, 2), (2,)]
    assert joined.probabilities[:, 0].tolist() == [0.25, 0.5, 0.75]
    assert joined.class_maps[:, 0, 0, 0].tolist() == [0.25, 0.5, 0.75]
    assert joined.embeddings[:, 0].tolist() == [0.25, 0.25, 0.75]


def test_a_damaged_piece_is_removed_and_an_unfinished_one_is_none(tmp_path: Path) -> None:
    place = tmp_path / "fold-1-done"
    predicted = Predicted(np.zeros((1, 8), np.float32), np.zeros((1, 960)), np.zeros((1, 8, 7, 7)))
    for damaged in (False, True):
        (begin_piece(place) / "predictor.onnx").write_bytes(b"graph")
        assert load_piece(place) is None
        save_piece(place, ["a"], predicted, pd.DataFrame({"epoch": [1]}), {"seconds": 1.0})
        if damaged:
            arrays = place / "predicted.npz"
            arrays.write_bytes(arrays.read_bytes()[:200])
            assert load_piece(place) is None
            assert not place.exists()
        else:
            piece = load_piece(place)
            assert piece is not None
            assert (piece.hashes, piece.about) == (["a"], {"seconds": 1.0})
            shutil.rmtree(place)


def _piece(root: Path, folds: Folds, fold: int) -> Piece:
    """Return what a fold might leave behind, without a training."""
    tested = folds.split(fold).frame.query("part == 'test'")["hash"].to_list()
    random = np.random.default_rng(fold)
    probabilities = random.dirichlet(np.ones(8), len(tested)).astype(np.float32)
    maps = random.random((len(tested), 8, 7, 7)).astype(np.float16)
    embeddings = random.random((len(tested), 960)).astype(np.float16)
    place = root / f"fold-{fold}-done"
    (begin_piece(place) / "predictor.onnx").write_bytes(b"placeholder, not a graph")
    history = pd.DataFrame({"epoch": [1], "loss": [1.0]})
    about = {"seconds": 1.0, "weights": "none", "checked": {"probabilities": 0.0}}
    save_piece(place, tested, Predicted(probabilities, embeddings, maps), history, about)
    piece = load_piece(place)
    assert piece is not None
    return piece
