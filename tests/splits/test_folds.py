"""Folds: that they are what they promise, drawn or published."""

import numpy as np
import pandas as pd
import pytest

from breakhis_core.errors import InputError
from breakhis_core.splits.folds import (
    fold_columns,
    make_folds,
    published_folds,
    shared_with_training,
    without,
)
from breakhis_core.splits.published_folds import read_fold_files
from tests.splits.test_split import like_breakhis


@pytest.mark.parametrize("count", [2, 5, 10])
@pytest.mark.parametrize("unit", ["image", "case"])
def test_every_image_is_tested_once_and_never_by_who_saw_its_unit(unit, count):
    images = like_breakhis()
    folds = make_folds(images, unit, 3, count)
    assert folds.count == count
    assert sorted(folds.tested_in()) == sorted(images["hash"])
    assert {len(tested) for tested in folds.tested_in().values()} == {1}
    for fold in range(1, count + 1):
        frame = folds.split(fold).frame.merge(images, on="hash")
        units = [
            set(frame.loc[frame["part"] == part, unit if unit == "case" else "hash"])
            for part in ("train", "validation", "test")
        ]
        assert all(units)
        assert sum(map(len, units)) == len(set.union(*units))
        # No fold is without a sub-type to learn.
        assert set(frame.loc[frame["part"] == "train", "subtype"]) == set(images["subtype"])
        share = len(frame[frame["part"] == "validation"]) / len(frame[frame["part"] != "test"])
        assert share == pytest.approx(1 / 6, abs=0.05)


def test_folds_by_image_spread_each_subtype_evenly():
    images = like_breakhis()
    folds = make_folds(images, "image", 0, 5)
    tested = images["hash"].map({image: fold[0] for image, fold in folds.tested_in().items()})
    table = pd.crosstab(images["subtype"], tested)
    assert (table.max(axis=1) - table.min(axis=1)).max() <= 1


@pytest.mark.parametrize("unit", ["image", "case"])
def test_same_seed_same_folds_whatever_the_order(unit):
    images = like_breakhis()
    first = make_folds(images, unit, 1, 5).frame
    assert make_folds(images.sample(frac=1, random_state=2), unit, 1, 5).frame.equals(first)
    assert not make_folds(images, unit, 2, 5).frame.equals(first)


@pytest.mark.parametrize("count", [1, 21])
def test_impossible_numbers_of_folds_are_refused(count):
    with pytest.raises(InputError, match="has 2 to 20 folds"):
        make_folds(like_breakhis(), "case", 0, count)


def test_too_few_cases_are_refused():
    images = like_breakhis()
    few = images[images["case"].isin(sorted(set(images["case"]))[:4])]
    with pytest.raises(InputError, match="5 folds by case need at least 5 cases and there are 4"):
        make_folds(few, "case", 0, 5)


def test_without_images_what_is_tested_stays():
    folds = make_folds(like_breakhis(), "case", 0, 5)
    gone = folds.frame["hash"].iloc[:7].to_list()
    kept = without(folds, gone)
    assert kept.tested_in() == folds.tested_in()
    left = kept.frame.set_index("hash").loc[gone, fold_columns(kept.frame)]
    assert set(left.to_numpy().ravel()) == {"test", None}
    others = ~folds.frame["hash"].isin(gone)
    assert kept.frame[others].equals(folds.frame[others])


def test_published_folds_keep_the_tests_and_cut_validation_by_case():
    images = like_breakhis().assign(name=lambda table: table["hash"] + ".png")
    cases = sorted(set(images["case"]))
    files = []
    for fold in range(2):
        tested = set(cases[fold : fold + 8])
        parts = ["test" if case in tested else "train" for case in images["case"]]
        files.append(pd.DataFrame({"name": images["name"], "part": parts}))
    folds = published_folds(images, files, 0)
    assert (folds.unit, folds.source, folds.count) == ("case", "published", 2)
    times = folds.frame["hash"].map(folds.tested_in()).dropna().map(len)
    of_case = images.set_index("hash")["case"]
    expected = [
        len({*cases[:8]} & {of_case[image]}) + len({*cases[1:9]} & {of_case[image]})
        for image in folds.frame.loc[times.index, "hash"]
    ]
    assert times.to_list() == expected
    assert (folds.frame["part"] == "never_tested").sum() == images["case"].isin(cases[9:]).sum()
    for fold in (1, 2):
        frame = folds.split(fold).frame.merge(images, on="hash")
        by_case = frame.groupby("case")["part"].nunique()
        assert (by_case == 1).all()
        assert "validation" in set(frame["part"])
    assert shared_with_training(folds, images)["tests_of_train_cases"] == 0


def test_files_of_other_images_are_refused():
    images = like_breakhis().assign(name="x.png")
    files = [pd.DataFrame({"name": ["y.png"], "part": ["test"]})] * 2
    with pytest.raises(InputError, match="Fold 1 of the fold files has none of these images"):
        published_folds(images, files, 0)


LINE = "SOB_B_A-14-22549AB-100-001.png|100|{}|{}\n"


def test_fold_files_are_read_in_the_order_of_their_folds():
    files = [("b.txt", LINE.format(2, "test").encode()), ("a.txt", LINE.format(1, "train").encode())]
    tables = read_fold_files(files)
    assert [table["part"].to_list() for table in tables] == [["train"], ["test"]]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([("a.txt", b"hello\n")], r"a\.txt, line 1: a fold file has lines such as"),
        ([("a.txt", b"\x89PNG\r\n")], r"a\.txt, line 1"),
        ([("a.txt", LINE.format(1, "test").encode())], "hold the folds 1; give all"),
        ([("a.txt", (LINE.format(1, "test") * 2).encode())], "stands twice in fold 1"),
        (
            [("a.txt", LINE.format(1, "test").encode())] * 1 + [("b.txt", LINE.format(1, "test").encode())],
            r"b\.txt: fold 1 is in another file too",
        ),
        (
            [("a.txt", LINE.format(1, "test").encode()), ("c.txt", LINE.format(3, "test").encode())],
            "hold the folds 1, 3",
        ),
        ([], "hold the folds none"),
    ],
    ids=str,
)
def test_rubbish_is_refused_with_the_file(files, reason):
    with pytest.raises(InputError, match=reason):
        read_fold_files(files)


def test_what_the_published_files_really_hold(shared_breakhis):
    paths = [shared_breakhis / f"dsfold{fold}.txt" for fold in range(1, 6)]
    tables = read_fold_files([(path.name, path.read_bytes()) for path in paths])
    assert [len(table) for table in tables] == [7909] * 5
    tested = pd.concat(tables)
    times = tested.assign(tested=tested["part"] == "test").groupby("name")["tested"].sum()
    assert np.bincount(times).tolist() == [1095, 1923, 3338, 1146, 407]
