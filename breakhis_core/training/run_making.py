"""Make a run folder from a trained model: predictor, predictions, class maps and embeddings of all images."""

from __future__ import annotations

import json
import platform
import zipfile
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from breakhis_core import runs
from breakhis_core.images.input_form import InputForm
from breakhis_core.images.model_inputs import read_inputs, work_through
from breakhis_core.images.taxonomy import CODES
from breakhis_core.maps.pointing import ask_maps
from breakhis_core.maps.reference import check_average, check_predictor
from breakhis_core.networks.export import export_predictor, round_weights, score_bias
from breakhis_core.networks.network import EMBEDDING
from breakhis_core.recipes import Recipe
from breakhis_core.results import card, evaluate
from breakhis_core.runs.folder import FIRST_EMBEDDINGS, UNSEEN
from breakhis_core.runs.predictor import Predicted, Predictor
from breakhis_core.suspects.looking import look
from breakhis_core.training.data import TrainingData
from breakhis_core.training.feature_store import Features

if TYPE_CHECKING:
    import keras

_CHECKED = 4
_LIBRARIES = ("tensorflow", "tensorflow-cpu", "keras", "tf-keras-vis", "onnxruntime", "numpy", "pillow")


def make_run(
    models: Path,
    name: str,
    model: keras.Model,
    data: TrainingData,
    *,
    recipe: Recipe,
    form: InputForm,
    history: pd.DataFrame,
    weights: str,
    seconds: float,
    weights_file: Mapping[str, Any] | None = None,
    improves: str | None = None,
    compact: bool = False,
    training: str = "",
    first: Features | None = None,
    progress: Callable[[int, int], None] | None = None,
    kept: Path | None = None,
) -> Path:
    """Write a run folder.

    The exported predictor is held against Keras and tf-keras-vis on a few images first; a run whose predictor
    differs is not written.

    Args:
        models: folder of the runs.
        name: of the new run.
        model: the trained model, flat.
        data: images and split it was trained with.
        recipe: how it was trained.
        form: how a picture becomes a model input.
        history: one row per epoch.
        weights: what training began with, in words.
        weights_file: `networks.weights_files.file_facts` of them.
        seconds: what training took.
        improves: name of the run whose split was kept.
        compact: round the weights to half precision, for a folder of half the size.
        training: mark of the training, by which `runs.publishing.published_run` knows its run again.
        first: `features.first_embeddings` of the images; without them the run keeps none.
        progress: called with images predicted and images in all; may raise to stop.
        kept: as for `images.model_inputs.read_inputs`.

    Returns:
        The run folder.

    Raises:
        PredictorDiffersError: the exported predictor does not say what the model says.
        InputError: a picture cannot be read, or the name is taken.
    """
    with runs.writing_run(models, name) as folder:
        differences = save_predictor(model, folder / "predictor.onnx", data, form, recipe.averaged, compact)
        _save_model(model, folder / "model.keras", compact)
        hashes = data.images["hash"].to_list()
        predictor = Predictor.load(folder, threads=1)
        predicted = predict_images(predictor, hashes, data.files, form, progress, kept)
        predictions = predictions_table(data.images, data.parts(hashes), predicted.probabilities)
        facts: dict[str, Any] = {
            **_data_facts(data),
            "improves": improves,
            "training": training,
            "weights": weights,
            **({"weights_file": dict(weights_file)} if weights_file else {}),
            "seconds": round(seconds, 1),
            "versions": versions(),
            **model_facts(form, score_bias(model)),
        }
        save_arrays(folder, predicted.class_maps, predicted.embeddings)
        save_tables(folder, recipe, data.split.frame[["hash", "part"]], history, predictions)
        if first is not None:
            write_unseen(folder, predictions, first, data.labels(hashes))
        maps, phantom, file = predicted.class_maps, data.phantom, folder / "predictor.onnx"
        played, asked = ask_maps(folder, file, predictions, maps, data.files, form, phantom, kept=kept)
        evaluation = evaluate.evaluate(predictions, data.split.unit, played=played, asked=asked)
        about = {"name": name, **facts}
        (folder / "card.md").write_text(
            card.card(about, recipe.model_dump(), evaluation, data.phantom), encoding="utf-8"
        )
        runs.write_facts(folder, **facts, checked=differences)
    return models / name


def _data_facts(data: TrainingData) -> dict[str, Any]:
    return {
        "phantom": data.phantom,
        "catalogue": catalogue_name(data),
        "unit": data.split.unit,
        "split_seed": data.split.seed,
        "excluded": data.excluded,
        **({"corrected": data.corrected} if data.corrected else {}),
    }


def model_facts(form: InputForm, bias: Sequence[float] | None) -> dict[str, Any]:
    """Return what the manifest keeps of a model besides its files.

    Args:
        form: how a picture becomes its input; the stain that pictures are brought to is kept.
        bias: what the cells of its class maps lack to the scores, None where they do not add up.
    """
    stain = {} if form.stain is None else {"stain_reference": form.stain.in_json()}
    return {"evidence": {"bias": bias}, **stain}


def save_arrays(
    folder: Path, class_maps: npt.NDArray[np.floating[Any]], embeddings: npt.NDArray[np.floating[Any]]
) -> None:
    """Write the arrays of a run, (N, 8, rows, columns) and (N, 960)."""
    np.save(folder / "class_maps.npy", class_maps)
    np.save(folder / "embeddings.npy", embeddings)


