import numpy as np
import pytest
from scipy.stats import t

from breakhis_core.metrics.intervals import case_weights, expanded_tail, interval, reflected_interval


def test_weights_start_with_the_observed_sample_and_each_draw_has_all_cases():
    weights = case_weights(7, 50)
    assert weights.shape == (51, 7)
    assert (weights[0] == 1).all()
    assert (weights.sum(1) == 7).all()


def test_the_same_seed_draws_the_same_cases():
    np.testing.assert_array_equal(case_weights(9, 20, seed=4), case_weights(9, 20, seed=4))
    assert (case_weights(9, 20, seed=4) != case_weights(9, 20, seed=5)).any()


@pytest.mark.parametrize(("cases", "resamples"), [(0, 10), (3, 0)])
def test_nothing_cannot_be_drawn(cases, resamples):
    with pytest.raises(ValueError, match="must be at least 1"):
        case_weights(cases, resamples)


@pytest.mark.parametrize("cases", [12, 70, 200])
def test_interval_of_a_mean_is_students(cases):
    """The expanded percentile interval of a mean comes to mean plus or minus t standard errors."""
    values = np.random.default_rng(cases).normal(size=cases)
    samples = case_weights(cases, 10_000)[1:] @ values / cases
    half = t.ppf(0.975, cases - 1) * values.std(ddof=1) / np.sqrt(cases)
    low, high = interval(samples, cases)
    assert low == pytest.approx(values.mean() - half, abs=0.12 * half)
    assert high == pytest.approx(values.mean() + half, abs=0.12 * half)


def test_intervals_of_a_mean_hold_the_truth_as_often_as_they_say():
    draw = np.random.default_rng(11)
    held = 0
    for trial in range(400):
        values = draw.normal(size=8)
        low, high = interval(case_weights(8, 400, seed=trial)[1:] @ values / 8, 8)
        held += low <= 0 <= high
    assert 0.91 <= held / 400 <= 0.98


def test_many_cases_cut_off_a_fortieth_at_each_end():
    assert expanded_tail(100_000) == pytest.approx(0.025, abs=1e-4)


@pytest.mark.parametrize("cases", [0, 1])
def test_one_case_has_no_interval(cases):
    assert interval(np.linspace(0, 1, 100), cases) is None


def test_a_metric_that_most_draws_leave_undefined_has_no_interval():
    samples = np.where(np.arange(100) < 51, np.nan, 0.5)
    assert interval(samples, 10) is None
    assert interval(samples[1:], 10) is None
    assert interval(samples[2:], 10) == (0.5, 0.5)


def test_reflected_interval_stays_above_zero():
    low, high = reflected_interval(np.linspace(0.05, 0.3, 1000), 0.1, cases=50)
    assert low == 0.0
    assert high == pytest.approx(0.2 - np.quantile(np.linspace(0.05, 0.3, 1000), expanded_tail(50)))
