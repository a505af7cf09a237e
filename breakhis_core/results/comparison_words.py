"""What a comparison of two runs comes to, in a sentence that names what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from breakhis_core.results.compare import same_answers, verdict
from breakhis_core.results.metric_registry import metric_name, shown_in
from breakhis_core.wording import counted, interval, number, part_in_words


def in_words(compared: Mapping[str, Any], change: str | None = None) -> str:
    """Say whether the second run is better than the first, on which images, and how sure that is.

    Args:
        compared: what ``compare.compare`` returns; its first two runs count.
        change: what the second, a retraining of the first, was trained differently on, as of
            ``runs.table.data_change``; None when it is no retraining.
    """
    against = compared["against"][0]
    first, second = compared["first"]["name"], against["name"]
    images = _counted_images(compared["images"], compared)
    if same_answers(against):
        return f"{first} and {second} give the same answers on all {images}."
    rests_on = f"these {images} of {counted(compared['cases'], 'case')}, {compared['split']}"
    delta = against["deltas"]["accuracy"]
    found, up = verdict(delta), (delta["delta"] or 0) > 0
    if change is None:
        does = {"better": "is better than", "worse": "is worse than"}.get(found, "cannot be told from")
        said = f"{second} {does} {first} on {rests_on}"
    else:
        does = {"better": "helped", "worse": "made the model worse"}.get(
            found, "may have helped" if up else "did not help"
        )
        said = f"{change} {does} on {rests_on}"
    return f"{said}: {_difference(delta)}"


def surely(deltas: Mapping[str, Mapping[str, Any]], metrics: Sequence[str]) -> str:
    """Name the metrics that surely changed, or nothing when none did.

    Args:
        deltas: ``deltas`` of an entry of ``compare(...)["against"]``.
        metrics: the metrics to look at.
    """
    told = []
    for what in ("better", "worse"):
        some = [metric_name(name) for name in metrics if verdict(deltas[name]) == what]
        if some:
            told.append(f"Surely {what}: {', '.join(some)}.")
    return " ".join(told)


def chance_in_words(against: Mapping[str, Any]) -> str:
    """Say whether fixed and broken images may be chance, by image and by case.

    Args:
        against: an entry of ``compare(...)["against"]``.
    """
    images, cases = against["mcnemar"]["p_value"], against["swap_test"]["p_value"]
    return (
        f"Could be chance: p = {images:.3f} by image (McNemar), p = {cases:.3f} by case (answers of whole "
        "cases swapped; the one to trust)."
    )


def minus_flagged_in_words(compared: Mapping[str, Any]) -> str:
    """Say what the numbers are without the flagged test images; nothing where none is flagged.

    Args:
        compared: what ``compare.compare`` returns; its first two runs count.
    """
    minus = compared["minus_flagged"]
    if minus is None:
        return ""
    return (
        f"Minus flagged: without the {_counted_images(minus['flagged_images'], compared, 'flagged ')}, on "
        f"{counted(minus['images'], 'image')} of {counted(minus['cases'], 'case')}, {compared['split']}: "
        f"{_main(minus['against'][0]['deltas'])}."
    )


def corrected_in_words(compared: Mapping[str, Any], reviewers: int) -> str:
    """Say what the numbers are on corrected labels, and that this is no headline; nothing where none is.

    Args:
        compared: what ``compare.compare`` returns; its first two runs count.
        reviewers: how many people corrected these labels.
    """
    right = compared["with_corrected"]
    if right is None:
        return ""
    return (
        f"With corrected labels: {_counted_images(len(right['relabelled']), compared)} of "
        f"{right['images']:,} relabelled, {compared['split']}: "
        f"{_main(right['against'][0]['deltas'])} (second line, on labels that "
        f"{counted(reviewers, 'reviewer')} corrected; not the headline)."
    )


def _counted_images(many: int, compared: Mapping[str, Any], what: str = "") -> str:
    return counted(many, f"{what}{part_in_words(compared['part'])} image")


def _main(deltas: Mapping[str, Mapping[str, Any]]) -> str:
    told = []
    for metric in shown_in("main"):
        delta = deltas[metric.place]
        within = interval(delta["interval"], of=delta["delta"], signed=True)
        reach = f"{metric.name} {number(delta['before'])} → {number(delta['after'])}"
        told.append(f"{reach}, {number(delta['delta'], signed=True)} ({within})")
    return " · ".join(told)


def _difference(delta: Mapping[str, Any]) -> str:
    reach = f"accuracy {number(delta['before'])} → {number(delta['after'])}"
    if delta["interval"] is None:
        return f"{reach}, and too few cases to tell."
    reach += f", {number(delta['delta'], signed=True)} ({interval(delta['interval'], signed=True)})"
    return f"{reach}." if verdict(delta) != "may be chance" else f"{reach}, which may be chance."
