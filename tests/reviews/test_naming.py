"""A guest who says her name, and names that are written differently."""

import time
import unicodedata

import pytest
from sqlalchemy import select

from breakhis_core import reviews
from breakhis_core.flags import csv_json, importing, parsing
from breakhis_core.flags.statements import statements
from breakhis_core.reviews import agreement, own_answers
from breakhis_core.storage import tables
from breakhis_core.workspace import Workspace
from tests.queries import sql_statements

A, B, C, D = (letter * 32 for letter in "abcd")
GUEST = "guest-f090"


def _stands(workspace):
    frame = reviews.standing(workspace)
    return sorted(
        (row.hash[0], row.reviewer, row.action if row.action == "keep" else row.reason)
        for row in frame.itertuples()
    )


def _answer_as_guest(workspace):
    reviews.flag(
        workspace, GUEST, A, "staining", "pale", run="one", predicted="DC", confidence=0.7, seconds=3
    )
    reviews.flag_many(workspace, GUEST, [B, C], "artefact", run="one", shown="Grid")
    reviews.keep(workspace, GUEST, D, run="one", seconds=2.5)
    reviews.flag(workspace, GUEST, A, "artefact", run="one", seconds=4)


MOVED = [("a", "Bea", "artefact"), ("b", "Bea", "artefact"), ("c", "Bea", "artefact"), ("d", "Bea", "keep")]


def test_all_that_a_guest_answered_stands_under_the_name_as_it_was_said(any_workspace):
    _answer_as_guest(any_workspace)
    facts = ["hash", "action", "reason", "note", "at", "run", "predicted", "confidence", "seconds"]
    before = reviews.standing(any_workspace)[facts]
    assert reviews.move_to_name(any_workspace, GUEST, " Bea ") == reviews.Moved(4, 0, 0)
    assert _stands(any_workspace) == MOVED
    after = reviews.standing(any_workspace)[facts].sort_values("at", ignore_index=True)
    assert after.equals(before.sort_values("at", ignore_index=True))
    assert reviews.move_to_name(any_workspace, GUEST, "Bea") == reviews.Moved(0, 0, 0)
    assert _stands(any_workspace) == MOVED


def test_undo_after_naming_takes_back_her_last_answers_one_by_one(any_workspace):
    _answer_as_guest(any_workspace)
    reviews.move_to_name(any_workspace, GUEST, "Bea")
    assert reviews.redo(any_workspace, "Bea") is None
    taken = [reviews.undo(any_workspace, "Bea", topic="answer") for _ in range(4)]
    assert [(event.hash[0], event.action) for event in taken] == [
        ("a", "flag"), ("d", "keep"), ("c", "flag"), ("a", "flag"),
    ]  # fmt: skip
    assert taken[0].reason == "artefact"
    assert taken[3].reason == "staining"  # What the last answer about the image had replaced.
    assert reviews.images_of(any_workspace, taken[2]) == 2
    assert _stands(any_workspace) == []
    assert reviews.undo(any_workspace, "Bea", topic="answer") is None
    for _ in range(4):
        assert reviews.redo(any_workspace, "Bea", topic="answer") is not None
    assert _stands(any_workspace) == MOVED
    # A tab that still goes by the guest's name can do nothing with what is hers no more.
    assert reviews.undo(any_workspace, GUEST) is None
    assert reviews.redo(any_workspace, GUEST) is None


def test_where_the_name_answered_already_its_own_answer_stands(any_workspace):
    reviews.flag(any_workspace, "Bea", A, "duplicate")
    reviews.keep(any_workspace, "Bea", B)
    reviews.undo(any_workspace, "Bea")
    _answer_as_guest(any_workspace)
    assert reviews.move_to_name(any_workspace, GUEST, "Bea") == reviews.Moved(3, 0, 1)
    assert _stands(any_workspace) == [("a", "Bea", "duplicate"), *MOVED[1:]]
    assert reviews.undo(any_workspace, "Bea").hash == D
    assert len(reviews.history(any_workspace, A).query("reviewer == @GUEST and action == 'flag'")) == 2


def test_a_settlement_moves_too_and_never_over_a_later_one(any_workspace):
    reviews.settle_many(any_workspace, GUEST, [A, B], exclude=True, reason="staining")
    time.sleep(0.002)
    reviews.settle(any_workspace, "Ida", B, exclude=False)
    assert reviews.move_to_name(any_workspace, GUEST, "Bea") == reviews.Moved(0, 2, 0)
    found = reviews.settlements(any_workspace)
    assert sorted(found[["hash", "excluded", "steward"]].to_numpy().tolist()) == [
        [A, True, "Bea"],
        [B, False, "Ida"],
    ]
    reviews.undo(any_workspace, "Ida", topic="settlement")
    assert set(reviews.settlements(any_workspace)["steward"]) == {"Bea"}


def test_what_was_moved_can_be_given_back(any_workspace):
    reviews.flag(any_workspace, "Bea", A, "duplicate")
    _answer_as_guest(any_workspace)
    reviews.move_to_name(any_workspace, GUEST, "Bea")
    reviews.undo(any_workspace, "Bea")  # Of D: taken back for good.
    reviews.flag(any_workspace, "Bea", B, "staining")
    assert reviews.give_back(any_workspace, GUEST, "Bea") == 3
    assert _stands(any_workspace) == [
        ("a", "Bea", "duplicate"), ("a", GUEST, "artefact"), ("b", "Bea", "staining"),
        ("b", GUEST, "artefact"), ("c", GUEST, "artefact"),
    ]  # fmt: skip
    assert reviews.give_back(any_workspace, GUEST, "Bea") == 0
    assert reviews.redo(any_workspace, "Bea") is None
    assert reviews.undo(any_workspace, "Bea").hash == B


