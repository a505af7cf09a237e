"""The card of a run: what it was made from, how good it is, and where it ends, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from breakhis_core.evaluate import FEW_CASES, value_at
from breakhis_core.intervals import interval_text
from breakhis_core.metric_names import METRIC_NAMES, metric_name
from breakhis_core.taxonomy import CODES, subtype

UNIT_NOTES = {
    "image": (
        "Split **by image**: images of one case stand in train and in test. These numbers read higher than "
        "what an unseen patient would give."
    ),
    "case": "Split **by case**: no case of the test set was seen in training.",
}
PHANTOM_NOTE = "Made from **synthetic phantoms, not tissue**. Its numbers say nothing about tissue."
FOOT = "Research tool, not a medical device."


def card(
    manifest: Mapping[str, Any], recipe: Mapping[str, Any], evaluation: Mapping[str, Any], phantom: bool
) -> str:
    """Write the card of a run.

    Args:
        manifest: the run's manifest, of which name, created, weights, seconds, split_seed, improves, excluded
            and versions are used where present.
        recipe: all settings of the training.
        evaluation: from ``evaluate``, on the test set.
        phantom: whether the images are phantoms.

    Returns:
        Markdown that ends with a newline.
    """
    sections = [
        f"# {manifest.get('name', 'Run')}",
        *([PHANTOM_NOTE] if phantom else []),
        _summary(evaluation),
        UNIT_NOTES.get(str(evaluation["unit"]), f"Split by {evaluation['unit']}."),
        "## Data and split",
        _facts(manifest, evaluation),
        "## Numbers",
        f"{_told_on(evaluation)} Intervals: 95 %, bootstrap over cases, {evaluation['resamples']} samples.",
        metric_rows(evaluation),
        "## Sub-types",
        class_rows(evaluation),
        "## Magnifications",
        magnification_rows(evaluation),
        "## Recipe",
        _table(["Setting", "Value"], [[name, f"`{value}`"] for name, value in recipe.items()]),
        "## Known limits",
        "\n".join(f"- {limit}" for limit in known_limits(evaluation, phantom)),
        f"*{FOOT}*",
    ]
    return "\n\n".join(sections) + "\n"


def known_limits(evaluation: Mapping[str, Any], phantom: bool) -> list[str]:
    """List what a reader of the numbers must know, one sentence each."""
    limits = []
    if phantom:
        limits.append("The images are painted phantoms; nothing here carries over to tissue.")
    if evaluation["unit"] == "image":
        limits.append("The split is by image, so the test set shares cases with the training.")
    if evaluation["cases"] < FEW_CASES:
        limits.append(
            f"The numbers rest on {_count(evaluation['cases'], 'case')}; below {FEW_CASES}, intervals are "
            "themselves uncertain."
        )
    absent = [code for code in CODES if evaluation["per_class"][code]["support"] == 0]
    if absent:
        limits.append(
            f"No image of {', '.join(absent)} here: where one was predicted all the same, it counts in macro "
            "F1 with 0, as scikit-learn counts."
        )
    single = [code for code in CODES if evaluation["per_class"][code]["cases"] == 1]
    if single:
        limits.append(f"One case each of {', '.join(single)}: what is said of them is said of one patient.")
    if evaluation["calibration"]["temperature"] is None:
        limits.append("No temperature could be fitted: read confidences as ranks, not as chances.")
    limits.append(
        "A bootstrap cannot see what no case of the test set shows; where all is right, it says so."
    )
    limits.append("BreakHis comes from one laboratory; other scanners, stains and hospitals were not tested.")
    return limits


def metric_rows(evaluation: Mapping[str, Any]) -> str:
    """Return the Markdown table of the metrics of all images, each with its interval."""
    limits = evaluation["intervals"]
    names = [name for name in METRIC_NAMES if name in limits]
    rows = [
        [metric_name(name), number(value_at(evaluation, name)), interval_text(limits[name])] for name in names
    ]
    temperature = evaluation["calibration"]["temperature"]
    rows.append(["Temperature, fitted on validation", number(temperature), "-"])
    return _table(["Metric", "Value", "95 % interval"], rows)


def class_rows(evaluation: Mapping[str, Any]) -> str:
    """Return the Markdown table of the sub-types."""
    limits = evaluation["intervals"]
    rows = []
    for code in CODES:
        entry = evaluation["per_class"][code]
        cells = [
            f"{number(entry[m])} ({interval_text(limits[f'per_class.{code}.{m}'])})" for m in CLASS_METRICS
        ]
        rows.append([f"{code} {subtype(code).name}", str(entry["support"]), str(entry["cases"]), *cells])
    heads = [f"{name} (95 %)" for name in CLASS_METRICS.values()]
    return _table(["Sub-type", "Images", "Cases", *heads], rows)


CLASS_METRICS = {"precision": "Precision", "sensitivity": "Recall", "f1": "F1", "auc": "AUC"}
MAGNIFICATION_METRICS = ("accuracy", "macro_f1", "binary.f1", "patients.recognition_rate")


def magnification_rows(evaluation: Mapping[str, Any]) -> str:
    """Return the Markdown table of the magnifications."""
    rows = []
    for magnification, found in evaluation["per_magnification"].items():
        cells = [
            f"{number(value_at(found, name))} ({interval_text(found['intervals'][name])})"
            for name in MAGNIFICATION_METRICS
        ]
        rows.append([f"{magnification}x", str(found["images"]), str(found["cases"]), *cells])
    heads = [f"{metric_name(name)} (95 %)" for name in MAGNIFICATION_METRICS]
    return _table(["Magnification", "Images", "Cases", *heads], rows)


def number(value: float | None) -> str:
    """Write a number for people.

    >>> number(0.91549), number(None)
    ('0.915', 'undefined')
    """
    return "undefined" if value is None else f"{value:.3f}"


def _summary(evaluation: Mapping[str, Any]) -> str:
    limits = evaluation["intervals"]
    parts = [
        f"{metric_name(name)} **{number(value_at(evaluation, name))}** ({interval_text(limits[name])})"
        for name in ("accuracy", "macro_f1", "binary.f1")
    ]
    return f"{', '.join(parts)}. {_told_on(evaluation)}"


def _told_on(evaluation: Mapping[str, Any]) -> str:
    images, cases = _count(evaluation["images"], "image"), _count(evaluation["cases"], "case")
    return f"On the {evaluation['part']} part: {images} of {cases}, split by {evaluation['unit']}."


def _facts(manifest: Mapping[str, Any], evaluation: Mapping[str, Any]) -> str:
    excluded: Sequence[str] = manifest.get("excluded") or ()
    versions: Mapping[str, str] = manifest.get("versions") or {}
    facts = {
        "Made": manifest.get("created"),
        "Split": f"by {evaluation['unit']}, seed {manifest.get('split_seed', 'unknown')}",
        "Keeps the split of": manifest.get("improves"),
        "Images excluded from train and validation": len(excluded),
        "First weights": manifest.get("weights"),
        "Training time": f"{manifest['seconds']:.0f} s" if manifest.get("seconds") is not None else None,
        "Versions": ", ".join(f"{name} {version}" for name, version in sorted(versions.items())),
    }
    return "\n".join(f"- {name}: {fact}" for name, fact in facts.items() if fact not in (None, ""))


def _count(number_of: int, noun: str) -> str:
    return f"{number_of:,} {noun}" if number_of == 1 else f"{number_of:,} {noun}s"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
