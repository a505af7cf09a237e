"""One epoch of the `paper` recipe on kept outputs of the frozen part, beside the epoch as its authors ran it.

Their way decodes every picture and runs the whole base in every epoch; both train the same layers on the same
batches with the same flips, so the losses must agree within half precision.

    python -m benchmarks.epoch --data BREAKHIS --weights imagenet
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from breakhis_core.images.catalogue import scan, usable
from breakhis_core.images.input_form import InputForm
from breakhis_core.images.pixels import decode
from breakhis_core.images.taxonomy import CODES
from breakhis_core.networks.backbone import build_base
from breakhis_core.networks.network import build_network
from breakhis_core.recipes import RECIPES
from breakhis_core.splits.split import make_split
from breakhis_core.training.features import frozen_outputs
from breakhis_core.training.fitting import Examples, Fitting, batch_slices

RECIPE = RECIPES["paper"]
FORM = InputForm.said(RECIPE.model_dump())


class Pictures(keras.utils.PyDataset):
    """The training pictures, decoded for every batch by as many threads as there are cores."""

    def __init__(self, files: list[Path], labels: np.ndarray, epoch: int) -> None:
        super().__init__(workers=2, use_multiprocessing=False, max_queue_size=8)
        draw = np.random.Generator(np.random.PCG64([RECIPE.seed, epoch]))
        self.order, self.flips = draw.permutation(len(files)), draw.integers(0, 2, len(files))
        self.files, self.labels = files, labels
        self.batches = batch_slices(len(files), RECIPE.batch_size)

    def __len__(self) -> int:
        """Return the number of batches."""
        return len(self.batches)

    def __getitem__(self, at: int) -> tuple[np.ndarray, np.ndarray]:
        """Decode a batch."""
        batch = self.batches[at]
        pictures = [FORM.of(decode(self.files[row])) for row in self.order[batch]]
        flipped = [
            picture[:, ::-1] if flip else picture
            for picture, flip in zip(pictures, self.flips[batch], strict=True)
        ]
        return np.stack(flipped).astype(np.float32), self.labels[self.order[batch]]


class AuthorsModel(keras.Model):
    """Base at training=False inside, the head on top.

    A class, since in a functional model Keras 3 lets fit's training=True overrule the False given to a layer.
    """

    def __init__(self, base: keras.Model, head: keras.Model) -> None:
        super().__init__()
        self.base, self.pool, self.head = base, keras.layers.GlobalAveragePooling2D(), head

    def call(self, images: Any, training: bool = False) -> Any:
        """Return probabilities."""
        return self.head(self.pool(self.base(images, training=False)), training=training)


def authors_model(weights: str, images: int) -> AuthorsModel:
    """Return their model, compiled to be trained on a number of images."""
    base = build_base(weights)
    model = AuthorsModel(base, build_network(RECIPE, base).head)
    steps = len(batch_slices(images, RECIPE.batch_size))
    falling = keras.optimizers.schedules.ExponentialDecay(RECIPE.learning_rate, steps, RECIPE.decay)
    optimizer = keras.optimizers.SGD(falling, momentum=RECIPE.momentum, nesterov=True)
    # Keras 3 would choose XLA by itself where it can; theirs did not, and here it is slower.
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False)
    return model


def timed(call: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return a call's answer, its seconds, and the seconds that all cores together worked for it.

    The second number tells the same on a busy machine, where the first is noise.
    """
    began, worked = time.perf_counter(), time.process_time()
    answer = call()
    return answer, time.perf_counter() - began, time.process_time() - worked


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", default="imagenet")
    parser.add_argument("--epochs", type=int, default=3)
    given = parser.parse_args()
    images = usable(scan(given.data)).drop_duplicates("hash").sort_values("hash")
    split = make_split(images, "image", 0).frame
    images = images[images["hash"].isin(split.loc[split["part"] == "train", "hash"])]
    files = {row.hash: given.data / row.path for row in images.itertuples()}
    labels = np.array([CODES.index(code) for code in images["subtype"]], np.int64)
    network = build_network(RECIPE, build_base(given.weights))
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        outputs = frozen_outputs(network, Path(folder), list(files), files, FORM, RECIPE.variants)
        print(
            f"{len(files)} training images; frozen part once, both flips: {time.perf_counter() - began:.1f} s"
        )
    ours = Fitting(network, RECIPE, Examples(outputs, labels), Examples(outputs[:0], labels[:0]))
    theirs = authors_model(given.weights, len(files))
    print("| epoch | theirs, s | ours, s | ratio | processor time, ratio | their loss | our loss |")
    print("| --: | --: | --: | --: | --: | --: | --: |")
    masks = [ours.network.head.get_layer("dropout"), theirs.head.get_layer("dropout")]
    for epoch in range(given.epochs):
        # The same dropout for both, or their losses could not be compared.
        for layer in masks:
            layer.seed_generator.state.assign([RECIPE.seed, epoch])
        pictures = Pictures(list(files.values()), labels, epoch)
        history, their_seconds, their_work = timed(
            lambda pictures=pictures: theirs.fit(pictures, verbose=0, shuffle=False)
        )
        row, our_seconds, our_work = timed(lambda epoch=epoch: ours.epoch(epoch))
        name = f"{epoch + 1}{', with tracing' if epoch == 0 else ''}"
        print(
            f"| {name} | {their_seconds:.1f} | {our_seconds:.1f} "
            f"| {our_seconds / their_seconds:.2f} | {our_work / their_work:.2f} "
            f"| {history.history['loss'][0]:.4f} | {row['loss']:.4f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
