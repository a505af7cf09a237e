from fractions import Fraction
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from breakhis_core.metrics.chance_corrected import cohen, corrected, fleiss, krippendorff
from breakhis_core.reviews.agreement import Agreement, across, disagreeing, overall, pairwise
from breakhis_core.reviews.agreement_words import FEW_IMAGES, meaning, named_the_same

ANSWER = st.sampled_from(["keep", "staining", "artefact"])
ANSWERS = st.lists(st.tuples(ANSWER, ANSWER), min_size=2, max_size=30)
ROWS = st.lists(st.lists(st.sampled_from("abc"), min_size=4, max_size=4), min_size=1, max_size=20)


def _one(measure, rows):
    (value,) = corrected(*measure(rows, np.ones((1, len(rows)))))
    return None if np.isnan(value) else float(value)


def cohen_kappa(first, second):
    _, codes = np.unique([*first, *second], return_inverse=True)
    return _one(cohen, np.column_stack([codes[: len(first)], codes[len(first) :]]))


def fleiss_kappa(counts):
    return _one(fleiss, counts)


def krippendorff_alpha(counts):
    answered = counts[counts.sum(axis=1) >= 2]
    return _one(krippendorff, answered) if len(answered) else None


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


def _alpha_by_pairing(answers):
    """Krippendorff's alpha as it is done by hand: the coincidences of all ordered pairs of answers."""
    rows = [row for row in answers if len(row) > 1]
    coincidences = {}
    for row in rows:
        for i, a in enumerate(row):
            for j, b in enumerate(row):
                if i != j:
                    coincidences[a, b] = coincidences.get((a, b), 0) + Fraction(1, len(row) - 1)
    margins = {}
    for (a, _), many in coincidences.items():
        margins[a] = margins.get(a, 0) + many
    total = sum(margins.values())
    observed = sum(many for (a, b), many in coincidences.items() if a != b)
    expected = sum(margins[a] * margins[b] for a in margins for b in margins if a != b) / (total - 1)
    return 1 - observed / expected


SOME_ROWS = st.lists(st.lists(st.sampled_from("abc"), max_size=4), min_size=1, max_size=20)


@given(answers=SOME_ROWS)
def test_krippendorffs_alpha_is_its_coincidences_also_with_missing_answers(answers):
    counts = np.array([[row.count(category) for category in "abc"] for row in answers])
    used = {answer for row in answers if len(row) > 1 for answer in row}
    if len(used) < 2:
        assert krippendorff_alpha(counts) is None
    else:
        assert krippendorff_alpha(counts) == pytest.approx(float(_alpha_by_pairing(answers)))


def test_krippendorffs_alpha_of_the_published_example():
    # Krippendorff's "four observers, missing data", as reprinted with the nominal alpha of 0.743.
    table = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    counts = [[column.count(value) for value in range(1, 6)] for column in zip(*table, strict=True)]
    assert krippendorff_alpha(np.array(counts)) == pytest.approx(0.743, abs=5e-4)


def _standing(answers):
    """Rows of (image, reviewer, reason or keep, and the right sub-type if one was named)."""
    rows = [(*answer, None)[:4] for answer in answers]
    frame = pd.DataFrame(rows, columns=["hash", "reviewer", "reason", "correction"])
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


def _corrected():
    return _standing(
        [
            ("a", "ada", "wrong_label", "DC"),
            ("a", "bob", "wrong_label", "LC"),
            ("b", "ada", "wrong_label", "DC"),
            ("b", "bob", "wrong_label", "DC"),
            ("b", "eve", "wrong_label"),
            ("c", "ada", "wrong_label", "PC"),
            ("c", "bob", "wrong_label"),
            ("d", "eve", "staining"),
        ]
    )


@pytest.mark.parametrize("subject", ["flag", "reason"])
def test_who_names_another_sub_type_disagrees(subject):
    assert disagreeing(_corrected(), subject) == ("a",)


