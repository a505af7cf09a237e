import numpy as np
from sklearn.metrics import roc_auc_score

from breakhis_core.suspects.head import Space, fit_heads
from breakhis_core.suspects.unseen import folds_by_case, folds_by_image, unseen_predictions
from tests.suspects.test_head import clusters


def test_folds_spread_sub_types_and_keep_cases_whole():
    labels = np.repeat(np.arange(8), 10)
    dealt = folds_by_image(labels, seed=3)
    for label in range(8):
        assert np.bincount(dealt[labels == label], minlength=5).tolist() == [2] * 5
    cases = np.array([f"case-{image // 5}" for image in range(80)], object)
    by_case = folds_by_case(cases, labels, seed=3)
    assert all(len(set(by_case[cases == case])) == 1 for case in cases)
    assert len(set(by_case)) == 5


def test_changed_labels_are_doubted_by_heads_that_never_saw_them():
    embeddings, labels = clusters(300)
    draw = np.random.default_rng(5)
    wrong = draw.choice(300, 30, replace=False)
    given = labels.copy()
    given[wrong] = (given[wrong] + draw.integers(1, 8, 30)) % 8
    said = unseen_predictions(Space.of(embeddings), given)
    doubt = 1 - said[np.arange(300), given]
    changed = np.isin(np.arange(300), wrong)
    assert roc_auc_score(changed, doubt) > 0.95
    assert np.allclose(said.sum(axis=1), 1, atol=1e-5)


def test_what_is_said_of_an_image_does_not_hang_on_its_own_label():
    embeddings, labels = clusters(120)
    space = Space.of(embeddings)
    other = labels.copy()
    other[7] = (other[7] + 1) % 8
    # The same folds for both: only the label of image 7 differs, which no head that predicts it has seen.
    dealt = folds_by_image(labels, seed=0)
    seen = dealt[:, None] != np.arange(5)[None, :]
    said = [
        fit_heads(space, np.repeat(one[:, None], 5, axis=1), seen)[7, dealt[7]] for one in (labels, other)
    ]
    assert np.array_equal(said[0], said[1])
