from fractions import Fraction
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from breakhis_core.agreement import cohen_kappa, disagreeing, fleiss_kappa, overall, pairwise

ANSWER = st.sampled_from(["keep", "staining", "artefact"])
ANSWERS = st.lists(st.tuples(ANSWER, ANSWER), min_size=2, max_size=30)
ROWS = st.lists(st.lists(st.sampled_from("abc"), min_size=4, max_size=4), min_size=1, max_size=20)


@given(answers=ANSWERS)
def test_cohens_kappa_is_that_of_scikit_learn(answers):
    first, second = zip(*answers, strict=True)
    if len({*first, *second}) == 1:
        assert cohen_kappa(first, second) is None
    else:
        assert cohen_kappa(first, second) == pytest.approx(cohen_kappa_score(first, second))


def _fleiss_by_counting(answers):
    """Fleiss' kappa from its definition in words, with exact fractions."""
    flat = [answer for row in answers for answer in row]
    pairs = [list(combinations(row, 2)) for row in answers]
    observed = sum(Fraction(sum(a == b for a, b in row), len(row)) for row in pairs) / len(pairs)
    expected = sum(Fraction(flat.count(answer), len(flat)) ** 2 for answer in set(flat))
    return (observed - expected) / (1 - expected)


@given(answers=ROWS.filter(lambda rows: len({answer for row in rows for answer in row}) > 1))
def test_fleiss_kappa_is_its_definition(answers):
    counts = np.array([[row.count(category) for category in "abc"] for row in answers])
    assert fleiss_kappa(counts) == pytest.approx(float(_fleiss_by_counting(answers)))


def test_fleiss_kappa_of_the_published_example():
    # Fleiss' table as it is reprinted in textbooks: ten subjects, fourteen raters, five categories.
    counts = [
        [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ]  # fmt: skip
    assert fleiss_kappa(np.array(counts)) == pytest.approx(0.210, abs=5e-4)


@pytest.mark.parametrize("counts", [[[2, 1], [1, 1]], [[1, 0], [0, 1]]])
def test_unequal_or_too_few_answers_are_refused(counts):
    with pytest.raises(ValueError, match="same number of answers"):
        fleiss_kappa(np.array(counts))


def test_nothing_to_compare_is_undefined_not_an_error():
    assert cohen_kappa([], []) is None
    assert fleiss_kappa(np.zeros((0, 2))) is None
    with pytest.raises(ValueError, match="same length"):
        cohen_kappa(["a"], [])


def _standing(answers):
    """Rows of (image, reviewer, reason or keep)."""
    frame = pd.DataFrame(answers, columns=["hash", "reviewer", "reason"])
    frame["action"] = np.where(frame["reason"] == "keep", "keep", "flag")
    frame["reason"] = frame["reason"].where(frame["action"] == "flag")
    return frame


@pytest.fixture
def standing():
    random = np.random.default_rng(5)
    rows = []
    for image in range(60):
        truth = random.choice(["keep", "staining", "artefact"])
        for reviewer in ("ada", "bob", "eve"):
            said = truth if random.random() < 0.8 else random.choice(["keep", "staining", "artefact"])
            rows.append((f"{image:032x}", reviewer, said))
    rows.append((f"{99:032x}", "ada", "staining"))
    return _standing(rows)


def test_pairs_are_compared_on_what_both_answered(standing):
    found = {one.reviewers: one for one in pairwise(standing, resamples=200)}
    assert set(found) == {("ada", "bob"), ("ada", "eve"), ("bob", "eve")}
    one = found["ada", "bob"]
    assert one.images == 60
    flags = {who: standing[standing["reviewer"] == who].set_index("hash")["action"] for who in ("ada", "bob")}
    first, second = flags["ada"].reindex(flags["bob"].index).tolist(), flags["bob"].tolist()
    assert one.kappa == pytest.approx(cohen_kappa_score(first, second))
    assert one.observed == pytest.approx(np.mean(np.array(first) == np.array(second)))
    assert one.low < one.kappa < one.high


def test_reasons_agree_less_than_flags(standing):
    assert overall(standing, "reason", 50).observed < overall(standing, "flag", 50).observed
    assert set(disagreeing(standing)) < set(disagreeing(standing, "reason"))


def test_where_reviewers_disagree():
    rows = [
        ("a", "ada", "keep"),
        ("a", "bob", "staining"),
        ("b", "ada", "staining"),
        ("b", "bob", "artefact"),
    ]
    assert disagreeing(_standing(rows)) == ("a",)
    assert disagreeing(_standing(rows), "reason") == ("a", "b")


def test_one_reviewer_or_none_is_no_error():
    assert overall(_standing([("a", "ada", "keep")])) is None
    assert pairwise(_standing([("a", "ada", "keep")])) == []
    assert overall(_standing([])) is None
    assert disagreeing(_standing([])) == ()


def test_full_agreement_on_one_answer_says_that_chance_explains_it():
    (one,) = pairwise(_standing([("a", "ada", "keep"), ("a", "bob", "keep")]), resamples=10)
    assert (one.observed, one.kappa, one.low) == (1.0, None, None)
