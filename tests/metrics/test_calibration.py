import numpy as np
import pytest
import sklearn.metrics as reference
from scipy.special import softmax
from scipy.stats import binomtest

from breakhis_core.metrics import calibration


def probabilities(images: int, sharpness: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    logits = draw.normal(size=(images, 8)) * 2
    truth = softmax(logits, axis=1)
    true = np.array([draw.choice(8, p=row) for row in truth])
    return softmax(logits * sharpness, axis=1), true


def calibration_error_by_loop(confidence: np.ndarray, correct: np.ndarray, bins: int) -> float:
    error = 0.0
    for low, high in zip(np.linspace(0, 1, bins + 1)[:-1], np.linspace(0, 1, bins + 1)[1:], strict=True):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            error += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return error


@pytest.mark.parametrize("images", [1, 2, 30, 1000])
@pytest.mark.parametrize("bins", [1, 10, 15])
def test_calibration_error_equals_its_definition(images, bins):
    given, true = probabilities(images)
    confidence, correct = given.max(1), (given.argmax(1) == true).astype(float)
    sums = calibration.bin_sums(confidence, correct, np.zeros(images, int), 1, bins)[0]
    expected = calibration_error_by_loop(confidence, correct, bins)
    assert calibration.calibration_error(sums) == pytest.approx(expected)


@pytest.mark.parametrize(("right", "expected"), [(1.0, 0.0), (0.0, 1.0)])
def test_calibration_error_of_the_certain(right, expected):
    sums = calibration.bin_sums(np.ones(5), np.full(5, right), np.zeros(5, int), 1)[0]
    assert calibration.calibration_error(sums) == expected


def test_bins_of_groups_add_up():
    given, true = probabilities(300)
    groups = np.arange(300) % 7
    correct = (given.argmax(1) == true).astype(float)
    by_group = calibration.bin_sums(given.max(1), correct, groups, 7)
    whole = calibration.bin_sums(given.max(1), correct, np.zeros(300, int), 1)[0]
    np.testing.assert_allclose(by_group.sum(0), whole)


@pytest.mark.parametrize("images", [1, 50, 500])
def test_brier_score_and_log_loss_equal_scikit_learn(images):
    given, true = probabilities(images)
    ours = calibration.squared_errors(given, true).mean()
    expected = reference.brier_score_loss(true, given, labels=np.arange(8), scale_by_half=False)
    assert ours == pytest.approx(expected)
    assert calibration.log_losses(given, true).mean() == pytest.approx(
        reference.log_loss(true, given, labels=np.arange(8))
    )


def test_a_probability_of_zero_has_a_finite_loss():
    assert np.isfinite(calibration.log_losses(np.array([[1.0, 0.0]]), np.array([1]))).all()


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_fitted_temperature_undoes_a_known_one(sharpness):
    given, true = probabilities(8000, sharpness)
    assert calibration.fit_temperature(given, true) == pytest.approx(sharpness, rel=0.05)


def test_no_temperature_does_better_than_the_fitted_one():
    given, true = probabilities(200, 3.0)
    fitted = calibration.fit_temperature(given, true)
    least = calibration.log_losses(calibration.scale(given, fitted), true).mean()
    for temperature in np.geomspace(0.1, 15, 200):
        assert least <= calibration.log_losses(calibration.scale(given, temperature), true).mean() + 1e-9


def test_scaling_is_a_softmax_of_divided_logits_and_keeps_the_answer():
    logits = np.random.default_rng(0).normal(size=(20, 8)) * 5
    given = softmax(logits, axis=1)
    np.testing.assert_allclose(calibration.scale(given, 2.5), softmax(logits / 2.5, axis=1))
    np.testing.assert_array_equal(calibration.scale(given, 7.0).argmax(1), given.argmax(1))


@pytest.mark.parametrize("true", [np.zeros(0, int), np.zeros(6, int), np.ones(6, int)])
def test_a_temperature_that_data_cannot_tell_is_none(true):
    given = np.tile([0.9, 0.1], (len(true), 1))
    assert calibration.fit_temperature(given, true) is None


def test_reliability_leaves_empty_bins_out():
    sums = calibration.bin_sums(np.array([0.95, 0.97]), np.array([1.0, 0.0]), np.array([0, 1]), 2, 10)
    table = calibration.reliability(sums)
    edges = {"low": 0.9, "high": 1.0}
    means = {"images": 2, "cases": 2, "confidence": 0.96, "accuracy": 0.5}
    assert table.round(3).to_dict("records") == [
        edges | means | {"accuracy_low": 0.013, "accuracy_high": 0.987}
    ]


def test_the_interval_of_a_bin_counts_its_cases_not_its_images():
    """Eight right images of one patient are one answer."""
    one_case = calibration.bin_sums(np.full(8, 0.9), np.ones(8), np.zeros(8, int), 1)
    eight_cases = calibration.bin_sums(np.full(8, 0.9), np.ones(8), np.arange(8), 8)
    lows = [calibration.reliability(sums)["accuracy_low"][0] for sums in (one_case, eight_cases)]
    assert lows == pytest.approx([binomtest(1, 1).proportion_ci().low, binomtest(8, 8).proportion_ci().low])


@pytest.mark.parametrize("tries", [1, 2, 7, 40])
def test_exact_interval_equals_scipy(tries):
    right = np.arange(tries + 1)
    low, high = calibration.exact_interval(right.astype(float), np.full(tries + 1, float(tries)))
    expected = [binomtest(int(k), tries).proportion_ci(method="exact") for k in right]
    np.testing.assert_allclose(low, [one.low for one in expected], atol=1e-12)
    np.testing.assert_allclose(high, [one.high for one in expected], atol=1e-12)
