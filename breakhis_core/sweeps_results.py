"""What a sweep found: its cells, the best one, and which others the validation images cannot tell from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from breakhis_core import metrics
from breakhis_core.intervals import case_weights, interval
from breakhis_core.sweeps import METRICS, Cell, cell_text
from breakhis_core.sweeps_reading import Study, Trial
from breakhis_core.taxonomy import CODES

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Uncertainty:
    """How far the validation images can tell the cells apart.

    Attributes:
        interval: 95 % interval of the best cell's metric from a bootstrap over cases, or None.
        as_good: numbers of the other whole cells whose difference from the best has an interval with 0 in it.
        words: all this as sentences.
    """

    interval: tuple[float, float] | None
    as_good: tuple[int, ...]
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
    best = best_cell(study)
    if best is None:
        return Uncertainty(None, (), "No cell is finished yet.")
    count = int(study.facts["validation_cases"])
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
    return Uncertainty(
        limits, as_good, _in_words(study, best, samples[best.number][0], limits, as_good, whole)
    )


def rests_on(study: Study) -> str:
    """Return what every value of a study rests on: the part, the split unit, images and cases."""
    facts = study.facts
    kind = ", synthetic phantoms, not tissue" if facts["phantom"] else ""
    seeds = f", mean of {study.request.seeds} seeds" if study.request.seeds > 1 else ""
    return (
        f"validation {METRICS[study.request.metric]} after the last epoch{seeds} · "
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
        by_case = metrics.confusion_by_group(
            truth, _positions(trial.answers), groups, len(CODES), weights.shape[1]
        )
        each.append(metric(np.einsum("rc,cij->rij", weights, by_case)))
    return np.asarray(np.mean(each, axis=0), np.float64)


def _includes_nothing(differences: Floats, cases: int) -> bool:
    limits = interval(differences, cases)
    return limits is None or limits[0] <= 0


def _positions(digits: str) -> npt.NDArray[np.int64]:
    return np.frombuffer(digits.encode(), np.uint8).astype(np.int64) - ord("0")


def _in_words(
    study: Study,
    best: Cell,
    value: float,
    limits: tuple[float, float] | None,
    as_good: tuple[int, ...],
    whole: Sequence[Cell],
) -> str:
    name = METRICS[study.request.metric]
    between = (
        "too few cases for an interval" if limits is None else f"95 % {limits[0]:.3f} to {limits[1]:.3f}"
    )
    words = f"Best: {cell_text(best.values)}, {name} {value:.3f} ({between}, bootstrap over cases)."
    others = len(whole) - 1
    if others and len(as_good) == others:
        words += " On these images no other finished cell can be told from it."
    elif others:
        words += f" On these images {len(as_good)} of {others} other finished cells cannot be told from it."
    return f"{words} The best of many reads too high: what it is worth, the test set of its run says."


_METRIC: dict[str, Callable[[Floats], Floats]] = {"accuracy": metrics.accuracy, "macro_f1": metrics.macro_f1}
