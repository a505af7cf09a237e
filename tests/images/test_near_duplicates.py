import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from breakhis_core.images import catalogue
from breakhis_core.images.near_duplicates import (
    PAIR_COLUMNS,
    TURNS,
    near_fingerprints,
    turned_fingerprints,
)
from breakhis_core.images.pixels import decode


def near_duplicates(pictures: dict[str, np.ndarray]) -> pd.DataFrame:
    return near_fingerprints({key: turned_fingerprints(pixels) for key, pixels in pictures.items()})


def field(seed: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (23, 35, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((350, 230), Image.Resampling.BICUBIC))


def pairs(pictures: dict[str, np.ndarray]) -> list[tuple[str, str, str]]:
    table = near_duplicates(pictures)
    assert tuple(table.columns) == PAIR_COLUMNS
    return list(zip(table["first"], table["second"], table["turned"], strict=True))


def test_fingerprint_says_which_patches_are_brighter_than_their_right_neighbour():
    darker_to_the_right = np.linspace(255, 0, 17 * 8).astype(np.uint8)
    picture = np.repeat(np.repeat(darker_to_the_right[None, :, None], 32, axis=0), 3, axis=2)
    assert np.bitwise_count(turned_fingerprints(picture)[0]).sum() == 256
    assert np.bitwise_count(turned_fingerprints(picture[:, ::-1])[0]).sum() == 0


def test_unrelated_fields_are_no_pair():
    assert pairs({f"{seed}": field(seed) for seed in range(40)}) == []


def test_saved_again_brighter_and_smaller_is_still_the_same_field():
    file = io.BytesIO()
    Image.fromarray(field(1)).save(file, "JPEG", quality=60)
    brighter = np.clip(field(1) * 1.1 + 10, 0, 255).astype(np.uint8)
    smaller = np.asarray(Image.fromarray(field(1)).resize((175, 115)))
    for other in (decode(file.getvalue()), brighter, smaller):
        assert pairs({"a": field(1), "b": other, "c": field(2)}) == [("a", "b", "")]


@pytest.mark.parametrize("turned", TURNS)
def test_a_turned_field_is_found_and_told(turned):
    other = np.flip(field(1), TURNS[turned])
    assert pairs({"a": field(1), "b": other}) == [("a", "b", turned)]


def test_each_pair_is_listed_once_and_the_most_alike_first():
    noisy = np.clip(field(1).astype(int) + np.random.default_rng(0).integers(-60, 61, field(1).shape), 0, 255)
    table = near_duplicates({"c": noisy.astype(np.uint8), "a": field(1), "b": field(1)})
    assert list(zip(table["first"], table["second"], strict=True)) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert table["distance"].is_monotonic_increasing
    assert table["distance"][0] == 0


def test_pairs_across_blocks_are_found():
    prints = np.random.default_rng(0).integers(0, 2**63, (1200, 4, 4)).astype(np.uint64)
    prints[1190] = prints[3]
    table = near_fingerprints({f"{number:04d}": bits for number, bits in enumerate(prints)})
    assert table[["first", "second", "distance"]].to_numpy().tolist() == [["0003", "1190", 0]]


def test_none_and_one_make_no_pair():
    assert near_duplicates({}).empty
    assert near_duplicates({"a": field(1)}).empty


def test_real_images_hold_no_copy(shared_breakhis):
    images = catalogue.scan(shared_breakhis).images.sort_values("name").head(60)
    prints = {
        key: turned_fingerprints(decode(shared_breakhis / path))
        for key, path in zip(images["hash"], images["path"], strict=True)
    }
    assert near_fingerprints(prints).empty
