"""Compute and keep the maps of a run's misclassified images, with their faithfulness and the sanity check.

Runs in a job or on the command line; stopped or killed, it goes on behind the last image.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from breakhis_core.errors import InputError
from breakhis_core.images import datasets
from breakhis_core.images.model_inputs import read_inputs
from breakhis_core.images.pixels import BadImageError, Pixels
from breakhis_core.images.taxonomy import CODES
from breakhis_core.maps.faithfulness import Predict, chance_on, judge, side_by_side
from breakhis_core.maps.making import Maker, Maps, averaged_gradcam, map_maker
from breakhis_core.maps.methods import CODES as METHOD_CODES
from breakhis_core.maps.methods import METHODS, method_of
from breakhis_core.maps.pointing import play_late
from breakhis_core.maps.sanity import SAMPLE, check, random_models
from breakhis_core.maps.store import KeptMaps, MapStore, run_key
from breakhis_core.progress import Context, stop_if_asked
from breakhis_core.recipes import completed
from breakhis_core.runs import Run, open_run
from breakhis_core.runs.predictor import Predictor
from breakhis_core.runs.queues import build_queue
from breakhis_core.workspace import Workspace

_CHECK = 6.0
"""Seconds of a sanity check on two cores, roughly."""
_AREA_AT_ONCE = 4 * 224 * 224
"""Pixels of the images whose maps are drawn together: their gradients keep every activation of the base."""


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
    work.draw(ordered)
    for code in ordered:
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


@dataclass(frozen=True, eq=False)
class _Made:
    """An image and its maps by some methods, each of the sub-types ``codes``."""

    place: int
    image: str
    picture: Pixels
    codes: tuple[str, ...]
    maps: dict[str, Maps]


class _Work:
    """One call of `compute_maps`."""

    def __init__(self, run: Run, workspace: Workspace, table: pd.DataFrame, context: Context) -> None:
        self.run, self.table, self.context = run, table, context
        self.store, self.files = MapStore(workspace, run_key(run)), datasets.files(workspace)
        self._inputs = workspace.features
        self.refused: list[str] = []
        self._rows = {row.hash: row for row in table.itertuples()}
        self._missing: dict[str, list[str]] = {}
        self._makers: dict[str, Maker] = {}
        self._model: Any = None
        self._random: Sequence[Any] = ()
        self._before = self._all = 0.0

    def begin(self, codes: Sequence[str]) -> None:
        """Find out what there is to do, so that progress is that of the whole."""
        for image in self.table["hash"]:
            missing = [code for code in codes if not self.store.has(code, image)]
            if missing:
                self._missing[image] = missing
        drawing = sum(map(_seconds, self._missing.values()))
        self._all = drawing + _CHECK * sum(self.store.sanity(code) is None for code in codes)
        self.context.report("Preparing", 0.0)

    def draw(self, codes: Sequence[str]) -> None:
        """Keep the maps of all images that have none, a few images at a time."""
        if self._missing:
            predict, images = side_by_side(Predictor.load(self.run.path, threads=1)), list(self._missing)
            height, width, _ = self.run.input_form.shape
            at_once = max(1, _AREA_AT_ONCE // (height * width))
            for done in range(0, len(images), at_once):
                for made in self._made(self._readable(images[done : done + at_once])):
                    self._tell(f"Maps: image {done + made.place + 1} of {len(images)}")
                    self._keep(made, predict)
                    self._before += _seconds(self._missing[made.image])
        for code in codes:
            self.store.note_scale(code)

    def check(self, code: str) -> None:
        """Make the sanity check of a method once for each run."""
        if self.store.sanity(code) is not None:
            return
        kept = {image: self.store.get(code, image) for image in self._rows}
        sample = {image: one.maps[0] for image, one in kept.items() if one is not None}
        pictures = self._readable(list(sample)[:SAMPLE])
        if not pictures:
            return
        self._tell(f"{method_of(code).name}: sanity check with random weights")
        images, inputs = list(pictures), np.stack(list(pictures.values()))
        if not self._random:
            self._random = random_models(self._loaded(), inputs)
        classes = [CODES.index(self._rows[image].predicted) for image in images]
        maps = np.stack([sample[image] for image in images])
        sanity = check([self._like_kept(model, code) for model in self._random], inputs, classes, maps)
        self.store.note(code, sanity={**asdict(sanity), "passed": sanity.passed, "warning": sanity.warning})
        self._before += _CHECK

    def point(self) -> None:
        """Play the pointing game with a run of before there was one; its maps are kept even if that fails."""
        if self.run.pointing() is None:
            self._tell("Mosaics: where the maps point")
            try:
                play_late(self.run, self.files, lambda *_: stop_if_asked(self.context), self._inputs)
            except InputError as error:
                self.refused.append(str(error))

    def _readable(self, images: Sequence[str]) -> dict[str, Pixels]:
        """Return the model inputs of those images that can be read."""
        pictures = {}
        for image in images:
            try:
                ((_, inputs),) = read_inputs([image], self.files, self.run.input_form, kept=self._inputs)
            except BadImageError as error:
                if str(error) not in self.refused:
                    self.refused.append(str(error))
            else:
                pictures[image] = inputs[0]
        return pictures

    def _made(self, pictures: Mapping[str, Pixels]) -> Iterator[_Made]:
        """Yield each image with its missing maps; a method draws those of all images together."""
        codes = {image: self._subtypes(image) for image in pictures}
        drawn: dict[str, dict[str, Maps]] = {image: {} for image in pictures}
        for code in METHOD_CODES:
            images = [image for image in pictures if code in self._missing[image]]
            for image, maps in zip(images, self._drawn(code, images, pictures, codes), strict=True):
                drawn[image][code] = maps
        for place, (image, picture) in enumerate(pictures.items()):
            yield _Made(place, image, picture, codes[image], drawn[image])

    def _drawn(
        self,
        code: str,
        images: Sequence[str],
        pictures: Mapping[str, Pixels],
        codes: Mapping[str, Sequence[str]],
    ) -> Iterator[Maps]:
        """Yield the maps of each image by a method."""
        if not images:
            return
        classes = {image: [CODES.index(one) for one in codes[image]] for image in images}
        if code == "gradcam":
            stored = self.run.class_maps()
            for image in images:
                maps = np.asarray(stored[self._rows[image].row][classes[image]], np.float32)
                yield np.maximum(maps, 0)
            return
        counts = [len(classes[image]) for image in images]
        inputs = np.repeat(np.stack([pictures[image] for image in images]), counts, axis=0)
        maps = self._maker(code)(inputs, [klass for image in images for klass in classes[image]])
        yield from np.split(maps, np.cumsum(counts)[:-1])

    def _keep(self, made: _Made, predict: Predict) -> None:
        """Judge the maps of an image and keep them; all are held against the same random maps."""
        rows, columns = self.run.class_maps().shape[2:]
        chance = chance_on(predict, made.picture, (rows, columns))
        classes = [CODES.index(code) for code in made.codes]
        every = [one for maps in made.maps.values() for one in maps]
        judged = judge(predict, made.picture, every, classes * len(made.maps), chance)
        for place, (code, maps) in enumerate(made.maps.items()):
            own = tuple(judged[place * len(classes) : (place + 1) * len(classes)])
            self.store.add(code, made.image, KeptMaps(made.codes, maps.astype(np.float16), own))

    def _subtypes(self, image: str) -> tuple[str, ...]:
        row = self._rows[image]
        return tuple(dict.fromkeys((row.predicted, row.subtype)))

    def _maker(self, code: str) -> Maker:
        if code not in self._makers:
            self._makers[code] = map_maker(self._loaded(), code)
        return self._makers[code]

    def _like_kept(self, model: Any, code: str) -> Maker:
        """Return a method on another model, drawing as the kept maps are drawn."""
        recipe = completed(self.run.recipe())
        if code == "gradcam" and recipe.average_flips:
            return averaged_gradcam(model, recipe.averaged)
        return map_maker(model, code)

    def _loaded(self) -> Any:
        if self._model is None:
            self._tell("Preparing: loading TensorFlow and the model")
            import keras

            self._model = keras.models.load_model(self.run.model_file, compile=False, safe_mode=True)
        return self._model

    def _tell(self, message: str) -> None:
        stop_if_asked(self.context)
        self.context.report(message, min(0.99, self._before / self._all) if self._all else None)


def _seconds(codes: Sequence[str]) -> float:
    return sum(method_of(code).seconds for code in codes)
