"""About how long a training takes, from what the trainings before it took."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from breakhis_core.recipes import Recipe
from breakhis_core.runs import Run
from breakhis_core.splits.folds import fold_columns

_STEP_SECONDS_PER_IMAGE = 0.008
_LOOK_SECONDS_PER_IMAGE = 0.03
_PREDICT_SECONDS_PER_IMAGE = 0.012
_START_SECONDS = 40.0
"""Two cores, where nothing was measured yet: a training step, the frozen part, a prediction, the start."""


@dataclass(frozen=True)
class Pace:
    """How fast images are trained on.

    Attributes:
        images_per_second: training images in a second of an epoch.
        measured: name of the run that says so, or None: an assumption for two cores.
    """

    images_per_second: float
    measured: str | None


def pace(recipe: Recipe, runs: Iterable[Run]) -> Pace:
    """Return the pace of the newest run whose epochs did the same work.

    Args:
        recipe: what is to be trained.
        runs: runs, newest first.
    """
    for run in runs:
        known = run.recipe()
        same = all(known.get(key) == getattr(recipe, key) for key in ("boundary", "batch_size", "head"))
        history = run.history()
        seconds = history["seconds"].median() if "seconds" in history and len(history) else 0.0
        images = _trained(run)
        if same and seconds > 0 and images:
            return Pace(images / float(seconds), run.name)
    return Pace(1 / _STEP_SECONDS_PER_IMAGE, None)


def _trained(run: Run) -> int:
    """Return how many images an epoch of a run has; of a cross-validation, in the mean over its folds."""
    if not run.folds:
        return int((run.predictions()["part"] == "train").sum())
    split = run.split()
    return int((split[fold_columns(split)] == "train").to_numpy().sum() / run.folds)


def seconds_needed(recipe: Recipe, train_images: int, images: int, at: Pace, models: int = 1) -> float:
    """Estimate how long a training takes in all.

    Args:
        recipe: what is to be trained.
        train_images: images of the training part.
        images: images of all parts, which are predicted at the end.
        at: the pace of the epochs.
        models: how many are trained one after the other; the frozen part runs once for all of them.
    """
    looks = train_images * len(recipe.variants) + (images - train_images)
    epochs = recipe.epochs * train_images / at.images_per_second
    once = looks * _LOOK_SECONDS_PER_IMAGE + images * _PREDICT_SECONDS_PER_IMAGE
    return models * (_START_SECONDS + epochs) + once


def in_words(seconds: float) -> str:
    """Return an estimate, rounded as coarsely as it deserves.

    >>> in_words(37), in_words(140), in_words(1500), in_words(9000)
    ('about 1 min', 'about 2 min', 'about 25 min', 'about 2.5 h')
    """
    minutes = max(1, round(seconds / 60))
    if minutes < 90:
        return f"about {minutes if minutes < 20 else round(minutes / 5) * 5} min"
    return f"about {round(minutes / 30) / 2:g} h"
