"""The epochs: steps on the trained part of a network, from outputs of the frozen part."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from breakhis_core.images.model_inputs import shown
from breakhis_core.networks.averaged_weights import AveragedWeights
from breakhis_core.networks.network import Network
from breakhis_core.recipes import Recipe
from breakhis_core.training import steps
from breakhis_core.training.checkpoint import Checkpoint

Phase = Literal["head", "all"]
"""What an epoch trains: the head alone, before the base is trained too; or all that the recipe trains."""
HISTORY_COLUMNS = (
    "phase",
    "epoch",
    "loss",
    "accuracy",
    "val_loss",
    "val_accuracy",
    "learning_rate",
    "seconds",
)

_HEAD_PHASE = 10**6
"""Stands where the epoch stands when numbers are drawn for the epochs of the head alone."""


@dataclass(frozen=True)
class Examples:
    """What a part of the split gives to training.

    Attributes:
        inputs: (N, variants, ...) float16 outputs of the frozen part, the first of the image as it is; or
            (N, 1, H, W, 3) uint8 images when the whole base is trained.
        labels: (N,) positions in ``images.taxonomy.CODES``.
    """

    inputs: npt.NDArray[Any]
    labels: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Step:
    """Where a training is, told after every batch.

    Attributes:
        phase: what is trained, as in a row of the history.
        epoch: epoch in progress of this phase, counted from 0.
        batch: batches done in it.
        batches: batches of an epoch.
        loss: mean loss of the epoch so far.
        accuracy: share of right answers of the epoch so far.
    """

    phase: Phase
    epoch: int
    batch: int
    batches: int
    loss: float
    accuracy: float


Watcher = Callable[[Step], None]
Row = dict[str, Any]
"""An epoch of the history, columns ``HISTORY_COLUMNS``; without validation images its two values are None."""


@dataclass(frozen=True)
class _Place:
    """Where an epoch stands: as in `Step`, and what its random numbers are drawn from."""

    phase: Phase
    epoch: int
    random: tuple[int, int]


class Fitting:
    """Trains a network epoch by epoch.

    Given the same network, recipe and examples it does the same: order, flips and crops of an epoch are drawn
    from (seed, epoch), and everything else that changes is in the checkpoint.
    """

    def __init__(self, network: Network, recipe: Recipe, train: Examples, validation: Examples) -> None:
        self.network, self.recipe = network, recipe
        self.train, self.validation = train, validation
        self.optimizer = steps.make_optimizer(recipe, network.trainable_variables)
        self._average = (
            AveragedWeights(network.trainable_variables, recipe.averaging)
            if recipe.averaging and "averaging" not in recipe.idle
            else None
        )
        self._weights = steps.class_weights(train.labels, recipe.balance)
        self._train_step = steps.make_train_step(network, recipe, self.optimizer, train.inputs)
        self._evaluate_step = steps.make_evaluation_step(network, validation.inputs)
        self._embedding_step = steps.make_embedding_step(network, train.inputs)

    def warm_up(self, watch: Watcher | None = None, tell: Callable[[Row], None] | None = None) -> None:
        """Train the head alone on pooled features, for the recipe's ``head_epochs``.

        Args:
            watch: told after every batch; may raise to stop.
            tell: given the row of the history after every epoch; without it nothing is evaluated.
        """
        recipe = self.recipe
        if not recipe.head_epochs:
            return
        # Of a frozen base these are the epochs that count; the others go on behind them.
        phase: Phase = "all" if self.network.trained is None else "head"
        embeddings = self.embeddings(self.train)
        alone = replace(self.network, trained=None)
        optimizer = steps.make_optimizer(recipe, alone.trainable_variables)
        step = steps.make_train_step(alone, recipe, optimizer, embeddings.inputs)
        held_out = self.embeddings(self.validation)
        evaluate = steps.make_evaluation_step(alone, embeddings.inputs)
        for epoch in range(recipe.head_epochs):
            began = time.monotonic()
            rate = recipe.head_learning_rate * 0.5 * (1 + math.cos(math.pi * epoch / recipe.head_epochs))
            optimizer.learning_rate.assign(rate)
            place = _Place(phase, epoch, (recipe.seed, _HEAD_PHASE + epoch))
            seen = self._pass(embeddings, place, step, watch)
            if tell is not None:
                tell(_row(place, seen, self.evaluate(held_out, evaluate), rate, began))

    def epoch(self, epoch: int, watch: Watcher | None = None) -> dict[str, Any]:
        """Train one epoch and evaluate it on the validation part.

        Args:
            epoch: counted from 0.
            watch: told after every batch; may raise to stop.

        Returns:
            A row of the history. The epoch counts from 1 there, of a frozen base behind those of the head.
        """
        began = time.monotonic()
        recipe = self.recipe
        place = _Place("all", recipe.main_epochs - recipe.epochs + epoch, (recipe.seed, epoch))
        if self._average:
            self._average.leave()
        seen = self._pass(
            self.train, place, self._train_step, watch, lambda done: recipe.learning_rate_at(epoch, done)
        )
        if self._average:
            self._average.enter()
        return _row(place, seen, self.evaluate(self.validation), recipe.learning_rate_at(epoch), began)

    def evaluate(
        self, examples: Examples, step: Callable[..., Any] | None = None
    ) -> tuple[float | None, float | None]:
        """Return mean cross-entropy and accuracy, of unflipped images and without dropout.

        Args:
            examples: what is looked at.
            step: as `steps.make_evaluation_step` makes it; by default that of the whole network.
        """
        if not len(examples):
            return None, None
        step = self._evaluate_step if step is None else step
        loss = right = 0.0
        size = self.recipe.batch_size
        for at in range(0, len(examples), size):
            inputs = np.ascontiguousarray(examples.inputs[at : at + size, 0])
            sums = step(inputs, examples.labels[at : at + size])
            loss, right = loss + float(sums[0]), right + float(sums[1])
        return loss / len(examples), right / len(examples)

    def embeddings(self, examples: Examples) -> Examples:
        """Return the pooled features of examples with the trained part as it is now."""
        if self.network.trained is None or not len(examples):
            return examples
        count, variants = examples.inputs.shape[:2]
        flat = examples.inputs.reshape(count * variants, *examples.inputs.shape[2:])
        size = self.recipe.batch_size
        parts = [self._embedding_step(flat[at : at + size]).numpy() for at in range(0, len(flat), size)]
        return Examples(np.concatenate(parts).reshape(count, variants, -1), examples.labels)

    def state(self) -> list[npt.NDArray[Any]]:
        """Return the values of everything that training changes."""
        averaged = self._average.values if self._average else []
        return [*(np.asarray(variable) for variable in self._state_variables()), *averaged]

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to a checkpoint of the same recipe and network."""
        variables = self._state_variables()
        averaged = 2 * len(self.network.trainable_variables) if self._average else 0
        if len(variables) + averaged != len(checkpoint.values):
            raise ValueError(f"checkpoint has {len(checkpoint.values)} values, network {len(variables)}")
        for variable, value in zip(variables, checkpoint.values, strict=False):
            variable.assign(value)
        if self._average:
            self._average.values = checkpoint.values[len(variables) :]

    def _state_variables(self) -> list[Any]:
        return [*self.network.model.variables, *self.optimizer.variables]

    def _pass(
        self,
        examples: Examples,
        place: _Place,
        step: Callable[..., Any],
        watch: Watcher | None,
        rate: Callable[[float], float] | None = None,
    ) -> tuple[float, float]:
        recipe, done = self.recipe, 0
        loss = right = 0.0
        batches = batch_slices(len(examples), recipe.batch_size)
        for at, (rows, inputs) in enumerate(self._batches(examples, batches, place.random)):
            if rate is not None:
                self.optimizer.learning_rate.assign(rate(at / len(batches)))
            labels = examples.labels[rows]
            sums = step(inputs, labels, self._weights[labels])
            loss, right, done = loss + float(sums[0]), right + float(sums[1]), done + len(rows)
            if watch is not None:
                watch(Step(place.phase, place.epoch, at + 1, len(batches), loss / done, right / done))
        return loss / done, right / done

    def _batches(
        self, examples: Examples, batches: list[slice], random: tuple[int, int]
    ) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[Any]]]:
        draw = np.random.Generator(np.random.PCG64(list(random)))
        order = draw.permutation(len(examples))
        variants = self.recipe.variants
        places = draw.integers(0, len(variants), len(examples))
        corners = draw.random((len(examples), 2))
        dyes = 1 + self.recipe.stain * draw.uniform(-1, 1, (len(examples), 1, 1, 3))
        for batch in batches:
            rows = order[batch]
            if examples.inputs.dtype != np.uint8:
                yield rows, examples.inputs[rows, places[batch]]
                continue
            pictures = crops(examples.inputs[rows, 0], corners[batch], self.recipe.crop)
            for place, variant in enumerate(variants):
                pictures[places[batch] == place] = shown(pictures[places[batch] == place], variant)
            yield rows, pictures if self.recipe.stain == 0 else restained(pictures, dyes[batch])