def save_tables(
    folder: Path, recipe: Recipe, split: pd.DataFrame, history: pd.DataFrame, predictions: pd.DataFrame
) -> None:
    """Write the recipe and the tables that every run has."""
    (folder / "recipe.json").write_text(json.dumps(recipe.model_dump(), indent=1), "utf-8")
    split.to_parquet(folder / "split.parquet", index=False)
    history.to_csv(folder / "history.csv", index=False)
    predictions.to_parquet(folder / "predictions.parquet", index=False)


def save_predictor(
    model: keras.Model,
    file: Path,
    data: TrainingData,
    form: InputForm,
    variants: tuple[int, ...],
    compact: bool,
) -> dict[str, float]:
    """Export a model's predictor and hold it against Keras and tf-keras-vis on a few images.

    Args:
        model: the trained model; with ``compact`` its weights are rounded to half precision.
        file: where the predictor goes.
        data: gives the images.
        form: how a picture becomes a model input.
        variants: the flips over which a prediction is the mean, as ``Recipe.averaged``.
        compact: keep weights in half precision.

    Returns:
        What the manifest says of the check.

    Raises:
        PredictorDiffersError: the predictor does not say what the model says.
    """
    if compact:
        round_weights(model)
    _, sample = next(read_inputs(_spread(data.images["hash"].to_list()), data.files, form))
    export_predictor(model, file, half=compact)
    differences = check_predictor(Predictor.load(file), model, sample)
    if variants != (0,):
        plain = Predictor.load(file)
        export_predictor(model, file, half=compact, variants=variants)
        check_average(Predictor.load(file), plain, sample, variants)
    return differences


def write_unseen(
    folder: Path, predictions: pd.DataFrame, first: Features, labels: npt.NDArray[np.int64]
) -> None:
    """Write what models that never saw an image say of it.

    Args:
        folder: the temporary folder of a run.
        predictions: of its N images.
        first: `features.first_embeddings` of them, in their order.
        labels: what is trained of them, shape ``(N,)``.
    """
    np.save(folder / FIRST_EMBEDDINGS, first)
    look(predictions, first, labels).to_parquet(folder / UNSEEN, index=False)


def predict_images(
    predictor: Predictor,
    hashes: Sequence[str],
    files: Mapping[str, Path],
    form: InputForm,
    progress: Callable[[int, int], None] | None = None,
    kept: Path | None = None,
) -> Predicted:
    """Predict images from their files.

    Args:
        predictor: says what they are; loaded for one thread, as batches are predicted side by side.
        hashes: identities of N images.
        files: where the pictures lie.
        form: how a picture becomes a model input.
        progress: called with images predicted and images in all; may raise to stop.
        kept: as for `images.model_inputs.read_inputs`.

    Returns:
        What it says, embeddings and class maps as float16.
    """
    probabilities = np.empty((len(hashes), len(CODES)), np.float32)
    embeddings = np.empty((len(hashes), EMBEDDING), np.float16)
    maps = np.empty((len(hashes), len(CODES), *predictor.map_shape), np.float16)
    done = 0
    for some, predicted in work_through(predictor.predict, hashes, files, form, kept):
        rows = slice(done, done + len(some))
        probabilities[rows] = predicted.probabilities
        embeddings[rows] = predicted.embeddings
        maps[rows] = predicted.class_maps
        done += len(some)
        if progress is not None:
            progress(done, len(hashes))
    return Predicted(probabilities, embeddings, maps)


def predictions_table(
    images: pd.DataFrame, parts: Sequence[str], probabilities: npt.NDArray[np.float32]
) -> pd.DataFrame:
    """Make the table of predictions.

    Args:
        images: N images with the columns of a catalogue.
        parts: part of each.
        probabilities: (N, 8).

    Returns:
        Columns ``runs.folder.PREDICTION_COLUMNS``.
    """
    table = images[["hash", "name"]].copy()
    table["part"] = list(parts)
    for column in ("subtype", "side", "slide", "case", "magnification"):
        table[column] = images[column]
    for code, column in zip(CODES, probabilities.T, strict=True):
        table[f"p_{code}"] = column
    table["predicted"] = [CODES[best] for best in probabilities.argmax(axis=1)]
    table["confidence"] = probabilities.max(axis=1)
    return table


def _spread(hashes: Sequence[str]) -> list[str]:
    return list(hashes[:: max(1, len(hashes) // _CHECKED)][:_CHECKED])


def _save_model(model: keras.Model, file: Path, compact: bool) -> None:
    model.save(file)
    if not compact:
        return
    # Keras stores without compression; rounded weights are half zeros.
    packed = file.with_suffix(".packed")
    with (
        zipfile.ZipFile(file) as plain,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as small,
    ):
        for entry in plain.infolist():
            small.writestr(entry.filename, plain.read(entry))
    packed.replace(file)


def catalogue_name(data: TrainingData) -> str:
    """Return the name of the folder that the images come from, of several folders all their names."""
    paths = zip(data.images["hash"], data.images["path"], strict=True)
    roots = {data.files[image].parents[len(PurePosixPath(path).parts) - 1].name for image, path in paths}
    return ", ".join(sorted(roots))


def versions() -> dict[str, str]:
    """Return the versions of what a run depends on, by name."""
    found = {"python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return found
