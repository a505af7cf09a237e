"""What surrounds an image: the other images of its case, and what other runs said about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from breakhis_core.runs import Run


@dataclass(frozen=True)
class CaseImage:
    """One image of a case, and what a run said of it.

    Attributes:
        hash: the image.
        name: file name.
        magnification: 40, 100, 200 or 400.
        part: train, validation, test or excluded.
        subtype: its label.
        predicted: what the run called it.
        confidence: how sure the run was, 0 to 1.
    """

    hash: str
    name: str
    magnification: int
    part: str
    subtype: str
    predicted: str
    confidence: float


def images_by_case(predictions: pd.DataFrame) -> dict[str, tuple[CaseImage, ...]]:
    """Return the images of each case, by magnification and name."""
    columns = ["hash", "name", "magnification", "part", "subtype", "predicted", "confidence"]
    ordered = predictions.sort_values(["magnification", "name"])
    found: dict[str, list[CaseImage]] = {}
    for case, *rest in ordered[["case", *columns]].itertuples(index=False, name=None):
        found.setdefault(case, []).append(CaseImage(*rest))
    return {case: tuple(images) for case, images in found.items()}


def case_in_words(images: Sequence[CaseImage]) -> str:
    """Say how a run did on the images of a case, by what it learnt from and what it did not.

    >>> one = CaseImage("", "", 40, "test", "DC", "DC", 0.9)
    >>> case_in_words([one, CaseImage("", "", 40, "train", "DC", "LC", 0.9)])
    'Right on 1 of 1 not trained on, on 0 of 1 trained on.'
    """
    told = []
    for learnt, words in ((False, "not trained on"), (True, "trained on")):
        some = [one for one in images if (one.part == "train") is learnt]
        if some:
            right = sum(one.predicted == one.subtype for one in some)
            told.append(f"on {right} of {len(some)} {words}")
    return f"Right {', '.join(told)}." if told else ""


def by_likely_comparison(run: Run, others: Sequence[Run]) -> list[Run]:
    """Return the other runs on the same kind of images, the likeliest to be held against this one first.

    That is the run that it improves on, then runs that keep the same split; among equals the order stays.
    Phantoms are never held against tissue.
    """
    split = "split.parquet"
    return sorted(
        (other for other in others if other.name != run.name and other.phantom == run.phantom),
        key=lambda other: (
            run.improves != other.name,
            run.manifest["files"][split] != other.manifest["files"][split],
        ),
    )


def same_test_set(run: Run, other: Run) -> bool:
    """Return whether two runs were tested on the same images."""
    ours, theirs = (
        frozenset(split.loc[split["part"] == "test", "hash"]) for split in (run.split(), other.split())
    )
    return ours == theirs
