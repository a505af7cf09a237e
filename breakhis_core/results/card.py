"""The card of a run: what it was made from, how good it is, and where it ends, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from breakhis_core.errors import InputError
from breakhis_core.images.taxonomy import CODES
from breakhis_core.metrics.intervals import ENOUGH_CASES
from breakhis_core.recipes import RECIPES, completed
from breakhis_core.results.baselines import baseline_text, doubt_in_words
from breakhis_core.results.evaluate import FEW_CASES, value_at
from breakhis_core.results.metric_registry import shown_in
from breakhis_core.results.provenance import macro_note
from breakhis_core.results.tables import (
    class_table,
    fold_table,
    interval_of,
    magnification_table,
    metric_table,
    recipe_table,
)
from breakhis_core.runs.pointing import maps_in_words
from breakhis_core.runs.table import settings_that_differ
from breakhis_core.wording import NO_DEVICE, PHANTOMS, counted, number, part_in_words

UNIT_NOTES = {
    "image": (
        "Split **by image**: images of one case stand in train and in test. These numbers read higher than "
        "what an unseen patient would give."
    ),
    "case": "Split **by case**: no case of the test set was seen in training.",
}
FOLD_NOTES = {
    "image": (
        "**Cross-validated**, folds **by image**: each image was predicted by a model that never saw it, but "
        "saw other images of its case. These numbers read higher than what an unseen patient would give."
    ),
    "case": (
        "**Cross-validated**, folds **by case**: each image was predicted by a model that saw no image of "
        "its case."
    ),
}
PUBLISHED_NOTE = (
    "**Cross-validated** on the folds that the authors of BreakHis published. They are overlapping "
    "hold-outs: an image tested in several has the mean of their probabilities, one tested in none has no "
    "prediction. They keep slides apart, but not all blocks of a case."
)
PHANTOM_NOTE = f"Made from **{PHANTOMS}**. Its numbers say nothing about tissue."
_PARTS = {
    "train": "to train",
    "validation": "to validate",
    "test": "to test",
    "out_of_fold": "each predicted by models that never saw it",
}


def card(
    manifest: Mapping[str, Any], recipe: Mapping[str, Any], evaluation: Mapping[str, Any], phantom: bool
) -> str:
    """Write the card of a run.

    Args:
        manifest: the run's manifest, of which name, created, catalogue, weights, seconds, split_seed,
            improves, excluded and versions are used where present.
        recipe: all settings of the training.
        evaluation: from ``evaluate``, on the test set.
        phantom: whether the images are phantoms.

    Returns:
        Markdown that ends with a newline.
    """
    doubt = doubt_in_words(evaluation)
    sections = [
        f"# {manifest.get('name', 'Run')}",
        *([PHANTOM_NOTE] if phantom else []),
        summary(evaluation),
        *([doubt] if doubt else []),
        split_note(evaluation, manifest.get("folds")),
        "## Data and split",
        _facts(manifest, evaluation),
        "## Numbers",
        f"{provenance(evaluation)} {numbers_note(evaluation)}",
        metric_table(evaluation).markdown(),
        *(["## Folds", fold_table(evaluation).markdown()] if "folds" in evaluation else []),
        *(["## Maps", " ".join(maps)] if (maps := maps_in_words(evaluation)) else []),
        "## Sub-types",
        class_table(evaluation).markdown(),
        "## Magnifications",
        magnification_table(evaluation).markdown(),
        "## Recipe",
        *_changes(recipe),
        recipe_table(recipe).markdown(),
        "## Known limits",
        "\n".join(f"- {limit}" for limit in known_limits(evaluation, phantom)),
        f"*{NO_DEVICE}*",
    ]
    return "\n\n".join(sections) + "\n"


def _changes(recipe: Mapping[str, Any]) -> list[str]:
    """Say in what a recipe differs from the one that ships under its name; seeds are no change of it."""
    try:
        ours = completed(recipe)
    except InputError:
        return []
    if ours.name not in RECIPES:
        return []
    shipped = RECIPES[ours.name].model_copy(update={"seed": ours.seed})
    told = settings_that_differ(shipped, ours)
    return [f"The recipe {ours.name} with changes: {', '.join(told)}."] if told else []


def split_note(evaluation: Mapping[str, Any], folds: Mapping[str, Any] | None = None) -> str:
    """Say what the split means for a new patient.

    Args:
        evaluation: from ``evaluate``.
        folds: what the manifest of a cross-validation says of its folds.
    """
    unit = str(evaluation["unit"])
    if "folds" not in evaluation:
        return UNIT_NOTES[unit]
    if not folds or folds["source"] == "drawn":
        return FOLD_NOTES[unit]
    return (
        f"{PUBLISHED_NOTE} Of {folds['tests']:,} tests, {folds['tests_of_train_cases']:,} are of cases that "
        f"the fold trains on; {counted(folds['never_tested'], 'image')} never tested."
    )


def known_limits(evaluation: Mapping[str, Any], phantom: bool) -> list[str]:
    """List what a reader of the numbers must know, one sentence each."""
    limits = []
    if phantom:
        limits.append("The images are painted phantoms; nothing here carries over to tissue.")
    if evaluation["unit"] == "image":
        limits.append("The split is by image, so the test set shares cases with the training.")
    if evaluation["cases"] < FEW_CASES:
        limits.append(
            f"The numbers rest on {counted(evaluation['cases'], 'case')}; below {FEW_CASES}, intervals are "
            "themselves uncertain."
        )
    absent = [code for code in CODES if evaluation["per_class"][code]["support"] == 0]
    if absent:
        limits.append(f"No image of {', '.join(absent)} here: macro figures are {macro_note(evaluation)}.")
    single = [code for code in CODES if evaluation["per_class"][code]["cases"] == 1]
    if single:
        limits.append(f"One case each of {', '.join(single)}: what is said of them is said of one patient.")
    short = [code for code in CODES if 2 <= evaluation["per_class"][code]["cases"] < ENOUGH_CASES]
    if short:
        limits.append(
            f"Fewer than {ENOUGH_CASES} cases each of {', '.join(short)}: their intervals are shorter "
            "than 95 % would be."
        )
    if "folds" in evaluation:
        limits.append(
            "The folds' models differ, and none of them is the model: a model trained on all images may be "
            "better, and was not tested."
        )
    elif evaluation["calibration"]["temperature"] is None:
        limits.append("No temperature could be fitted: read confidences as ranks, not as chances.")
    limits.append(
        "A bootstrap cannot see what no case of the test set shows; where all is right, it says so."
    )
    limits.append("BreakHis comes from one laboratory; other scanners, stains and hospitals were not tested.")
    return limits


def summary(evaluation: Mapping[str, Any]) -> str:
    """Say the main numbers with their intervals, what they have to beat and what they rest on."""
    parts = []
    for metric in shown_in("main"):
        beside = [interval_of(evaluation, metric.place), baseline_text(evaluation, metric.place)]
        value = f"{metric.name} **{number(value_at(evaluation, metric.place))}**"
        parts.append(f"{value} ({'; '.join(text for text in beside if text)})")
    return f"{', '.join(parts)}. {provenance(evaluation)}"


def numbers_note(evaluation: Mapping[str, Any]) -> str:
    """Say how intervals, macro figures and baselines came about."""
    note = (
        f"Intervals: 95 %, bootstrap over cases, {evaluation['resamples']} samples. Macro figures and "
        f"balanced accuracy: means {macro_note(evaluation)}."
    )
    if evaluation["baselines"]["commonest"] is None:
        return note
    return f"{note} Baseline: always naming what is commonest in the training, on the same images."


def provenance(evaluation: Mapping[str, Any]) -> str:
    """Say on what numbers rest: part, images, cases and the unit of the split."""
    images, cases = counted(evaluation["images"], "image"), counted(evaluation["cases"], "case")
    split, part = evaluation["split"], part_in_words(evaluation["part"])
    if "folds" in evaluation:
        return f"{part.capitalize()}, {split}: {images} of {cases}."
    return f"On the {part} part: {images} of {cases}, {split}."


def _facts(manifest: Mapping[str, Any], evaluation: Mapping[str, Any]) -> str:
    excluded: Sequence[str] = manifest.get("excluded") or ()
    corrected: Mapping[str, str] = manifest.get("corrected") or {}
    versions: Mapping[str, str] = manifest.get("versions") or {}
    seed = manifest.get("split_seed", "unknown")
    parts = evaluation["parts"]
    facts = {
        "Made": manifest.get("created"),
        "Images from": manifest.get("catalogue"),
        "Images": ", ".join(f"{parts[part]:,} {words}" for part, words in _PARTS.items() if part in parts),
        "Split": f"{evaluation['split'].removeprefix('split ')}, seed {seed}",
        "Keeps the split of": manifest.get("improves"),
        "Images excluded from train and validation": len(excluded),
        "Corrected sub-types in train and validation": len(corrected) or None,
        "First weights": manifest.get("weights"),
        "Training time": f"{manifest['seconds']:.0f} s" if manifest.get("seconds") is not None else None,
        "Versions": ", ".join(f"{name} {version}" for name, version in sorted(versions.items())),
    }
    return "\n".join(f"- {name}: {fact}" for name, fact in facts.items() if fact not in (None, ""))
