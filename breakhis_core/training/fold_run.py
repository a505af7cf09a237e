"""Make one run folder of the folds of a cross-validation.

An image that several folds test has the mean of their probabilities and class maps; its embedding is the one
of the first of these folds, since the models of two folds do not share an embedding space.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from breakhis_core import runs
from breakhis_core.images.input_form import InputForm
from breakhis_core.recipes import Recipe
from breakhis_core.results import card, evaluate
from breakhis_core.runs.folder import FOLD_PREDICTIONS, PROBABILITIES, fold_predictor
from breakhis_core.splits.folds import NEVER_TESTED, OUT_OF_FOLD, shared_with_training
from breakhis_core.training.feature_store import Features
from breakhis_core.training.fold_data import FoldData
from breakhis_core.training.fold_pieces import PREDICTOR, Piece
from breakhis_core.training.run_making import (
    catalogue_name,
    model_facts,
    predictions_table,
    save_arrays,
    save_tables,
    versions,
    write_unseen,
)


@dataclass(frozen=True)
class Joined:
    """What all folds together say of N images.

    Attributes:
        hashes: of the images, sorted.
        probabilities: (N, 8) float32, means over the folds that test the image.
        class_maps: (N, 8, rows, columns) float16, means over these folds.
        embeddings: (N, 960) float16, of the first of these folds.
        folds: the folds that test each image, counted from 1.
    """

    hashes: list[str]
    probabilities: npt.NDArray[np.float32]
    class_maps: npt.NDArray[np.float16]
    embeddings: npt.NDArray[np.float16]
    folds: list[tuple[int, ...]]


def join(pieces: Sequence[Piece]) -> Joined:
    """Put together what the folds say, in the order of the images' hashes."""
    hashes = sorted({image for piece in pieces for image in piece.hashes})
    place = {image: at for at, image in enumerate(hashes)}
    shape = pieces[0].predicted.class_maps.shape[1:]
    sums = np.zeros((len(hashes), len(PROBABILITIES)), np.float64)
    maps = np.zeros((len(hashes), *shape), np.float32)
    embeddings = np.zeros((len(hashes), pieces[0].predicted.embeddings.shape[1]), np.float16)
    folds: list[tuple[int, ...]] = [()] * len(hashes)
    for fold, piece in enumerate(pieces, start=1):
        rows = np.array([place[image] for image in piece.hashes], np.int64)
        sums[rows] += piece.predicted.probabilities
        maps[rows] += piece.predicted.class_maps
        for row, embedding in zip(rows, piece.predicted.embeddings, strict=True):
            if not folds[row]:
                embeddings[row] = embedding
            folds[row] = (*folds[row], fold)
    times = np.array([len(tested) for tested in folds])
    probabilities = (sums / times[:, None]).astype(np.float32)
    class_maps = (maps / times[:, None, None, None]).astype(np.float16)
    return Joined(hashes, probabilities, class_maps, embeddings, folds)


def make_fold_run(
    models: Path,
    name: str,
    data: FoldData,
    pieces: Sequence[Piece],
    *,
    recipe: Recipe,
    form: InputForm,
    weights_file: Mapping[str, Any] | None = None,
    improves: str | None = None,
    training: str = "",
    first: Features | None = None,
) -> Path:
    """Write the run folder of a cross-validation.

    Args:
        models: folder of the runs.
        name: of the new run.
        data: its images and folds.
        pieces: what each fold left behind, in order.
        recipe: how each fold was trained.
        form: how a picture of all folds becomes a model input.
        weights_file: `networks.weights_files.file_facts` of what each fold began with.
        improves: name of the run whose folds were kept.
        training: mark of the training, by which `runs.publishing.published_run` knows its run again.
        first: `features.first_embeddings` of all images of the data, in their order.

    Returns:
        The run folder.

    Raises:
        InputError: the name is taken.
    """
    joined = join(pieces)
    images = data.images.set_index("hash", drop=False).loc[joined.hashes].reset_index(drop=True)
    predictions = predictions_table(images, [OUT_OF_FOLD] * len(images), joined.probabilities)
    predictions["fold"] = [tested[0] for tested in joined.folds]
    predictions["folds"] = [" ".join(map(str, tested)) for tested in joined.folds]
    by_fold = fold_predictions(pieces)
    facts = {
        "improves": improves,
        "training": training,
        **_facts(data, pieces),
        **({"weights_file": dict(weights_file)} if weights_file else {}),
        **model_facts(form, None),
    }
    with runs.writing_run(models, name) as folder:
        for fold, piece in enumerate(pieces, start=1):
            file = folder / fold_predictor(fold)
            file.parent.mkdir(parents=True)
            shutil.copyfile(piece.folder / PREDICTOR, file)
        save_arrays(folder, joined.class_maps, joined.embeddings)
        save_tables(folder, recipe, data.folds.frame, _history(pieces), predictions)
        by_fold.to_parquet(folder / FOLD_PREDICTIONS, index=False)
        if first is not None:
            rows = data.whole.images["hash"].searchsorted(joined.hashes)
            write_unseen(folder, predictions, first[rows], data.whole.labels(joined.hashes))
        evaluation = evaluate.evaluate(
            predictions, data.folds.unit, OUT_OF_FOLD, by_fold=by_fold, split=data.folds.frame
        )
        written = card.card({"name": name, **facts}, recipe.model_dump(), evaluation, facts["phantom"])
        (folder / "card.md").write_text(written, encoding="utf-8")
        runs.write_facts(folder, **facts, checked=_worst_check(pieces))
    return models / name


def _facts(data: FoldData, pieces: Sequence[Piece]) -> dict[str, Any]:
    shared = shared_with_training(data.folds, data.images)
    return {
        "phantom": data.whole.phantom,
        "catalogue": catalogue_name(data.whole),
        "unit": data.folds.unit,
        "split_seed": data.folds.seed,
        "excluded": data.excluded,
        **({"corrected": data.corrected} if data.corrected else {}),
        "weights": pieces[0].about["weights"],
        "seconds": round(sum(piece.about["seconds"] for piece in pieces), 1),
        "versions": versions(),
        "folds": {
            "count": len(pieces),
            "source": data.folds.source,
            "never_tested": int((data.folds.frame["part"] == NEVER_TESTED).sum()),
            "unnamed": data.unnamed,
            "tests": shared["tests"],
            "tests_of_train_cases": shared["tests_of_train_cases"],
        },
    }


def fold_predictions(pieces: Sequence[Piece]) -> pd.DataFrame:
    """Tabulate what each fold says of the images that it tests: hash, fold, and the eight probabilities."""
    tables = []
    for fold, piece in enumerate(pieces, start=1):
        table = pd.DataFrame(piece.predicted.probabilities, columns=list(PROBABILITIES))
        table.insert(0, "hash", piece.hashes)
        table.insert(1, "fold", fold)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _history(pieces: Sequence[Piece]) -> pd.DataFrame:
    tables = [piece.history.assign(fold=fold) for fold, piece in enumerate(pieces, start=1)]
    table = pd.concat(tables, ignore_index=True)
    return table[["fold", *(column for column in table.columns if column != "fold")]]


def _worst_check(pieces: Sequence[Piece]) -> dict[str, float]:
    checks = [piece.about["checked"] for piece in pieces]
    return {what: max(check[what] for check in checks) for what in checks[0]}
