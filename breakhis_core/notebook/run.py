"""A run as frames and arrays."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from breakhis_core import runs
from breakhis_core.images.input_form import InputForm
from breakhis_core.notebook.frames import about, images_in_words, with_origin
from breakhis_core.results.baselines import baseline_of
from breakhis_core.results.evaluate import evaluate_run, value_at
from breakhis_core.results.metric_registry import METRICS
from breakhis_core.runs import Run, classifying
from breakhis_core.runs.predictor import Predictor
from breakhis_core.runs.table import parts_in_words

Arrays = npt.NDArray[np.float32]


class OpenRun:
    """One training and what came of it; what is stored is an attribute, what is computed a method.

    The rows of ``predictions``, ``maps`` and ``embeddings`` are the same images in the same order, so that
    ``run.maps[run.predictions.index[:5]]`` are the maps of the first five. Every frame says in ``attrs`` how
    its images were split, and whether they are tissue.

    Args:
        run: the opened run folder.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    def __repr__(self) -> str:
        """Say in one line what the run is."""
        run = self._run
        improved = f", improves {run.improves}" if run.improves else ""
        return (
            f"<run {run.name}: {run.recipe().get('name')}, {run.split_in_words}, {parts_in_words(run)}, "
            f"{images_in_words(run.phantom)}{improved}>"
        )

    @property
    def name(self) -> str:
        """Its name, that of its folder."""
        return self._run.name

    @property
    def path(self) -> Path:
        """Its folder."""
        return self._run.path

    @property
    def phantom(self) -> bool:
        """Whether it was trained on synthetic phantoms instead of tissue."""
        return self._run.phantom

    @property
    def split(self) -> str:
        """How its images were split: ``"split by case"``, ``"5 folds by case"``."""
        return self._run.split_in_words

    @property
    def recipe(self) -> dict[str, Any]:
        """The settings of the training."""
        return self._run.recipe()

    @property
    def card(self) -> str:
        """The model card, Markdown."""
        return self._run.card()

    @property
    def predictions(self) -> pd.DataFrame:
        """One row per image.

        Columns: hash, name, part (train, validation, test, out_of_fold or excluded), subtype (the label),
        side, slide, case, magnification, one probability of each sub-type (``p_A`` ...), predicted and
        confidence.
        """
        return with_origin(self._run.predictions(), about(self._run))

    @property
    def history(self) -> pd.DataFrame:
        """One row per epoch: epoch, loss, accuracy, val_loss, val_accuracy and more."""
        return with_origin(self._run.history(), about(self._run))

    @cached_property
    def maps(self) -> Arrays:
        """Where the model looked, (images, 8, rows, columns): Grad-CAM of each sub-type, unscaled.

        Rows as in ``predictions``, maps in the order of its probabilities; read-only.
        """
        return _read_only(np.maximum(self._run.class_maps(), 0))

    @cached_property
    def embeddings(self) -> Arrays:
        """The pooled features, (images, 960), rows as in ``predictions``; read-only."""
        return _read_only(self._run.embeddings())

    def evaluation(self, part: str | None = None) -> dict[str, Any]:
        """Return all that is measured of a part: by sub-type, magnification and case, confusion, calibration.

        Args:
            part: ``"test"``, ``"validation"``, ``"train"``, ``"out_of_fold"`` of a cross-validation, or
                ``"all"``; by default the one that says how good the run is.

        Returns:
            A dictionary that JSON can hold, as of ``results.evaluate.evaluate``.

        Raises:
            InputError: the part has no image.
        """
        return {"run": self.name, "phantom": self.phantom, **evaluate_run(self._run, part)}

    def metrics(self, part: str | None = None) -> pd.DataFrame:
        """Return the metrics of a part, each with its interval and what it has to beat.

        Args:
            part: as of ``evaluation``.

        Returns:
            One row per metric, by its place in the evaluation (``"accuracy"``, ``"per_class.DC.f1"``): name,
            value, low and high (95 % interval over cases; NaN where too few), baseline and baseline_of (what
            that is), part, split, and images, which says whether they are tissue.

        Raises:
            InputError: the part has no image.
        """
        found = self.evaluation(part)
        rows = {}
        for metric in METRICS:
            if metric in found["intervals"]:
                low, high = found["intervals"][metric] or (None, None)
                beaten, baseline = baseline_of(found, metric)
                value = value_at(found, metric)
                rows[metric] = (METRICS[metric].name, value, low, high, baseline, beaten)
        columns = ["name", "value", "low", "high", "baseline", "baseline_of"]
        table = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("metric")
        numbers = ["value", "low", "high", "baseline"]
        table[numbers] = table[numbers].astype(float)
        table = table.assign(part=found["part"], split=found["split"], images=images_in_words(self.phantom))
        return with_origin(
            table,
            about(self._run, part=found["part"], count=found["images"], cases=found["cases"]),
        )

    def classify(self, files: str | Path | Iterable[str | Path]) -> pd.DataFrame:
        """Classify pictures: PNG, JPEG or TIFF.

        Args:
            files: one file or several.

        Returns:
            One row per file: file, subtype, name, side, confidence, malignant (probability of the malignant
            sub-types together), the probabilities, hash, seen_in (the part of this run that has the image),
            run, and error: why a file could not be used, the others go on.

        Raises:
            InputError: the run is a cross-validation, which is no one model.
        """
        self._run.require_model()
        predictor = Predictor.load(self._run.predictor_file)
        several = [files] if isinstance(files, str | Path) else files
        results = [_classified(predictor, self._run.input_form, str(file)) for file in several]
        known = classifying.known_images(self._run.predictions())
        return with_origin(classifying.results_table(results, known, self.name), about(self._run))


def open_run(run: str | Path) -> OpenRun:
    """Open a run by its name in the models folder of the settings, or by its folder.

    Raises:
        InputError: there is no such run, or it is damaged or foreign.
    """
    return OpenRun(runs.open_run(str(run)))


def _classified(predictor: Predictor, form: InputForm, file: str) -> classifying.Classified:
    try:
        return classifying.classify(predictor, form, file, Path(file).expanduser().read_bytes())
    except OSError as error:
        return classifying.Classified(file, error=f"{file}: the file cannot be read ({error.strerror}).")


def _read_only(array: np.ndarray) -> Arrays:
    # float16 on disk, in which sums lose their last places and products are slow.
    wide = np.asarray(array, np.float32)
    wide.flags.writeable = False
    return wide
