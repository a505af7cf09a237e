"""Train a run: one model, or one of each fold."""

from __future__ import annotations

from pathlib import Path

from breakhis_core import runs
from breakhis_core.progress import Context
from breakhis_core.runs.publishing import published_run
from breakhis_core.training.cross_validation import cross_validate
from breakhis_core.training.data import load_training_data
from breakhis_core.training.one_model import Training
from breakhis_core.training.request import TrainRequest
from breakhis_core.workspace import Workspace


def train(request: TrainRequest, workspace: Workspace, context: Context) -> Path:
    """Train a run and write its folder.

    After every epoch the state is kept in ``context.folder``; called again with the same request and folder,
    training goes on behind the last whole epoch and ends with the same weights as if nothing had happened.

    Args:
        request: what to train.
        workspace: has the images, keeps features and weights, and says where runs go.
        context: told about progress, and asked whether to stop, after every batch.

    Returns:
        The run folder.

    Raises:
        InputError: something given cannot be used.
        JobStopped: asked to stop.
    """
    published = context.folder / "published.txt"
    if (done := published_run(workspace.models, published)) is not None:
        return done
    context.report("Preparing: reading the catalogue", 0.0, phase="preparing")
    if is_cross_validation(request, workspace):
        return cross_validate(request, workspace, context, published)
    data = load_training_data(
        workspace,
        request.data,
        request.unit,
        request.split_seed,
        request.exclude,
        request.improves,
        request.labels,
    )
    return Training(request, workspace, context, data).run(published)


def is_cross_validation(request: TrainRequest, workspace: Workspace) -> bool:
    """Return whether a request trains folds: it asks for them, or improves on a run that has them."""
    if request.improves is not None:
        return runs.open_run(workspace.models / request.improves).folds > 0
    return request.folds > 0 or bool(request.fold_files)
