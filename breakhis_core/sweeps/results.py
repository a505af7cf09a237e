"""What a sweep found: its cells, the best one, and which others the validation images cannot tell from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from breakhis_core.images.taxonomy import CODES, subtype
from breakhis_core.metrics import classification
from breakhis_core.metrics.intervals import case_weights, interval
from breakhis_core.results.metric_registry import CHANCE
from breakhis_core.sweeps.reading import Study, Trial
from breakhis_core.sweeps.request import MEASURES, Cell
from breakhis_core.sweeps.values import cell_text
from breakhis_core.wording import PHANTOMS

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Uncertainty:
    """How far the validation images can tell the cells apart.

    Attributes:
        interval: 95 % interval of the best cell's metric from a bootstrap over cases, or None.
        as_good: numbers of the other whole cells whose difference from the best has an interval with 0 in it.
        best: number of the best cell where another whole cell is surely worse, or it is the only one; else
            None, since none of several can be told from another.
        baseline: the metric of always naming the sub-type commonest in the training, on the same images; None
            where it is not known.
        words: all this as sentences.
    """

    interval: tuple[float, float] | None
    as_good: tuple[int, ...]
    best: int | None
    baseline: float | None
    words: str


def cell_table(study: Study) -> pd.DataFrame:
    """Tabulate the cells.

    Returns:
        One row a cell in the order of the grid: cell; each field of the grid; state (finished when all its
        seeds are, else what is left to say: running, waiting, failed, pruned); value, mean over seeds, only
        of a finished cell; low and high over seeds; seeds that are finished; epochs done by the one that is
        furthest; error.
    """
    rows: list[dict[str, Any]] = []
    for cell in study.cells:
        trials = study.of(cell.number)
        values = [trial.value for trial in trials if trial.value is not None]
        state = _state(trials)
        whole = state == "finished"
        rows.append(
            {
                "cell": cell.number,
                **cell.values,
                "state": state,
                "value": float(np.mean(values)) if whole else None,
                "low": min(values) if whole else None,
                "high": max(values) if whole else None,
                "seeds": len(values),
                "epochs": max((max(trial.curve, default=0) for trial in trials), default=0),
                "error": next((trial.error for trial in trials if trial.state == "failed"), None),
            }
        )
    return pd.DataFrame(rows, dtype=object)  # None stays None, and True is not 1.0.


def best_cell(study: Study) -> Cell | None:
    """Return the finished cell with the highest mean; of equals the first."""
    table = cell_table(study)
    whole = table[table["state"] == "finished"]
    if whole.empty:
        return None
    best: int = whole.loc[whole["value"].astype(float).idxmax(), "cell"]
    return study.cells[best]


def uncertainty(study: Study, resamples: int = 1000) -> Uncertainty:
    """Say how far the validation images can tell the cells apart.

    The validation cases are resampled, for all cells alike, so that a difference is taken on the same images;
    a cell's metric is the mean over its seeds in each sample.

    Args:
        study: with at least one finished cell, or nothing is said.
        resamples: bootstrap samples.
    """
    best, baseline = best_cell(study), _baseline(study)
    if best is None:
        value = None if baseline is None else float(baseline(np.ones((1, _cases(study))))[0])
        return Uncertainty(None, (), None, value, "No cell is finished yet.")
    count = _cases(study)
    weights = case_weights(count, resamples)
    whole = [cell for cell in study.cells if _state(study.of(cell.number)) == "finished"]
    samples = {cell.number: _samples(study, study.of(cell.number), weights) for cell in whole}
    limits = interval(samples[best.number], count)
    as_good = tuple(
        cell.number
        for cell in whole
        if cell.number != best.number
        and _includes_nothing(samples[best.number] - samples[cell.number], count)
    )
    told_apart = len(as_good) < len(whole) - 1 or len(whole) == 1
    values = [float(samples[cell.number][0]) for cell in whole]
    always = None if baseline is None else baseline(weights)
    words = (
        _best_in_words(study, best, limits, len(as_good), values, always)
        if told_apart
        else _none_in_words(study, values, always)
    )
    if always is not None and _includes_nothing(samples[best.number] - always, count):
        which = "It" if told_apart else "The highest"
        words += f" {which} is not better than always naming the commonest sub-type of the training."
    return Uncertainty(
        limits,
        as_good,
        best.number if told_apart else None,
        None if always is None else float(always[0]),
        words,
    )


CHANGED, ALIKE = 0.2, 0.3


def visible_difference(images: int, cases: int) -> float:
    """Estimate which difference in accuracy validation images can show, before any training.

    The half width of a paired 95 % interval over cases, where two settings answer a fifth of the images
    otherwise (another seed alone changes 5 to 9 % of the answers) and such answers of a case agree with a
    correlation of 0.3.

    Args:
        images: validation images, at least 1.
        cases: cases that they are of.

    Returns:
        At most 1; 1 where one case cannot show any.

    >>> round(visible_difference(1186, 68), 2), round(visible_difference(39, 4), 1)
    (0.06, 0.4)
    """
    if cases < 2:
        return 1.0
    alike = 1 + (images / cases - 1) * ALIKE
    return min(1.0, float(stdtrit(cases - 1, 0.975)) * math.sqrt(CHANGED * alike / images))


def rests_on(study: Study) -> str:
    """Return what every value of a study rests on: the part, the split unit, images and cases."""
    facts = study.facts
    kind = f", {PHANTOMS}" if facts["phantom"] else ""
    seeds = f", mean of {study.request.seeds} seeds" if study.request.seeds > 1 else ""
    return (
        f"validation {MEASURES[study.request.metric]} after the last epoch{seeds} · "
        f"split by {facts['unit']} · "
        f"{facts['validation_images']:,} images of {facts['validation_cases']:,} cases{kind}"
    )


def few_images(study: Study) -> str:
    """Return what one validation image weighs, or nothing where they are many."""
    images = int(study.facts["validation_images"])
    if images > 500:
        return ""
    words = f"{images} validation images are few: a single one moves the accuracy by {1 / images:.3f}."
    if any(trial.state == "pruned" for trial in study.trials):
        words += " What was pruned here may have been pruned by chance."
    return words


def _state(trials: Sequence[Trial]) -> str:
    states = {trial.state for trial in trials}
    for state in ("running", "waiting", "failed", "pruned"):
        if state in states:
            # A cell that waits for its second seed only is under way.
            return "running" if state == "waiting" and len(states) > 1 else state
    return "finished" if states else "waiting"


def _samples(study: Study, trials: Sequence[Trial], weights: Floats) -> Floats:
    truth = _positions(study.facts["labels"])
    groups = np.asarray(study.facts["cases"], np.int64)
    metric = _METRIC[study.request.metric]
    each = []
    for trial in trials:
        by_case = classification.confusion_by_group(
            truth, _positions(trial.answers), groups, len(CODES), weights.shape[1]
        )
        each.append(metric(np.einsum("rc,cij->rij", weights, by_case)))
    return np.asarray(np.mean(each, axis=0), np.float64)


def _includes_nothing(differences: Floats, cases: int) -> bool:
    limits = interval(differences, cases)
    return limits is None or limits[0] <= 0


def _positions(digits: str) -> npt.NDArray[np.int64]:
    return np.frombuffer(digits.encode(), np.uint8).astype(np.int64) - ord("0")


def _cases(study: Study) -> int:
    return int(study.facts["validation_cases"])


def _baseline(study: Study) -> Callable[[Floats], Floats] | None:
    """Return what always naming the commonest sub-type gives under weights, shape ``(R,)``."""
    code = study.facts.get("commonest")
    if code is None:
        return None
    truth = _positions(study.facts["labels"])
    groups = np.asarray(study.facts["cases"], np.int64)
    said = np.full(len(truth), CODES.index(code))
    by_case = classification.confusion_by_group(truth, said, groups, len(CODES), _cases(study))
    metric = _METRIC[study.request.metric]
    return lambda weights: metric(np.einsum("rc,cij->rij", weights, by_case))


def to_beat(study: Study, baseline: float | None) -> str:
    """Say what a cell has to beat.

    Args:
        study: of the cell.
        baseline: from :class:`Uncertainty`.
    """
    parts = []
    if baseline is not None:
        parts.append(f"always saying {subtype(study.facts['commonest']).name}: {baseline:.3f}")
    if study.request.metric == "accuracy":
        parts.append(f"chance: {CHANCE:.3f}")
    return ", ".join(parts)


def _none_in_words(study: Study, values: Sequence[float], always: Floats | None) -> str:
    low, high = f"{min(values):.3f}", f"{max(values):.3f}"
    between = low if low == high else f"{low} to {high}"
    beat = to_beat(study, None if always is None else float(always[0]))
    beside = f"; {beat}" if beat else ""
    name = MEASURES[study.request.metric]
    return f"No setting can be told from another here ({name} {between}{beside})."


def _best_in_words(
    study: Study,
    best: Cell,
    limits: tuple[float, float] | None,
    as_good: int,
    values: Sequence[float],
    always: Floats | None,
) -> str:
    name = MEASURES[study.request.metric]
    beside = [
        "too few cases for an interval"
        if limits is None
        else f"95 % {limits[0]:.3f} to {limits[1]:.3f}, bootstrap over cases",
        to_beat(study, None if always is None else float(always[0])),
    ]
    told = "; ".join(text for text in beside if text)
    words = f"Best: {cell_text(best.values)}, {name} {max(values):.3f} ({told})."
    others = len(values) - 1
    if others and as_good:
        words += f" On these images {as_good} of {others} other finished cells cannot be told from it."
    return f"{words} The best of many reads too high: what it is worth, the test set of its run says."


_METRIC: dict[str, Callable[[Floats], Floats]] = {
    "accuracy": classification.accuracy,
    "macro_f1": classification.macro_f1,
}