def test_the_guest_is_no_second_reviewer(any_workspace):
    for image in (A, B, C):
        reviews.flag(any_workspace, GUEST, image, "staining")
        reviews.keep(any_workspace, "Ada", image)
    reviews.keep(any_workspace, "Bea", A)
    assert set(agreement.of_people(reviews.standing(any_workspace))["reviewer"]) == {"Ada", "Bea"}
    reviews.move_to_name(any_workspace, GUEST, "Bea")
    assert set(reviews.standing(any_workspace)["reviewer"]) == {"Ada", "Bea"}
    (pair,) = agreement.pairwise(agreement.of_people(reviews.standing(any_workspace)))
    assert (pair.reviewers, pair.images) == (("Ada", "Bea"), 3)


def test_what_was_moved_survives_an_export_an_import_and_another_process(any_workspace):
    _answer_as_guest(any_workspace)
    before = csv_json.export_csv(statements(any_workspace))
    reviews.move_to_name(any_workspace, GUEST, "Bea")
    for content in (before, csv_json.export_csv(statements(any_workspace))):
        done = importing.apply_import(any_workspace, parsing.read_flags(content, "flags.csv"))
        assert (done.is_new, done.refused) == (False, ())
        assert len(done.known) >= 3
    other = Workspace.open(any_workspace.settings)
    assert _stands(other) == MOVED
    assert [event.hash[0] for event in own_answers.newest(other, "Bea", 9)] == ["a", "b", "c", "d", "a"]
    other.close()


def test_an_images_history_says_once_what_was_moved_and_keeps_what_was_not(any_workspace):
    def told(image):
        history = reviews.as_named(reviews.history(any_workspace, image))
        return [f"{row.reviewer} {row.action}" for row in history.itertuples()]

    reviews.keep(any_workspace, "Bea", B)
    _answer_as_guest(any_workspace)
    reviews.move_to_name(any_workspace, GUEST, "Bea")
    assert told(A) == ["Bea flag", "Bea flag"]
    assert told(B) == ["Bea keep", f"{GUEST} flag", f"{GUEST} undo"]
    reviews.give_back(any_workspace, GUEST, "Bea")
    assert told(D) == [f"{GUEST} keep", f"{GUEST} undo", "Bea keep", "Bea undo", f"{GUEST} redo"]


def test_events_are_only_added(any_workspace):
    def rows():
        with any_workspace.engine.connect() as connection:
            return connection.execute(select(tables.review_events).order_by(tables.review_events.c.id)).all()

    _answer_as_guest(any_workspace)
    before = rows()
    reviews.move_to_name(any_workspace, GUEST, "Bea")
    reviews.give_back(any_workspace, GUEST, "Bea")
    assert rows()[: len(before)] == before


@pytest.mark.parametrize("written", ["bea", "BEA", "  Bea\n", "Bea\u200b"])
def test_a_name_is_known_however_it_is_written(any_workspace, written):
    assert reviews.known_name(any_workspace, "Bea") == "Bea"
    reviews.keep(any_workspace, "Bea", A)
    assert reviews.known_name(any_workspace, written) == "Bea"
    assert len(reviews.standing(any_workspace, reviewer=written)) == 1
    assert reviews.known_name(any_workspace, "beat") == "beat"


def test_accents_are_one_whatever_they_are_made_of(any_workspace):
    name = "Zoë Gräf"
    reviews.keep(any_workspace, unicodedata.normalize("NFD", name), A)
    for form in ("NFC", "NFD", "NFKD"):
        assert len(reviews.standing(any_workspace, reviewer=unicodedata.normalize(form, name))) == 1


def test_spellings_that_are_in_use_stay(any_workspace):
    reviews.keep(any_workspace, "Bea", A)
    reviews.keep(any_workspace, "bea", B)
    assert reviews.known_name(any_workspace, "bea") == "bea"
    assert reviews.known_name(any_workspace, "BEA") == "Bea"


def test_moving_an_answer_takes_as_many_statements_however_many_move(any_workspace):
    for start in range(0, 60, 20):
        reviews.keep_many(any_workspace, GUEST, [f"{start + n:032x}" for n in range(20)])
    with sql_statements() as asked:
        assert reviews.move_to_name(any_workspace, GUEST, "Bea").answers == 60
    assert len(asked) <= 6 * 60


def test_an_import_knows_a_name_however_the_file_writes_it(any_workspace):
    reviews.keep(any_workspace, "Bea", D)
    rows = [f"{image},staining,{name}" for image, name in zip((A, B, C), ("bea", "zoe", "ZOE"), strict=True)]
    reviews.keep_many(any_workspace, "Ida", [A, B, C])  # Else the workspace does not know the images.
    plan = parsing.read_flags("\n".join(["hash,reason,reviewer", *rows]).encode(), "flags.csv")
    assert [row["reviewer"] for row in importing.check_import(any_workspace, plan, "IDA").new] == [
        "Bea", "zoe", "zoe",
    ]  # fmt: skip
