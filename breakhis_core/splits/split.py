"""Splits: which image is trained on, which one chooses the model, which one is only ever tested.

By case is the honest unit: no patient is on both sides. By image is the way most published figures were made,
and it lets a model recognise the patient; ``leakage`` counts how often.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from breakhis_core.errors import InputError
from breakhis_core.images.taxonomy import CODES
from breakhis_core.splits.dealing import Wish, deal

Unit = Literal["image", "case"]

PARTS: tuple[str, ...] = ("train", "validation", "test")
# The authors cut what they did not train on by batches: 15.0 and 9.7 %, the last 25 images in no part. None
# is wasted here, and a seed must go on giving the split that it gave, or its runs could not be compared.
FRACTIONS: tuple[float, float, float] = (0.75, 0.15, 0.10)
SPLIT_COLUMNS: tuple[str, ...] = ("hash", "part")

# What a part without a sub-type costs. A sub-type that is never trained cannot be learnt, one that is never
# tested has no number; any imbalance of sizes costs less than one.
_MISSING = np.array([1000.0, 5.0, 10.0])


@dataclass(frozen=True)
class Split:
    """A frozen assignment of images to parts.

    Attributes:
        unit: ``"image"`` or ``"case"``.
        seed: what the assignment was drawn with.
        frame: one row per image, columns ``SPLIT_COLUMNS``, sorted by hash; part is one of ``PARTS``.
    """

    unit: Unit
    seed: int
    frame: pd.DataFrame


def make_split(
    images: pd.DataFrame, unit: Unit, seed: int, fractions: tuple[float, float, float] = FRACTIONS
) -> Split:
    """Split images into train, validation and test.

    The same images, unit and seed give the same split, whatever the order of the rows.

    Args:
        images: images with hash, subtype, case and status, as a catalogue has them; quarantined ones are left
            out.
        unit: ``"image"``, at random as the authors did, or ``"case"``, with every case in one part, train
            holding every sub-type, and sub-types as even over the parts as a seeded search finds.
        seed: any integer.
        fractions: shares of train, validation and test.

    Raises:
        InputError: there is no usable image, or fewer cases than parts.
        ValueError: the unit is unknown or the fractions do not sum to one.
    """
    if unit not in ("image", "case"):
        raise ValueError(f"unit must be 'image' or 'case', got {unit!r}")
    if len(fractions) != 3 or min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(f"fractions must be three shares that sum to 1, got {fractions}")
    images = images[images["status"] == "usable"] if "status" in images else images
    images = images.drop_duplicates("hash").sort_values("hash", ignore_index=True)
    if images.empty:
        raise InputError("There is no usable image to split; catalogue a folder with BreakHis first.")
    parts = _by_image(images, seed, fractions) if unit == "image" else _by_case(images, seed, fractions)
    frame = pd.DataFrame({"hash": images["hash"], "part": parts})
    return Split(unit, seed, frame)


def without(split: Split, hashes: Iterable[str]) -> Split:
    """Drop images from train and validation; the test part never changes."""
    dropped = split.frame["hash"].isin(list(hashes)) & (split.frame["part"] != "test")
    return Split(split.unit, split.seed, split.frame[~dropped].reset_index(drop=True))


def sizes(split: Split, images: pd.DataFrame) -> pd.DataFrame:
    """Count images per part and sub-type.

    Returns:
        Index ``PARTS``, columns ``CODES`` and then ``images`` and ``cases``.
    """
    joined = _joined(split, images)
    table = pd.crosstab(joined["part"], joined["subtype"]).reindex(
        index=list(PARTS), columns=list(CODES), fill_value=0
    )
    table["images"] = table.sum(axis=1)
    table["cases"] = joined.groupby("part")["case"].nunique().reindex(list(PARTS), fill_value=0)
    return table


def leakage(split: Split, images: pd.DataFrame) -> dict[str, Any]:
    """Count what a model can recognise from training when it is tested.

    Returns:
        ``cases_shared`` (cases in more than one part), ``test_cases`` and ``test_cases_in_train``,
        ``test_images`` and ``test_images_of_train_cases``, ``pixel_equal_pairs`` (pairs of pixel-equal
        pictures in different parts).
    """
    joined = _joined(split, images)
    parts_of_case = joined.groupby("case")["part"].nunique()
    trained = set(joined.loc[joined["part"] == "train", "case"])
    test = joined[joined["part"] == "test"]
    known = test["case"].isin(trained)
    pairs = 0
    for _, same in split.frame.groupby("hash"):
        number = same["part"].value_counts().to_list()
        pairs += (sum(number) ** 2 - sum(count**2 for count in number)) // 2
    return {
        "cases_shared": int((parts_of_case > 1).sum()),
        "test_cases": int(test["case"].nunique()),
        "test_cases_in_train": int(test.loc[known, "case"].nunique()),
        "test_images": len(test),
        "test_images_of_train_cases": int(known.sum()),
        "pixel_equal_pairs": int(pairs),
    }


def _joined(split: Split, images: pd.DataFrame) -> pd.DataFrame:
    columns = ["hash", "subtype", "case"]
    return split.frame.merge(images[columns].drop_duplicates("hash"), on="hash", how="inner")


def _by_image(images: pd.DataFrame, seed: int, fractions: tuple[float, float, float]) -> list[str]:
    """Shuffle by a hash of seed and image, which no version of any library can change."""
    hashes = images["hash"].to_list()
    shuffled = sorted(hashes, key=lambda image: hashlib.sha256(f"{seed}|{image}".encode()).digest())
    train = round(len(shuffled) * fractions[0])
    test = round(len(shuffled) * fractions[2])
    part = dict.fromkeys(shuffled, "validation")
    part |= dict.fromkeys(shuffled[:train], "train")
    part |= dict.fromkeys(shuffled[len(shuffled) - test :], "test")
    return [part[image] for image in hashes]


def _by_case(images: pd.DataFrame, seed: int, fractions: tuple[float, float, float]) -> list[str]:
    table = pd.crosstab(images["case"], images["subtype"]).sort_index()
    if len(table) < len(PARTS):
        raise InputError(
            f"A split by case needs at least {len(PARTS)} cases and there are {len(table)}; "
            "add cases or split by image."
        )
    wish = Wish(np.array(fractions), _MISSING)
    best = deal(table.to_numpy(dtype=np.float64), wish, seed)
    part = {case: PARTS[index] for case, index in zip(table.index, best, strict=True)}
    return [part[case] for case in images["case"]]
