import pytest

from breakhis_core import reviews
from breakhis_core.errors import InputError
from tests.queries import sql_statements

A, B, C = "a" * 32, "b" * 32, "c" * 32


def _stands(workspace, **wish):
    frame = reviews.standing(workspace, **wish)
    return sorted(
        (row.hash[0], row.reviewer, row.action if row.action == "keep" else row.reason)
        for row in frame.itertuples()
    )


def test_a_flag_keeps_all_that_was_said_with_it(any_workspace):
    number = reviews.flag(
        any_workspace, " Ada  L ", A, "staining", " too dark\n", run="demo", predicted="DC",
        confidence=0.1 + 0.2, seconds=3.5, shown="map DC",
    )  # fmt: skip
    (event,) = reviews.answers_on(any_workspace, A)
    assert (event.id, event.reviewer, event.reason, event.note) == (number, "Ada L", "staining", "too dark")
    assert (event.run, event.predicted, event.confidence) == ("demo", "DC", 0.1 + 0.2)
    assert (event.seconds, event.shown, event.source) == (3.5, "map DC", None)


def test_a_later_answer_replaces_what_stands_and_the_old_one_stays_in_the_history(any_workspace):
    reviews.flag(any_workspace, "ada", A, "staining")
    reviews.flag(any_workspace, "bob", A, "artefact")
    reviews.keep(any_workspace, "ada", A)
    assert _stands(any_workspace) == [("a", "ada", "keep"), ("a", "bob", "artefact")]
    assert list(reviews.history(any_workspace, A)["action"]) == ["flag", "flag", "keep"]


def test_undo_walks_back_and_redo_forward_until_a_new_answer(any_workspace):
    reviews.flag(any_workspace, "ada", A, "staining")
    reviews.flag(any_workspace, "ada", A, "artefact")
    reviews.keep(any_workspace, "ada", B)
    assert reviews.undo(any_workspace, "ada").hash == B
    assert _stands(any_workspace) == [("a", "ada", "artefact")]
    assert reviews.undo(any_workspace, "ada").reason == "artefact"
    assert _stands(any_workspace) == [("a", "ada", "staining")]
    assert reviews.undo(any_workspace, "ada").reason == "staining"
    assert reviews.undo(any_workspace, "ada") is None
    assert _stands(any_workspace) == []
    assert reviews.redo(any_workspace, "ada").reason == "staining"
    assert reviews.redo(any_workspace, "ada").reason == "artefact"
    assert _stands(any_workspace) == [("a", "ada", "artefact")]
    assert reviews.undo(any_workspace, "ada").reason == "artefact"
    reviews.flag(any_workspace, "ada", C, "duplicate")
    assert reviews.redo(any_workspace, "ada") is None
    assert _stands(any_workspace) == [("a", "ada", "staining"), ("c", "ada", "duplicate")]


def test_undo_takes_only_ones_own(any_workspace):
    reviews.flag(any_workspace, "ada", A, "staining")
    assert reviews.undo(any_workspace, "bob") is None
    assert reviews.redo(any_workspace, "ada") is None
    assert _stands(any_workspace) == [("a", "ada", "staining")]


def test_many_flagged_together_are_undone_and_redone_together(any_workspace):
    reviews.keep(any_workspace, "ada", A)
    reviews.flag_many(any_workspace, "ada", [A, B, C], "too_little_tissue")
    assert reviews.undo(any_workspace, "ada").hash == C
    assert _stands(any_workspace) == [("a", "ada", "keep")]
    reviews.redo(any_workspace, "ada")
    assert len(_stands(any_workspace)) == 3
    reviews.undo(any_workspace, "ada")
    reviews.undo(any_workspace, "ada")
    assert _stands(any_workspace) == []


def test_many_kept_together_keep_what_was_predicted_and_are_undone_together(any_workspace):
    reviews.flag(any_workspace, "ada", A, "staining")
    predictions = {A: ("DC", 0.9), B: ("LC", 0.6)}
    reviews.keep_many(
        any_workspace, "ada", [A, B], run="one", predictions=predictions, seconds=1.5, shown="grid"
    )
    rows = [reviews.history(any_workspace, image).iloc[-1] for image in (A, B)]
    assert [(row["action"], row["predicted"], row["confidence"]) for row in rows] == [
        ("keep", "DC", 0.9),
        ("keep", "LC", 0.6),
    ]
    assert {(row["run"], row["seconds"], row["shown"]) for row in rows} == {("one", 1.5, "grid")}
    reviews.undo(any_workspace, "ada")
    assert _stands(any_workspace) == [("a", "ada", "staining")]


