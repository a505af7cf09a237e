"""Asking models that never saw an image about it, for runs that were made before every training did so."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from filelock import FileLock

from breakhis_core.images.taxonomy import CODES
from breakhis_core.jobs.first_weights import first_weights
from breakhis_core.progress import Context, counter
from breakhis_core.recipes import completed
from breakhis_core.runs import Run, open_run
from breakhis_core.runs.writing import add_files
from breakhis_core.splits.split import Unit
from breakhis_core.training.data import TrainingData, load_training_data
from breakhis_core.training.features import first_embeddings
from breakhis_core.training.fold_data import load_fold_data
from breakhis_core.training.request import TrainRequest
from breakhis_core.training.run_making import write_unseen
from breakhis_core.workspace import Workspace


def look_back(workspace: Workspace, run: Run, context: Context) -> Run:
    """Add to a run's folder what `suspects` need; a run that has it stays as it is.

    Args:
        workspace: has the images, and knows the weights that the run began with.
        run: whose images.
        context: told about progress, and asked whether to stop; what was computed is kept.

    Returns:
        The run as it is then.

    Raises:
        InputError: images or first weights are gone; one sentence says what to do.
        JobStopped: asked to stop.
    """
    # Two at once would write each other's files.
    with FileLock(workspace.root / "look.lock"):
        run = open_run(run.path)
        return run if run.has_unseen else _looked_at(workspace, run, context)


def _looked_at(workspace: Workspace, run: Run, context: Context) -> Run:
    weights = first_weights(workspace, run)
    data = _data(workspace, run)
    tell = counter(context, "Looking at the images with the first weights", 0.0, 0.9)
    first = first_embeddings(completed(run.recipe()), weights, data, run.input_form, workspace, tell)
    predictions = run.predictions()
    rows = pd.Index(data.images["hash"]).get_indexer(predictions["hash"])
    learnt = run.corrected.get
    labels = [learnt(*pair) for pair in zip(predictions["hash"], predictions["subtype"], strict=True)]
    context.report("Asking heads that never saw an image about it", 0.95)
    places = np.array([CODES.index(code) for code in labels], np.int64)
    add_files(run.path, partial(write_unseen, predictions=predictions, first=first[rows], labels=places))
    return open_run(run.path)


def _data(workspace: Workspace, run: Run) -> TrainingData:
    if run.folds:
        return load_fold_data(
            TrainRequest(recipe=completed(run.recipe()), improves=run.name), workspace
        ).whole
    unit: Unit = "image" if run.unit == "image" else "case"
    return load_training_data(
        workspace, None, unit, int(run.manifest["split_seed"]), run.excluded, improves=run.name
    )