def test_how_often_two_name_the_same_sub_type_is_counted_on_the_images_where_two_named_one():
    found = across(_corrected(), "correction", resamples=50)
    assert (found.reviewers, found.images, found.observed, found.left_out) == (("ada", "bob"), 2, 0.5, 1)
    assert named_the_same(found).endswith("named the same in 50 %, on 2 images.")
    nobody = across(_standing([("a", "ada", "keep"), ("a", "bob", "staining")]), "correction")
    assert named_the_same(nobody) == ""


def test_one_reviewer_or_none_is_no_error():
    assert overall(_standing([("a", "ada", "keep")])) is None
    assert pairwise(_standing([("a", "ada", "keep")])) == []
    assert overall(_standing([])) is None
    assert disagreeing(_standing([])) == ()


def test_full_agreement_on_one_answer_says_that_chance_explains_it():
    (one,) = pairwise(_standing([("a", "ada", "keep"), ("a", "bob", "keep")]), resamples=10)
    assert (one.observed, one.kappa, one.low) == (1.0, None, None)


def test_images_that_not_all_answered_are_counted_and_alpha_uses_them():
    rows = [
        *(("a", who, "keep") for who in ("ada", "bob", "eve")),
        *(("b", who, "staining") for who in ("ada", "bob", "eve")),
        ("c", "ada", "keep"),
        ("c", "bob", "staining"),
        ("d", "eve", "keep"),
    ]
    standing = _standing(rows)
    fleiss, alpha = overall(standing, resamples=50), across(standing, resamples=50)
    assert (fleiss.images, fleiss.left_out, fleiss.kappa) == (2, 2, 1.0)
    assert (alpha.images, alpha.left_out) == (3, 1)
    assert alpha.kappa == pytest.approx(krippendorff_alpha(np.array([[3, 0], [0, 3], [1, 1], [1, 0]])))
    assert {one.reviewers: (one.images, one.left_out) for one in pairwise(standing, resamples=50)} == {
        ("ada", "bob"): (3, 0),
        ("ada", "eve"): (2, 2),
        ("bob", "eve"): (2, 2),
    }


def test_the_interval_is_that_of_a_bootstrap_over_images(standing):
    """Drawn here image by image, and there by patterns: the ends agree within the noise of the draws."""
    table = standing.pivot(index="hash", columns="reviewer", values="action").dropna(subset=["bob"])
    first, second = table["ada"].to_numpy(), table["bob"].to_numpy()
    random = np.random.default_rng(1)
    drawn = [random.integers(0, len(table), len(table)) for _ in range(3000)]
    wanted = np.quantile([cohen_kappa_score(first[d], second[d]) for d in drawn], [0.025, 0.975])
    one = next(o for o in pairwise(standing, resamples=3000) if o.reviewers == ("ada", "bob"))
    assert [one.low, one.high] == pytest.approx(wanted, abs=0.03)


def _of(images, kappa, low, high):
    return Agreement(("ada", "bob"), images, 0.9, kappa, low, high)


def test_words_say_when_a_coefficient_says_nothing():
    assert meaning(across(_standing([("a", "ada", "keep")]))) == "No image has two answers yet."
    (one,) = pairwise(_standing([("a", "ada", "keep"), ("a", "bob", "keep")]), resamples=10)
    assert meaning(one).startswith("One and the same answer throughout")
    assert "Too few images" in meaning(_of(FEW_IMAGES - 1, 0.5, 0.2, 0.7))
    assert meaning(_of(FEW_IMAGES, 0.5, 0.45, 0.6)) == "Moderate agreement beyond chance."
    assert meaning(_of(FEW_IMAGES, -0.2, -0.4, 0.1)) == (
        "No agreement beyond chance. With other images, no to slight."
    )
    assert "interval says nothing" in meaning(_of(FEW_IMAGES, 1.0, 1.0, 1.0))
