"""Deletion and insertion against cases computed by hand, and noise against chance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from breakhis_core.maps.faithfulness import (
    BLOCK,
    RANDOM_PAIRS,
    SHARES,
    Chance,
    Faithfulness,
    block_order,
    blurred,
    chance_on,
    hidings,
    judge,
)

SHAPE = (6, 8)
"""Rows and columns of blocks: 96 x 128 pixels."""
BLOCKS = SHAPE[0] * SHAPE[1]

Model = Callable[[np.ndarray], np.ndarray]


def speckled(seed: int = 0) -> np.ndarray:
    size = (SHAPE[0] * BLOCK, SHAPE[1] * BLOCK, 3)
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)


def cut(block: int) -> tuple[slice, slice]:
    top, left = BLOCK * (block // SHAPE[1]), BLOCK * (block % SHAPE[1])
    return slice(top, top + BLOCK), slice(left, left + BLOCK)


def test_the_first_blocks_are_blurred_and_then_filled_with_the_last() -> None:
    picture = speckled()
    behind = blurred(picture)
    order = np.random.default_rng(3).permutation(BLOCKS)
    hidden = hidings(picture, behind, order)
    assert hidden.shape == (2 * len(SHARES), *picture.shape)
    for number, share in enumerate(SHARES):
        count = round(share * BLOCKS)
        for rank, block in enumerate(order):
            gone = rank < count
            source = behind if gone else picture
            assert np.array_equal(hidden[2 * number][cut(block)], source[cut(block)])
            filler = order[BLOCKS - 1 - rank] if gone else block
            assert np.array_equal(hidden[2 * number + 1][cut(block)], picture[cut(filler)])


def test_blocks_come_in_the_order_of_the_map() -> None:
    values = np.random.default_rng(0).permutation(BLOCKS).reshape(SHAPE).astype(float)
    assert block_order(values, SHAPE).tolist() == np.argsort(-values.ravel()).tolist()


def test_finer_maps_are_averaged_and_coarser_ones_spread() -> None:
    fine = np.zeros((24, 32))
    fine[8:12, 20:24] = 1  # Block 2, 5.
    assert block_order(fine, SHAPE)[0] == 2 * SHAPE[1] + 5
    coarse = np.zeros((3, 4))
    coarse[2, 0] = 1
    assert set(block_order(coarse, SHAPE)[:4]) == {32, 33, 40, 41}


def test_equal_values_do_not_favour_the_top_left() -> None:
    order = block_order(np.zeros((7, 7)), (14, 14))
    assert sorted(order.tolist()) == list(range(196))
    assert abs(order[:98].mean() - 97.5) < 25
    assert order.tolist() != block_order(np.zeros((7, 7)), (14, 14), seed=1).tolist()


def test_blurring_keeps_the_colour_and_takes_the_detail() -> None:
    picture = speckled()
    hidden = blurred(picture)
    assert hidden.mean() == pytest.approx(picture.mean(), abs=2)
    assert hidden.std() < picture.std() / 10


def corner_model(picture: np.ndarray) -> Model:
    """A model that sees only one block: 0.9 sure of class 1 while it is unhidden, else 0.1."""

    def predict(inputs: np.ndarray) -> np.ndarray:
        sees = (inputs[:, :BLOCK, :BLOCK] == picture[:BLOCK, :BLOCK]).all(axis=(1, 2, 3))
        sure = np.where(sees, 0.9, 0.1)
        return np.stack([1 - sure, sure], axis=1)

    return predict


def unlucky() -> Chance:
    return Chance(np.array([0.1, 0.9]), np.full((RANDOM_PAIRS, 2, 2), 0.5))


def test_a_map_that_marks_what_the_model_uses_loses_it_by_deletion_alone() -> None:
    picture = speckled()
    truthful = np.zeros(SHAPE)
    truthful[0, 0] = 1
    (judged,) = judge(corner_model(picture), picture, [truthful], [1], unlucky())
    assert judged == Faithfulness(0.9, pytest.approx(0.1), pytest.approx(0.9), 0.5, 0.0)
    assert judged.gain == pytest.approx(0.4)
    assert judged.beats_chance


def test_a_map_that_marks_the_opposite_is_worse_than_chance() -> None:
    picture = speckled()
    wrong = np.ones(SHAPE)
    wrong[0, 0] = 0
    (judged,) = judge(corner_model(picture), picture, [wrong], [1], unlucky())
    assert judged.gain == pytest.approx(-0.4)
    assert not judged.beats_chance


def test_a_gain_must_pass_the_luckiest_random_map_and_a_point() -> None:
    assert not Faithfulness(0.9, 0.5, 0.6, 0.55, luck=0.05).beats_chance
    assert Faithfulness(0.9, 0.5, 0.6, 0.55, luck=0.04).beats_chance
    assert not Faithfulness(0.02, 0.01, 0.02, 0.015, luck=0.0).beats_chance


def test_luck_is_the_largest_gain_of_random_maps_and_of_their_opposites() -> None:
    picture = speckled()
    chance = chance_on(corner_model(picture), picture, (3, 4), seed=5)
    (judged,) = judge(corner_model(picture), picture, [np.ones((3, 4))], [1], chance)
    most, least = chance.ends[..., 1].T
    assert judged.chance == pytest.approx((most.mean() + least.mean()) / 2)
    assert judged.luck == pytest.approx(max(np.abs(most - least)) / 2)
    assert judged.luck > 0
    assert judged.whole == 0.9


def additive_model(picture: np.ndarray, weights: np.ndarray) -> Model:
    """A model whose score adds up what each block says, told by its brightness, unless it is blurred."""
    said = dict(zip(picture[::BLOCK, ::BLOCK, 0].ravel().tolist(), weights.ravel(), strict=True))
    table = np.array([said.get(value, 0.0) for value in range(256)])

    def predict(inputs: np.ndarray) -> np.ndarray:
        score = table[inputs[:, ::BLOCK, ::BLOCK, 0]].sum(axis=(1, 2))
        sure = 1 / (1 + np.exp(-score))
        return np.stack([1 - sure, sure], axis=1)

    return predict


def test_noise_passes_in_at_most_five_in_a_hundred_and_truth_mostly_does() -> None:
    draw = np.random.default_rng(7)
    passed = {"noise": 0, "clipped": 0, "truth": 0}
    pictures, each = 100, 2
    for number in range(pictures):
        bright = draw.permutation(256)[:BLOCKS].astype(np.uint8).reshape(SHAPE)
        picture = np.kron(bright, np.ones((BLOCK, BLOCK), np.uint8))[..., None].repeat(3, axis=2)
        weights = draw.normal(size=SHAPE) / 3
        model = additive_model(picture, weights)
        chance = chance_on(model, picture, (3, 4), seed=number)
        noise = [draw.normal(size=(3, 4)) for _ in range(each)]
        maps = [*noise, *(np.maximum(draw.normal(size=(3, 4)), 0) for _ in range(each)), weights]
        judged = [one.beats_chance for one in judge(model, picture, maps, [1] * len(maps), chance)]
        passed["noise"] += sum(judged[:each])
        passed["clipped"] += sum(judged[each : 2 * each])
        passed["truth"] += judged[-1]
    # Of 200 at 5 % more than 17 pass once in 50 times, by the binomial distribution.
    assert passed["noise"] <= 17
    assert passed["clipped"] <= 17
    assert passed["truth"] >= 0.8 * pictures
