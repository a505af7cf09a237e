"""Train a run: data, frozen part, epochs, run folder; stopped or killed at any moment, it goes on later.

This runs in a process of its own: a job, or the command line.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from breakhis_core.errors import InputError
from breakhis_core.images.input_form import InputForm
from breakhis_core.images.model_inputs import read_inputs
from breakhis_core.images.stain_normalisation import StainReference
from breakhis_core.networks.backbone import WeightsError, build_base, settle_statistics
from breakhis_core.networks.network import Network, build_network
from breakhis_core.networks.weights_files import file_facts, weights_in_words
from breakhis_core.progress import Context, stop_if_asked
from breakhis_core.runs import open_run
from breakhis_core.runs.publishing import publish
from breakhis_core.training.checkpoint import Checkpoint, load_checkpoint, remove_checkpoint, save_checkpoint
from breakhis_core.training.clock import Clock
from breakhis_core.training.data import TrainingData
from breakhis_core.training.duration import pace, stages_of
from breakhis_core.training.feature_store import Features
from breakhis_core.training.features import first_embeddings, frozen_outputs
from breakhis_core.training.fitting import HISTORY_COLUMNS, Examples, Fitting, Row, Step
from breakhis_core.training.request import TrainRequest
from breakhis_core.training.run_making import make_run
from breakhis_core.workspace import Workspace

_STOP_EVERY = 0.3
_STAINS = 64
"""Training images at most of which the stain is taken: more do not move their median."""
Measure = Callable[[Fitting], dict[str, Any]]
"""Takes a fitting after an epoch and returns further columns of the history."""


@dataclass(frozen=True)
class Fitted:
    """A trained network.

    Attributes:
        network: with its trained weights.
        history: one row per epoch, columns ``fitting.HISTORY_COLUMNS``.
        seconds: what the epochs took, interruptions left out.
        weights: what training began with, in words.
    """

    network: Network
    history: pd.DataFrame
    seconds: float
    weights: str


class Training:
    """One training, of a run (`train`) or of a cell of a sweep (``sweeps.trial``)."""

    def __init__(
        self, request: TrainRequest, workspace: Workspace, context: Context, data: TrainingData
    ) -> None:
        self.request, self.workspace, self.context, self.data = request, workspace, context, data
        self.recipe = request.recipe
        self.parts = {part: data.hashes(part) for part in ("train", "validation")}
        batches = -(-len(self.parts["train"]) // self.recipe.batch_size)
        train, assumed = len(self.parts["train"]), pace(self.recipe, ())
        expected = stages_of(
            self.recipe, train, len(data.images), assumed, improves=request.improves is not None
        )
        self.clock = Clock(expected, batches, self.recipe.main_epochs, self.recipe.head_epochs)
        self.asked = 0.0

    @cached_property
    def form(self) -> InputForm:
        """How a picture becomes a model input; the stain of a retraining is brought to that of its parent."""
        plain = InputForm.said(self.recipe.model_dump())
        if not self.recipe.normalise_stain:
            return plain
        parent = self.request.improves and open_run(self.workspace.models / self.request.improves).input_form
        if parent and parent.stain is not None:
            return replace(plain, stain=parent.stain)
        hashes = self.parts["train"]
        some = hashes[:: -(-len(hashes) // _STAINS)]
        pictures = [picture for _, batch in read_inputs(some, self.data.files, plain) for picture in batch]
        reference = StainReference.of(pictures)
        if reference is None:
            raise InputError("No training image shows stained tissue; turn the stain normalisation off.")
        return replace(plain, stain=reference)

    def run(self, published: Path) -> Path:
        """Train, write the run folder, and leave its name in a file, by which a second call knows it."""
        fitted = self.fit()
        first = self.first_embeddings(self.data)
        stem = self.request.name or self._name()
        folder = publish(
            self.workspace.models, published, stem, lambda name, mark: self._make(fitted, first, name, mark)
        )
        remove_checkpoint(self.context.folder)
        self.context.report(f"Finished: {folder.name}", 1.0, phase="finished")
        return folder

    def fit(self, measure: Measure | None = None) -> Fitted:
        """Train the network, behind the last whole epoch that ``context.folder`` holds.

        Args:
            measure: called after each epoch; what it returns joins the row that the checkpoint and the
                context get.
        """
        checkpoint = load_checkpoint(self.context.folder)
        network = self._network(checkpoint)
        weights = checkpoint.weights if checkpoint else weights_in_words(self.request.weights)
        history, seconds = self._fit(network, checkpoint, weights, measure)
        return Fitted(network, history, seconds, weights)

    def _network(self, checkpoint: Checkpoint | None) -> Network:
        self._tell("Preparing: loading TensorFlow and the weights", self.clock.waiting(), phase="preparing")
        # A checkpoint holds all weights, the frozen ones too: the file they came from may be gone by now.
        source = "none" if checkpoint else self.request.weights
        base = build_base(
            source, self.workspace.weights, self._download_progress, self.recipe.seed, self.form.shape[:2]
        )
        if source == "none" and not checkpoint:
            kept = self.workspace.features
            _, some = next(read_inputs(self.parts["train"], self.data.files, self.form, 64, kept))
            settle_statistics(base, some)
        network = build_network(self.recipe, base)
        if checkpoint:
            for variable, value in zip(network.model.variables, checkpoint.values, strict=False):
                variable.assign(value)
        return network

    def _fit(
        self, network: Network, checkpoint: Checkpoint | None, weights: str, measure: Measure | None
    ) -> tuple[pd.DataFrame, float]:
        began = time.monotonic()
        examples = {part: self.examples(network, hashes) for part, hashes in self.parts.items()}
        self._tell("Preparing: the first step takes longest", self.clock.waiting(), phase="preparing")
        fitting = Fitting(network, self.recipe, examples["train"], examples["validation"])
        history: list[Row] = []
        before = 0.0
        if checkpoint:
            fitting.restore(checkpoint)
            # What was begun before there were phases says none.
            history = [{"phase": "all", **row} for row in checkpoint.history]
            before = checkpoint.seconds
        else:
            fitting.warm_up(self._watch, lambda row: self.note_head(row, history, fitting, measure))
        for epoch in range(checkpoint.epoch if checkpoint else 0, self.recipe.epochs):
            row = fitting.epoch(epoch, self._watch)
            history.append(row if measure is None else row | measure(fitting))
            spent = before + time.monotonic() - began
            save_checkpoint(
                self.context.folder, Checkpoint(epoch + 1, spent, weights, history, fitting.state())
            )
            self.context.curve(history[-1])
        return pd.DataFrame(history, columns=list(HISTORY_COLUMNS)), before + time.monotonic() - began

    def note_head(self, row: Row, history: list[Row], fitting: Fitting, measure: Measure | None) -> None:
        """Take up the row of an epoch of the head alone."""
        history.append(row)
        self.context.curve(row)

    def examples(self, network: Network, hashes: list[str]) -> Examples:
        """Return what is fitted to some images: the frozen part's outputs, or the pictures themselves."""
        labels = self.data.labels(hashes)
        if network.frozen is not None:
            # Validation is looked at unflipped; its other variants would never be used.
            variants = self.recipe.variants if hashes == self.parts["train"] else (0,)
            outputs = frozen_outputs(
                network,
                self.workspace.features,
                hashes,
                self.data.files,
                self.form,
                variants,
                self._feature_progress,
            )
            return Examples(outputs, labels)
        inputs = np.empty((len(hashes), 1, *self.form.shape), np.uint8)
        done = 0
        read = read_inputs(hashes, self.data.files, self.form, kept=self.workspace.features)
        for some, pictures in read:
            inputs[done : done + len(some), 0] = pictures
            done += len(some)
            self._feature_progress(done, len(hashes))
        return Examples(inputs, labels)

    def first_embeddings(self, data: TrainingData) -> Features | None:
        """Return `features.first_embeddings` of images; None where the first weights are gone by now.

        A retraining takes those of the run that it improves on: they saw no label, and hang on no split.
        """
        kept = _kept_embeddings(self.workspace, self.request, data)
        if kept is not None:
            return kept
        try:
            return first_embeddings(
                self.recipe, self.request.weights, data, self.form, self.workspace, self._look
            )
        except WeightsError:
            return None

    def _look(self, done: int, total: int) -> None:
        fraction = self.clock.looking(done, total)
        self._tell("Looking with the first weights", fraction, phase="predicting", done=done, total=total)

    def _make(self, fitted: Fitted, first: Features | None, name: str, mark: str) -> Path:
        return make_run(
            self.workspace.models,
            name,
            fitted.network.model,
            self.data,
            recipe=self.recipe,
            form=self.form,
            history=fitted.history,
            weights=fitted.weights,
            weights_file=file_facts(self.request.weights),
            seconds=fitted.seconds,
            improves=self.request.improves,
            compact=self.request.compact,
            training=mark,
            first=first,
            progress=self.predicting,
            kept=self.workspace.features,
        )

    def predicting(self, done: int, total: int) -> None:
        """Tell how many images the trained network has predicted."""
        fraction = self.clock.predicting(done, total)
        self._tell(f"Predicting {total:,} images", fraction, phase="predicting", done=done, total=total)

    def _name(self) -> str:
        return f"{self.recipe.name}-by-{self.data.split.unit}"

    def _feature_progress(self, done: int, total: int) -> None:
        fraction = self.clock.features(done, total)
        self._tell(
            "Preparing: looking at the images once", fraction, phase="preparing", done=done, total=total
        )

    def _download_progress(self, done: int, total: int) -> None:
        self._tell(
            f"Preparing: downloading the ImageNet weights, {done / 1e6:.1f} of {total / 1e6:.1f} MB",
            self.clock.waiting(),
            phase="preparing",
            done=done,
            total=total,
        )

    def _watch(self, step: Step) -> None:
        if step.phase == "head":
            what, epochs, share = "Training the head", self.recipe.head_epochs, self.clock.head
        else:
            what, epochs, share = "Training", self.recipe.main_epochs, self.clock.training
        self._tell(
            f"{what}: epoch {step.epoch + 1} of {epochs}, batch {step.batch} of {step.batches}",
            share(step.epoch, step.batch),
            phase="training",
            epoch=step.epoch + 1,
            epochs=epochs,
            batch=step.batch,
            batches=step.batches,
            loss=step.loss,
            accuracy=step.accuracy,
        )

    def _tell(self, message: str, fraction: float, **data: Any) -> None:
        # Asking looks at a file; several times a second is soon enough.
        if time.monotonic() - self.asked > _STOP_EVERY:
            self.asked = time.monotonic()
            stop_if_asked(self.context)
        self.context.report(message, fraction, **data)


def _kept_embeddings(workspace: Workspace, request: TrainRequest, data: TrainingData) -> Features | None:
    if request.improves is None:
        return None
    run = open_run(workspace.models / request.improves)
    began = (weights_in_words(request.weights), (file_facts(request.weights) or {}).get("sha256"))
    said = (run.manifest["weights"], (run.manifest.get("weights_file") or {}).get("sha256"))
    hashes = run.predictions()["hash"]
    if not run.has_unseen or began != said or not data.images["hash"].isin(hashes).all():
        return None
    rows = pd.Index(hashes).get_indexer(data.images["hash"])
    return np.asarray(run.first_embeddings()[rows])
