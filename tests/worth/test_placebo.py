from collections import Counter

import numpy as np

from breakhis_core.worth.placebo import draw_placebo
from tests.worth.questions import planted


def kinds(images, which):
    some = images[which]
    return Counter(zip(some["label"], some["magnification"], strict=True))


def test_a_placebo_has_the_same_kinds_from_as_many_cases_and_no_flagged_image():
    images = planted(400)[0].images
    draw = np.random.default_rng(0)
    flagged = np.isin(np.arange(400), draw.choice(400, 30, replace=False))
    for number in range(20):
        drawn = draw_placebo(images, flagged, ~flagged, np.random.default_rng(number))
        assert kinds(images, drawn) == kinds(images, flagged)
        assert not (drawn & flagged).any()
        assert images.loc[drawn, "case"].nunique() == images.loc[flagged, "case"].nunique()


def test_images_of_one_case_are_matched_by_images_of_one_case():
    images = planted(400)[0].images
    case = images["case"].iloc[0]
    flagged = np.zeros(400, bool)
    flagged[np.flatnonzero(images["case"] == case)[:8]] = True
    numbers = [
        images.loc[draw_placebo(images, flagged, ~flagged, np.random.default_rng(one)), "case"].nunique()
        for one in range(20)
    ]
    assert np.median(numbers) == 1


def test_random_placebos_of_random_flags_are_drawn_alike():
    images = planted(120)[0].images
    flagged = np.zeros(120, bool)
    flagged[np.random.default_rng(3).choice(120, 12, replace=False)] = True
    times = np.zeros(120)
    for number in range(400):
        times += draw_placebo(images, flagged, ~flagged, np.random.default_rng(number))
    kind = images["label"].astype(str) + images["magnification"].astype(str)
    for name in kind[flagged].unique():
        among = (kind == name).to_numpy() & ~flagged
        expected = times[among].mean()
        assert np.abs(times[among] - expected).max() < 6 * np.sqrt(expected)


def test_where_others_of_a_kind_lack_the_sub_type_stands_in_and_then_any():
    images = planted(64)[0].images
    label = images["label"].iloc[0]
    flagged = (images["label"] == label).to_numpy()
    drawn = draw_placebo(images, flagged, ~flagged, np.random.default_rng(0))
    assert drawn.sum() == flagged.sum()
    assert not (drawn & flagged).any()
