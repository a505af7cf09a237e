"""What surrounds an image: the other images of its case, and what other runs said about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from breakhis_core.images.taxonomy import CODES, subtype
from breakhis_core.runs.run import Run


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
    'Test: 1 of 1 right; training: 0 of 1.'
    """
    told: list[str] = []
    for learnt in (False, True):
        some = [one for one in images if (one.part == "train") is learnt]
        if some:
            right = sum(one.predicted == one.subtype for one in some)
            parts = sorted({one.part.replace("_", " ") for one in some})
            named = "training" if learnt else " and ".join(parts)
            told.append(f"{named}: {right} of {len(some)}{'' if told else ' right'}")
    words = "; ".join(told)
    return f"{words[0].upper()}{words[1:]}." if words else ""


def labels_in_words(images: Sequence[CaseImage]) -> str:
    """Say that a case is labelled with several sub-types; nothing where it has one, as a case should.

    >>> one, other = (CaseImage("", "", 40, "test", code, "F", 0.9) for code in ("PT", "F"))
    >>> labels_in_words([one, other, one])
    'This case is labelled both fibroadenoma (1) and phyllodes tumor (2).'
    """
    counts = Counter(one.subtype for one in images)
    if len(counts) < 2:
        return ""
    *first, last = (f"{subtype(code).name} ({counts[code]})" for code in CODES if code in counts)
    return f"This case is labelled {'both ' if len(counts) == 2 else ''}{', '.join(first)} and {last}."


def mistakes_in_words(images: Sequence[CaseImage], part: str, in_all: int) -> str:
    """Say how many of the mistakes of a part are of one case; nothing where it is one or none.

    Args:
        images: of the case.
        part: of the run.
        in_all: how many images of that part are misclassified.

    >>> wrong = CaseImage("", "", 40, "test", "PT", "F", 0.9)
    >>> mistakes_in_words([wrong, wrong, wrong], "test", 9)
    '3 of the 9 test mistakes are of this case.'
    """
    wrong = sum(one.part == part and one.predicted != one.subtype for one in images)
    if wrong < 2:
        return ""
    return f"{wrong} of the {in_all:,} {part.replace('_', ' ')} mistakes are of this case."


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
    split = "split.parquet"
    if run.manifest["files"][split] == other.manifest["files"][split]:
        return True
    ours, theirs = (
        frozenset(split.loc[split["part"] == "test", "hash"]) for split in (run.split(), other.split())
    )
    return ours == theirs
