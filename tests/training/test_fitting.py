"""The epochs: the same as the authors' way within half precision, repeatable, and resumable exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from breakhis_core.errors import InputError
from breakhis_core.networks.network import build_network
from breakhis_core.recipes import BOUNDARIES, RECIPES, Recipe
from breakhis_core.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from breakhis_core.training.fitting import (
    HISTORY_COLUMNS,
    Examples,
    Fitting,
    Row,
    Step,
    batch_slices,
    crops,
)
from breakhis_core.training.steps import class_weights
from tests.training.fixtures_ml import lively_base, smooth_images

LATE = RECIPES["paper"].model_copy(
    update={"boundary": BOUNDARIES[250], "batch_size": 8, "epochs": 3, "seed": 5}
)


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return smooth_images(20, seed=3)


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return np.arange(20, dtype=np.int64) % 7


def fit(recipe: Recipe, images: np.ndarray, labels: np.ndarray) -> Fitting:
    """Return a fitting on the frozen part's output, kept in half precision."""
    network = build_network(recipe, lively_base(2))
    variants = [images, images[:, :, ::-1]]
    if network.frozen is None:
        outputs: Any = images[:, None]
    else:
        frozen = network.frozen
        parts = [np.asarray(frozen(some.astype(np.float32), training=False)) for some in variants]
        outputs = np.stack(parts, axis=1).astype(np.float16)
    return Fitting(network, recipe, Examples(outputs, labels), Examples(outputs[:6], labels[:6]))


def test_kept_outputs_train_as_the_authors_way(images: np.ndarray, labels: np.ndarray) -> None:
    import keras
    import tensorflow as tf

    recipe = LATE.model_copy(update={"dropout": 0.0})
    ours = fit(recipe, images, labels)
    theirs = build_network(recipe, lively_base(2))
    falling = keras.optimizers.schedules.ExponentialDecay(1e-3, decay_steps=3, decay_rate=0.95)
    optimizer = keras.optimizers.SGD(falling, momentum=0.95, nesterov=True)
    whole = keras.Model(theirs.model.input, theirs.model.get_layer("pool").output)
    for epoch in range(2):
        row = ours.epoch(epoch)
        # The whole forward pass for every batch, the base at training=False, the head at training=True.
        draw = np.random.Generator(np.random.PCG64([recipe.seed, epoch]))
        order, flips = draw.permutation(20), draw.integers(0, 2, 20)
        losses = []
        for batch in batch_slices(20, recipe.batch_size):
            pictures = images[order[batch]].astype(np.float32)
            pictures[flips[batch] == 1] = pictures[flips[batch] == 1][:, :, ::-1]
            with tf.GradientTape() as tape:
                answers = theirs.head(whole(pictures, training=False), training=True)
                some = keras.losses.sparse_categorical_crossentropy(labels[order[batch]], answers)
                loss = tf.reduce_mean(some)
            variables = theirs.model.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
            losses += some.numpy().tolist()
        assert row["loss"] == pytest.approx(np.mean(losses), rel=2e-3)
        assert row["learning_rate"] == pytest.approx(1e-3 * 0.95**epoch)


def test_flips_are_for_training_only(images: np.ndarray, labels: np.ndarray) -> None:
    fitting = fit(LATE, images, labels)
    unflipped = Examples(fitting.validation.inputs[:, :1], fitting.validation.labels)
    flipped = Examples(fitting.validation.inputs[:, 1:], fitting.validation.labels)
    assert fitting.evaluate(fitting.validation) == fitting.evaluate(unflipped)
    assert fitting.evaluate(fitting.validation) != fitting.evaluate(flipped)


