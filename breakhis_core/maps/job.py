"""Compute and keep the maps of a run's misclassified images, with their faithfulness and the sanity check.

Runs in a job or on the command line; stopped or killed, it goes on behind the last image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from breakhis_core.errors import InputError
from breakhis_core.images import datasets
from breakhis_core.images.model_inputs import read_inputs
from breakhis_core.images.pixels import BadImageError, Pixels
from breakhis_core.images.taxonomy import CODES
from breakhis_core.maps.faithfulness import judge
from breakhis_core.maps.making import map_maker
from breakhis_core.maps.methods import METHODS, method_of
from breakhis_core.maps.pointing import play_late
from breakhis_core.maps.sanity import SAMPLE, sanity_of
from breakhis_core.maps.store import KeptMaps, MapStore, run_key
from breakhis_core.progress import Context, stop_if_asked
from breakhis_core.runs import Run, open_run
from breakhis_core.runs.predictor import Predictor
from breakhis_core.runs.queues import build_queue
from breakhis_core.workspace import Workspace

_CHECK = 15.0
"""Seconds of a sanity check on two cores, roughly."""


class MapRequest(BaseModel):
    """Which maps to compute; a job's row keeps ``model_dump(mode="json")``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str = Field(description="Name of the run.")
    methods: tuple[str, ...] = Field(description="Codes of `methods.METHODS`.")
    part: str | None = Field(
        default="test", description="Part whose misclassified images are wanted; none is all parts."
    )
    first: tuple[str, ...] = Field(
        default=(), description="Hashes of images to begin with, misclassified or not."
    )
    key: str = Field(default="", description="The run's `run_key`, by which its newest job is found.")


def compute_maps(request: MapRequest, workspace: Workspace, context: Context) -> dict[str, Any]:
    """Compute what is not kept yet.

    Args:
        request: which maps.
        workspace: has the images and keeps the maps.
        context: told about progress, and asked whether to stop, after every image.

    Returns:
        ``{"run": name, "images": number, "refused": [sentences]}``.

    Raises:
        InputError: there is no such run or method, or nothing to compute.
        JobStopped: asked to stop.
    """
    for code in request.methods:
        method_of(code)
    run = open_run(workspace.models / request.run)
    run.require_model()
    work = _Work(run, workspace, wanted(run, request), context)
    if not len(work.table):
        where = "anywhere" if request.part is None else f"in its part {request.part}"
        raise InputError(f"{run.name} has no misclassified image {where}: there is nothing to draw maps of.")
    ordered = [method.code for method in METHODS if method.code in request.methods]
    work.begin(ordered)
    for code in ordered:
        work.draw(code)
        work.check(code)
    work.point()
    context.report("Finished", 1.0)
    return {"run": run.name, "images": len(work.table), "refused": work.refused}


def wanted(run: Run, request: MapRequest) -> pd.DataFrame:
    """Return the predictions of the images to compute, in order, with their ``row`` in the run's arrays."""
    mistakes = build_queue(run, request.part)
    everything = build_queue(run, None, "all")
    first = everything[everything["hash"].isin(request.first)]
    return pd.concat([first, mistakes]).drop_duplicates("hash").reset_index(drop=True)


class _Work:
    """One call of `compute_maps`."""

    def __init__(self, run: Run, workspace: Workspace, table: pd.DataFrame, context: Context) -> None:
        self.run, self.table, self.context = run, table, context
        self.store, self.files = MapStore(workspace, run_key(run)), datasets.files(workspace)
        self._inputs = workspace.features
        self.refused: list[str] = []
        self._rows = {row.hash: row for row in table.itertuples()}
        self._model: Any = None
        self._made: tuple[str, Any] = ("", None)
        self._predictor: Predictor | None = None
        self._before = self._all = 0.0

    def begin(self, codes: Sequence[str]) -> None:
        """Estimate how much there is to do, so that progress is that of the whole."""
        missing = {code: len(self._missing(code)) for code in codes}
        self._all = sum(count * method_of(code).seconds + _CHECK for code, count in missing.items())
        self.context.report("Preparing", 0.0)

    def draw(self, code: str) -> None:
        """Keep the maps of a method for all images that have none."""
        missing, method = self._missing(code), method_of(code)
        for done, image in enumerate(missing):
            self._tell(f"{method.name}: image {done + 1} of {len(missing)}", method.seconds if done else 0.0)
            try:
                ((_, inputs),) = read_inputs([image], self.files, self.run.input_form, kept=self._inputs)
            except BadImageError as error:
                if str(error) not in self.refused:
                    self.refused.append(str(error))
                continue
            self.store.add(code, image, self._kept(code, image, inputs[0]))
            if done % 8 == 7:
                self.store.note_scale(code)
        if missing:
            self._before += method.seconds
        self.store.note_scale(code)

    def check(self, code: str) -> None:
        """Make the sanity check of a method once for each run."""
        if self.store.about(code).get("sanity") is not None:
            return
        sample = [image for image in self.store.images(code) if image in self._rows][:SAMPLE]
        if not sample:
            return
        self._tell(f"{method_of(code).name}: sanity check with random weights", 0.0)
        _, inputs = next(read_inputs(sample, self.files, self.run.input_form, kept=self._inputs))
        classes = [CODES.index(self._rows[image].predicted) for image in sample]
        sanity = sanity_of(self._loaded(), code, inputs, classes)
        self.store.note(code, sanity={**asdict(sanity), "passed": sanity.passed, "warning": sanity.warning})
        self._before += _CHECK

    def point(self) -> None:
        """Play the pointing game with a run of before there was one; its maps are kept even if that fails."""
        if self.run.pointing() is None:
            self._tell("Mosaics: where the maps point", 0.0)
            try:
                play_late(self.run, self.files, lambda *_: stop_if_asked(self.context))
            except InputError as error:
                self.refused.append(str(error))

    def _missing(self, code: str) -> list[str]:
        return [image for image in self.table["hash"] if not self.store.has(code, image)]

    def _kept(self, code: str, image: str, picture: Pixels) -> KeptMaps:
        row = self._rows[image]
        codes = tuple(dict.fromkeys((row.predicted, row.subtype)))
        classes = [CODES.index(one) for one in codes]
        if code == "gradcam":
            maps = np.maximum(np.asarray(self.run.class_maps()[row.row][classes], np.float32), 0)
        else:
            maps = self._maker(code)(np.repeat(picture[None], len(classes), axis=0), classes)
        if self._predictor is None:
            self._predictor = Predictor.load(self.run.path)
        predictor = self._predictor
        faithful = judge(lambda some: predictor.predict(some).probabilities, picture, list(maps), classes)
        return KeptMaps(codes, maps.astype(np.float16), tuple(faithful))

    def _maker(self, code: str) -> Any:
        if self._made[0] != code:
            self._made = (code, map_maker(self._loaded(), code))
        return self._made[1]

    def _loaded(self) -> Any:
        if self._model is None:
            self._tell("Preparing: loading TensorFlow and the model", 0.0)
            import keras

            self._model = keras.models.load_model(self.run.model_file, compile=False, safe_mode=True)
        return self._model

    def _tell(self, message: str, seconds: float) -> None:
        stop_if_asked(self.context)
        self._before += seconds
        self.context.report(message, min(0.99, self._before / self._all) if self._all else None)