def _row(
    place: _Place,
    seen: tuple[float, float],
    unseen: tuple[float | None, float | None],
    rate: float,
    began: float,
) -> Row:
    spent = time.monotonic() - began
    return dict(
        zip(HISTORY_COLUMNS, (place.phase, place.epoch + 1, *seen, *unseen, rate, spent), strict=True)
    )


def crops(
    pictures: npt.NDArray[np.uint8], corners: npt.NDArray[np.float64], size: int | None
) -> npt.NDArray[np.uint8]:
    """Cut a square out of each picture.

    Args:
        pictures: (N, H, W, 3).
        corners: (N, 2), from 0 to 1: where the square lies between the first and the last possible place.
        size: side of the square; None for the whole picture.
    """
    if size is None:
        return pictures.copy()
    tops, lefts = (corners * (pictures.shape[1] - size + 1)).astype(np.int64).T
    return np.stack(
        [
            picture[top : top + size, left : left + size]
            for picture, top, left in zip(pictures, tops, lefts, strict=True)
        ]
    )


def restained(pictures: npt.NDArray[np.uint8], dyes: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Change how strongly each colour is absorbed; white stays white.

    Args:
        pictures: (N, H, W, 3).
        dyes: (N, 1, 1, 3), factors of what each colour channel lacks to white.

    >>> restained(np.array([[[[255, 155, 5]]]], np.uint8), np.array([[[[2.0, 0.5, 2.0]]]])).tolist()
    [[[[255, 205, 0]]]]
    """
    lacking = (255 - pictures) * dyes.astype(np.float32)
    return (255 - np.minimum(lacking, 255)).astype(np.uint8)


def batch_slices(count: int, size: int) -> list[slice]:
    """Cut a number of images into batches.

    A last batch of one image joins the batch before it: batch normalisation has no variance of one image.

    >>> [batch.stop - batch.start for batch in batch_slices(70, 32)], len(batch_slices(65, 32))
    ([32, 32, 6], 2)
    """
    starts = list(range(0, count, size))
    if len(starts) > 1 and count - starts[-1] == 1:
        starts.pop()
    return [slice(start, stop) for start, stop in zip(starts, [*starts[1:], count], strict=True)]
