"""Deletion and insertion areas against cases computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from breakhis_core.maps.faithfulness import (
    GRID,
    MODEL_SIZE,
    RANDOM_ORDERS,
    STEPS,
    Faithfulness,
    area,
    block_order,
    hidden_picture,
    hiding,
    judge,
)

BLOCKS = GRID * GRID
BLOCK = MODEL_SIZE // GRID


def speckled(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (MODEL_SIZE, MODEL_SIZE, 3), dtype=np.uint8)


def test_the_area_is_that_of_trapezoids() -> None:
    assert area(np.array([1.0, 1.0, 1.0])) == 1.0
    assert area(np.array([1.0, 0.0, 0.0])) == 0.25
    curve = np.random.default_rng(1).random(15)
    assert area(curve) == pytest.approx(np.trapezoid(curve, dx=1 / 14))


def test_hiding_goes_block_by_block_from_nothing_to_everything() -> None:
    picture, behind = speckled(), np.full((MODEL_SIZE, MODEL_SIZE, 3), 7, np.uint8)
    order = np.random.default_rng(3).permutation(BLOCKS)
    shown = hiding(picture, behind, order)
    assert shown.shape == (STEPS + 1, MODEL_SIZE, MODEL_SIZE, 3)
    assert np.array_equal(shown[0], picture)
    assert np.array_equal(shown[-1], behind)
    for step in range(STEPS + 1):
        for rank, block in enumerate(order):
            top, left = BLOCK * (block // GRID), BLOCK * (block % GRID)
            cut = np.s_[top : top + BLOCK, left : left + BLOCK]
            source = behind if rank < step * BLOCKS // STEPS else picture
            assert np.array_equal(shown[step][cut], source[cut])


def test_blocks_come_in_the_order_of_the_map() -> None:
    values = np.random.default_rng(0).permutation(BLOCKS).reshape(GRID, GRID).astype(float)
    assert block_order(values).tolist() == np.argsort(-values.ravel()).tolist()


def test_finer_maps_are_averaged_and_coarser_ones_spread() -> None:
    fine = np.zeros((56, 56))
    fine[8:12, 20:24] = 1  # Block 2, 5.
    assert block_order(fine)[0] == 2 * GRID + 5
    coarse = np.zeros((7, 7))
    coarse[6, 0] = 1
    assert set(block_order(coarse)[:4]) == {12 * GRID, 12 * GRID + 1, 13 * GRID, 13 * GRID + 1}


def test_equal_values_do_not_favour_the_top_left() -> None:
    order = block_order(np.zeros((7, 7)))
    assert sorted(order.tolist()) == list(range(BLOCKS))
    assert abs(order[: BLOCKS // 2].mean() - (BLOCKS - 1) / 2) < 25
    assert order.tolist() != block_order(np.zeros((7, 7)), seed=1).tolist()


def test_blurring_keeps_the_colour_and_takes_the_detail() -> None:
    picture = speckled()
    hidden = hidden_picture(picture)
    assert hidden.mean() == pytest.approx(picture.mean(), abs=2)
    assert hidden.std() < picture.std() / 10


def corner_model(picture: np.ndarray) -> object:
    """A model that sees only one cell: 0.9 sure of class 1 while the cell is unhidden, else 0.1."""

    def predict(inputs: np.ndarray) -> np.ndarray:
        sees = (inputs[:, :BLOCK, :BLOCK] == picture[:BLOCK, :BLOCK]).all(axis=(1, 2, 3))
        sure = np.where(sees, 0.9, 0.1)
        return np.stack([1 - sure, sure], axis=1)

    return predict


def test_a_map_that_marks_what_the_model_uses_gets_the_areas_computed_by_hand() -> None:
    picture = speckled()
    truthful = np.zeros((GRID, GRID))
    truthful[0, 0] = 1
    (judged,) = judge(corner_model(picture), picture, [truthful], [1])  # type: ignore[arg-type]
    # Hidden in the first of 14 steps: 0.9 once, then 0.1 fourteen times. Shown in the first: the other way.
    assert judged.whole == 0.9
    assert judged.deletion == pytest.approx((0.5 + 13 * 0.1) / 14)
    assert judged.insertion == pytest.approx((0.5 + 13 * 0.9) / 14)
    assert judged.gain == pytest.approx((judged.insertion - judged.deletion) / 2)
    assert judged.beats_chance


def test_chance_is_the_mean_of_the_random_orders() -> None:
    picture = speckled()
    (judged,) = judge(corner_model(picture), picture, [np.ones((7, 7))], [1], seed=5)  # type: ignore[arg-type]
    draw = np.random.default_rng(5)
    areas = []
    for _ in range(RANDOM_ORDERS):
        place = draw.permutation(BLOCKS).tolist().index(0)
        hidden_from = next(step for step in range(STEPS + 1) if step * BLOCKS // STEPS > place)
        areas.append(np.trapezoid([0.9] * hidden_from + [0.1] * (STEPS + 1 - hidden_from), dx=1 / STEPS))
    assert judged.chance == pytest.approx(np.mean(areas))
    assert judged.spread == pytest.approx(np.std(areas, ddof=1))


def test_a_map_that_marks_the_opposite_is_worse_than_chance() -> None:
    picture = speckled()
    wrong = np.ones((GRID, GRID))
    wrong[0, 0] = 0
    (judged,) = judge(corner_model(picture), picture, [wrong], [1])  # type: ignore[arg-type]
    assert judged.deletion == pytest.approx((13 * 0.9 + 0.5) / 14)
    assert judged.gain < -0.3
    assert not judged.beats_chance


def test_a_gain_within_the_spread_of_random_orders_does_not_count() -> None:
    assert not Faithfulness(0.9, 0.5, 0.6, 0.55, spread=0.06).beats_chance
    assert Faithfulness(0.9, 0.5, 0.6, 0.55, spread=0.04).beats_chance
    assert not Faithfulness(0.02, 0.01, 0.02, 0.015, spread=0.0).beats_chance