def test_nothing_is_ever_changed_or_removed(any_workspace):
    before = []
    for step in range(12):
        (reviews.undo if step % 3 == 2 else reviews.redo if step % 5 == 4 else _flag)(any_workspace, "ada")
        now = reviews.history(any_workspace, A).astype(object).where(lambda f: f.notna(), None)
        rows = now.values.tolist()
        assert rows[: len(before)] == before
        before = rows
    assert len(before) > 8


def _flag(workspace, reviewer):
    reviews.flag(workspace, reviewer, A, "staining")


def test_standing_is_filtered_by_run_and_reviewer(any_workspace):
    reviews.flag(any_workspace, "ada", A, "staining", run="one")
    reviews.keep(any_workspace, "ada", B, run="two")
    reviews.keep(any_workspace, "bob", A)
    assert _stands(any_workspace, run="one") == [("a", "ada", "staining")]
    assert _stands(any_workspace, reviewer="bob") == [("a", "bob", "keep")]
    assert _stands(any_workspace, run="two", reviewer="bob") == []


def test_policies_and_settlements(any_workspace):
    for image, flags, keeps in ((A, 2, 1), (B, 1, 1), (C, 1, 2)):
        for person in range(flags):
            reviews.flag(any_workspace, f"f{person}", image, "staining")
        for person in range(keeps):
            reviews.keep(any_workspace, f"k{person}", image)
    excluded = {policy: reviews.excluded_hashes(any_workspace, policy) for policy in reviews.POLICIES}
    assert excluded == {"any": (A, B, C), "majority": (A,), "settled": ()}
    reviews.settle(any_workspace, "eve", A, exclude=False)
    reviews.settle(any_workspace, "eve", C, exclude=True, reason="artefact")
    excluded = {policy: reviews.excluded_hashes(any_workspace, policy) for policy in reviews.POLICIES}
    assert excluded == {"any": (B, C), "majority": (C,), "settled": (C,)}
    reviews.undo(any_workspace, "eve")
    assert reviews.settlement_on(any_workspace, C) is None
    assert reviews.excluded_hashes(any_workspace, "settled") == ()
    assert reviews.settlement_on(any_workspace, A).action == "include"


def test_empty_tables_have_their_columns(any_workspace):
    assert tuple(reviews.standing(any_workspace).columns) == reviews.STANDING_COLUMNS
    assert reviews.history(any_workspace, A).empty


