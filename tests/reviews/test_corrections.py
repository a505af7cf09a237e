"""Which sub-type is right: said with the flag or after it, undone with it, and what stands by all."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from breakhis_core import reviews
from breakhis_core.errors import InputError
from breakhis_core.flags.importing import apply_import
from breakhis_core.flags.parsing import read_flags
from breakhis_core.reviews import own_answers, pace
from breakhis_core.reviews.corrections import correctors
from breakhis_core.storage import migration
from breakhis_core.workspace import Workspace

A, B, C = "a" * 32, "b" * 32, "c" * 32
GUEST = "guest-f090"


def _named(workspace):
    frame = reviews.standing(workspace).astype(object)
    frame = frame.where(frame.notna(), None)
    return sorted((row.hash[0], row.reviewer, row.reason, row.correction or "") for row in frame.itertuples())


def test_a_flag_says_which_sub_type_is_right(any_workspace):
    reviews.flag(any_workspace, "ada", A, "wrong_label", correction="DC")
    reviews.flag_many(any_workspace, "ada", [B, C], "wrong_label", correction="LC")
    assert _named(any_workspace) == [
        ("a", "ada", "wrong_label", "DC"),
        ("b", "ada", "wrong_label", "LC"),
        ("c", "ada", "wrong_label", "LC"),
    ]
    assert list(reviews.history(any_workspace, A)["correction"]) == ["DC"]
    assert own_answers.newest(any_workspace, "ada", 1)[0].correction == "LC"


@pytest.mark.parametrize(
    ("reason", "correction", "sentence"),
    [
        ("wrong_label", "XX", "'XX' is no sub-type; the sub-types are A, F, PT"),
        ("wrong_label", "dc", "'dc' is no sub-type"),
        ("staining", "DC", "goes with the reason wrong_label only"),
    ],
)
def test_what_corrects_nothing_is_refused_in_a_sentence(workspace, reason, correction, sentence):
    with pytest.raises(InputError, match=sentence):
        reviews.flag(workspace, "ada", A, reason, correction=correction)
    with pytest.raises(InputError, match=sentence):
        reviews.flag_many(workspace, "ada", [A], reason, correction=correction)
    with pytest.raises(InputError, match=sentence):
        reviews.settle(workspace, "eve", A, exclude=True, reason=reason, correction=correction)
    assert reviews.version(workspace) == 0


def test_what_stays_is_not_corrected(workspace):
    with pytest.raises(InputError, match="wrong_label only"):
        reviews.settle(workspace, "eve", A, exclude=False, reason="wrong_label", correction="DC")


def test_a_flag_is_corrected_afterwards_with_all_that_was_said_with_it(any_workspace):
    facts = {"run": "demo", "predicted": "LC", "confidence": 0.25, "seconds": 3.5, "shown": "map LC"}
    reviews.flag(any_workspace, "ada", A, "wrong_label", "of the stroma", **facts)
    number = reviews.correct(any_workspace, "ada", A, "DC")
    (event,) = reviews.answers_on(any_workspace, A)
    assert (event.id, event.correction, event.note, event.reason) == (
        number, "DC", "of the stroma", "wrong_label",
    )  # fmt: skip
    assert {name: getattr(event, name) for name in facts} == facts
    reviews.correct(any_workspace, "ada", A, None)
    assert _named(any_workspace) == [("a", "ada", "wrong_label", "")]


def test_one_undo_takes_back_flag_and_correction_and_one_redo_brings_both(any_workspace):
    reviews.keep(any_workspace, "ada", A)
    reviews.flag(any_workspace, "ada", A, "wrong_label")
    reviews.correct(any_workspace, "ada", A, "DC")
    undone = reviews.undo(any_workspace, "ada")
    assert (undone.correction, reviews.images_of(any_workspace, undone)) == ("DC", 1)
    assert [event.action for event in reviews.answers_on(any_workspace, A)] == ["keep"]
    back = reviews.redo(any_workspace, "ada")
    assert reviews.images_of(any_workspace, back) == 1
    assert _named(any_workspace) == [("a", "ada", "wrong_label", "DC")]
    assert reviews.redo(any_workspace, "ada") is None
    reviews.undo(any_workspace, "ada")
    assert reviews.undo(any_workspace, "ada").action == "keep"
    assert reviews.undo(any_workspace, "ada") is None


def test_the_undo_of_the_flag_itself_takes_the_correction_too(any_workspace):
    flag = reviews.flag(any_workspace, "ada", A, "wrong_label")
    reviews.correct(any_workspace, "ada", A, "DC")
    reviews.keep(any_workspace, "ada", B)
    reviews.undo(any_workspace, "ada", only=flag)
    assert reviews.answers_on(any_workspace, A) == []


def test_an_imported_flag_stays_when_its_correction_is_undone(any_workspace):
    reviews.flag(any_workspace, "ada", B, "staining")
    tomorrow = datetime.now(UTC) + timedelta(hours=20)
    row = f"hash,reason,reviewer,time\n{B},wrong_label,bob,{tomorrow.isoformat()}\n"
    apply_import(any_workspace, read_flags(row.encode()))
    reviews.correct(any_workspace, "bob", B, "DC")
    for step in (reviews.undo, reviews.redo, reviews.undo):
        step(any_workspace, "bob")
        named = "DC" if step is reviews.redo else ""
        assert ("b", "bob", "wrong_label", named) in _named(any_workspace)


def test_unflag_takes_both_and_its_redo_brings_both(any_workspace):
    reviews.flag(any_workspace, "ada", A, "wrong_label")
    reviews.correct(any_workspace, "ada", A, "DC")
    first = reviews.unflag(any_workspace, "ada", [A])[0]
    assert _named(any_workspace) == []
    reviews.redo(any_workspace, "ada", only=first)
    assert _named(any_workspace) == [("a", "ada", "wrong_label", "DC")]


def test_only_ones_own_standing_flag_on_the_label_is_corrected(any_workspace):
    reviews.flag(any_workspace, "ada", A, "wrong_label")
    reviews.flag(any_workspace, "ada", B, "staining")
    reviews.flag(any_workspace, "ada", C, "wrong_label")
    reviews.undo(any_workspace, "ada")
    for reviewer, image in (("bob", A), ("ada", B), ("ada", C)):
        with pytest.raises(InputError, match=f"{reviewer} has not said that this image's label is wrong"):
            reviews.correct(any_workspace, reviewer, image, "DC")
    with pytest.raises(InputError, match="'XX' is no sub-type"):
        reviews.correct(any_workspace, "ada", A, "XX")


def test_a_steward_corrects_the_own_settlement(any_workspace):
    reviews.settle(any_workspace, "eve", A, exclude=True, reason="wrong_label")
    with pytest.raises(InputError, match="bob has not settled that"):
        reviews.correct(any_workspace, "bob", A, "DC", topic="settlement")
    reviews.correct(any_workspace, "eve", A, "DC", topic="settlement")
    assert list(reviews.settlements(any_workspace)["correction"]) == ["DC"]
    reviews.undo(any_workspace, "eve")
    assert reviews.settlement_on(any_workspace, A) is None
    reviews.redo(any_workspace, "eve")
    assert reviews.settlement_on(any_workspace, A).correction == "DC"


def test_a_guests_correction_stands_under_the_name_and_is_undone_there_with_its_flag(any_workspace):
    reviews.flag(any_workspace, GUEST, A, "wrong_label")
    reviews.correct(any_workspace, GUEST, A, "DC")
    reviews.flag(any_workspace, GUEST, B, "wrong_label", correction="PC")
    reviews.move_to_name(any_workspace, GUEST, "Bea")
    both = [("a", "Bea", "wrong_label", "DC"), ("b", "Bea", "wrong_label", "PC")]
    assert _named(any_workspace) == both
    reviews.undo(any_workspace, "Bea")
    reviews.undo(any_workspace, "Bea")
    assert _named(any_workspace) == []
    reviews.redo(any_workspace, "Bea")
    reviews.redo(any_workspace, "Bea")
    assert _named(any_workspace) == both
    reviews.give_back(any_workspace, GUEST, "Bea")
    assert _named(any_workspace) == [("a", GUEST, "wrong_label", "DC"), ("b", GUEST, "wrong_label", "PC")]


def test_more_than_half_of_those_who_named_a_sub_type_name_the_right_one(any_workspace):
    for reviewer, correction in (("ada", "DC"), ("bob", "DC"), ("cy", "LC"), ("dan", None)):
        reviews.flag(any_workspace, reviewer, A, "wrong_label", correction=correction)
    reviews.flag(any_workspace, "ada", B, "wrong_label", correction="PC")
    reviews.flag(any_workspace, "bob", B, "wrong_label", correction="MC")
    reviews.flag(any_workspace, "ada", C, "wrong_label")
    assert reviews.corrected_labels(any_workspace) == {A: "DC"}
    assert reviews.disputed_corrections(any_workspace) == (B,)
    reviews.undo(any_workspace, "bob")
    assert reviews.corrected_labels(any_workspace) == {A: "DC", B: "PC"}
    assert reviews.disputed_corrections(any_workspace) == ()


def test_a_stewards_word_counts_before_all_others(any_workspace):
    reviews.flag(any_workspace, "ada", A, "wrong_label", correction="DC")
    reviews.flag(any_workspace, "bob", A, "wrong_label", correction="LC")
    reviews.settle(any_workspace, "eve", A, exclude=True, reason="wrong_label")
    assert reviews.disputed_corrections(any_workspace) == (A,)
    reviews.correct(any_workspace, "eve", A, "TA", topic="settlement")
    assert reviews.corrected_labels(any_workspace) == {A: "TA"}
    assert reviews.disputed_corrections(any_workspace) == ()
    reviews.settle(any_workspace, "eve", A, exclude=False)
    assert reviews.corrected_labels(any_workspace) == {}


def test_who_corrected_labels_is_told_stewards_among_them(any_workspace):
    reviews.flag(any_workspace, "bob", A, "wrong_label", correction="LC")
    reviews.flag(any_workspace, "cy", A, "wrong_label")
    reviews.settle(any_workspace, "eve", A, exclude=True, reason="wrong_label", correction="DC")
    reviews.flag(any_workspace, "ada", B, "wrong_label", correction="PC")
    assert correctors(any_workspace, [A, C]) == ("bob", "eve")


def test_only_what_leaves_by_the_policy_is_corrected(any_workspace):
    reviews.flag(any_workspace, "ada", A, "wrong_label", correction="DC")
    for reviewer in ("bob", "cy"):
        reviews.keep(any_workspace, reviewer, A)
    found = {policy: reviews.corrected_labels(any_workspace, policy) for policy in reviews.POLICIES}
    assert found == {"any": {A: "DC"}, "majority": {}, "settled": {}}
    with pytest.raises(ValueError, match="policy is one of"):
        reviews.corrected_labels(any_workspace, "all")


def test_what_was_returned_is_the_callers(workspace):
    reviews.flag(workspace, "ada", A, "wrong_label", correction="DC")
    reviews.corrected_labels(workspace).clear()
    assert reviews.corrected_labels(workspace) == {A: "DC"}


def test_a_correction_is_no_further_answer_to_the_pace(workspace):
    for image in "abcdef":
        reviews.flag(workspace, "ada", image * 32, "wrong_label", seconds=4.0)
    plain = pace.pace_of(own_answers.newest(workspace, "ada", 50))
    reviews.correct(workspace, "ada", "f" * 32, "DC")
    assert pace.pace_of(own_answers.newest(workspace, "ada", 50)).answers == plain.answers


def test_a_workspace_of_before_corrections_keeps_its_flags_and_takes_some(any_workspace):
    reviews.flag(any_workspace, "ada", A, "wrong_label")
    with any_workspace.engine.begin() as connection:
        connection.execute(text("UPDATE review_events SET batch = NULL"))
        connection.execute(text("ALTER TABLE review_events DROP COLUMN correction"))
        connection.execute(text(f"UPDATE {migration.VERSION_TABLE} SET version_num = '0002'"))
    again = Workspace.open(any_workspace.settings)
    assert _named(again) == [("a", "ada", "wrong_label", "")]
    reviews.correct(again, "ada", A, "DC")
    assert reviews.corrected_labels(again) == {A: "DC"}
    # The flag was a gesture of its own.
    reviews.undo(again, "ada")
    assert _named(again) == [("a", "ada", "wrong_label", "")]
    reviews.redo(again, "ada")
    assert _named(again) == [("a", "ada", "wrong_label", "DC")]
    again.close()
