"""Review by lists: suspects, the most telling images, and the mixture that opens when nothing is named."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from breakhis_core import jobs, reviews
from breakhis_core.images.taxonomy import subtype
from breakhis_core.runs import Run
from breakhis_core.runs.queues import build_queue
from breakhis_core.suspects import worklists
from breakhis_core.suspects.reading import suspects_of
from breakhis_core.suspects.worklists import worklists_of
from breakhis_core.workspace import Workspace
from tests.screens.components import press, shown
from tests.screens.conftest import Open

Looked = tuple[Run, tuple[str, ...]]


def address(screen: AppTest, name: str) -> str:
    said: Any = screen.query_params.get(name, "")
    return said if isinstance(said, str) else said[0]


def why(screen: AppTest) -> dict[str, Any]:
    found: Any = shown(screen, "review-stage")["why"]
    return dict(found)


def unfold(screen: AppTest) -> AppTest:
    screen.session_state["queue-choice"] = True
    return screen.run()


def chosen(screen: AppTest, name: str) -> list[str]:
    return [one.label for one in screen.selectbox if one.key == f"choice-{name}"]


def test_nothing_named_opens_the_mixture_and_says_why_each_image_is_there(
    looked_run: Looked, open_screen: Open
) -> None:
    run, _ = looked_run
    lists = worklists_of(run, None)
    screen = open_screen("review", run="looked")
    assert not screen.exception
    first = run.predictions().set_index("hash").loc[lists.mixed[0]]
    assert address(screen, "image") == lists.mixed[0] == lists.suspects[0]
    suggested = "MC" if first["subtype"] == "DC" else "DC"
    start = f"Suspect 1: labelled {subtype(first['subtype']).name}, models that never saw it say "
    assert why(screen)["words"].startswith(f"{start}{subtype(suggested).name} (0.")
    assert why(screen)["effect"] == "A flag takes it out of the training"
    assert len(why(screen)["alike"]) == 5
    assert "the model learnt this image" in str(shown(screen, "review-stage")["progress"])
    screen = press(screen, "Next")
    assert address(screen, "image") == lists.mixed[1]
    assert why(screen)["words"] == "Misclassified test image"
    assert why(screen)["effect"].startswith("Test: flagged, it stays")
    assert "the model learnt this image" not in str(shown(screen, "review-stage")["progress"])


def test_a_link_with_a_part_or_a_filter_means_misclassified_images(
    looked_run: Looked, open_screen: Open
) -> None:
    run, _ = looked_run
    for filters in ({"part": "test"}, {"order": "uncertain"}, {"true": "DC"}):
        screen = open_screen("review", run="looked", **filters)
        order, true = filters.get("order", "confident"), filters.get("true")
        assert address(screen, "image") == build_queue(run, order=order, subtype=true)["hash"][0]
        assert address(screen, "show") == "misclassified"


def test_a_filter_chosen_in_the_mixture_keeps_the_mixture(looked_run: Looked, open_screen: Open) -> None:
    run, _ = looked_run
    lists = worklists_of(run, None)
    label = run.predictions().set_index("hash")["subtype"][lists.suspects[1]]
    screen = unfold(open_screen("review", run="looked"))
    assert (chosen(screen, "part"), chosen(screen, "order")) == ([], [])
    screen = screen.selectbox(key="choice-true").select(label).run()
    assert address(screen, "show") == "mixed"
    of_label = run.predictions().set_index("hash")["subtype"]
    assert address(screen, "image") == next(one for one in lists.mixed if of_label[one] == label)
    screen = unfold(screen.selectbox(key="choice-show").select("misclassified").run())
    assert (chosen(screen, "part"), chosen(screen, "order")) == (["Images of"], ["Order"])
    screen = screen.selectbox(key="choice-show").select("mixed").run()
    assert address(screen, "show") == "mixed"


def test_suspects_are_offered_with_what_they_rest_on(looked_run: Looked, open_screen: Open) -> None:
    run, doubtful = looked_run
    screen = unfold(open_screen("review", run="looked", show="suspects"))
    assert address(screen, "image") == worklists_of(run, None).suspects[0]
    show = next(one for one in screen.selectbox if one.key == "choice-show")
    assert "its other images vouch for it" in show.help
    assert f"**{len(doubtful)} images**" in " ".join(one.value for one in screen.markdown)


def test_the_most_telling_are_walked_in_the_order_in_which_they_were_chosen(
    looked_run: Looked, open_screen: Open
) -> None:
    telling = worklists_of(looked_run[0], None).telling
    screen = open_screen("review", run="looked", show="telling")
    assert why(screen)["words"] == "Telling image 1: unlike those before it"
    assert address(press(screen, "Next"), "image") == telling[1]


def test_heads_that_tell_nothing_offer_no_suspects_and_say_so(
    looked_run: Looked, open_screen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = suspects_of(looked_run[0])
    assert known is not None
    useless = dataclasses.replace(known, by_image=dataclasses.replace(known.by_image, limits=(0.0, 1.0)))
    monkeypatch.setattr(worklists, "suspects_of", lambda run: useless)
    screen = unfold(open_screen("review", run="looked", show="suspects"))
    assert not screen.exception
    show = next(one for one in screen.selectbox if one.key == "choice-show")
    assert "Suspects: label doubtful" not in show.options
    assert any(one.value.startswith("No suspects: Folds by image") for one in screen.caption)


def test_a_run_that_nobody_asked_has_no_list_but_the_mixture(
    workspace: Workspace, fake_run: Run, open_screen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("breakhis_core.jobs.starting.notice", lambda workspace: None)
    screen = unfold(open_screen("review", run="fake"))
    show = next(one for one in screen.selectbox if one.key == "choice-show")
    assert [one for one in show.options if "telling" in one or "Suspects:" in one] == []
    assert why(screen)["alike"] is None
    for kind, label in (("look", "Find doubtful labels"), ("measure", "Find poor pictures")):
        press(screen, label)
        assert [job.kind for job in jobs.active(workspace, kind)] == [kind]
        screen = unfold(open_screen("review", run="fake"))
        assert label not in [one.label for one in screen.button]


def test_the_end_of_the_suspects_leads_to_what_they_are_worth(
    workspace: Workspace, looked_run: Looked, open_screen: Open
) -> None:
    _, doubtful = looked_run
    screen = open_screen("review", run="looked", show="suspects")
    for one in doubtful:
        reviews.flag(workspace, screen.session_state.reviewer, one, "wrong_label")
    screen.query_params["image"] = "end"
    screen.run()
    assert "See what leaving them out is worth" in [button.label for button in screen.button]


def test_after_the_test_images_come_the_suspects(
    workspace: Workspace, looked_run: Looked, open_screen: Open
) -> None:
    run, doubtful = looked_run
    screen = open_screen("review", run="looked", part="test")
    for one in build_queue(run)["hash"]:
        reviews.keep(workspace, screen.session_state.reviewer, one)
    screen.query_params["image"] = "end"
    screen.run()
    assert f"Review the {len(doubtful)} suspects" in [button.label for button in screen.button]


def test_the_grid_says_which_are_suspects(looked_run: Looked, open_screen: Open) -> None:
    tiles: Any = shown(open_screen("review", run="looked", view="grid"), "review-grid")["tiles"]
    assert [tile["about"].split(" · ")[1] for tile in tiles[:3]] == [
        "Suspect 1", "Misclassified test image", "Suspect 2",
    ]  # fmt: skip
