import numpy as np
import pytest
import sklearn.metrics as reference

from breakhis_core.metrics import ranking


def scored(kind: str) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(len(kind))
    positive = draw.random(300) < 0.3
    scores = draw.random(300) + 0.3 * positive
    kinds = {
        "plain": (scores, positive),
        "many ties": (np.round(scores, 1), positive),
        "all tied": (np.full(300, 0.5), positive),
        "perfect": (positive.astype(float), positive),
        "worst": (1.0 - positive, positive),
        "one positive": (scores, np.arange(300) == 7),
        "two images": (np.array([0.2, 0.9]), np.array([True, False])),
    }
    return kinds[kind]


KINDS = ["plain", "many ties", "all tied", "perfect", "worst", "one positive", "two images"]


@pytest.mark.parametrize("kind", KINDS)
def test_area_equals_scikit_learn(kind):
    scores, positive = scored(kind)
    assert ranking.auc(scores, positive) == pytest.approx(
        reference.roc_auc_score(positive, scores), abs=1e-12
    )


@pytest.mark.parametrize("kind", KINDS)
def test_average_precision_equals_scikit_learn(kind):
    scores, positive = scored(kind)
    expected = reference.average_precision_score(positive, scores)
    assert ranking.average_precision(scores, positive)[0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_curve_has_the_corners_of_scikit_learn(kind):
    scores, positive = scored(kind)
    rate, found, threshold = ranking.roc_curve(scores, positive)
    expected = reference.roc_curve(positive, scores, drop_intermediate=True)
    # scikit-learn keeps some points between corners: ours are among its points and the line is the same.
    assert {*zip(rate, found, strict=True)} <= {*zip(expected[0], expected[1], strict=True)}
    assert reference.auc(rate, found) == pytest.approx(reference.auc(expected[0], expected[1]))
    assert threshold[0] == np.inf
    assert (rate[0], found[0], rate[-1], found[-1]) == (0, 0, 1, 1)


@pytest.mark.parametrize("kind", ["plain", "many ties", "all tied"])
def test_weighted_areas_equal_scikit_learn_with_repeated_images(kind):
    scores, positive = scored(kind)
    draw = np.random.default_rng(3)
    cases = draw.integers(0, 12, len(scores))
    weights = draw.multinomial(12, np.full(12, 1 / 12), size=20).astype(float)
    wins = ranking.wins_by_case(scores, positive, cases, 12)
    positives = np.bincount(cases[positive], minlength=12).astype(float)
    negatives = np.bincount(cases[~positive], minlength=12).astype(float)
    areas = ranking.auc_under(weights, wins, positives, negatives)
    precisions = ranking.average_precision(scores, positive, weights[:, cases])
    for row, area, precision in zip(weights, areas, precisions, strict=True):
        repeated = np.repeat(np.arange(len(scores)), row[cases].astype(int))
        assert area == pytest.approx(reference.roc_auc_score(positive[repeated], scores[repeated]))
        expected = reference.average_precision_score(positive[repeated], scores[repeated])
        assert precision == pytest.approx(expected)


@pytest.mark.parametrize("positive", [np.ones(4, bool), np.zeros(4, bool)])
def test_one_side_alone_has_no_area(positive):
    assert np.isnan(ranking.auc(np.arange(4.0), positive))


def test_no_positive_has_no_average_precision():
    assert np.isnan(ranking.average_precision(np.arange(4.0), np.zeros(4, bool))[0])
