"""A training from request to run folder: what it writes, and how it ends and goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from breakhis_core.errors import InputError
from breakhis_core.images.input_form import InputForm
from breakhis_core.images.pixels import decode
from breakhis_core.images.taxonomy import CODES
from breakhis_core.progress import JobStopped
from breakhis_core.runs import Run, open_run
from breakhis_core.runs.classifying import classify
from breakhis_core.runs.neighbours import compared
from breakhis_core.runs.predictor import Predictor
from breakhis_core.suspects.looking import look
from breakhis_core.training.checkpoint import FILE
from breakhis_core.training.request import TrainRequest
from breakhis_core.training.train import train
from tests.training.fixtures_ml import TINY, Small, Watching

REQUEST = TrainRequest(recipe=TINY, weights="none", unit="image", name="tiny")


def test_what_a_run_holds(small: Small) -> None:
    run, predictions = small.run, small.run.predictions()
    assert (run.name, run.phantom, run.unit, run.excluded) == ("tiny", True, "image", ())
    assert run.recipe() == TINY.model_dump()
    assert sorted(predictions["hash"]) == sorted(small.images["hash"])
    parts = run.split().set_index("hash")["part"]
    assert (predictions["part"].to_numpy() == parts.loc[predictions["hash"]].to_numpy()).all()
    assert parts.value_counts().to_dict() == {"train": 48, "validation": 10, "test": 6}
    history = run.history()
    assert history["epoch"].to_list() == [1, 2, 3]
    assert history.notna().all(axis=None)
    assert max(run.manifest["checked"].values()) < 1e-4


def test_a_run_says_what_its_predictor_says(small: Small) -> None:
    rows = [0, 13, 63]
    roots = small.workspace.root.parent / "pictures"
    paths = small.images.set_index("hash")["path"]
    predictions = small.run.predictions()
    files = [roots / paths[predictions["hash"][row]] for row in rows]
    inputs = np.stack([InputForm().of(decode(file)) for file in files])
    predicted = Predictor.load(small.run.path).predict(inputs)
    columns = [column for column in predictions if column.startswith("p_")]
    np.testing.assert_allclose(predictions[columns].to_numpy()[rows], predicted.probabilities, atol=1e-5)
    np.testing.assert_allclose(small.run.class_maps()[rows], predicted.class_maps, rtol=2e-3, atol=1e-7)
    np.testing.assert_allclose(small.run.embeddings()[rows], predicted.embeddings, rtol=2e-3, atol=1e-7)


def test_a_run_of_another_input_form(small: Small, tmp_path: Path) -> None:
    form = InputForm(128, 96, keep_proportions=True)
    chosen = {
        "width": 128,
        "height": 96,
        "keep_proportions": True,
        "average_flips": True,
        "epochs": 1,
        "head_epochs": 2,
    }
    recipe = TINY.model_copy(update={**chosen, "boundary": "expanded_conv_14_project"})
    request = REQUEST.model_copy(update={"recipe": recipe, "name": "wide"})
    run = open_run(train(request, small.workspace, Watching(tmp_path)))
    assert run.input_form == form
    assert run.history()[["phase", "epoch"]].to_numpy().tolist() == [["head", 1], ["head", 2], ["all", 1]]
    assert run.class_maps().shape == (64, 8, 3, 4)
    assert run.signed
    predictions = run.predictions()
    probabilities = predictions[[f"p_{code}" for code in CODES]].to_numpy()
    scores = np.asarray(run.class_maps(), np.float32).sum(axis=(2, 3)) + np.array(run.evidence_bias)
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    np.testing.assert_allclose(shares / shares.sum(axis=1, keepdims=True), probabilities, atol=2e-3)
    path = small.images.set_index("hash")["path"][predictions["hash"][0]]
    picture = small.workspace.root.parent / "pictures" / path
    told = classify(Predictor.load(run.path), run.input_form, picture.name, picture.read_bytes())
    np.testing.assert_allclose(told.probabilities, probabilities[0], atol=1e-5)


def test_the_model_opens_in_safe_mode(small: Small) -> None:
    import keras

    model = keras.models.load_model(small.run.model_file, compile=False, safe_mode=True)
    inputs = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    predicted = Predictor.load(small.run.path).predict(inputs)
    np.testing.assert_allclose(
        model.predict_on_batch(inputs.astype(np.float32)), predicted.probabilities, atol=1e-5
    )


def test_progress_only_grows_and_curves_are_told(small: Small) -> None:
    context = small.context
    fractions = [fraction for _, fraction, _ in context.reports if fraction is not None]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    phases = list(dict.fromkeys(data["phase"] for _, _, data in context.reports))
    assert phases == ["preparing", "training", "predicting", "finished"]
    assert [row["epoch"] for row in context.rows] == [1, 2, 3]
    assert not (context.folder / FILE).exists()


def test_stopping_and_going_on_gives_the_same_run(small: Small, tmp_path: Path) -> None:
    context = Watching(tmp_path, stop_after=1)
    with pytest.raises(JobStopped):
        # Stops at the first batch after the first epoch, however fast batches are.
        _train_asking_always(REQUEST, small, context)
    assert (tmp_path / FILE).exists()
    context.stop_after = None
    run = open_run(train(REQUEST, small.workspace, context))
    assert [row["epoch"] for row in context.rows] == [1, 2, 3]
    _assert_same(run, small.run)
    # Asked again, for instance after a kill between publishing and saying so: no second run.
    assert train(REQUEST, small.workspace, context) == run.path


def test_killed_and_going_on_gives_the_same_run(small: Small, tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    script.write_text(
        "import json, sys\n"
        "from pathlib import Path\n"
        "from breakhis_core.progress import ConsoleContext\n"
        "from breakhis_core.training.request import TrainRequest\n"
        "from breakhis_core.training.train import train\n"
        "from breakhis_core.workspace import Workspace\n"
        "request = TrainRequest.model_validate_json(sys.argv[1])\n"
        "train(request, Workspace.open(), ConsoleContext(Path(sys.argv[2]), lambda *_: None))\n"
    )
    # Enough epochs that the kill comes between two of them.
    recipe = TINY.model_copy(update={"epochs": 400})
    many = REQUEST.model_copy(update={"recipe": recipe, "name": "killed"})
    command = [sys.executable, str(script), many.model_dump_json(), str(tmp_path / "job")]
    environment = {**os.environ, **small.workspace.settings.environment(), "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    process = subprocess.Popen(command, env=environment)
    checkpoint = tmp_path / "job" / FILE
    until = time.monotonic() + 120
    while not checkpoint.exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.returncode == -signal.SIGKILL
    assert not (small.workspace.models / "killed").exists()

    # What is kept is a state of the same training: its epochs equal those of the undisturbed one.
    from breakhis_core.training.checkpoint import load_checkpoint

    kept = load_checkpoint(tmp_path / "job")
    assert kept is not None
    done = kept.epoch
    few = many.model_copy(update={"recipe": recipe.model_copy(update={"epochs": done + 2})})
    resumed = open_run(train(few, small.workspace, Watching(tmp_path / "job")))
    context = Watching(tmp_path / "whole")
    context.folder.mkdir()
    undisturbed = open_run(train(few.model_copy(update={"name": "undisturbed"}), small.workspace, context))
    _assert_same(resumed, undisturbed)


def test_excluded_images_leave_training_and_nothing_else(small: Small, tmp_path: Path) -> None:
    before = small.run.predictions().set_index("hash")["part"]
    flagged = tuple(before.index[before == part][0] for part in ("train", "validation", "test"))
    request = REQUEST.model_copy(
        update={"exclude": flagged, "improves": "tiny", "data": None, "name": "better"}
    )
    run = open_run(train(request, small.workspace, Watching(tmp_path)))
    after = run.predictions().set_index("hash")["part"]
    assert [after[image] for image in flagged] == ["excluded", "excluded", "test"]
    others = before.index.difference(flagged)
    assert (after.loc[others] == before.loc[others]).all()
    assert run.improves == "tiny"
    assert set(run.excluded) == set(flagged[:2])
    # The frozen split stays whole, so that a later training can take an image back.
    assert run.split().equals(small.run.split())


def test_corrected_labels_are_learnt_from_and_change_nothing_that_is_published(
    small: Small, tmp_path: Path
) -> None:
    before = small.run.predictions().set_index("hash")
    labels = {image: "MC" if code != "MC" else "PC" for image, code in before["subtype"].items()}
    request = REQUEST.model_copy(
        update={"labels": labels, "improves": "tiny", "data": None, "name": "corrected"}
    )
    run = open_run(train(request, small.workspace, Watching(tmp_path)))
    after = run.predictions().set_index("hash")
    assert after[["part", "subtype"]].equals(before[["part", "subtype"]])
    assert run.corrected == {image: labels[image] for image in before.index[before["part"] != "test"]}
    assert (run.excluded, small.run.corrected) == ((), {})
    assert run.split().equals(small.run.split())
    assert f"- Corrected sub-types in train and validation: {len(run.corrected)}" in run.card()
    # What it learnt is what it says: seven eighths of its training images are MC now.
    trained = after[after["part"] == "train"]
    assert (trained["predicted"] == "MC").mean() > (before["predicted"] == "MC").mean()


def test_what_doubts_labels_never_saw_them(small: Small, tmp_path: Path) -> None:
    """With a trained base, wrong labels are learnt by heart; what finds them must not be."""
    train_images = small.run.predictions().query("part == 'train'")["hash"].to_list()
    planted = {image: CODES[at % 8] for at, image in enumerate(train_images)}
    chosen = {"boundary": "expanded_conv_13_project", "epochs": 2, "learning_rate": 0.01}
    recipe = TINY.model_copy(update=chosen)
    runs = []
    for name, labels in (("labelled", {}), ("planted", planted)):
        request = REQUEST.model_copy(update={"recipe": recipe, "labels": labels, "name": name})
        (tmp_path / name).mkdir()
        runs.append(open_run(train(request, small.workspace, Watching(tmp_path / name))))
    labelled, wrong = runs
    assert wrong.corrected
    moved = np.abs(np.asarray(labelled.embeddings(), np.float32) - wrong.embeddings()).max()
    assert moved > 0.01
    np.testing.assert_array_equal(labelled.first_embeddings(), wrong.first_embeddings())
    # Suspects, similar images and the worth of flags are made of these alone.
    assert compared(wrong).tobytes() == wrong.first_embeddings().tobytes()
    looked = look(wrong.predictions(), wrong.first_embeddings(), learnt_labels(wrong))
    pd.testing.assert_frame_equal(looked, wrong.unseen(), check_dtype=False)


def test_the_stain_is_brought_to_that_of_the_training(small: Small, tmp_path: Path) -> None:
    recipe = TINY.model_copy(update={"normalise_stain": True, "epochs": 1})
    request = REQUEST.model_copy(update={"recipe": recipe, "name": "stained"})
    run = open_run(train(request, small.workspace, Watching(tmp_path)))
    form = run.input_form
    assert form.stain is not None
    assert run.manifest["stain_reference"] == form.stain.in_json()
    predictions = run.predictions()
    path = small.images.set_index("hash")["path"][predictions["hash"][0]]
    picture = small.workspace.root.parent / "pictures" / path
    told = classify(Predictor.load(run.path), form, picture.name, picture.read_bytes())
    columns = [f"p_{code}" for code in CODES]
    np.testing.assert_allclose(told.probabilities, predictions[columns].to_numpy()[0], atol=1e-5)
    # A retraining keeps the reference, whatever it leaves out.
    left_out = tuple(predictions.query("part == 'train'")["hash"][:9])
    again = request.model_copy(update={"improves": "stained", "exclude": left_out, "name": "again"})
    (tmp_path / "again").mkdir()
    other = open_run(train(again, small.workspace, Watching(tmp_path / "again")))
    assert other.input_form == form


def test_compact_runs_are_small(small: Small, tmp_path: Path) -> None:
    request = REQUEST.model_copy(update={"compact": True, "name": "compact"})
    run = open_run(train(request, small.workspace, Watching(tmp_path)))
    for name in ("model.keras", "predictor.onnx"):
        assert (run.path / name).stat().st_size < 0.62 * (small.run.path / name).stat().st_size
    test_the_model_opens_in_safe_mode(replace(small, run=run))


def test_weights_that_do_not_fit_are_named(small: Small, tmp_path: Path) -> None:
    file = tmp_path / "foreign.weights.h5"
    file.write_bytes(b"not weights")
    with pytest.raises(InputError, match="foreign.weights.h5"):
        train(REQUEST.model_copy(update={"weights": str(file)}), small.workspace, Watching(tmp_path))


def test_nothing_to_train_on_is_said(small: Small, tmp_path: Path) -> None:
    everything = tuple(small.images["hash"])
    with pytest.raises(InputError, match="No image is left to train on"):
        train(REQUEST.model_copy(update={"exclude": everything}), small.workspace, Watching(tmp_path))
    with pytest.raises(InputError, match="no data set 99"):
        train(REQUEST.model_copy(update={"data": 99}), small.workspace, Watching(tmp_path))


def learnt_labels(run: Run) -> np.ndarray:
    predictions = run.predictions()
    pairs = zip(predictions["hash"], predictions["subtype"], strict=True)
    return np.array([CODES.index(run.corrected.get(image, code)) for image, code in pairs], np.int64)


def _train_asking_always(request: TrainRequest, small: Small, context: Watching) -> Path:
    from breakhis_core.training import one_model

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(one_model, "_STOP_EVERY", -1.0)
        return train(request, small.workspace, context)


def _assert_same(run: Any, other: Any) -> None:
    columns = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"]
    assert run.history()[columns].equals(other.history()[columns])
    assert run.predictions().equals(other.predictions())
    np.testing.assert_array_equal(run.class_maps(), other.class_maps())
