import numpy as np
import pytest
import sklearn.metrics as reference

from breakhis_core.metrics import classification

ALL = np.arange(8)


def answers(kind: str) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(len(kind))
    true = draw.integers(0, 8, 200)
    noisy = np.where(draw.random(200) < 0.6, true, draw.integers(0, 8, 200))
    few = draw.choice([1, 4, 6], 200)
    kinds = {
        "perfect": (true, true),
        "worst": (true, (true + 1) % 8),
        "noisy": (true, noisy),
        "unbalanced": (np.where(draw.random(200) < 0.9, 4, true), noisy),
        "empty classes": (few, np.where(draw.random(200) < 0.7, few, 4)),
        "predicts an absent class": (few, np.where(draw.random(200) < 0.7, few, 0)),
        "never predicts a class": (true, np.where(true == 3, 0, true)),
        "one class": (np.full(30, 2), draw.choice([2, 5], 30)),
        "one image": (np.array([5]), np.array([5])),
        "one wrong image": (np.array([5]), np.array([0])),
    }
    return kinds[kind]


KINDS = [
    "perfect",
    "worst",
    "noisy",
    "unbalanced",
    "empty classes",
    "predicts an absent class",
    "never predicts a class",
    "one class",
    "one image",
    "one wrong image",
]


@pytest.fixture(params=KINDS)
def case(request):
    true, predicted = answers(request.param)
    return true, predicted, classification.confusion_matrix(true, predicted, 8)


def test_confusion_matrix_equals_scikit_learn(case):
    true, predicted, confusion = case
    np.testing.assert_array_equal(confusion, reference.confusion_matrix(true, predicted, labels=ALL))


def test_accuracy_equals_scikit_learn(case):
    true, predicted, confusion = case
    assert classification.accuracy(confusion) == pytest.approx(reference.accuracy_score(true, predicted))


@pytest.mark.filterwarnings("ignore:y_pred contains classes not in y_true")
@pytest.mark.filterwarnings("ignore:A single label was found")
def test_balanced_accuracy_equals_scikit_learn(case):
    true, predicted, confusion = case
    expected = reference.balanced_accuracy_score(true, predicted)
    assert classification.balanced_accuracy(confusion) == pytest.approx(expected)


def test_class_metrics_equal_scikit_learn(case):
    true, predicted, confusion = case
    expected = reference.precision_recall_fscore_support(true, predicted, labels=ALL, zero_division=np.nan)
    np.testing.assert_allclose(classification.precision(confusion), expected[0])
    np.testing.assert_allclose(classification.sensitivity(confusion), expected[1])
    np.testing.assert_allclose(classification.f1(confusion), expected[2])


def test_macro_figures_are_over_the_classes_with_images_as_scikit_learn_counts_them(case):
    true, predicted, confusion = case
    tested = np.unique(true)
    options = {"labels": tested, "average": "macro", "zero_division": 0}
    assert classification.macro_f1(confusion) == pytest.approx(reference.f1_score(true, predicted, **options))
    expected = reference.precision_score(true, predicted, **options)
    assert classification.macro_precision(confusion) == pytest.approx(expected)


def test_a_stray_answer_of_an_untested_class_leaves_macro_f1_alone_but_for_what_it_missed():
    confusion = np.zeros((8, 8))
    confusion[[0, 1, 2], [0, 1, 2]] = 10
    assert classification.macro_f1(confusion) == 1
    confusion[0, 5] = 1  # The 11th image of the first class is called one that has no image.
    assert classification.macro_f1(confusion) == pytest.approx((20 / 21 + 2) / 3)


def test_specificity_is_the_sensitivity_of_the_rest(case):
    true, predicted, confusion = case
    for k in ALL:
        expected = np.nan if (true == k).all() else ((true != k) & (predicted != k)).sum() / (true != k).sum()
        np.testing.assert_allclose(classification.specificity(confusion)[k], expected)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:A single label was found")
def test_kappa_equals_scikit_learn(case):
    true, predicted, confusion = case
    # Where chance explains everything kappa is 0 / 0; what scikit-learn makes of that varies.
    chance = confusion.sum(0) @ confusion.sum(1) == confusion.sum() ** 2
    expected = np.nan if chance else reference.cohen_kappa_score(true, predicted)
    np.testing.assert_allclose(classification.kappa(confusion), expected)


@pytest.mark.parametrize(
    "metric",
    [
        classification.accuracy,
        classification.balanced_accuracy,
        classification.kappa,
        classification.f1,
        classification.precision,
    ],
)
def test_a_stack_gives_what_each_matrix_gives(metric):
    stack = np.stack([classification.confusion_matrix(*answers(kind), 8) for kind in KINDS])
    np.testing.assert_array_equal(metric(stack), [metric(one) for one in stack])


def test_all_nothing_is_undefined_and_not_zero():
    nothing = np.zeros((8, 8))
    assert np.isnan(classification.accuracy(nothing))
    assert np.isnan(classification.kappa(nothing))
    assert np.isnan(classification.macro_f1(nothing))


def test_groups_add_up_to_the_whole():
    true, predicted = answers("noisy")
    groups = np.random.default_rng(0).integers(0, 9, len(true))
    by_group = classification.confusion_by_group(true, predicted, groups, 8, 9)
    np.testing.assert_array_equal(by_group.sum(0), classification.confusion_matrix(true, predicted, 8))
    inside = groups == 4
    np.testing.assert_array_equal(
        by_group[4], classification.confusion_matrix(true[inside], predicted[inside], 8)
    )


def test_errors_name_the_argument_and_the_value():
    with pytest.raises(ValueError, match=r"predicted must lie in 0 \.\. 7, but has values from 0 to 8"):
        classification.confusion_matrix(np.array([0, 1]), np.array([0, 8]), 8)
    with pytest.raises(ValueError, match="have 2, 1 and 2"):
        classification.confusion_matrix(np.array([0, 1]), np.array([0]), 8)
    with pytest.raises(ValueError, match=r"confusion must have the shape \(\.\.\., K, K\), but has \(2, 3\)"):
        classification.accuracy(np.ones((2, 3)))
