"""The table of runs: what each was trained on, in what it differs from its parent, and how good it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from breakhis_core.errors import InputError
from breakhis_core.recipes import RECIPES, Recipe, completed
from breakhis_core.runs.run import Run
from breakhis_core.wording import counted

_UNTOLD = ("name", "summary")


@dataclass(frozen=True)
class RunRow:
    """One run of the table.

    Attributes:
        name: the run.
        recipe: name of its recipe.
        split: how its images were split, in words.
        images: how many images it was trained on, validated on and tested on, in words.
        differs: in what it differs from the run that it improves on, or from the recipe that ships.
        created: ISO 8601, UTC.
        seconds: what the training took.
        accuracy: on its test images.
        limits: 95 % interval of that, over cases; None where there are too few.
        baseline: accuracy of always naming the sub-type commonest in training; None where not known.
        macro_f1: on its test images.
    """

    name: str
    recipe: str
    split: str
    images: str
    differs: str
    created: str
    seconds: float
    accuracy: float | None
    limits: tuple[float, float] | None
    baseline: float | None
    macro_f1: float | None


def run_rows(runs: Sequence[Run], evaluate: Callable[[Run], Mapping[str, Any]]) -> list[RunRow]:
    """Return the table of runs.

    Args:
        runs: in the order of the table.
        evaluate: returns the evaluation of a run's tested part; InputError where it has none.
    """
    by_name = {run.name: run for run in runs}
    return [_row(run, by_name.get(run.improves or ""), evaluate) for run in runs]


def _row(run: Run, parent: Run | None, evaluate: Callable[[Run], Mapping[str, Any]]) -> RunRow:
    try:
        found = evaluate(run)
    except InputError:
        found = {}
    limits = found.get("intervals", {}).get("accuracy")
    commonest = (found.get("baselines") or {}).get("commonest") or {}
    return RunRow(
        name=run.name,
        recipe=str(run.recipe().get("name", "")),
        split=run.split_in_words,
        images=parts_in_words(run),
        differs=differs(run, parent),
        created=run.created,
        seconds=float(run.manifest["seconds"]),
        accuracy=found.get("accuracy"),
        limits=None if limits is None else (float(limits[0]), float(limits[1])),
        baseline=commonest.get("accuracy", {}).get("value"),
        macro_f1=found.get("macro_f1"),
    )


def parts_in_words(run: Run) -> str:
    """Return how many images each part of a run has, as text: train, validation, test; or out of fold."""
    parts = run.predictions()["part"].value_counts()
    if run.folds:
        return f"{int(parts.sum()):,} out of fold"
    return ", ".join(f"{int(parts.get(part, 0)):,} {part}" for part in ("train", "validation", "test"))


def differs(run: Run, parent: Run | None) -> str:
    """Say in what a run differs from its parent, or from the recipe that ships under its name.

    Args:
        run: the run.
        parent: the run that it improves on; None when it improves on none, or on one that is gone.
    """
    try:
        ours = completed(run.recipe())
        theirs = RECIPES.get(ours.name) if parent is None else completed(parent.recipe())
    except InputError:
        return "a recipe of another version of this program"
    told = [] if theirs is None else settings_that_differ(theirs, ours)
    if parent is not None:
        before, now = set(parent.excluded), set(run.excluded)
        if now - before:
            told.insert(0, f"{counted(len(now - before), 'image')} left out")
        if before - now:
            told.insert(0, f"{counted(len(before - now), 'image')} back")
        told[:0] = _labels_that_differ(run, parent)
        if parent.manifest["weights"] != run.manifest["weights"]:
            told.append(f"weights {run.manifest['weights']}")
        return f"{parent.name}: {', '.join(told) or 'nothing but chance'}"
    return ", ".join(told)


def data_change(run: Run, parent: Run) -> str | None:
    """Say what a run left out of its parent's training and corrected in it, where it differs in nothing else.

    Args:
        run: the run.
        parent: the run that it is held against.

    Returns:
        Such as "Leaving out 3 images" or "Correcting 2 labels". None where it is no retraining of the
        parent, or where settings, weights, images that came back or labels that are the published ones again
        may have made the difference too.
    """
    corrected, again = _changed_labels(run, parent)
    if run.improves != parent.name or set(parent.excluded) - set(run.excluded) or again:
        return None
    try:
        changed = settings_that_differ(completed(parent.recipe()), completed(run.recipe()))
    except InputError:
        return None
    if changed or parent.manifest["weights"] != run.manifest["weights"]:
        return None
    left_out = len(set(run.excluded) - set(parent.excluded))
    told = [
        f"correcting {counted(corrected, 'label')}" if corrected else "",
        f"leaving out {counted(left_out, 'image')}" if left_out else "",
    ]
    words = " and ".join(filter(None, told))
    return words[:1].upper() + words[1:] or None


def _labels_that_differ(run: Run, parent: Run) -> list[str]:
    corrected, again = _changed_labels(run, parent)
    told = [f"{counted(corrected, 'label')} corrected"] if corrected else []
    return [*told, f"{counted(again, 'label')} as published again"] if again else told


def _changed_labels(run: Run, parent: Run) -> tuple[int, int]:
    """Return how many labels a run corrected on top of its parent, and how many are published ones again."""
    before, now = parent.corrected, run.corrected
    corrected = sum(before.get(image) != code for image, code in now.items())
    return corrected, len(set(before) - set(now) - set(run.excluded))


def settings_that_differ(before: Recipe, after: Recipe) -> list[str]:
    """Return the settings that two recipes do not share, each with its two values.

    >>> settings_that_differ(RECIPES["paper"], RECIPES["paper"].model_copy(update={"dropout": 0.2}))
    ['dropout 0.5 → 0.2']
    """
    return [
        f"{field.replace('_', ' ')} {getattr(before, field)} → {getattr(after, field)}"
        for field in Recipe.model_fields
        if field not in _UNTOLD and getattr(before, field) != getattr(after, field)
    ]
