"""About how long a training takes: its stages by image and pixel, and by what the trainings before it took.

The seconds are of two quiet cores; `benchmarks.estimate` sets them against what trainings take.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from breakhis_core.errors import InputError
from breakhis_core.recipes import NO_BASE, WHOLE_BASE, Recipe, completed
from breakhis_core.runs import Run
from breakhis_core.splits.folds import fold_columns

_AREA = 224 * 224
"""Pixels of the model input that the seconds below are said for; they grow with it."""
_READ, _READ_KEPT = 0.0055, 0.0006
"""Decoding, hashing and resizing an image; reading it again once its model input is kept."""
_FORWARD = 0.0044
"""The whole base, once an image, eight maps included."""
_STEP_FROM_150, _STEP_OF_ALL = 0.0075, 0.06
"""Forth and back through the trained part, from layer 150 on and whole; validation is in it."""
_HEAD = 0.00004
"""Forth and back through the head alone, whatever the pixels."""
_START, _START_AGAIN = 12.0, 2.0
"""Loading TensorFlow and the weights, in a fresh process and in one that has done it."""
_TRACING, _TRACING_HEAD = 11.0, 1.5
"""The first step through the trained part, and through the head."""
_PUBLISH = 14.0
"""Exporting the predictor, holding it against Keras and tf-keras-vis, evaluating."""

# Of all multiplications of MobileNetV3-Large, the share from each inverted residual block on.
# fmt: off
_FROM_BLOCK = (
    0.975, 0.951, 0.860, 0.800, 0.758, 0.712, 0.665, 0.611, 0.580, 0.551, 0.523, 0.434, 0.289, 0.191, 0.113,
)
# fmt: on
_FROM_150 = _FROM_BLOCK[10]
_KEPT_BY = ("boundary", "width", "height", "keep_proportions", "antialias", "normalise_stain")
"""Settings that outputs of the frozen part hang on."""


@dataclass(frozen=True)
class Pace:
    """How fast images are trained on.

    Attributes:
        images_per_second: training images in a second of an epoch.
        measured: name of the run that says so, or None: an assumption for two cores.
    """

    images_per_second: float
    measured: str | None


@dataclass(frozen=True)
class Stages:
    """Seconds of the stages of a training, in their order.

    Attributes:
        preparing: loading what is needed, and tracing the first steps.
        looking: the frozen part, once an image and flip.
        head: epochs of the head alone before the base is trained.
        epochs: the epochs that count.
        first: looking at all images with the weights that training began with.
        publishing: predicting all images, and what else makes a run.
    """

    preparing: float
    looking: float
    head: float
    epochs: float
    first: float
    publishing: float

    @property
    def total(self) -> float:
        """Seconds of all stages."""
        return self.preparing + self.looking + self.head + self.epochs + self.first + self.publishing


def pace(recipe: Recipe, runs: Iterable[Run]) -> Pace:
    """Return the pace of the newest run whose epochs did the same work, on as many pixels as here.

    Args:
        recipe: what is to be trained.
        runs: runs, newest first.
    """
    for run in runs:
        known = run.recipe()
        alike = all(known.get(key) == getattr(recipe, key) for key in ("boundary", "batch_size", "head"))
        history = run.history()
        told = history[history["phase"] == "all"]
        seconds = told["seconds"].median() if "seconds" in told and len(told) else 0.0
        images = _trained(run)
        if alike and seconds > 0 and images:
            return Pace(images / float(seconds) * _pixels(known) / _pixels(recipe.model_dump()), run.name)
    return Pace(1 / _step_seconds(recipe), None)


def _pixels(recipe: Mapping[str, Any]) -> float:
    """Return how many pixels a step sees of an image; the head alone sees none, so all recipes are alike."""
    if recipe.get("boundary") == NO_BASE:
        return 1.0
    crop = recipe.get("crop")
    return float(crop * crop if crop else recipe.get("width", 224) * recipe.get("height", 224))


def _trained(run: Run) -> int:
    """Return how many images an epoch of a run has; of a cross-validation, in the mean over its folds."""
    if not run.folds:
        return int((run.predictions()["part"] == "train").sum())
    split = run.split()
    return int((split[fold_columns(split)] == "train").to_numpy().sum() / run.folds)


def trained_share(recipe: Recipe) -> float:
    """Return the share of the base's multiplications that a step trains.

    >>> from breakhis_core.recipes import RECIPES
    >>> [trained_share(RECIPES[name]) for name in ("quick", "paper", "scratch")]
    [0.0, 0.523, 1.0]
    """
    if recipe.boundary == NO_BASE:
        return 0.0
    if recipe.boundary == WHOLE_BASE:
        return 1.0
    return _FROM_BLOCK[int(recipe.boundary.removeprefix("expanded_conv_").split("_")[0])]


def _step_seconds(recipe: Recipe) -> float:
    """Return what an image of an epoch costs: the head, and the trained part in proportion to its work."""
    share = trained_share(recipe)
    early = max(0.0, share - _FROM_150) / (1 - _FROM_150)
    late = min(share, _FROM_150) / _FROM_150
    at_224 = late * _STEP_FROM_150 + early * (_STEP_OF_ALL - _STEP_FROM_150)
    return _HEAD + (at_224 * _pixels(recipe.model_dump()) / _AREA if share else 0.0)


def stages_of(
    recipe: Recipe, train_images: int, images: int, at: Pace, *, kept: bool = False, improves: bool = False
) -> Stages:
    """Estimate the stages of a training of one model.

    Args:
        recipe: what is to be trained.
        train_images: images of the training part.
        images: images of all parts, which are predicted at the end.
        at: the pace of the epochs.
        kept: whether the outputs of the frozen part are kept already.
        improves: whether the first look is that of the run that is improved on.
    """
    area, share, variants = recipe.width * recipe.height / _AREA, trained_share(recipe), len(recipe.variants)
    forward = _FORWARD * area
    looks = train_images * variants + 0.2 * train_images
    looking = 1.2 * train_images * _READ + (looks * (1 - share) * forward if share < 1 else 0.0)
    head = 0.0
    if recipe.head_epochs and share:
        # The trained part runs once for all epochs of the head.
        head = _TRACING_HEAD + looks * share * forward + recipe.head_epochs * train_images * _HEAD
    seen = variants * (images - (train_images if not share else 0))
    return Stages(
        preparing=_START + (_TRACING if share else _TRACING_HEAD),
        looking=0.0 if kept else looking,
        head=head,
        epochs=recipe.main_epochs * train_images / at.images_per_second,
        first=0.0 if improves else _START_AGAIN + images * _READ_KEPT + seen * forward,
        publishing=_PUBLISH
        + (images - train_images) * (0.0 if kept else _READ)
        + images * (_READ_KEPT + forward * len(recipe.averaged)),
    )


def seconds_needed(
    recipe: Recipe,
    train_images: int,
    images: int,
    at: Pace,
    models: int = 1,
    *,
    kept: bool = False,
    improves: bool = False,
) -> float:
    """Estimate how long a training takes in all.

    Args:
        recipe: what is to be trained.
        train_images: images of the training part, of folds in the mean.
        images: images of all parts, which are predicted at the end, each by one model.
        at: the pace of the epochs.
        models: how many are trained one after the other; the frozen part runs once for all of them.
        kept: as in `stages_of`.
        improves: as in `stages_of`.
    """
    one = stages_of(recipe, train_images, images, at, kept=kept, improves=improves)
    again = again_seconds(recipe, train_images, at)
    if models == 1:
        return one.total
    # All folds together look at every image.
    looking = one.looking * images / max(1, 1.2 * train_images)
    return one.total - one.looking + looking + (models - 1) * (again + _PUBLISH)


def again_seconds(recipe: Recipe, train_images: int, at: Pace) -> float:
    """Estimate a further training in a process that keeps the frozen part's outputs, up to its last epoch."""
    one = stages_of(recipe, train_images, train_images, at, kept=True, improves=True)
    return one.preparing - _START + _START_AGAIN + one.head + one.epochs


def is_kept(recipe: Recipe, weights: str, runs: Iterable[Run]) -> bool:
    """Return whether a run was trained behind the same frozen part on the same inputs, so that it is kept.

    Args:
        recipe: what is to be trained.
        weights: what it begins with, as the manifest of a run says it.
        runs: the runs there are.
    """
    for run in runs:
        try:
            known = completed(run.recipe())
        except InputError:
            continue
        same = all(getattr(known, name) == getattr(recipe, name) for name in _KEPT_BY)
        seeded = weights != "none" or known.seed == recipe.seed
        if (
            same
            and seeded
            and run.manifest["weights"] == weights
            and set(recipe.variants) <= set(known.variants)
        ):
            return True
    return False


def in_words(seconds: float) -> str:
    """Return an estimate, rounded as coarsely as it deserves.

    >>> in_words(37), in_words(140), in_words(1500), in_words(9000)
    ('about 1 min', 'about 2 min', 'about 25 min', 'about 2.5 h')
    """
    minutes = max(1, round(seconds / 60))
    if minutes < 90:
        return f"about {minutes if minutes < 20 else round(minutes / 5) * 5} min"
    return f"about {round(minutes / 30) / 2:g} h"
