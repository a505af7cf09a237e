"""The `paper` recipe does what the authors' notebook does, held against the functions that it calls."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from breakhis_core.images.input_form import InputForm
from breakhis_core.images.model_inputs import shown
from breakhis_core.images.pixels import decode
from breakhis_core.images.taxonomy import PUBLISHED_IMAGES
from breakhis_core.recipes import RECIPES
from breakhis_core.splits.split import FRACTIONS
from breakhis_core.training.fitting import batch_slices
from tests.training.fixtures_ml import smooth_images

PAPER = RECIPES["paper"]
ALL = sum(map(sum, PUBLISHED_IMAGES.values()))
TRAINED = 5932


def their_batches(count: int) -> list[int]:
    """Return the sizes of the batches that ``image_dataset_from_directory`` makes."""
    import tensorflow as tf

    return [len(batch) for batch in tf.data.Dataset.range(count).batch(PAPER.batch_size)]


@pytest.mark.parametrize("steps", [8, 186])
def test_the_learning_rate_falls_in_every_step(steps: int) -> None:
    from keras.optimizers.schedules import ExponentialDecay

    falling = ExponentialDecay(PAPER.learning_rate, decay_steps=steps, decay_rate=PAPER.decay)
    for step in range(PAPER.epochs * steps):
        ours = PAPER.learning_rate_at(step // steps, step % steps / steps)
        assert ours == pytest.approx(float(falling(step)), rel=1e-5)


@pytest.mark.parametrize("count", [TRAINED, 228, 64, 31])
def test_batches_are_theirs(count: int) -> None:
    ours = [batch.stop - batch.start for batch in batch_slices(count, PAPER.batch_size)]
    assert ours == their_batches(count)


def test_flips_are_theirs() -> None:
    import keras

    pictures = smooth_images(64, seed=4)
    flipped = np.asarray(keras.layers.RandomFlip("horizontal", seed=0)(pictures, training=True))
    ways = np.stack([shown(pictures, variant) for variant in PAPER.variants])
    found = (ways == flipped).all(axis=(2, 3, 4))
    assert found.any(axis=0).all()
    # Each image by itself, with even chances.
    assert 16 < found[1].sum() < 48


def test_inputs_are_theirs_rounded(tmp_path: Path) -> None:
    import keras

    # Smooth, with fine noise on it, as a photograph; both sizes that BreakHis has.
    rough = smooth_images(2, seed=6)
    for at, height in enumerate((460, 456)):
        large = Image.fromarray(rough[at]).resize((700, height), Image.Resampling.BICUBIC)
        noise = np.random.default_rng(at).normal(0, 9, (height, 700, 3))
        picture = np.clip(np.asarray(large) + noise, 0, 255).astype(np.uint8)
        (tmp_path / "DC").mkdir(exist_ok=True)
        Image.fromarray(picture).save(tmp_path / "DC" / f"{at}.png")
    read = keras.utils.image_dataset_from_directory(
        tmp_path, image_size=(224, 224), batch_size=PAPER.batch_size, shuffle=False, verbose=False
    )
    ((theirs, _),) = list(read)
    form = InputForm.said(PAPER.model_dump())
    ours = np.stack([form.of(decode(tmp_path / "DC" / f"{at}.png")) for at in range(2)])
    # They feed what lies between two grey levels unrounded.
    assert np.abs(ours - theirs.numpy()).max() <= 0.5
    antialiased = np.stack([InputForm().of(decode(tmp_path / "DC" / f"{at}.png")) for at in range(2)])
    assert np.abs(antialiased - theirs.numpy()).mean() > 2


def test_shares_of_the_split_are_theirs_within_a_third_of_a_percent() -> None:
    from keras.src.utils.dataset_utils import get_training_or_validation_split

    held_out = 1 - FRACTIONS[0]
    trained, _ = get_training_or_validation_split(list(range(ALL)), None, held_out, "training")
    assert len(trained) == TRAINED == round(ALL * FRACTIONS[0])
    # Theirs: 60 and 40 of 100 batches, rounded down; one batch of 25 is in no part.
    rest = their_batches(ALL - TRAINED)
    validation = sum(rest[: int(0.6 * len(rest))])
    test = sum(rest[int(0.6 * len(rest)) :][: int(0.4 * len(rest))])
    assert (validation, test, ALL - TRAINED - validation - test) == (1184, 768, 25)
    assert validation / ALL == pytest.approx(FRACTIONS[1], abs=0.0034)
    assert test / ALL == pytest.approx(FRACTIONS[2], abs=0.0034)
