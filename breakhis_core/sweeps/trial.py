"""One trial of a sweep: the training of one cell, without a run folder, measured on the validation part."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import optuna
from filelock import FileLock, Timeout
from optuna.trial import Trial

from breakhis_core.images.taxonomy import CODES
from breakhis_core.metrics import classification
from breakhis_core.networks.network import Network
from breakhis_core.progress import JobContext, stop_if_asked
from breakhis_core.storage import database as db
from breakhis_core.sweeps.request import SweepRequest, cells
from breakhis_core.training.checkpoint import load_checkpoint
from breakhis_core.training.data import TrainingData
from breakhis_core.training.fitting import Examples, Fitting, Row
from breakhis_core.training.one_model import Measure, Training
from breakhis_core.workspace import Workspace

_BEAT_EVERY = 15.0
_LOOK_EVERY = 0.5
_HEAD_POINTS = 20
Asked = Callable[[], bool]


class DivergedError(Exception):
    """The loss of a training is no number any more."""


def run_trial(
    request: SweepRequest,
    trial: Trial,
    workspace: Workspace,
    data: TrainingData,
    folder: Path,
    should_stop: Asked,
) -> float:
    """Train the cell of a trial; a trial that was interrupted goes on behind its last whole epoch.

    Args:
        request: the sweep.
        trial: taken from the line; its curve and what else is known of it are written to it.
        workspace: keeps features and weights.
        data: images and split; the test part is not touched.
        folder: for the checkpoint, the same one when the trial goes on.
        should_stop: asked after every batch.

    Returns:
        The metric on the validation part after the last epoch.

    Raises:
        optuna.TrialPruned: the curve lies below the median of the finished trials.
        JobStopped: asked to stop.
        DivergedError: the loss is no number any more.
        InputError: something given cannot be used.
    """
    cell = cells(request)[int(trial.user_attrs["cell"])]
    recipe = cell.recipe.model_copy(update={"seed": cell.recipe.seed + int(trial.user_attrs["repeat"])})
    folder.mkdir(parents=True, exist_ok=True)
    context = _TrialContext(folder, trial, request, recipe.main_epochs, should_stop)
    try:
        checkpoint = load_checkpoint(folder)
        for row in checkpoint.history if checkpoint else ():
            context.curve(row)
        training = _CellTraining(request.base.model_copy(update={"recipe": recipe}), workspace, context, data)
        fitted = training.fit(training.measure if request.metric == "macro_f1" else None)
        trial.set_user_attr("answers", "".join(map(str, training.answers(fitted.network))))
        trial.set_user_attr("seconds", fitted.seconds)
    finally:
        context.close()
    return context.value


class _TrialContext(JobContext):
    """The context of a trial: an epoch's row goes to Optuna, which may answer that it is enough."""

    def __init__(
        self, folder: Path, trial: Trial, request: SweepRequest, epochs: int, should_stop: Asked
    ) -> None:
        super().__init__(folder)
        self._trial, self._metric, self._epochs = trial, request.metric, epochs
        self._asked_to_stop = should_stop
        self._beat_at = time.monotonic()
        self._rows: list[dict[str, Any]] = []
        # Before it was interrupted, the trial said these already.
        self._said = set(trial.study.get_trials(deepcopy=False)[trial.number].intermediate_values)
        self.value = math.nan

    def report(self, message: str, fraction: float | None = None, **data: Any) -> None:
        """Write progress, and now and then that the trial lives."""
        if time.monotonic() - self._beat_at > _BEAT_EVERY:
            self._beat_at = time.monotonic()
            self._trial.set_user_attr("beat", db.now())
        super().report(message, fraction, **data)

    def curve(self, row: Mapping[str, Any]) -> None:
        """Hand an epoch's row to Optuna."""
        epoch, loss = int(row["epoch"]), float(row["loss"])
        self._rows.append(dict(row))
        self._trial.set_user_attr("history", self._rows if math.isfinite(loss) else self._rows[:-1])
        if not math.isfinite(loss):
            raise DivergedError(f"The loss is no number any more after epoch {epoch}.")
        self.value = float(row["val_accuracy" if self._metric == "accuracy" else self._metric])
        if epoch not in self._said:
            self._trial.report(self.value, epoch)
        if epoch < self._epochs and self._trial.should_prune():
            raise optuna.TrialPruned

    def should_stop(self) -> bool:
        """Return whether the sweep was asked to stop."""
        return self._asked_to_stop()


class _CellTraining(Training):
    """A training whose validation answers are asked for."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._validation: Examples  # Of the examples, the last that are asked for.
        self._forward: Any = None

    def examples(self, network: Network, hashes: list[str]) -> Examples:
        """Return the examples; of several trials that lack the same outputs, one computes them."""
        if network.frozen is None:
            found = super().examples(network, hashes)
        else:
            lock = self.workspace.root / "sweeps" / f"{network.frozen_key}.lock"
            with _one_at_a_time(lock, self._wait_for_others):
                found = super().examples(network, hashes)
        if hashes == self.parts["validation"]:
            self._validation = found
        return found

    def note_head(self, row: Row, history: list[Row], fitting: Fitting, measure: Measure | None) -> None:
        """Take up some epochs of a frozen base's head: to write each down takes as long as to train it."""
        if row["phase"] == "all" and row["epoch"] % math.ceil(self.recipe.head_epochs / _HEAD_POINTS) == 0:
            super().note_head(row if measure is None else row | measure(fitting), history, fitting, measure)

    def measure(self, fitting: Fitting) -> dict[str, float]:
        """Return macro F1 on the validation part."""
        truth = self._validation.labels
        confusion = classification.confusion_matrix(truth, self.answers(fitting.network), len(CODES))
        return {"macro_f1": float(classification.macro_f1(confusion))}

    def answers(self, network: Network) -> npt.NDArray[np.int64]:
        """Return the most probable sub-type of each validation image, as a position in ``CODES``."""
        import tensorflow as tf

        inputs = self._validation.inputs
        if self._forward is None:

            def forward(batch: Any) -> Any:
                tensor = tf.cast(batch, tf.float32)
                if network.trained is not None:
                    tensor = network.trained(tensor, training=False)
                return tf.argmax(network.head(tensor, training=False), axis=1)

            self._forward = tf.function(
                forward, input_signature=[tf.TensorSpec((None, *inputs.shape[2:]), inputs.dtype)]
            )
        batches = [
            self._forward(np.ascontiguousarray(inputs[at : at + 64, 0])).numpy()
            for at in range(0, len(inputs), 64)
        ]
        return np.concatenate(batches).astype(np.int64)

    def _wait_for_others(self) -> None:
        stop_if_asked(self.context)
        self.context.report("Preparing: another process looks at the same images", 0.0, phase="preparing")


@contextmanager
def _one_at_a_time(lock: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold a lock among processes; while another holds it, ``waiting`` is called and may raise."""
    held = FileLock(lock)
    while not held.is_locked:
        try:
            held.acquire(timeout=_LOOK_EVERY)
        except Timeout:
            waiting()
    try:
        yield
    finally:
        held.release()
