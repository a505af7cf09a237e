"""The answers in a predictions table, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from breakhis_core.errors import InputError
from breakhis_core.images.taxonomy import CODES, MALIGNANT, side_of
from breakhis_core.metrics.classification import Floats, Integers
from breakhis_core.metrics.ranking import Booleans

PROBABILITY_COLUMNS: tuple[str, ...] = tuple(f"p_{code}" for code in CODES)

_INDEX = {code: index for index, code in enumerate(CODES)}


@dataclass(frozen=True)
class Answers:
    """Predictions as arrays, one entry an image.

    Attributes:
        true: true sub-type, shape ``(N,)``, index into ``CODES``.
        predicted: predicted sub-type, shape ``(N,)``.
        probabilities: shape ``(N, 8)``.
        cases: case, shape ``(N,)``, index into ``case_names``.
        case_names: name of each case, sorted, length C.
    """

    true: Integers
    predicted: Integers
    probabilities: Floats
    cases: Integers
    case_names: tuple[str, ...]

    @property
    def malignancy(self) -> Floats:
        """Probability of the malignant side, shape ``(N,)``: the sum over the malignant sub-types."""
        total: Floats = self.probabilities[:, np.array(MALIGNANT)].sum(1)
        return total

    @property
    def malignant(self) -> Booleans:
        """Whether each image is malignant, shape ``(N,)``."""
        return np.array(MALIGNANT)[self.true]


def read_answers(predictions: pd.DataFrame) -> Answers:
    """Take the answers out of a predictions table.

    Args:
        predictions: columns subtype, case, predicted and ``p_A`` to ``p_PC``.

    Raises:
        InputError: a column is missing, a sub-type is unknown, or a probability is not a number from 0 to 1.
    """
    needed = ["subtype", "case", "predicted", *PROBABILITY_COLUMNS]
    missing = [column for column in needed if column not in predictions.columns]
    if missing:
        raise InputError(f"The predictions lack the columns {', '.join(missing)}: make them again.")
    probabilities = predictions[list(PROBABILITY_COLUMNS)].to_numpy(dtype=np.float64)
    bad = ~((probabilities >= 0) & (probabilities <= 1 + 1e-6)).all(axis=1)
    if bad.any():
        raise InputError(f"The predictions hold {bad.sum()} images whose probabilities are not from 0 to 1.")
    names, cases = np.unique(predictions["case"].to_numpy(dtype=object).astype(str), return_inverse=True)
    return Answers(
        true=_indices(predictions["subtype"]),
        predicted=_indices(predictions["predicted"]),
        probabilities=probabilities,
        cases=cases.astype(np.int64),
        case_names=tuple(str(name) for name in names),
    )


def relabelled(predictions: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """Return predictions with other true sub-types, for a second line; the headline is on published labels.

    Args:
        predictions: columns hash, subtype and side.
        labels: sub-type by hash; images without one keep theirs.
    """
    told = predictions["hash"].map(labels)
    subtypes = told.where(told.notna(), predictions["subtype"])
    return predictions.assign(subtype=subtypes, side=[side_of(str(code)) for code in subtypes])


def _indices(codes: Sequence[str] | pd.Series) -> Integers:
    found = [_INDEX.get(str(code), -1) for code in codes]
    if -1 in found:
        unknown = list(codes)[found.index(-1)]
        raise InputError(
            f"The predictions name the sub-type {unknown!r}, which is none of {', '.join(CODES)}."
        )
    return np.array(found, dtype=np.int64)
