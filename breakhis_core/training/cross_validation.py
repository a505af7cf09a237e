"""Cross-validate: train one model per fold, each predicting what it never saw, and write one run of them all.

One job. A fold that ended is not trained again; the one in progress goes on behind its last whole epoch. The
frozen part's outputs are kept by image and weights, so that every fold after the first finds them.
"""

from __future__ import annotations

import gc
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from breakhis_core.networks.weights_files import file_facts
from breakhis_core.progress import Context
from breakhis_core.runs.predictor import Predictor
from breakhis_core.runs.publishing import publish
from breakhis_core.training.checkpoint import remove_checkpoint
from breakhis_core.training.fold_data import FoldData, load_fold_data
from breakhis_core.training.fold_pieces import PREDICTOR, Piece, begin_piece, load_piece, save_piece
from breakhis_core.training.fold_run import make_fold_run
from breakhis_core.training.one_model import Training
from breakhis_core.training.request import TrainRequest
from breakhis_core.training.run_making import predict_images, save_predictor
from breakhis_core.workspace import Workspace


class FoldContext:
    """The context of one fold's training: its progress is a share of the whole, its curves name the fold.

    Args:
        whole: the context of the cross-validation.
        fold: counted from 1.
        folds: how many there are.
    """

    def __init__(self, whole: Context, fold: int, folds: int) -> None:
        self._whole, self._fold, self._folds = whole, fold, folds
        self.folder = whole.folder / f"fold-{fold}"
        self.folder.mkdir(exist_ok=True)

    def report(self, message: str, fraction: float | None = None, **data: Any) -> None:
        """Hand on what is being done, and how much of all folds is done."""
        share = None if fraction is None else (self._fold - 1 + fraction) / self._folds
        told = f"Fold {self._fold} of {self._folds} · {message}"
        self._whole.report(told, share, fold=self._fold, folds=self._folds, **data)

    def curve(self, row: Mapping[str, Any]) -> None:
        """Hand on a row of the curves, with its fold."""
        self._whole.curve({"fold": self._fold, **row})

    def should_stop(self) -> bool:
        """Return whether the cross-validation should stop."""
        return self._whole.should_stop()


def cross_validate(request: TrainRequest, workspace: Workspace, context: Context, published: Path) -> Path:
    """Train the folds of a request and write one run folder; see ``training.train``.

    Args:
        request: what to train; ``folds``, ``splits.published_folds`` or ``improves`` say which folds.
        workspace: has the images, keeps features and weights, and says where runs go.
        context: told about progress, and asked whether to stop, after every batch.
        published: file that notes the run's name before its folder appears.

    Returns:
        The run folder.

    Raises:
        InputError: something given cannot be used.
        JobStopped: asked to stop.
    """
    data = load_fold_data(request, workspace)
    folds = data.folds.count
    # Before hours of training: what the last fold cannot train on is said now.
    of_folds = [data.of(fold) for fold in range(1, folds + 1)]
    pieces: list[Piece] = []
    for fold, of_fold in enumerate(of_folds, start=1):
        place = context.folder / f"fold-{fold}-done"
        piece = load_piece(place)
        if piece is None:
            inner = FoldContext(context, fold, folds)
            _train_fold(Training(request, workspace, inner, of_fold), place)
            forget_models()
            piece = load_piece(place)
            assert piece is not None
        shutil.rmtree(context.folder / f"fold-{fold}", ignore_errors=True)
        pieces.append(piece)
    return _publish(request, workspace, context, data, pieces, published)


def _train_fold(training: Training, place: Path) -> None:
    trained = training.fit()
    data = training.data
    part = begin_piece(place)
    checked = save_predictor(
        trained.network.model,
        part / PREDICTOR,
        data,
        training.form,
        training.recipe.averaged,
        training.request.compact,
    )
    tested = sorted(data.split.frame.loc[data.split.frame["part"] == "test", "hash"])
    predictor = Predictor.load(part / PREDICTOR, threads=1)
    kept = training.workspace.features
    predicted = predict_images(predictor, tested, data.files, training.form, training.predicting, kept)
    about = {"seconds": trained.seconds, "weights": trained.weights, "checked": checked}
    save_piece(place, tested, predicted, trained.history, about)
    remove_checkpoint(training.context.folder)


def forget_models() -> None:
    """Give back what models and compiled steps took; cycles keep them until they are looked for."""
    import keras

    keras.backend.clear_session(free_memory=True)
    gc.collect()


def _publish(
    request: TrainRequest,
    workspace: Workspace,
    context: Context,
    data: FoldData,
    pieces: list[Piece],
    published: Path,
) -> Path:
    whole = Training(request, workspace, context, data.whole)
    first = whole.first_embeddings(data.whole)
    context.report("Putting the folds together", 0.999, phase="predicting")
    stem = request.name or f"{request.recipe.name}-{_folds_in_words(data)}"

    def make(name: str, mark: str) -> Path:
        return make_fold_run(
            workspace.models,
            name,
            data,
            pieces,
            recipe=request.recipe,
            form=whole.form,
            weights_file=file_facts(request.weights),
            improves=request.improves,
            training=mark,
            first=first,
        )

    folder = publish(workspace.models, published, stem, make)
    for piece in pieces:
        shutil.rmtree(piece.folder, ignore_errors=True)
    context.report(f"Finished: {folder.name}", 1.0, phase="finished")
    return folder


def _folds_in_words(data: FoldData) -> str:
    kind = "published-folds" if data.folds.source == "published" else f"folds-by-{data.folds.unit}"
    return f"{data.folds.count}-{kind}"
