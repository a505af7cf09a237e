import numpy as np
from sklearn.linear_model import LogisticRegression

from breakhis_core.suspects.head import BALANCE, RIDGE, Space, fit_heads


def clusters(images: int = 160, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, 8, images)
    middles = draw.normal(size=(8, 40))
    return middles[labels] + 1.5 * draw.normal(size=(images, 40)), labels


def test_a_head_is_the_one_that_scikit_learn_finds():
    embeddings, labels = clusters()
    space = Space.of(embeddings)
    heads = fit_heads(space, labels[:, None], np.ones((160, 1)), steps=3000)

    count = np.bincount(labels, minlength=8)
    weight = (160 / (8 * count)) ** BALANCE
    weight = weight[labels] / weight[labels].sum()
    # scikit-learn weighs the sum of losses by C and halves the squares.
    reference = LogisticRegression(C=160 / RIDGE, max_iter=20000, tol=1e-9)
    reference.fit(space.points[:, :-1].astype(float), labels, sample_weight=weight)
    expected = reference.predict_proba(space.points[:, :-1].astype(float))
    assert np.abs(heads[:, 0] - expected).max() < 2e-3


def test_the_usual_steps_come_near_to_the_solution():
    embeddings, labels = clusters()
    space, ones = Space.of(embeddings), np.ones((160, 1))
    usual = fit_heads(space, labels[:, None], ones)
    whole = fit_heads(space, labels[:, None], ones, steps=3000)
    assert np.abs(usual - whole).mean() < 0.01
    assert (usual.argmax(2) == whole.argmax(2)).mean() > 0.98


def test_an_image_without_weight_is_not_seen():
    embeddings, labels = clusters()
    space = Space.of(embeddings)
    counts = np.ones((160, 2))
    counts[:40] = 0
    changed = np.stack([labels, labels], axis=1)
    changed[:40, 1] = (changed[:40, 1] + 1) % 8
    heads = fit_heads(space, changed, counts)
    assert np.array_equal(heads[:, 0], heads[:, 1])


def test_heads_fitted_together_are_those_fitted_alone():
    embeddings, labels = clusters()
    space = Space.of(embeddings)
    counts = (np.random.default_rng(1).random((160, 3)) < 0.8).astype(float)
    together = fit_heads(space, np.repeat(labels[:, None], 3, axis=1), counts)
    for head in range(3):
        alone = fit_heads(space, labels[:, None], counts[:, [head]])
        assert np.allclose(together[:, head], alone[:, 0], atol=1e-4)


def test_many_images_of_few_dimensions_and_equal_images_work():
    embeddings, labels = clusters(400)
    assert Space.of(embeddings).points.shape == (400, 41)
    same = np.ones((10, 5))
    heads = fit_heads(Space.of(same), np.arange(10)[:, None] % 8, np.ones((10, 1)))
    assert np.isfinite(heads).all()
