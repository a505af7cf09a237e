"""Runs: opening one and listing them; what is damaged or foreign is refused with the reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from breakhis_core.errors import InputError
from breakhis_core.images.input_form import InputForm
from breakhis_core.images.stain_normalisation import StainReference
from breakhis_core.runs.folder import (
    FIRST_EMBEDDINGS,
    FOLD_PREDICTIONS,
    PAINTED,
    POINTING,
    UNSEEN,
    UNSEEN_FILES,
    VERIFIED,
    RunRefusedError,
    check_folder,
    read_array,
    read_table,
)
from breakhis_core.settings import Settings
from breakhis_core.storage.fingerprints import Fingerprints
from breakhis_core.wording import split_in_words


@dataclass(frozen=True)
class Refused:
    """A folder under the models folder that is not a usable run.

    Attributes:
        name: the folder's name.
        reason: one sentence.
    """

    name: str
    reason: str


@dataclass(frozen=True, eq=False)
class Run:
    """One training and all it produced. Tables and arrays are read when asked for, and then kept.

    Attributes:
        name: the folder's name; a copied folder may be renamed.
        path: the folder.
        manifest: what ``manifest.json`` says.
    """

    name: str
    path: Path
    manifest: dict[str, Any]

    @property
    def phantom(self) -> bool:
        """Whether it was trained on synthetic phantoms instead of tissue."""
        return bool(self.manifest["phantom"])

    @property
    def unit(self) -> str:
        """Unit of its split: ``"image"`` or ``"case"``."""
        return str(self.manifest["unit"])

    @property
    def created(self) -> str:
        """When it was made, ISO 8601, UTC."""
        return str(self.manifest["created"])

    @property
    def improves(self) -> str | None:
        """Name of the run whose split it keeps, if it is a retraining."""
        return None if self.manifest["improves"] is None else str(self.manifest["improves"])

    @property
    def folds(self) -> int:
        """Number of folds of a cross-validation; 0 for a run that is one model."""
        return int(self.manifest["folds"]["count"]) if self.manifest.get("folds") else 0

    @property
    def fold_source(self) -> str | None:
        """``"drawn"`` or ``"published"`` for a cross-validation."""
        return str(self.manifest["folds"]["source"]) if self.folds else None

    @property
    def tested_part(self) -> str:
        """The part of the images that say how good it is: ``"test"``, or ``"out_of_fold"``."""
        return "out_of_fold" if self.folds else "test"

    @property
    def split_in_words(self) -> str:
        """How its images were split: ``"split by case"``, ``"5 folds by case"``."""
        return split_in_words(self.unit, self.folds, self.fold_source == "published")

    def require_model(self) -> None:
        """Refuse a run that is not one model.

        Raises:
            InputError: it is a cross-validation; the message says what to do.
        """
        if self.folds:
            raise InputError(
                f"{self.name} is a cross-validation: {self.folds} models, each for the images that it never "
                "saw, and none of them is the model. Choose or train a run of one model."
            )

    @property
    def excluded(self) -> tuple[str, ...]:
        """Hashes that were left out of its train and validation parts."""
        return tuple(self.manifest["excluded"])

    @property
    def corrected(self) -> dict[str, str]:
        """Corrected sub-types that its train and validation parts had, by hash; the test part has none."""
        return dict(self.manifest.get("corrected") or {})

    def predictions(self) -> pd.DataFrame:
        """Return one row per image, columns ``PREDICTION_COLUMNS``, rows as in class maps and embeddings."""
        # Copy-on-write: the caller may change its frame, the kept one stays as it is.
        return read_table(self.path, "predictions.parquet", self._sum("predictions.parquet")).copy(deep=False)

    def fold_predictions(self) -> pd.DataFrame:
        """Return what each fold of a cross-validation says of the images that it tested.

        Returns:
            One row per image and fold that tests it: hash, fold, and the eight probabilities.
        """
        return read_table(self.path, FOLD_PREDICTIONS, self._sum(FOLD_PREDICTIONS)).copy(deep=False)

    def split(self) -> pd.DataFrame:
        """Return the frozen split: columns hash and part, and of a cross-validation the part in each fold."""
        return read_table(self.path, "split.parquet", self._sum("split.parquet")).copy(deep=False)

    def history(self) -> pd.DataFrame:
        """Return one row per epoch: phase, epoch, loss, accuracy, val_loss, val_accuracy, ...

        Epochs count within a phase: ``head`` trained the head alone before the base joined, ``all`` what the
        recipe trains. Runs of before tell of the second alone.
        """
        history = read_table(self.path, "history.csv", self._sum("history.csv"))
        return history.copy(deep=False) if "phase" in history else history.assign(phase="all")

    def class_maps(self) -> np.ndarray:
        """Return the class maps, mapped from the file, read-only.

        Returns:
            float16 of shape (images, 8, rows, columns): evidence for each class, signed; its positive part is
            the Grad-CAM map. Runs of before kept that part alone.
        """
        return read_array(self.path, "class_maps.npy", self._sum("class_maps.npy"))

    def embeddings(self) -> np.ndarray:
        """Return the embeddings, float16 of shape (images, 960), mapped from the file, read-only."""
        return read_array(self.path, "embeddings.npy", self._sum("embeddings.npy"))

    @property
    def evidence_bias(self) -> list[float] | None:
        """What the cells of a class map lack to the class's score, for each class.

        None where they do not add up: maps of runs of before, of a deeper head, of several models.
        """
        bias = (self.manifest.get("evidence") or {}).get("bias")
        return None if bias is None else [float(value) for value in bias]

    @property
    def signed(self) -> bool:
        """Whether its class maps also say what speaks against a class; those of runs of before do not."""
        return "evidence" in self.manifest

    @property
    def input_form(self) -> InputForm:
        """How a picture becomes what its model looks at."""
        kept = self.manifest.get("stain_reference")
        return InputForm.said(self.recipe(), None if kept is None else StainReference.said(kept))

    @property
    def has_unseen(self) -> bool:
        """Whether it keeps what models that never saw an image say of it; runs of before may not."""
        return all(name in self.manifest["files"] for name in UNSEEN_FILES)

    def first_embeddings(self) -> np.ndarray:
        """Return embeddings by the weights that training began with, float16 of shape (images, 960).

        Mapped from the file, read-only; only where ``has_unseen``.
        """
        return read_array(self.path, FIRST_EMBEDDINGS, self._sum(FIRST_EMBEDDINGS))

    def unseen(self) -> pd.DataFrame:
        """Return what `suspects.looking.look` made of them, rows as in the predictions."""
        return read_table(self.path, UNSEEN, self._sum(UNSEEN)).copy(deep=False)

    def pointing(self) -> pd.DataFrame | None:
        """Return what `maps.pointing.play` made of its maps; None where the game was not played."""
        if POINTING not in self.manifest["files"]:
            return None
        return read_table(self.path, POINTING, self._sum(POINTING)).copy(deep=False)

    def painted(self) -> pd.DataFrame | None:
        """Return what `maps.painted.on_painted` made of its maps; None but for phantoms."""
        if PAINTED not in self.manifest["files"]:
            return None
        return read_table(self.path, PAINTED, self._sum(PAINTED)).copy(deep=False)

    def recipe(self) -> dict[str, Any]:
        """Return the settings of the training."""
        recipe: dict[str, Any] = json.loads((self.path / "recipe.json").read_text("utf-8"))
        return recipe

    def card(self) -> str:
        """Return the model card, Markdown."""
        return (self.path / "card.md").read_text("utf-8")

    @property
    def content(self) -> str:
        """What tells this run's predictions from all others', to keep under what is made of them."""
        return f"{self.path}:{self.manifest['files']['predictions.parquet']}"

    @property
    def predictor_file(self) -> Path:
        """The exported graph that classifies images; a cross-validation has none."""
        return self.path / "predictor.onnx"

    @property
    def model_file(self) -> Path:
        """The Keras model; the server never loads it. A cross-validation has none."""
        return self.path / "model.keras"

    def _sum(self, name: str) -> str:
        return str(self.manifest["files"][name])


def open_run(run: Path | str) -> Run:
    """Open a run folder after checking that it is whole and ours.

    The first opening hashes every file; later ones look at sizes and times only.

    Args:
        run: the folder; as text the folder too, or the name of a run in the models folder of the settings.

    Raises:
        RunRefusedError: there is no such run, or the folder is incomplete, damaged, or not a run of this
            program.
    """
    path = run if isinstance(run, Path) else run_folder(run, Settings().models)
    if not path.is_dir():
        raise RunRefusedError(f"{path.name}: there is no such run folder.")
    known = Fingerprints(path.parent / VERIFIED)
    try:
        return Run(path.name, path, check_folder(path, known))
    except OSError as error:
        raise RunRefusedError(f"{path.name}: the run folder cannot be read ({error.strerror}).") from error
    finally:
        known.save()


def run_folder(run: str, models: Path) -> Path:
    """Return the folder that people mean by a path or by the name of a run.

    Args:
        run: path of a run folder, or name of a run.
        models: folder of the runs.

    Raises:
        RunRefusedError: there is neither; the message says which runs there are.
    """
    for folder in (Path(run).expanduser(), models / run) if run else ():
        if folder.is_dir():
            return folder.resolve()
    known = ", ".join(one.name for one in list_runs(models)[0])
    there = f"the runs in {models} are {known}" if known else f"there is no run in {models}"
    raise RunRefusedError(f"There is no run called {run}; {there}.")


def run_named(models: Path, name: str) -> Run:
    """Open the run of this name, which may come from an address or an imported file and lead anywhere.

    Raises:
        RunRefusedError: the folder of runs holds none of this name, or one that cannot be used.
    """
    folder = next((folder for folder in _candidates(models) if folder.name == name), None)
    if folder is None:
        raise RunRefusedError(f"{name[:60]}: there is no such run.")
    return open_run(folder)


def list_runs(models: Path) -> tuple[list[Run], list[Refused]]:
    """Return the runs below a folder, newest first, and the folders that were refused."""
    runs: list[Run] = []
    refused: list[Refused] = []
    for folder in _candidates(models):
        try:
            runs.append(open_run(folder))
        except RunRefusedError as error:
            refused.append(Refused(folder.name, str(error)))
    runs.sort(key=lambda run: (run.created, run.name), reverse=True)
    return runs, refused


def _candidates(models: Path) -> Iterator[Path]:
    if models.is_dir():
        yield from (path for path in sorted(models.iterdir()) if path.is_dir() and path.name[0] not in "._")
