import pytest

from breakhis_core import reviews
from breakhis_core.errors import InputError
from breakhis_core.reviews.policy import Policy, choose_policy, chosen_policy

A, B = "a" * 32, "b" * 32


def test_until_somebody_chooses_any_flag_excludes(any_workspace):
    assert chosen_policy(any_workspace) == Policy("any")


def test_the_last_choice_counts_and_says_whose_it_is(any_workspace):
    choose_policy(any_workspace, "ada", "majority")
    choose_policy(any_workspace, " bob ", "settled")
    found = chosen_policy(any_workspace)
    assert (found.code, found.by, found.words) == ("settled", "bob", reviews.POLICIES["settled"])
    assert found.at.endswith("Z")


def test_exclusions_go_by_the_chosen_policy(any_workspace):
    reviews.flag(any_workspace, "ada", A, "staining")
    reviews.flag(any_workspace, "ada", B, "staining")
    reviews.keep(any_workspace, "bob", B)
    assert reviews.excluded_hashes(any_workspace) == (A, B)
    choose_policy(any_workspace, "eve", "majority")
    assert reviews.excluded_hashes(any_workspace) == (A,)
    assert reviews.excluded_hashes(any_workspace, "any") == (A, B)


def test_an_unknown_policy_is_refused(any_workspace):
    with pytest.raises(InputError, match="'most' is no policy"):
        choose_policy(any_workspace, "ada", "most")
    assert chosen_policy(any_workspace) == Policy("any")
