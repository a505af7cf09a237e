from itertools import combinations
from math import comb

import numpy as np
import pytest

from breakhis_core.suspects.shapley import image_values


def by_definition(embeddings, labels, cases, neighbours):
    """The Shapley value by its definition: mean over all orders of what an image adds."""
    centred = embeddings - embeddings.mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    count = len(labels)
    values = np.zeros(count)
    for asks in range(count):
        others = [one for one in range(count) if cases[one] != cases[asks]]
        ranked = sorted(others, key=lambda one: -float(unit[asks] @ unit[one]))

        def right(some, ranked=ranked, asks=asks):
            nearest = [one for one in ranked if one in some][:neighbours]
            return sum(labels[one] == labels[asks] for one in nearest) / neighbours

        for one in others:
            rest = [other for other in others if other != one]
            for size in range(len(rest) + 1):
                share = 1 / (len(others) * comb(len(rest), size))
                for some in combinations(rest, size):
                    values[one] += share * (right({*some, one}) - right(set(some)))
    return values


@pytest.mark.parametrize("neighbours", [1, 2, 3])
def test_the_value_is_the_one_of_the_definition(neighbours):
    draw = np.random.default_rng(neighbours)
    embeddings = draw.normal(size=(9, 4))
    labels = draw.integers(0, 3, 9)
    cases = np.array(list("aabbccdde"), object)
    expected = by_definition(embeddings, labels, cases, neighbours)
    assert np.allclose(image_values(embeddings, labels, cases, neighbours), expected, atol=1e-6)


def test_a_wrong_label_among_its_like_hurts():
    draw = np.random.default_rng(0)
    labels = np.repeat([0, 1], 40)
    embeddings = np.where(labels[:, None] == 0, 3.0, -3.0) + draw.normal(size=(80, 6))
    cases = np.array([str(image % 10) for image in range(80)], object)
    given = labels.copy()
    given[[3, 50]] = 1 - given[[3, 50]]
    values = image_values(embeddings, given, cases)
    assert set(np.argsort(values)[:2].tolist()) == {3, 50}
    assert values[3] < 0 < np.median(values)


def test_one_case_has_nobody_to_ask():
    assert image_values(np.eye(4), np.arange(4), np.array(["a"] * 4, object)).tolist() == [0.0] * 4
