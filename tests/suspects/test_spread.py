import numpy as np

from breakhis_core.suspects.spread import spread_out


def test_every_cluster_is_looked_at_before_any_is_looked_at_twice():
    draw = np.random.default_rng(0)
    cluster = np.repeat(np.arange(6), [300, 5, 40, 1, 80, 12])
    embeddings = 20 * draw.normal(size=(6, 8))[cluster] + draw.normal(size=(len(cluster), 8))
    first = spread_out(embeddings, 6)
    assert sorted(cluster[first]) == list(range(6))


def test_no_image_comes_twice_and_few_are_all_taken():
    embeddings = np.random.default_rng(1).normal(size=(30, 4))
    assert sorted(spread_out(embeddings, 100).tolist()) == list(range(30))
    assert len(set(spread_out(np.ones((5, 3)), 5).tolist())) == 5
    assert spread_out(np.empty((0, 3))).tolist() == []
