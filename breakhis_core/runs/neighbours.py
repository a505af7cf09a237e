"""The training images most like an image, by the cosine of their embeddings.

They show what a prediction was learnt from. An image of the same case among them is leakage: the split let
the model learn from the patient that it is tested on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from breakhis_core.errors import InputError
from breakhis_core.images.taxonomy import subtype
from breakhis_core.runs.run import Run

Floats = npt.NDArray[np.float32]

MOST = 5
_SAMPLE = 256  # Training images from which the usual similarity is read.


@dataclass(frozen=True)
class Neighbour:
    """One training image that is like the image in question.

    Attributes:
        row: its row in the run's predictions.
        hash: the image.
        name: file name.
        subtype: its label, which the model learnt.
        magnification: 40, 100, 200 or 400.
        case: its case.
        same_case: whether that is the case of the image in question.
        similarity: cosine of the two embeddings, at most 1.
    """

    row: int
    hash: str
    name: str
    subtype: str
    magnification: int
    case: str
    same_case: bool
    similarity: float


@dataclass(frozen=True, eq=False)
class TrainIndex:
    """The training images of one model, ready to be searched.

    Attributes:
        predictions: of the whole run.
        rows: rows of the training images in it, shape ``(T,)``.
        unit: their embeddings, each of length 1, shape ``(T, D)``, float32.
        usual: the similarity of a training image to the nearest one of another case: the limits that nine in
            ten pass and that one in ten passes; ``None`` where there is but one case.
    """

    predictions: pd.DataFrame
    rows: npt.NDArray[np.intp]
    unit: Floats
    usual: tuple[float, float] | None


def compared(run: Run) -> np.ndarray:
    """Return the embeddings by which images of a run are compared, one space for all of them.

    Returns:
        Those by the weights that training began with, shape ``(N, D)``: the labels that a trained base has
        learnt would pull its images to their like, wrong labels too. Of a run that keeps none, its own.

    Raises:
        InputError: a cross-validation keeps none, and its own are of several models.
    """
    if run.has_unseen:
        return run.first_embeddings()
    if run.folds:
        raise InputError(
            "The models of a cross-validation cannot be compared, and this one keeps no embeddings by the "
            f"weights that they began with; `python -m breakhis_core suspects {run.name}` makes them."
        )
    return run.embeddings()


def train_index(predictions: pd.DataFrame, embeddings: np.ndarray) -> TrainIndex:
    """Prepare the training images of a run, once for all its images.

    Args:
        predictions: the run's, rows as in the embeddings. Images of a cross-validation each train some fold.
        embeddings: shape ``(N, D)``, of any floating type; may be mapped from a file.

    Raises:
        InputError: there is no training image.
    """
    rows = np.flatnonzero(predictions["part"].isin(("train", "out_of_fold")))
    if not len(rows):
        raise InputError("This run lists no training images.")
    unit = unit_vectors(np.asarray(embeddings[rows], np.float32))
    cases = predictions["case"].to_numpy(dtype=object)[rows]
    return TrainIndex(predictions, rows, unit, _usual(unit, cases))


def nearest(index: TrainIndex, embedding: np.ndarray, row: int, count: int = MOST) -> list[Neighbour]:
    """Return the training images most like an image, the most alike first.

    Args:
        index: from :func:`train_index`.
        embedding: of the image, by the same model, shape ``(D,)``.
        row: row of the image in the predictions; it is never its own neighbour.
        count: how many to return at most.
    """
    similarity = index.unit @ unit_vectors(np.asarray(embedding, np.float32)[None])[0]
    similarity[index.rows == row] = -np.inf
    count = min(count, int(np.isfinite(similarity).sum()))
    best = np.argpartition(-similarity, count - 1)[:count] if count else np.empty(0, np.intp)
    table = index.predictions
    case = table["case"].iat[row]
    found = []
    for place in sorted(best.tolist(), key=lambda place: (-similarity[place], index.rows[place])):
        at = int(index.rows[place])
        about = {column: table[column].iat[at] for column in ("hash", "name", "subtype", "case")}
        found.append(
            Neighbour(
                row=at,
                magnification=int(table["magnification"].iat[at]),
                same_case=bool(about["case"] == case),
                similarity=float(similarity[place]),
                **about,
            )
        )
    return found


def suggestion(neighbours: Sequence[Neighbour], true: str, predicted: str) -> str:
    """Say what the labels of the neighbours suggest, and whether that is the label or the prediction.

    Args:
        neighbours: from :func:`nearest`.
        true: code of the label of the image in question.
        predicted: code of what the run called it.

    >>> one = Neighbour(0, "", "", "DC", 40, "", False, 0.9)
    >>> suggestion([one, one], "LC", "DC")
    'Both most similar training images are ductal carcinoma, as predicted.'
    """
    if not neighbours:
        return "There is no training image to compare with."
    counts = Counter(one.subtype for one in neighbours).most_common()
    (code, many), of = counts[0], len(neighbours)
    if many <= of / 2:
        parts = [f"{number} {_named(one)}" for one, number in counts]
        return f"The {of} most similar training images disagree: {', '.join(parts)}."
    agrees = {(True, True): "", (True, False): ", as labelled", (False, True): ", as predicted"}
    as_said = agrees.get((code == true, code == predicted), ", neither as labelled nor as predicted")
    if of == 1:
        return f"The most similar training image is {_named(code)}{as_said}."
    some = f"{many} of the {of}" if many < of else "Both" if of == 2 else f"All {of}"
    return f"{some} most similar training images are {_named(code)}{as_said}."


def leakage(neighbours: Sequence[Neighbour], unit: str) -> str:
    """Say that neighbours of the same case are leakage, or nothing where there are none."""
    same = sum(one.same_case for one in neighbours)
    if not same:
        return ""
    who = f"{same} of them {'is' if same == 1 else 'are'} of this image's own case"
    if unit == "image":
        return f"{who}: the split is by image, so the model learnt from this patient. That is leakage."
    return f"{who}, which the model learnt from."


def likeness(neighbours: Sequence[Neighbour], usual: tuple[float, float] | None) -> str:
    """Say whether the nearest image of another case is as near as is usual among training images."""
    other = [one.similarity for one in neighbours if not one.same_case]
    if usual is None or not other:
        return ""
    low, high = usual
    if other[0] < low:
        return (
            f"None is really like it: the nearest of another case reaches {other[0]:.2f}, usual is {low:.2f}."
        )
    return f"Usual for the nearest image of another case: {low:.2f} to {high:.2f}."


def _usual(unit: Floats, cases: npt.NDArray[np.object_]) -> tuple[float, float] | None:
    some = np.unique(np.linspace(0, len(unit) - 1, min(_SAMPLE, len(unit))).astype(np.intp))
    similarity = unit[some] @ unit.T
    similarity[cases[some][:, None] == cases[None, :]] = -np.inf
    best = similarity.max(axis=1)
    best = best[np.isfinite(best)]
    if not len(best):
        return None
    low, high = np.quantile(best, [0.1, 0.9])
    return float(low), float(high)


def unit_vectors(vectors: Floats) -> Floats:
    """Return vectors in their direction with length 1, shape ``(N, D)``; one without length stays so."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1), np.float32)


def _named(code: str) -> str:
    return subtype(code).name.lower()
