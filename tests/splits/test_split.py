import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from breakhis_core.errors import InputError
from breakhis_core.images import catalogue
from breakhis_core.images.taxonomy import CODES, PUBLISHED_CASES, PUBLISHED_IMAGES
from breakhis_core.splits.split import PARTS, Split, leakage, make_split, sizes, without


def images_of(cases: dict[str, list[int]]) -> pd.DataFrame:
    """Images by sub-type: one number of images for each of its cases."""
    rows = [
        {"hash": f"{code}{case}-{image}", "subtype": code, "case": f"{code}{case}", "status": "usable"}
        for code, numbers in cases.items()
        for case, number in enumerate(numbers)
        for image in range(number)
    ]
    return pd.DataFrame(rows)


def like_breakhis() -> pd.DataFrame:
    """As many cases and about as many images as BreakHis, a tenth of each case."""
    return images_of(
        {
            code: [max(1, sum(PUBLISHED_IMAGES[code]) // (10 * number))] * number
            for code, number in PUBLISHED_CASES.items()
        }
    )


def part_of(split: Split) -> dict[str, str]:
    return dict(zip(split.frame["hash"], split.frame["part"], strict=True))


def missing_subtypes(split: Split, images: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Name, for each part, the sub-types that the images have and the part has not."""
    table = sizes(split, images)
    present = [code for code in CODES if int(table[code].sum()) > 0]
    return {part: tuple(code for code in present if table.loc[part, code] == 0) for part in PARTS}


def test_by_image_has_the_wanted_sizes():
    split = make_split(images_of({"A": [500], "DC": [500]}), "image", 3)
    assert split.frame["part"].value_counts().to_dict() == {"train": 750, "validation": 150, "test": 100}


def test_by_image_trains_on_as_many_as_the_authors():
    total = sum(map(sum, PUBLISHED_IMAGES.values()))
    split = make_split(images_of({"DC": [total]}), "image", 0)
    assert (split.frame["part"] == "train").sum() == 5932


@pytest.mark.parametrize("unit", ["image", "case"])
def test_same_seed_same_split_whatever_the_order(unit):
    images = like_breakhis()
    shuffled = images.sample(frac=1, random_state=1)
    assert part_of(make_split(images, unit, 5)) == part_of(make_split(shuffled, unit, 5))


@pytest.mark.parametrize("unit", ["image", "case"])
def test_another_seed_another_split(unit):
    images = like_breakhis()
    assert part_of(make_split(images, unit, 1)) != part_of(make_split(images, unit, 2))


def test_by_image_is_this_split_for_ever():
    split = make_split(images_of({"A": [10]}), "image", 0)
    held_out = split.frame.query("part != 'train'").set_index("part")["hash"]
    assert held_out.to_dict() == {"validation": "A0-8", "test": "A0-1"}


@pytest.mark.parametrize("seed", range(5))
def test_by_case_is_balanced_on_a_data_set_like_breakhis(seed):
    images = like_breakhis()
    split = make_split(images, "case", seed)
    table = sizes(split, images)
    share = table["images"] / table["images"].sum()
    assert share["train"] == pytest.approx(0.75, abs=0.04)
    assert share["validation"] == pytest.approx(0.15, abs=0.04)
    assert share["test"] == pytest.approx(0.10, abs=0.04)
    # Adenosis has two cases only: it is trained and tested, and no case of it is left to validate with.
    assert missing_subtypes(split, images) == {"train": (), "validation": ("A",), "test": ()}
    assert leakage(split, images)["cases_shared"] == 0


def test_by_case_a_sub_type_with_one_case_is_trained():
    images = images_of({"A": [9, 9], "TA": [14], "LC": [9], "DC": [5] * 10})
    split = make_split(images, "case", 0)
    missing = missing_subtypes(split, images)
    assert missing["train"] == ()
    assert missing["test"] == ("TA", "LC")
    assert missing["validation"] == ("A", "TA", "LC")


@given(
    numbers=st.lists(st.lists(st.integers(1, 30), min_size=1, max_size=6), min_size=1, max_size=8),
    seed=st.integers(0, 2**31),
)
def test_by_case_never_cuts_a_case_and_trains_on_all(numbers, seed):
    images = images_of(dict(zip(CODES, numbers, strict=False)))
    if images["case"].nunique() < 3:
        with pytest.raises(InputError, match="at least 3 cases"):
            make_split(images, "case", seed)
        return
    split = make_split(images, "case", seed)
    joined = images.merge(split.frame, on="hash")
    assert len(joined) == len(images)
    assert set(joined["part"]) <= set(PARTS)
    assert (joined.groupby("case")["part"].nunique() == 1).all()
    assert set(joined.loc[joined["part"] == "train", "subtype"]) == set(images["subtype"])


def test_a_case_of_two_sub_types_stays_whole():
    images = images_of({"DC": [4] * 8, "LC": [4] * 4})
    images.loc[images["case"].isin(["DC0", "LC0"]), "case"] = "both"
    split = make_split(images, "case", 0)
    assert images.merge(split.frame, on="hash").query("case == 'both'")["part"].nunique() == 1


def test_quarantined_images_are_in_no_part():
    images = images_of({"A": [10, 10, 10]})
    images.loc[3, "status"] = "quarantined"
    for unit in ("image", "case"):
        frame = make_split(images, unit, 0).frame
        assert len(frame) == 29
        assert images["hash"][3] not in set(frame["hash"])


def test_double_rows_count_once():
    images = images_of({"A": [10]})
    assert len(make_split(pd.concat([images, images]), "image", 0).frame) == 10


def test_without_never_touches_the_test_part():
    images = images_of({"A": [40], "DC": [60]})
    split = make_split(images, "image", 0)
    fewer = without(split, images["hash"])
    assert set(fewer.frame["part"]) == {"test"}
    assert fewer.frame["hash"].tolist() == split.frame.query("part == 'test'")["hash"].tolist()
    assert (fewer.unit, fewer.seed) == (split.unit, split.seed)


def test_without_drops_what_it_is_told_and_nothing_else():
    split = make_split(images_of({"A": [40]}), "image", 0)
    trained = split.frame.query("part == 'train'")["hash"].iloc[:3]
    fewer = without(split, [*trained, "unknown"])
    assert set(split.frame["hash"]) - set(fewer.frame["hash"]) == set(trained)
    assert len(split.frame) == 40


def test_leakage_of_a_split_by_hand():
    images = pd.DataFrame(
        {
            "hash": list("abcdef"),
            "subtype": ["A"] * 6,
            "case": ["one", "one", "two", "two", "three", "four"],
        }
    )
    parts = ["train", "test", "train", "validation", "test", "test"]
    split = Split("image", 0, pd.DataFrame({"hash": list("abcdef"), "part": parts}))
    assert leakage(split, images) == {
        "cases_shared": 2,
        "test_cases": 3,
        "test_cases_in_train": 1,
        "test_images": 3,
        "test_images_of_train_cases": 1,
        "pixel_equal_pairs": 0,
    }


def test_pixel_equal_pairs_across_parts_are_counted():
    frame = pd.DataFrame(
        {"hash": ["x", "x", "x", "y", "y"], "part": ["train", "train", "test", "test", "test"]}
    )
    images = pd.DataFrame({"hash": ["x", "y"], "subtype": ["A", "A"], "case": ["one", "two"]})
    assert leakage(Split("image", 0, frame), images)["pixel_equal_pairs"] == 2


def test_by_image_leaks_and_by_case_does_not():
    images = like_breakhis()
    assert leakage(make_split(images, "image", 0), images)["test_images_of_train_cases"] > 50
    assert leakage(make_split(images, "case", 0), images)["test_images_of_train_cases"] == 0


def test_sizes_add_up():
    images = like_breakhis()
    table = sizes(make_split(images, "case", 0), images)
    assert list(table.index) == list(PARTS)
    assert table[list(CODES)].to_numpy().sum() == len(images) == table["images"].sum()
    assert table["cases"].sum() == images["case"].nunique()


def test_wrong_calls_are_named():
    images = images_of({"A": [10]})
    with pytest.raises(ValueError, match="'image' or 'case', got 'slide'"):
        make_split(images, "slide", 0)
    with pytest.raises(ValueError, match="sum to 1"):
        make_split(images, "image", 0, (0.5, 0.1, 0.1))
    with pytest.raises(InputError, match="no usable image"):
        make_split(images[:0], "image", 0)
    with pytest.raises(InputError, match="at least 3 cases and there are 1"):
        make_split(images, "case", 0)


def test_real_images_by_case(shared_breakhis):
    images = catalogue.usable(catalogue.scan(shared_breakhis))
    cases = images.groupby("subtype")["case"].nunique()
    for seed in range(4):
        split = make_split(images, "case", seed)
        missing = missing_subtypes(split, images)
        assert missing["train"] == ()
        assert set(missing["test"]) == set(cases[cases == 1].index)
        assert leakage(split, images)["cases_shared"] == 0
        assert np.isclose((split.frame["part"] == "train").mean(), 0.75, atol=0.1)
