"""The review screen, run without a browser."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from breakhis_core import reviews
from breakhis_core.images import measuring
from breakhis_core.images.taxonomy import subtype
from breakhis_core.runs import Run
from breakhis_core.runs.queues import build_queue
from breakhis_core.workspace import Workspace
from tests.screens.components import ANSWERS, act, press, shown
from tests.screens.conftest import Open


@pytest.fixture
def queue(fake_run: Run) -> list[str]:
    """Hashes of the default queue of the fake run."""
    hashes: list[str] = build_queue(fake_run)["hash"].tolist()
    assert len(hashes) > 3
    return hashes


def image(screen: AppTest) -> str:
    shown = screen.query_params["image"]
    return shown if isinstance(shown, str) else shown[0]


def unfold(screen: AppTest) -> AppTest:
    """Open the choice of the queue; folded away, it has no widgets."""
    screen.session_state["queue-choice"] = True
    return screen.run()


def choose(screen: AppTest, name: str, value: str) -> AppTest:
    return unfold(screen).selectbox(key=f"choice-{name}").select(value).run()


def test_it_begins_with_the_most_confident_mistake(queue: list[str], open_screen: Open) -> None:
    screen = open_screen("review")
    assert not screen.exception
    assert image(screen) == queue[0]


def test_next_and_previous_walk_the_queue(queue: list[str], open_screen: Open) -> None:
    screen = press(press(open_screen("review"), "Next"), "Next")
    assert image(screen) == queue[2]
    assert image(press(screen, "Previous")) == queue[1]


def test_a_link_opens_its_image(queue: list[str], open_screen: Open) -> None:
    assert image(open_screen("review", image=queue[3])) == queue[3]


def test_an_image_that_is_not_in_the_queue_gives_way_to_the_first(
    queue: list[str], open_screen: Open
) -> None:
    assert image(open_screen("review", image="0" * 32)) == queue[0]


def test_a_flag_is_saved_with_all_that_was_on_screen_and_moves_on(
    workspace: Workspace, fake_run: Run, queue: list[str], open_screen: Open
) -> None:
    screen = press(open_screen("review"), "Out of focus", "left half ")
    saved = reviews.standing(workspace)
    row = saved.iloc[0]
    predicted = fake_run.predictions().set_index("hash").loc[queue[0]]
    assert len(saved) == 1
    assert (row["hash"], row["action"], row["reason"], row["note"]) == (
        queue[0],
        "flag",
        "out_of_focus",
        "left half",
    )
    assert (row["run"], row["predicted"]) == ("fake", predicted["predicted"])
    assert row["confidence"] == pytest.approx(predicted["confidence"])
    assert 0 <= row["seconds"] < 60
    assert row["reviewer"] == screen.session_state.reviewer
    assert image(screen) == queue[1]
    assert shown(screen, "review-stage")["note"] == ""


def test_keep_says_that_nothing_is_wrong(workspace: Workspace, queue: list[str], open_screen: Open) -> None:
    press(open_screen("review"), "Keep")
    assert reviews.standing(workspace)[["hash", "action"]].to_numpy().tolist() == [[queue[0], "keep"]]


def another(screen: AppTest) -> str:
    """Return the code of a sub-type that the image on screen is not labelled with."""
    return "DC" if shown(screen, "review-stage")["true"] != "DC" else "LC"


def correct(screen: AppTest, correction: str) -> AppTest:
    image = shown(screen, "review-stage")["hash"]
    return act(screen, "review-pad", do="correct", hash=image, correction=correction)


def test_wrong_label_is_saved_and_its_image_stays_until_the_right_sub_type_is_said(
    workspace: Workspace, queue: list[str], open_screen: Open
) -> None:
    screen = press(open_screen("review"), "Wrong label", "left half")
    assert image(screen) == queue[0]
    assert reviews.standing(workspace)["reason"].tolist() == ["wrong_label"]
    code = another(screen)
    screen = correct(screen, code)
    assert image(screen) == queue[1]
    standing = reviews.standing(workspace).iloc[0]
    assert standing[["reason", "correction", "note"]].tolist() == ["wrong_label", code, "left half"]
    screen = press(screen, "Previous")
    assert shown(screen, "review-stage")["correction"] == code
    stands = shown(screen, "review-stage")["progress"]["stands"]  # type: ignore[index]
    assert stands.startswith(f"you flagged: wrong label, is {subtype(code).name}")
    screen = press(screen, "Undo")
    assert image(screen) == queue[0]
    assert reviews.standing(workspace).empty
    press(screen, "Redo")
    assert reviews.standing(workspace)["correction"].tolist() == [code]


def test_a_note_and_the_same_flag_again_keep_the_right_sub_type(
    workspace: Workspace, queue: list[str], open_screen: Open
) -> None:
    screen = press(open_screen("review"), "Wrong label")
    code = another(screen)
    screen = press(correct(screen, code), "Previous")
    screen = act(screen, "review-pad", do="note", hash=queue[0], note="ducts", shown="")
    screen = press(screen, "Wrong label", "ducts")
    assert reviews.standing(workspace)[["correction", "note"]].to_numpy().tolist() == [[code, "ducts"]]
    screen = press(screen, "Staining")
    assert reviews.standing(workspace)["correction"].isna().all()
    assert shown(press(screen, "Previous"), "review-stage")["correction"] == ""


def test_no_sub_type_is_saved_without_a_flag_nor_the_one_of_the_label(
    workspace: Workspace, queue: list[str], open_screen: Open
) -> None:
    screen = open_screen("review")
    label = str(shown(screen, "review-stage")["true"])
    screen = correct(screen, another(screen))
    assert reviews.standing(workspace).empty
    screen = correct(press(screen, "Wrong label"), label)
    assert reviews.standing(workspace)["correction"].isna().all()
    assert image(screen) == queue[0]
    assert shown(screen, "review-stage")["progress"]["said"].startswith("Not saved")  # type: ignore[index]


def test_other_is_nothing_without_a_note(workspace: Workspace, queue: list[str], open_screen: Open) -> None:
    screen = press(open_screen("review"), "Other")
    assert reviews.standing(workspace).empty
    assert image(screen) == queue[0]
    screen = press(screen, "Other", "ink on the slide")
    assert reviews.standing(workspace)["note"].tolist() == ["ink on the slide"]
    assert image(screen) == queue[1]


def test_undo_returns_to_the_image_and_redo_brings_the_answer_back(
    workspace: Workspace, queue: list[str], open_screen: Open
) -> None:
    screen = press(press(open_screen("review"), "Staining"), "Next")
    screen = press(screen, "Undo")
    assert image(screen) == queue[0]
    assert reviews.standing(workspace).empty
    press(screen, "Redo")
    assert reviews.standing(workspace)["reason"].tolist() == ["staining"]


def test_undo_without_an_answer_changes_nothing(queue: list[str], open_screen: Open) -> None:
    screen = press(open_screen("review"), "Undo")
    assert not screen.exception
    assert image(screen) == queue[0]


def test_the_reason_that_stands_is_marked(queue: list[str], open_screen: Open) -> None:
    screen = press(press(open_screen("review"), "Staining"), "Previous")
    assert shown(screen, "review-stage")["answer"] == ANSWERS.index("Staining")
    assert shown(press(screen, "Next"), "review-stage")["answer"] is None


def test_a_note_stands_with_its_answer_and_can_be_changed(
    workspace: Workspace, queue: list[str], open_screen: Open
) -> None:
    screen = press(press(open_screen("review"), "Staining", "left half"), "Previous")
    assert shown(screen, "review-stage")["note"] == "left half"
    screen = act(screen, "review-pad", do="note", hash=queue[0], note="right half", shown="")
    assert image(screen) == queue[0]
    standing = reviews.standing(workspace)
    assert standing[["hash", "reason", "note"]].to_numpy().tolist() == [[queue[0], "staining", "right half"]]
    screen = press(screen, "Undo")
    assert reviews.standing(workspace)["note"].tolist() == ["left half"]


def test_the_note_of_an_answer_that_was_taken_back_is_there_for_the_next(
    queue: list[str], open_screen: Open
) -> None:
    screen = press(press(open_screen("review"), "Staining", "left half"), "Undo")
    assert image(screen) == queue[0]
    assert shown(screen, "review-stage")["note"] == "left half"


def test_a_note_without_an_answer_is_not_saved(
    workspace: Workspace, queue: list[str], open_screen: Open
) -> None:
    screen = act(open_screen("review"), "review-pad", do="note", hash=queue[0], note="a", shown="")
    assert not screen.exception
    assert len(reviews.history(workspace, queue[0])) == 0


def test_a_message_that_comes_twice_is_done_once(queue: list[str], open_screen: Open) -> None:
    screen = open_screen("review")
    screen = act(screen, "review-pad", do="next")
    screen.session_state["sent"] = 0
    assert image(act(screen, "review-pad", do="next")) == queue[1]


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"do": "answer", "answer": 99},
        {"do": "answer", "answer": "2"},
        {"do": "answer", "answer": 2, "hash": "nobody"},
        {"do": "jump"},
        {"do": "correct"},
        {"do": "correct", "correction": ["DC"], "hash": "nobody"},
        {"do": ["next"]},
        {"do": "maps", "what": "start", "method": "rubbish"},
    ],
)
def test_rubbish_from_a_browser_changes_nothing(
    message: dict[str, object], workspace: Workspace, queue: list[str], open_screen: Open
) -> None:
    screen = act(open_screen("review"), "review-pad", **message)
    assert not screen.exception
    assert reviews.standing(workspace).empty


def test_pressing_the_answer_that_stands_says_it_again(
    workspace: Workspace, queue: list[str], open_screen: Open
) -> None:
    screen = press(press(open_screen("review"), "Staining"), "Previous")
    screen = press(screen, "Staining")
    assert image(screen) == queue[1]
    assert reviews.standing(workspace)["reason"].tolist() == ["staining"]
    assert len(reviews.history(workspace, queue[0])) == 2


def test_a_new_session_begins_behind_what_was_answered(queue: list[str], open_screen: Open) -> None:
    first = press(open_screen("review"), "Staining")
    again = open_screen("review")
    again.session_state.reviewer = first.session_state.reviewer
    again.query_params.pop("image")
    again.session_state["address_kept_review"].clear()
    assert image(again.run()) == queue[1]


def test_filters_in_the_address_choose_the_queue(fake_run: Run, open_screen: Open) -> None:
    chosen = build_queue(fake_run, part="train", order="all", subtype="DC")["hash"].tolist()
    screen = open_screen("review", part="train", order="all", true="DC")
    assert image(screen) == chosen[0]
    assert unfold(screen).selectbox(key="choice-true").value == "DC"


def test_only_the_images_of_a_link(queue: list[str], open_screen: Open) -> None:
    screen = open_screen("review", only=f"{queue[2][:10]}.{queue[1][:10]}")
    assert image(screen) == queue[1]
    screen = press(press(screen, "Next"), "Next")
    assert image(screen) == "end"


def test_answers_survive_a_change_of_filters(
    workspace: Workspace, queue: list[str], open_screen: Open
) -> None:
    screen = press(open_screen("review"), "Duplicate")
    screen = choose(screen, "show", "all")
    assert not screen.exception
    assert reviews.standing(workspace)["hash"].tolist() == [queue[0]]


def test_what_is_not_reviewed_yet_leaves_out_what_was(queue: list[str], open_screen: Open) -> None:
    screen = press(open_screen("review"), "Keep")
    screen = choose(screen, "show", "left")
    while image(screen) != "end":
        assert image(screen) != queue[0]
        screen = press(screen, "Next")


def test_the_end_of_the_queue_says_what_was_done(queue: list[str], open_screen: Open) -> None:
    screen = press(open_screen("review", image=queue[-1]), "Staining")
    assert image(screen) == "end"
    words = " ".join(one.value for one in screen.markdown)
    assert f"{len(queue)} images: 1 flagged, 0 kept, {len(queue) - 1} without an answer" in words
    assert image(press(screen, "Go to the first without an answer")) == queue[0]


def test_after_the_test_images_come_the_mistakes_on_training_images(
    workspace: Workspace, fake_run: Run, queue: list[str], open_screen: Open
) -> None:
    training = build_queue(fake_run, part="train")["hash"].tolist()
    screen = open_screen("review")
    for one in queue:
        reviews.flag(workspace, screen.session_state.reviewer, one, "staining")
    reviews.flag(workspace, screen.session_state.reviewer, queue[1], "duplicate")
    screen.query_params["image"] = "end"
    screen.run()
    assert "they stay in the test" in " ".join(one.value for one in screen.markdown)
    label = f"Review the {len(training)} mistakes on training images"
    assert label in [button.label for button in screen.button]
    wall = next(one for one in screen.get("bidi_component") if "thumbs" in one.proto.component_name)
    groups = json.loads(wall.proto.json)["groups"]
    assert [group["words"] for group in groups] == [f"Staining · {len(queue) - 1}", "Duplicate · 1"]
    assert [tile["hash"] for tile in groups[1]["tiles"]] == [queue[1]]


def test_flagged_training_images_lead_to_a_retraining(
    workspace: Workspace, fake_run: Run, open_screen: Open
) -> None:
    screen = open_screen("review", part="train")
    for one in build_queue(fake_run, part="train")["hash"]:
        reviews.flag(workspace, screen.session_state.reviewer, one, "staining")
    screen.query_params["image"] = "end"
    screen.run()
    assert "Retrain without flagged images" in [button.label for button in screen.button]


def test_mistakes_of_the_poorest_quality_can_come_first(
    workspace: Workspace, fake_run: Run, open_screen: Open
) -> None:
    measuring.measure_images(workspace)
    checks = measuring.load_checks(workspace)
    assert checks is not None
    expected = build_queue(fake_run, order="quality", worst=checks.worst_first())["hash"].tolist()
    screen = press(open_screen("review", show="misclassified"), "Next")
    screen = choose(screen, "order", "quality")
    walked = [image(screen)]
    for _ in expected[1:]:
        screen = press(screen, "Next")
        walked.append(image(screen))
    assert walked == expected


def test_an_older_link_is_read_and_written_anew(queue: list[str], open_screen: Open) -> None:
    screen = open_screen("review", order="least_certain")
    assert [dict(screen.query_params)[name] for name in ("show", "order")] in (
        ["all", "uncertain"],
        [["all"], ["uncertain"]],
    )
    screen = open_screen("review", order="confident_mistakes")
    assert "order" not in screen.query_params
    assert image(screen) == queue[0]


def test_an_empty_queue_says_what_to_do(fake_run: Run, open_screen: Open) -> None:
    screen = open_screen("review", part="excluded")
    assert "This queue is empty" in " ".join(one.value for one in screen.markdown)


def test_without_a_run_it_points_to_training(workspace: Workspace, open_screen: Open) -> None:
    screen = open_screen("review")
    assert not screen.exception
    assert [button.label for button in screen.button] == ["Train a model"]


def test_phantoms_are_called_phantoms(fake_run: Run, open_screen: Open) -> None:
    assert any("not tissue" in one.value for one in open_screen("review").html)


def test_the_first_mistake_is_a_mistake(fake_run: Run, queue: list[str]) -> None:
    table: pd.DataFrame = fake_run.predictions().set_index("hash")
    assert table.loc[queue[0], "subtype"] != table.loc[queue[0], "predicted"]


def test_undo_takes_back_an_answer_and_never_a_settlement(
    workspace: Workspace, queue: list[str], open_screen: Open
) -> None:
    screen = open_screen("review")
    who = screen.session_state["reviewer"]
    reviews.flag_many(workspace, who, queue[:3], "staining", run="fake")
    reviews.keep(workspace, who, queue[3])
    reviews.settle_many(workspace, who, queue[:2], exclude=True, reason="staining")
    assert "Taken back: keep ·" in press(screen, "Undo").session_state["said"]
    assert "Taken back: staining on 3 images." in press(screen, "Undo").session_state["said"]
    assert press(screen, "Undo").session_state["said"] == "You have no answer to take back."
    assert len(reviews.settlements(workspace)) == 2
    assert "Brought back: staining on 3 images." in press(screen, "Redo").session_state["said"]


def test_a_link_to_somebodys_flags_knows_the_name_however_it_is_written(
    workspace: Workspace, queue: list[str], open_screen: Open
) -> None:
    reviews.flag(workspace, "Zoë", queue[2], "staining")
    screen = open_screen("review", by="flagged:zoe\u0308", show="mistakes")
    assert not screen.exception
    assert image(screen) == queue[2]
    assert not open_screen("review", by="flagged:\u200b").exception
    assert "![" not in str([one.proto for one in open_screen("review", part="![m](http://a)").get("popover")])


def test_a_program_without_a_browser_finds_the_same_step(fake_run: Run, open_screen: Open) -> None:
    screen = open_screen("review")
    by_pad = shown(press(screen, "Next"), "review-stage")["hash"]
    screen = open_screen("review")
    by_button = shown(screen.button(key="next").click().run(), "review-stage")["hash"]
    assert by_button == by_pad