@pytest.mark.parametrize("averaging", [0.0, 0.4])
def test_resuming_gives_the_same_weights(
    averaging: float, images: np.ndarray, labels: np.ndarray, tmp_path: Path
) -> None:
    recipe = LATE.model_copy(update={"averaging": averaging})
    whole = fit(recipe, images, labels)
    rows = [whole.epoch(epoch) for epoch in range(3)]

    first = fit(recipe, images, labels)
    first.epoch(0)
    save_checkpoint(tmp_path, Checkpoint(1, 0.5, "none", [rows[0]], first.state()))
    # An epoch that was cut short leaves no trace.
    first.epoch(1)
    kept = load_checkpoint(tmp_path)
    assert kept is not None
    second = fit(recipe, images, labels)
    second.restore(kept)
    again = [second.epoch(epoch) for epoch in (1, 2)]
    for one, other in zip(again, rows[1:], strict=True):
        assert {**one, "seconds": 0} == {**other, "seconds": 0}
    for one, other in zip(second.state(), whole.state(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_frozen_weights_and_statistics_stay(images: np.ndarray, labels: np.ndarray) -> None:
    fitting = fit(LATE, images, labels)
    model = fitting.network.model
    before = {variable.path: np.array(variable) for variable in model.variables}
    fitting.epoch(0)
    changed = {
        variable.path for variable in model.variables if not np.array_equal(before[variable.path], variable)
    }
    trained = {variable.path for variable in model.trainable_variables}
    # Of the head's batch normalisation the statistics move too, of the base's none.
    moved = {path for path in changed - trained if "seed" not in path}
    assert moved == {"dense_64_bn/moving_mean", "dense_64_bn/moving_variance"}
    assert not any(path.startswith("expanded_conv_13") or path.startswith("conv/") for path in changed)
    assert "expanded_conv_14_project/kernel" in changed


def test_whole_base_learns_from_crops(images: np.ndarray, labels: np.ndarray) -> None:
    recipe = LATE.model_copy(
        update={"boundary": "conv", "trained_statistics": True, "crop": 64, "stain": 0.3, "batch_size": 19}
    )
    fitting = fit(recipe, images, labels)
    first = fitting.network.model.get_layer("conv")
    statistics = fitting.network.model.get_layer("conv_bn")
    before, mean = np.array(first.kernel), np.array(statistics.moving_mean)
    row = fitting.epoch(0)
    assert np.isfinite(row["loss"])
    assert not np.array_equal(before, first.kernel)
    assert not np.array_equal(mean, statistics.moving_mean)


def test_pictures_are_shown_in_every_way_that_the_recipe_names(
    images: np.ndarray, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = LATE.model_copy(update={"boundary": "conv", "upside_down": True, "batch_size": 20})
    fitting = fit(recipe, images, labels)
    batches: list[np.ndarray] = []

    def look(inputs: np.ndarray, *rest: object) -> tuple[float, float]:
        batches.append(inputs)
        return 0.0, 0.0

    monkeypatch.setattr(fitting, "_train_step", look)
    ways = [images, images[:, :, ::-1], images[:, ::-1], images[:, ::-1, ::-1]]
    seen = set()
    for epoch in range(2):
        fitting.epoch(epoch)
        for picture in batches[epoch]:
            (way,) = (at for at, all_ in enumerate(ways) if (all_ == picture).all(axis=(1, 2, 3)).any())
            seen.add(way)
    assert seen == {0, 1, 2, 3}


def test_head_alone_warms_up(images: np.ndarray, labels: np.ndarray) -> None:
    recipe = LATE.model_copy(
        update={"head": "linear", "head_epochs": 3, "optimizer": "adamw", "dropout": 0.0}
    )
    fitting = fit(recipe, images, labels)
    base = np.array(fitting.network.model.get_layer("conv_1").kernel)
    head = np.array(fitting.network.model.get_layer("probabilities").kernel)
    steps: list[Step] = []
    rows: list[Row] = []
    fitting.warm_up(steps.append, rows.append)
    assert [(step.phase, step.epoch) for step in steps[::3]] == [("head", 0), ("head", 1), ("head", 2)]
    assert len(steps) == 9
    assert [(row["phase"], row["epoch"]) for row in rows] == [("head", 1), ("head", 2), ("head", 3)]
    assert (rows[-1]["val_loss"], rows[-1]["val_accuracy"]) == pytest.approx(
        fitting.evaluate(fitting.validation), rel=1e-4
    )
    np.testing.assert_array_equal(base, fitting.network.model.get_layer("conv_1").kernel)
    assert not np.array_equal(head, fitting.network.model.get_layer("probabilities").kernel)
    row = fitting.epoch(0)
    assert tuple(row) == HISTORY_COLUMNS
    assert (row["phase"], row["epoch"]) == ("all", 1)


def test_epochs_of_a_frozen_base_go_on_behind_those_of_the_head(
    images: np.ndarray, labels: np.ndarray
) -> None:
    recipe = LATE.model_copy(
        update={"boundary": "head", "head": "linear", "head_epochs": 4, "optimizer": "adamw", "epochs": 2}
    )
    fitting = fit(recipe, images, labels)
    rows: list[Row] = []
    fitting.warm_up(tell=rows.append)
    rows += [fitting.epoch(0), fitting.epoch(1)]
    assert [(row["phase"], row["epoch"]) for row in rows] == [("all", at + 1) for at in range(6)]
    assert rows[3]["learning_rate"] < rows[0]["learning_rate"] == recipe.head_learning_rate


def test_telling_of_the_head_changes_nothing(images: np.ndarray, labels: np.ndarray) -> None:
    recipe = LATE.model_copy(update={"head_epochs": 2})
    told, silent = (fit(recipe, images, labels) for _ in range(2))
    told.warm_up(tell=lambda row: None)
    silent.warm_up()
    for one, other in zip(told.network.model.variables, silent.network.model.variables, strict=True):
        np.testing.assert_array_equal(one, other)


def test_gradients_are_clipped_together(images: np.ndarray, labels: np.ndarray) -> None:
    recipe = LATE.model_copy(update={"momentum": 0.0, "dropout": 0.0, "batch_size": 20, "learning_rate": 0.5})

    def moved(clip_norm: float) -> float:
        fitting = fit(recipe.model_copy(update={"clip_norm": clip_norm}), images, labels)
        before = [np.asarray(variable) for variable in fitting.network.trainable_variables]
        fitting.epoch(0)
        after = [np.asarray(variable) for variable in fitting.network.trainable_variables]
        return float(np.sqrt(sum(np.sum((x - y) ** 2) for x, y in zip(after, before, strict=True))))

    assert moved(0.0) > 0.01
    assert moved(0.01) == pytest.approx(0.5 * 0.01, rel=1e-3)


def test_the_average_lies_between_before_and_after(images: np.ndarray, labels: np.ndarray) -> None:
    recipe = LATE.model_copy(update={"dropout": 0.0})
    plain, averaged = (
        fit(recipe.model_copy(update={"averaging": share}), images, labels) for share in (0.0, 0.25)
    )
    before = [np.asarray(variable) for variable in plain.network.trainable_variables]
    for epoch in range(2):
        plain.epoch(epoch)
        averaged.epoch(epoch)
    pairs = zip(before, plain.network.trainable_variables, averaged.network.trainable_variables, strict=True)
    for first, last, mean in pairs:
        np.testing.assert_allclose(mean, 0.25 * first + 0.75 * np.asarray(last), rtol=1e-5, atol=1e-7)
    assert averaged.evaluate(averaged.validation) != plain.evaluate(plain.validation)


def test_watching_and_a_part_without_images(images: np.ndarray, labels: np.ndarray) -> None:
    recipe = LATE.model_copy(update={"boundary": "head"})
    network = build_network(recipe, lively_base(2))
    outputs = np.random.default_rng(0).normal(size=(17, 2, 960)).astype(np.float16)
    none = Examples(outputs[:0], labels[:0])
    steps: list[Step] = []
    row = Fitting(network, recipe, Examples(outputs, labels[:17]), none).epoch(0, steps.append)
    # Two batches of 8 and one image: it joins the batch before.
    assert [(step.batch, step.batches) for step in steps] == [(1, 2), (2, 2)]
    assert (row["val_loss"], row["val_accuracy"]) == (None, None)
    assert row["loss"] == pytest.approx(steps[-1].loss)


@pytest.mark.parametrize(("count", "sizes"), [(64, [32, 32]), (65, [32, 33]), (66, [32, 32, 2]), (1, [1])])
def test_batches(count: int, sizes: list[int]) -> None:
    assert [batch.stop - batch.start for batch in batch_slices(count, 32)] == sizes


def test_crops_lie_inside_and_reach_every_edge() -> None:
    rows, columns = np.mgrid[:224, :224].astype(np.uint8)
    picture = np.stack([rows, columns, columns], axis=2)[None].repeat(3, axis=0)
    cut = crops(picture, np.array([[0, 0], [0.9999, 0.9999], [0.5, 0]]), 112)
    assert cut.shape == (3, 112, 112, 3)
    assert cut[0, 0, 0].tolist() == [0, 0, 0]
    assert cut[1, -1, -1].tolist() == [223, 223, 223]
    assert cut[2, 0, 0].tolist() == [56, 0, 0]


def test_class_weights_balance_and_average_to_one() -> None:
    labels = np.repeat([0, 4, 7], [10, 70, 20])
    for balance in (0.0, 0.5, 1.0):
        weights = class_weights(labels, balance)
        assert weights[labels].mean() == pytest.approx(1.0)
        assert weights[0] / weights[4] == pytest.approx(7**balance)
    assert class_weights(labels, 1.0)[1] == 0


def test_a_damaged_checkpoint_says_what_to_do(tmp_path: Path) -> None:
    assert load_checkpoint(tmp_path) is None
    (tmp_path / "checkpoint.npz").write_bytes(b"PK not a zip")
    with pytest.raises(InputError, match="delete it to train from the beginning"):
        load_checkpoint(tmp_path)
