from itertools import product

import numpy as np
import pytest
from scipy.stats import binom, chi2

from breakhis_core.metrics.paired_tests import mcnemar, swap_test


@pytest.mark.parametrize(("fixed", "broken"), [(0, 0), (1, 0), (5, 5), (8, 1), (0, 12), (30, 10)])
def test_mcnemar_equals_the_binomial_tail(fixed, broken):
    tail = binom.cdf(min(fixed, broken), fixed + broken, 0.5)
    assert mcnemar(fixed, broken)["p_value"] == pytest.approx(min(1.0, 2 * tail))


def test_mcnemar_comes_near_its_chi_square_form_on_many_images():
    assert mcnemar(260, 200)["p_value"] == pytest.approx(chi2.sf((60 - 1) ** 2 / 460, 1), rel=0.05)


def test_mcnemar_does_not_ask_which_run_is_first():
    assert mcnemar(9, 2)["p_value"] == mcnemar(2, 9)["p_value"]


def test_a_negative_count_is_refused():
    with pytest.raises(ValueError, match="must not be negative"):
        mcnemar(-1, 2)


@pytest.mark.parametrize("gained", [[1], [2, -1], [3, 1, 2], [4, -4, 1, 0, 0, 2, -3]])
def test_swap_test_tries_every_pattern(gained):
    changed = [one for one in gained if one]
    totals = [abs(np.dot(signs, changed)) for signs in product((1, -1), repeat=len(changed))]
    expected = np.mean([total >= abs(sum(changed)) for total in totals])
    assert swap_test(np.array(gained))["p_value"] == expected


def test_swap_test_of_images_in_cases_of_their_own_is_mcnemar():
    gained = np.array([1] * 9 + [-1] * 3)
    assert swap_test(gained)["p_value"] == pytest.approx(mcnemar(9, 3)["p_value"])


def test_random_swaps_come_near_all_swaps():
    gained = np.array([1] * 18 + [-1] * 6)
    assert swap_test(gained)["p_value"] == pytest.approx(mcnemar(18, 6)["p_value"], abs=0.01)


def test_nothing_changed_is_no_evidence():
    assert swap_test(np.zeros(5, int)) == {"gained": 0, "cases": 0, "p_value": 1.0}


def test_one_case_proves_nothing_however_many_images_it_gained():
    assert swap_test(np.array([40]))["p_value"] == 1.0
    assert mcnemar(40, 0)["p_value"] < 1e-9