@pytest.mark.parametrize(
    ("reviewer", "reason", "note", "sentence"),
    [
        ("  ", "staining", "", "the name is empty"),
        ("x" * 81, "staining", "", "longer than 80"),
        ("ada", "blurry", "", "'blurry' is no reason"),
        ("ada", "other", " \n", "needs a note"),
        ("ada", "staining", "x" * 2001, "longer than 2000"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(workspace, reviewer, reason, note, sentence):
    with pytest.raises(InputError, match=sentence):
        reviews.flag(workspace, reviewer, A, reason, note)
    assert reviews.version(workspace) == 0


def test_text_that_databases_choke_on_is_kept_without_it(any_workspace):
    reviews.flag(any_workspace, "ada\x00", A, "other", "a\x00b\ud800 “ünïcode” 🔬\nline")
    (event,) = reviews.answers_on(any_workspace, A)
    assert (event.reviewer, event.note) == ("ada", "ab “ünïcode” 🔬\nline")


def test_keys_are_the_digits_and_codes_are_unique():
    assert [reason.key for reason in reviews.REASONS] == list("123456789")
    assert len(set(reviews.REASON_CODES)) == 9


def test_what_others_write_is_seen_and_asking_again_reads_nothing_new(any_workspace):
    from breakhis_core.workspace import Workspace

    other = Workspace.open(any_workspace.settings)
    assert _stands(any_workspace) == []
    reviews.flag(other, "bob", A, "staining")
    assert _stands(any_workspace) == [("a", "bob", "staining")]
    reviews.undo(any_workspace, "bob")
    assert _stands(other) == []
    other.close()


def test_a_frame_that_was_given_out_can_be_changed(workspace):
    reviews.flag(workspace, "ada", A, "staining")
    mine = reviews.standing(workspace)
    mine["reason"] = "changed"
    assert _stands(workspace) == [("a", "ada", "staining")]


def test_one_look_at_one_image_asks_the_database_once(workspace):
    for number in range(60):
        reviews.flag(workspace, f"reviewer {number % 20}", f"{number % 50:032x}", "staining")
    image = f"{7:032x}"
    reviews.answers_on(workspace, image)
    with sql_statements() as asked:
        assert len(reviews.answers_on(workspace, image)) == 2
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 1


def test_settlements_are_one_gesture_and_can_be_revised(any_workspace):
    first = reviews.settle_many(any_workspace, "eve", [A, B], exclude=True, reason="staining", note="seen")
    found = reviews.settlements(any_workspace)
    assert found[["hash", "excluded", "reason", "note", "steward"]].to_numpy().tolist() == [
        [B, True, "staining", "seen", "eve"],
        [A, True, "staining", "seen", "eve"],
    ]
    reviews.settle(any_workspace, "ida", A, exclude=False, note="good enough")
    assert reviews.excluded_hashes(any_workspace, "settled") == (B,)
    # Taking back one gesture leaves alone what was settled since.
    reviews.undo(any_workspace, "eve", only=first[0])
    assert reviews.settlements(any_workspace)["hash"].tolist() == [A]
    reviews.undo(any_workspace, "ida")
    assert reviews.settlements(any_workspace).empty


def test_the_history_says_an_empty_text_where_nothing_was_said(any_workspace):
    reviews.keep(any_workspace, "ada", A, run="first")
    reviews.settle(any_workspace, "eve", A, exclude=False)
    told = reviews.history(any_workspace, A)[["action", "reason", "run"]]
    assert told.to_numpy().tolist() == [["keep", "", "first"], ["include", "", ""]]


def test_only_the_named_gesture_is_taken_back(any_workspace):
    kept = reviews.keep_many(any_workspace, "ada", [A, B])
    reviews.flag(any_workspace, "ada", C, "staining")
    assert reviews.undo(any_workspace, "ada", only=kept[0]) is not None
    assert reviews.standing(any_workspace)["hash"].tolist() == [C]
    assert reviews.undo(any_workspace, "ada", only=kept[0]) is None
    assert reviews.undo(any_workspace, "bob", only=kept[0]) is None


def test_undo_and_redo_of_answers_pass_over_settlements(any_workspace):
    reviews.flag_many(any_workspace, "ada", [A, B], "staining")
    reviews.settle(any_workspace, "ada", A, exclude=False)
    assert reviews.undo(any_workspace, "ada", topic="answer").action == "flag"
    assert reviews.settlement_on(any_workspace, A).action == "include"
    assert reviews.undo(any_workspace, "ada", topic="answer") is None
    reviews.settle(any_workspace, "ada", B, exclude=False)  # No new answer: redo is still there.
    assert reviews.undo(any_workspace, "ada", topic="settlement").hash == B
    assert reviews.redo(any_workspace, "ada", topic="answer").action == "flag"
    assert reviews.redo(any_workspace, "ada", topic="answer") is None
    assert len(_stands(any_workspace)) == 2
    assert reviews.redo(any_workspace, "ada", topic="settlement").hash == B


def test_a_gesture_says_on_how_many_images_it_was(any_workspace):
    many = reviews.flag_many(any_workspace, "ada", [f"{n:032x}" for n in range(150)], "staining")
    one = reviews.keep(any_workspace, "ada", A)
    reviews.settle_many(any_workspace, "ada", [A, B], exclude=False)
    assert reviews.undo(any_workspace, "ada", topic="answer").id == one
    taken = reviews.undo(any_workspace, "ada", topic="answer")
    assert (taken.id, reviews.images_of(any_workspace, taken)) == (many[-1], 150)
    back = reviews.redo(any_workspace, "ada", topic="answer")
    assert (back.id, reviews.images_of(any_workspace, back)) == (many[0], 150)
    single = reviews.redo(any_workspace, "ada", topic="answer")
    assert (single.id, reviews.images_of(any_workspace, single)) == (one, 1)


def test_own_flags_are_taken_back_exactly_and_nothing_is_said_instead(any_workspace):
    reviews.keep(any_workspace, "ada", B)
    reviews.flag(any_workspace, "ada", A, "staining")
    reviews.flag_many(any_workspace, "ada", [A, B, C], "artefact")
    reviews.flag(any_workspace, "bob", A, "artefact")
    reviews.keep(any_workspace, "bob", C)
    before = _stands(any_workspace)
    taken = reviews.unflag(any_workspace, "ada", [A, B, "f" * 32])
    assert len(taken) == 3  # Both flags on A, and the one on B; C was flagged with them and is not asked for.
    assert _stands(any_workspace) == [
        ("a", "bob", "artefact"), ("b", "ada", "keep"), ("c", "ada", "artefact"), ("c", "bob", "keep"),
    ]  # fmt: skip
    assert reviews.unflag(any_workspace, "ada", [A, B]) == []
    reviews.settle(any_workspace, "ada", A, exclude=False)
    assert reviews.redo(any_workspace, "ada", only=taken[0]) is not None
    assert _stands(any_workspace) == before
    assert reviews.redo(any_workspace, "ada", only=taken[0]) is None
    assert reviews.redo(any_workspace, "bob", only=taken[0]) is None
