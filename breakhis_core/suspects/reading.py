"""Suspects: the images of a run whose label is doubtful by predictions of models that never saw them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from breakhis_core.images.taxonomy import CODES
from breakhis_core.runs import Run
from breakhis_core.runs.folder import UNSEEN, read_table
from breakhis_core.suspects.columns import BY_CASE, BY_IMAGE, LEARNT


@dataclass(frozen=True)
class Reliance:
    """How far heads whose folds were drawn one way can be relied upon.

    Attributes:
        unit: ``"image"`` or ``"case"``: what the folds keep whole.
        images: how many images they predicted.
        cases: of how many cases.
        accuracy: share of the images whose given label they say.
        limits: 95 % interval of it over cases; None where it cannot be told.
        baseline: share of the commonest sub-type, which one is right in without looking.
    """

    unit: str
    images: int
    cases: int
    accuracy: float
    limits: tuple[float, float] | None
    baseline: float

    @property
    def tells(self) -> bool:
        """Whether they are surely better than always naming the commonest sub-type."""
        return self.limits is not None and self.limits[0] > self.baseline

    def record(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        limits = None if self.limits is None else [round(limit, 4) for limit in self.limits]
        known = self.images > 0
        return {
            "unit": self.unit,
            "images": self.images,
            "cases": self.cases,
            "accuracy": round(self.accuracy, 6) if known else None,
            "interval": limits,
            "baseline": round(self.baseline, 6) if known else None,
            "tells": self.tells,
        }


@dataclass(frozen=True, eq=False)
class Suspects:
    """What models that never saw an image say of each image of a run.

    Attributes:
        table: rows as in the run's predictions, columns hash, given, suggested, confidence, score, value,
            suspect, telling, x, y. ``suggested`` is what heads by image say, ``confidence`` its probability,
            and ``score`` one minus that of the label that was given; all three are missing where an image
            cannot leave the training. ``suspect`` is whether they say another sub-type than was given.
        by_image: how far heads by image can be relied upon.
        by_case: the same by case.
    """

    table: pd.DataFrame
    by_image: Reliance
    by_case: Reliance

    def ranked(self) -> pd.DataFrame:
        """Return every image that can leave the training, the most doubtful first, with its ``row``."""
        frame = self.table.assign(row=np.arange(len(self.table)))
        return frame[frame["score"].notna()].sort_values(
            ["score", "hash"], ascending=[False, True], ignore_index=True
        )


def suspects_of(run: Run) -> Suspects | None:
    """Return what models that never saw a run's images say of them; None where nothing was kept of it."""
    if not run.has_unseen:
        return None
    files = run.manifest["files"]
    corrected = tuple(sorted(run.corrected.items()))
    return _suspects(run.path, files["predictions.parquet"], files[UNSEEN], corrected)


@lru_cache(maxsize=16)
def _suspects(
    path: Path, predictions_sum: str, unseen_sum: str, corrected: tuple[tuple[str, str], ...]
) -> Suspects:
    predictions = read_table(path, "predictions.parquet", predictions_sum)
    unseen = read_table(path, UNSEEN, unseen_sum)
    learnt = dict(corrected)
    unseen = unseen.set_index("hash").loc[predictions["hash"]].reset_index()
    probabilities = unseen[list(BY_IMAGE)].to_numpy(np.float32)
    given = [learnt.get(*pair) for pair in zip(predictions["hash"], predictions["subtype"], strict=True)]
    labels = np.array([CODES.index(code) for code in given], np.int64)
    known = predictions["part"].isin(LEARNT).to_numpy(bool) & np.isfinite(probabilities).all(axis=1)
    best = np.where(known, np.nan_to_num(probabilities, nan=-1.0).argmax(axis=1), labels)
    at = np.arange(len(labels))
    table = pd.DataFrame(
        {
            "hash": predictions["hash"],
            "given": given,
            "suggested": pd.array(
                [CODES[one] if there else None for one, there in zip(best, known, strict=True)]
            ),
            "confidence": np.where(known, probabilities[at, best], np.nan),
            "score": np.where(known, 1 - probabilities[at, labels], np.nan),
            "value": unseen["value"],
            "suspect": known & (best != labels),
            "telling": unseen["telling"],
            "x": unseen["x"],
            "y": unseen["y"],
        }
    )
    cases = predictions["case"].to_numpy(dtype=object)
    by_case = unseen[list(BY_CASE)].to_numpy(np.float32)
    return Suspects(
        table,
        _reliance("image", probabilities[known], labels[known], cases[known]),
        _reliance("case", by_case[known], labels[known], cases[known]),
    )


def _reliance(
    unit: str,
    probabilities: npt.NDArray[np.float32],
    labels: npt.NDArray[np.int64],
    cases: npt.NDArray[np.object_],
) -> Reliance:
    if not len(labels):
        return Reliance(unit, 0, 0, float("nan"), None, float("nan"))
    from breakhis_core.metrics.intervals import case_weights, interval  # Loads SciPy.

    right = probabilities.argmax(axis=1) == labels
    names, place = np.unique(cases.astype(str), return_inverse=True)
    images = np.bincount(place).astype(float)
    drawn = case_weights(len(names))
    shares = (drawn @ np.bincount(place, right)) / (drawn @ images)
    return Reliance(
        unit,
        len(labels),
        len(names),
        float(right.mean()),
        interval(shares[1:], len(names)),
        float(np.bincount(labels).max() / len(labels)),
    )
