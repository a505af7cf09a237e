"""What is asked: which of a run's training images are flagged, why, and what their labels should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from breakhis_core.errors import InputError
from breakhis_core.images.taxonomy import CODES
from breakhis_core.runs import Run
from breakhis_core.suspects.columns import LEARNT

Booleans = npt.NDArray[np.bool_]
ENOUGH_OF_A_REASON = 5
"""Fewest images flagged with a reason for which that reason is measured by itself."""


@dataclass(frozen=True, eq=False)
class Question:
    """The N images that a run could have learnt from, and what was said of them. No test image is among them.

    Attributes:
        images: one row per image: hash, case, magnification, subtype (as published), label (its position in
            ``CODES``).
        embeddings: by the weights that training began with, shape ``(N, E)``.
        unit: ``"image"`` or ``"case"``: what the folds on which is tested keep whole, as the run's split.
        flagged: whether an image is flagged, shape ``(N,)``.
        corrected: label by reviewers, -1 where none was named, shape ``(N,)``.
        reasons: by code of a reason, whether an image is flagged with it; of each at least
            ``ENOUGH_OF_A_REASON`` images.
    """

    images: pd.DataFrame
    embeddings: npt.NDArray[np.float32]
    unit: str
    flagged: Booleans
    corrected: npt.NDArray[np.int64]
    reasons: Mapping[str, Booleans]

    @property
    def tested(self) -> Booleans:
        """Whether an image tells how good the heads are: every unflagged one."""
        return ~self.flagged

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """The published labels, shape ``(N,)``."""
        return np.asarray(self.images["label"], np.int64)


def question(
    run: Run, flagged: Mapping[str, Sequence[str]], corrected: Mapping[str, str] | None = None
) -> Question:
    """Ask what is worth of some flags on a run's training images.

    Args:
        run: the run; its test images take no part, whatever is said of them.
        flagged: codes of the reasons that each flagged image was flagged with, by hash.
        corrected: sub-type that reviewers named, by hash; only of flagged images.

    Raises:
        InputError: the run keeps no first embeddings, or no flagged image is among those that it learns from.
    """
    if not run.has_unseen:
        raise InputError(
            f"{run.name} was made before runs kept what this needs; the command suspects {run.name} adds it."
        )
    predictions, split = run.predictions(), run.split().set_index("hash")["part"]
    learnt = predictions["hash"].map(split).isin(LEARNT).to_numpy(bool)
    rows = np.flatnonzero(learnt)
    images = predictions.loc[rows, ["hash", "case", "magnification", "subtype"]].reset_index(drop=True)
    images["label"] = images["subtype"].map(CODES.index).astype(np.int64)
    is_flagged = images["hash"].isin(list(flagged)).to_numpy(bool)
    if not is_flagged.any():
        raise InputError(
            f"No flagged image is one that {run.name} learns from: there is nothing to leave out or correct."
        )
    if is_flagged.all():
        raise InputError("Every image is flagged: none is left to tell what that is worth.")
    named = [CODES.index(code) if (code := (corrected or {}).get(one)) else -1 for one in images["hash"]]
    labels = np.where(is_flagged, np.array(named, np.int64), -1)
    labels[labels == images["label"].to_numpy()] = -1
    said = [set(flagged.get(one, ())) for one in images["hash"]]
    by_reason = {reason: np.array([reason in one for one in said]) for reason in sorted(set().union(*said))}
    return Question(
        images,
        np.asarray(run.first_embeddings()[rows], np.float32),
        run.unit,
        is_flagged,
        labels,
        {reason: which for reason, which in by_reason.items() if which.sum() >= ENOUGH_OF_A_REASON},
    )


def told(asked: Question) -> dict[str, Any]:
    """Return which images a question is about, by hash, as JSON holds it.

    Returns:
        ``flagged``, hashes; ``corrected``, the sub-type that reviewers named by hash; ``reasons``, the hashes
        flagged with each reason that is measured by itself.
    """
    hashes = asked.images["hash"].to_numpy(dtype=object)
    return {
        "flagged": sorted(hashes[asked.flagged]),
        "corrected": {
            image: CODES[label] for image, label in zip(hashes, asked.corrected, strict=True) if label >= 0
        },
        "reasons": {reason: sorted(hashes[which]) for reason, which in asked.reasons.items()},
    }
