"""The flags screen, run without a browser."""

from __future__ import annotations

import asyncio
import io
import zipfile
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import pytest
from starlette.requests import Request
from streamlit.testing.v1 import AppTest

from breakhis_core import jobs, reviews
from breakhis_core.flags import listing, parsing
from breakhis_core.images import datasets
from breakhis_core.reviews.policy import choose_policy, chosen_policy
from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace
from pages.parts.flags import listing as flag_list
from pages.parts.flags import settling
from pages.parts.server import flag_download
from tests.conftest import write_fake_run
from tests.screens.components import shown
from tests.screens.conftest import Open
from tests.screens.in_app import in_app
from tests.screens.test_train import a_job
from tests.worth.kept_results import measure_and_keep


@pytest.fixture
def flagged(workspace: Workspace, fake_run: Run) -> list[str]:
    """Two flagged training images and one flagged test image."""
    table = fake_run.predictions()
    train = table.loc[table["part"] == "train", "hash"].tolist()[:2]
    test = table.loc[table["part"] == "test", "hash"].tolist()[:1]
    for image, reason in zip([*train, *test], ("staining", "staining", "artefact"), strict=True):
        reviews.flag(workspace, "Ada", image, reason, run="fake")
    return [*train, *test]


def words(screen: AppTest) -> str:
    return " ".join(one.value for one in screen.markdown)


def test_without_flags_it_points_to_the_review(fake_run: Run, open_screen: Open) -> None:
    screen = open_screen("flags")
    assert not screen.exception
    assert "Start reviewing" in [button.label for button in screen.button]


def test_it_counts_images_and_reviewers(flagged: list[str], open_screen: Open) -> None:
    screen = open_screen("flags")
    assert not screen.exception
    assert "3 images flagged" in words(screen)
    assert "1 reviewer" in words(screen)


def test_the_retraining_says_what_leaves_and_what_stays(flagged: list[str], open_screen: Open) -> None:
    said = words(open_screen("flags"))
    assert "2 training images" in said
    assert "0 validation images" in said
    assert "1 flagged test image" in said


def test_one_button_retrains_with_the_same_split(
    workspace: Workspace, flagged: list[str], open_screen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []

    def submit(workspace: Workspace, kind: str, arguments: dict[str, Any]) -> None:
        asked.append({"kind": kind, **arguments})

    monkeypatch.setattr(jobs, "submit", submit)
    screen = open_screen("flags")
    next(b for b in screen.button if b.label == "Retrain without flagged images").click().run()
    assert not screen.exception
    (one,) = asked
    assert (one["kind"], one["improves"], one["unit"]) == ("train", "fake", "case")
    assert sorted(one["exclude"]) == sorted(flagged)


def test_with_a_corrected_label_the_choice_and_the_button_follow(
    workspace: Workspace, fake_run: Run, open_screen: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(jobs, "submit", lambda workspace, kind, arguments: asked.append(arguments))
    table = fake_run.predictions()
    first, second = table.loc[table["part"] == "train", "hash"].iloc[:2]
    reviews.flag(workspace, "Ada", second, "staining")
    assert not [one for one in open_screen("flags").selectbox if one.key == "mode"]
    reviews.flag(workspace, "Ada", first, "wrong_label", correction="PC")
    screen = open_screen("flags")
    assert "1 image gets a corrected label." in words(screen)
    assert "Retrain corrected and without flagged" in [button.label for button in screen.button]
    screen.selectbox(key="mode").set_value("corrected").run()
    next(b for b in screen.button if b.label == "Retrain with corrected labels").click().run()
    assert not screen.exception
    (one,) = asked
    assert (one["exclude"], one["labels"], one["name"]) == ([], {first: "PC"}, "fake-corrected")


def test_where_nothing_would_leave_it_leads_to_what_can(
    workspace: Workspace, fake_run: Run, open_screen: Open
) -> None:
    table = fake_run.predictions()
    reviews.flag(workspace, "Ada", table.loc[table["part"] == "test", "hash"].iloc[0], "staining")
    screen = open_screen("flags")
    assert "change nothing but chance" in words(screen)
    offered = [button.label for button in screen.button]
    assert "Review the mistakes on training images" in offered
    assert not any("etrain" in label for label in offered)


def test_a_retraining_from_weights_that_are_not_known_is_refused(
    workspace: Workspace, pictures: pd.DataFrame, open_screen: Open
) -> None:
    run = write_fake_run(workspace.models, "by-hand", pictures, weights="mine.weights.h5")
    table = run.predictions()
    reviews.flag(workspace, "Ada", table.loc[table["part"] == "train", "hash"].iloc[0], "staining")
    screen = in_app("flags")
    assert not screen.exception
    assert "choose weights under Train" in screen.warning[0].value
    assert next(b for b in screen.button if b.label == "Retrain without flagged images").disabled


def test_somebody_elses_training_is_one_line(
    workspace: Workspace, flagged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [a_job(workspace, state, result={"run": "other"}) for state in ("running", "queued")]
    monkeypatch.setattr(jobs, "active", lambda workspace, kind=None: others)
    screen = in_app("flags")
    assert not screen.exception
    assert "Add the retraining to the queue" in [button.label for button in screen.button]
    assert [one.proto.label for one in screen.get("page_link")] == [r"other · job 7 is training, 1 behind it"]
    assert not screen.get("progress")
    assert not screen.get("vega_lite_chart")


def test_what_left_already_cannot_leave_again(
    workspace: Workspace, fake_run: Run, flagged: list[str], open_screen: Open
) -> None:
    images = datasets.load_images(workspace)
    write_fake_run(workspace.models, "second", images, excluded=flagged)
    assert "change nothing but chance" in words(open_screen("flags", run="second"))


def test_the_table_names_sub_types_and_reasons(flagged: list[str], open_screen: Open) -> None:
    screen = open_screen("flags", view="Table")
    table = screen.dataframe[0].value
    assert sorted(table["reason"]) == ["Artefact", "Staining", "Staining"]
    assert table["picture"].str.startswith("/thumbnail/").all()


def test_wall_table_and_facets_say_which_sub_type_is_right(
    workspace: Workspace, flagged: list[str], open_screen: Open
) -> None:
    for who, image, code in (("Bob", 0, "DC"), ("Cid", 0, "LC"), ("Bob", 1, "DC")):
        reviews.flag(workspace, who, flagged[image], "wrong_label", correction=code)
    screen = open_screen("flags")
    tiles = {tile["hash"]: tile for tile in shown(screen, "flag-wall")["items"]}  # type: ignore[attr-defined]
    assert tiles[flagged[0]]["words"] == "Staining, Wrong label: DC or LC"
    assert "wrong label: ductal carcinoma or lobular carcinoma" in tiles[flagged[0]]["title"]
    assert tiles[flagged[1]]["words"] == "Staining, Wrong label: DC"
    facets = {one["name"]: one["bars"] for one in shown(screen, "flag-facets")["facets"]}  # type: ignore[attr-defined]
    told = [(bar["label"], bar["images"]) for bar in facets["correction"]]
    assert told == [("DC ductal carcinoma", 2), ("LC lobular carcinoma", 1)]
    table = open_screen("flags", view="Table", correction="LC").dataframe[0].value
    assert table[["reviewer", "correction"]].to_numpy().tolist() == [["Cid", "lobular carcinoma"]]


def test_settlements_show_which_sub_type_is_right(workspace: Workspace, flagged: list[str]) -> None:
    reviews.keep(workspace, "Bob", flagged[0])
    reviews.flag(workspace, "Ada", flagged[0], "wrong_label", correction="LC")
    reviews.settle(workspace, "Eve", flagged[0], exclude=True, reason="wrong_label", correction="DC")
    screen = in_app("flags", view="Agreement")
    assert screen.dataframe[0].value["reason"].tolist() == ["Wrong label: ductal carcinoma"]


def test_the_address_filters_the_list(workspace: Workspace, flagged: list[str], open_screen: Open) -> None:
    reviews.flag(workspace, "Bob", flagged[0], "artefact")
    screen = open_screen("flags", view="Table", reason="artefact", reviewer="Ada")
    assert screen.dataframe[0].value[["reason", "reviewer"]].to_numpy().tolist() == [["Artefact", "Ada"]]
    assert "No flag fits" in words(open_screen("flags", view="Table", reason="duplicate"))


def test_the_order_puts_images_with_most_flags_first(
    workspace: Workspace, flagged: list[str], open_screen: Open
) -> None:
    reviews.flag(workspace, "Bob", flagged[1], "artefact")
    screen = open_screen("flags", view="Table", order="most")
    assert screen.dataframe[0].value["picture"].iloc[0] == f"/thumbnail/{flagged[1]}"


def test_the_rule_is_remembered_with_its_effect(
    workspace: Workspace, flagged: list[str], open_screen: Open
) -> None:
    reviews.keep(workspace, "Bob", flagged[0])
    screen = open_screen("flags")
    rule = screen.selectbox(key="policy")
    assert rule.options[0] == "Leaves when anybody flagged it: 3 images, 2 train, 1 test (stay)"
    assert rule.options[1].endswith("than kept it: 2 images, 1 train, 1 test (stay)")
    rule.set_value("majority").run()
    assert not screen.exception
    assert "1 training image and 0 validation images leave" in words(screen)
    assert chosen_policy(workspace).code == "majority"
    # Another session, and another chooses since: what the workspace goes by wins.
    assert open_screen("flags").selectbox(key="policy").value == "majority"
    choose_policy(workspace, "Bob", "settled")
    screen.run()
    assert screen.selectbox(key="policy").value == "settled"
    assert chosen_policy(workspace).by == "Bob"


def test_agreement_needs_two_reviewers(flagged: list[str], open_screen: Open) -> None:
    assert "Agreement needs answers of two people" in words(open_screen("flags", view="Agreement"))


def test_a_guest_is_nobody_to_agree_with(workspace: Workspace, flagged: list[str]) -> None:
    reviews.keep(workspace, "guest-f090", flagged[0])
    screen = in_app("flags", view="Agreement")
    assert "two people who said their name.** So far only Ada has." in words(screen)
    assert "Without 1 answer of guests" in " ".join(one.value for one in screen.caption)
    reviews.keep(workspace, "Bob", flagged[0])
    screen = in_app("flags", view="Agreement")
    shown = next(one.body for one in screen.html if "Cohen" in one.body)
    assert "Ada and Bob" in shown
    assert "guest" not in shown


def test_a_name_that_looks_like_a_picture_is_shown_as_it_is(
    workspace: Workspace, flagged: list[str], open_screen: Open
) -> None:
    for image in flagged:
        reviews.undo(workspace, "Ada")
        reviews.flag(workspace, "![m](http://127.0.0.1:9/m.png)", image, "staining")
    choose_policy(workspace, "![m](http://127.0.0.1:9/m.png)", "majority")
    screen = open_screen("flags", view="Agreement")
    assert "So far only \\!\\[m\\]\\(http" in words(screen)
    assert "![" not in screen.selectbox(key="policy").help


def test_what_was_said_while_agreement_was_measured_is_there_the_next_time(
    workspace: Workspace, flagged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reviews.keep(workspace, "Bob", flagged[0])
    read = reviews.standing

    def then_somebody_answers(*args: Any, **wish: Any) -> pd.DataFrame:
        found = read(*args, **wish)
        if reviews.answers_on(workspace, flagged[1])[-1].reviewer != "Bob":
            reviews.keep(workspace, "Bob", flagged[1])
        return found

    def images() -> str:
        screen = in_app("flags", view="Agreement")
        shown = next(one.body for one in screen.html if "Cohen" in one.body)
        return str(shown.split("Cohen&#39;s kappa</small></td><td>")[1].split("<")[0])

    monkeypatch.setattr(reviews, "standing", then_somebody_answers)
    assert images() == "1"
    assert images() == "2"


def test_agreement_says_what_it_leaves_out_and_lists_the_disagreements(
    workspace: Workspace, flagged: list[str]
) -> None:
    reviews.keep(workspace, "Bob", flagged[0])
    reviews.flag(workspace, "Bob", flagged[1], "artefact")
    screen = in_app("flags", view="Agreement")
    assert not screen.exception
    assert "3 images answered**: 1 by one reviewer, 2 by all 2." in words(screen)
    shown = next(one.body for one in screen.html if "Cohen" in one.body)
    assert "Ada and Bob" in shown
    assert "1 not used" in shown
    assert screen.dataframe[0].value[["Ada", "Bob"]].to_numpy().tolist() == [["Staining", "keep"]]
    screen = in_app("flags", view="Agreement", about="Reason")
    assert len(screen.dataframe[0].value) == 2


def test_agreement_says_how_often_two_named_the_same_sub_type(
    workspace: Workspace, flagged: list[str]
) -> None:
    for reviewer, first, second in (("Ada", "DC", "PC"), ("Bob", "LC", "PC")):
        reviews.flag(workspace, reviewer, flagged[0], "wrong_label", correction=first)
        reviews.flag(workspace, reviewer, flagged[1], "wrong_label", correction=second)
    screen = in_app("flags", view="Agreement")
    said = "Two who named the right sub-type of an image named the same in 50 %, on 2 images."
    assert said in [one.value for one in screen.caption]
    assert screen.dataframe[0].value[["Ada", "Bob"]].to_numpy().tolist() == [
        ["Wrong label: ductal carcinoma", "Wrong label: lobular carcinoma"]
    ]
    reviews.settle(workspace, "Eve", flagged[0], exclude=True, reason="wrong_label", correction="DC")
    screen = in_app("flags", view="Agreement")
    assert "All of them are settled." in [one.value for one in screen.caption]
    assert screen.dataframe[0].value.iloc[0]["reason"] == "Wrong label: ductal carcinoma"


def test_settlements_show_who_settled_what(workspace: Workspace, flagged: list[str]) -> None:
    reviews.keep(workspace, "Bob", flagged[0])
    reviews.settle(workspace, "Eve", flagged[0], exclude=False, note="good enough")
    screen = in_app("flags", view="Agreement")
    assert "All of them are settled." in [one.value for one in screen.caption]
    row = screen.dataframe[0].value.iloc[0]
    assert (row["decision"], row["note"], row["steward"]) == ("stays in the training", "good enough", "Eve")


def test_every_format_has_an_address(flagged: list[str], open_screen: Open) -> None:
    screen = open_screen("flags")
    links = {label.split(" :")[0]: address for label, address in _links(screen).items()}
    assert list(links) == ["CSV", "Excel", "JSON", "COCO", "ZIP", "Report"]
    assert links["Excel"] == "/export/flags?format=excel&run=fake"
    which = screen.radio(key="export-which")
    assert which.options == ["All flags · 3 images", "Those that leave the training · 2 images"]
    filtered = open_screen("flags", reason="artefact").radio(key="export-which")
    assert filtered.options[-1] == "Those shown below · 1 image"


def _links(screen: AppTest) -> dict[str, str]:
    return {one.proto.label: one.proto.url for one in screen.get("link_button")}


@pytest.mark.parametrize("shown", [{}, {"reason": "artefact"}, {"seen": "second"}, {"seen": "fake"}])
def test_the_zip_holds_the_images_of_the_csv_and_the_maps_of_the_run(
    workspace: Workspace, flagged: list[str], open_screen: Open, shown: dict[str, str]
) -> None:
    images = datasets.load_images(workspace)
    write_fake_run(workspace.models, "second", images, seed=2)
    plain = images.loc[~images["hash"].isin(flagged), "hash"].tolist()[:2]
    reviews.flag(workspace, "Bob", plain[0], "staining", run="second")
    reviews.flag(workspace, "Bob", plain[1], "artefact")
    for run in ("fake", "second"):
        screen = open_screen("flags", run=run, **shown)
        which = screen.radio(key="export-which")
        for wish in which.options:
            links = _links(which.set_value(wish).run())
            sent = {
                label.split(" :")[0]: _sent(address.partition("?")[2]) for label, address in links.items()
            }
            rows = parsing.read_flags(sent["CSV"], "flags.csv").rows
            assert len({row["hash"] for row in rows}) == int(wish.split(" · ")[1].split()[0])
            seen = {(row["hash"], row["run"]) for row in rows}
            for name in ("Excel", "JSON", "ZIP"):
                other = parsing.read_flags(sent[name], "flags").rows
                assert {(row["hash"], row["run"]) for row in other} == seen
            inside = zipfile.ZipFile(io.BytesIO(sent["ZIP"])).namelist()
            maps = {name.split("--")[1].rpartition("-")[0] for name in inside if name.startswith("overlays")}
            assert maps == {seen_with or run for _, seen_with in seen}


@pytest.mark.parametrize("run", ["..", ".", "no-such", "a" * 5000, "fake/../fake", "\0", "fake\0", "/etc"])
def test_a_run_that_is_none_is_refused_in_a_sentence(flagged: list[str], run: str) -> None:
    answer = _asked(urlencode({"format": "zip", "run": run}))
    assert (answer.status_code, answer.media_type) == (404, "text/plain")
    assert answer.body.decode().endswith("there is no such run.")
    assert len(answer.body) < 200


def test_the_address_sends_the_flags_that_it_asks_for(flagged: list[str]) -> None:
    sent = _asked("format=csv&reason=artefact")
    assert sent.headers["content-disposition"] == 'attachment; filename="flags.csv"'
    plan = parsing.read_flags(_sent("format=csv&reason=artefact"), "flags.csv")
    assert [row["hash"] for row in plan.rows] == flagged[2:]
    assert _asked("format=pdf").status_code == 404


def _asked(query: str) -> Any:
    return flag_download._answer(Request({"type": "http", "query_string": query.encode(), "headers": []}))


def _sent(query: str) -> bytes:
    async def read() -> bytes:
        return b"".join([bytes(part) async for part in _asked(query).body_iterator])

    return asyncio.run(read())


def test_a_dry_run_says_what_would_be_imported_and_in_whose_name(
    workspace: Workspace, flagged: list[str], fake_run: Run, open_screen: Open
) -> None:
    table = fake_run.predictions()
    name = table.loc[~table["hash"].isin(flagged), "name"].iloc[0]
    issues = f",is_blurry_issue,blurry_score\n/data/{name},True,0.1\n/data/gone.png,True,0.2\n"
    screen = open_screen("flags")
    screen.file_uploader(key="import-file").upload("issues.csv", issues.encode(), "text/csv")
    screen.run()
    assert not screen.exception
    said = words(screen)
    assert "**1 new flag** on 1 image, 0 already here, 1 row that cannot be used" in said
    assert "By reason: Out of focus 1" in said
    assert "In the name of: cleanvision 1" in said
    assert listing.listed(workspace)["hash"].nunique() == 3


def test_an_import_is_tried_before_it_is_done(
    workspace: Workspace, flagged: list[str], fake_run: Run, open_screen: Open
) -> None:
    table = fake_run.predictions()
    other = table.loc[~table["hash"].isin(flagged), "name"].iloc[0]
    screen = open_screen("flags")
    screen.file_uploader(key="import-file").upload(
        "list.csv", f"name\n{other}\nno-such.png\n".encode(), "text/csv"
    )
    screen.run()
    assert not screen.exception
    assert "1 new flag" in words(screen)
    assert listing.listed(workspace)["hash"].nunique() == 3
    next(b for b in screen.button if b.label == "Import 1 flag").click().run()
    assert listing.listed(workspace)["hash"].nunique() == 4


def test_own_flags_are_taken_back_and_the_others_stay(
    workspace: Workspace, flagged: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flag_list, "wall", lambda *args: [] if settling.turn() else flagged)
    reviews.flag(workspace, "Bob", flagged[0], "artefact")
    reviews.keep(workspace, "Bob", flagged[1])
    screen = in_app("flags")
    assert screen.button(key="unflag-list").disabled
    assert screen.button(key="unflag-list").help == "None of the chosen images is flagged by you"
    screen.session_state["reviewer"] = "Ada"
    button = screen.run().button(key="unflag-list")
    assert (button.label, button.help) == ("Take back my 3 flags", "1 image stays flagged by others")
    button.click().run()
    assert not screen.exception
    assert "3 of your flags are taken back; 1 image stays flagged by others." in words(screen)
    said = reviews.standing(workspace)
    assert said[["hash", "reviewer", "action"]].to_numpy().tolist() == [
        [flagged[0], "Bob", "flag"],
        [flagged[1], "Bob", "keep"],
    ]
    screen.button(key="undo-list").click().run()
    assert "Undone: all stands as before." in words(screen)
    assert len(reviews.standing(workspace, reviewer="Ada")) == 3


def test_everything_is_of_the_data_set_of_the_run(
    workspace: Workspace, flagged: list[str], other_set: tuple[pd.DataFrame, Run]
) -> None:
    images, _ = other_set
    theirs = images["hash"].tolist()[:2]
    for image in theirs:
        reviews.flag(workspace, "Zoe", image, "duplicate", run="tissue-run")
    reviews.keep(workspace, "Yan", theirs[0])
    reviews.settle(workspace, "Yan", theirs[1], exclude=True, reason="duplicate")
    screen = in_app("flags", run="fake", view="Table")
    assert set(screen.dataframe[0].value["picture"]) == {f"/thumbnail/{image}" for image in flagged}
    assert "3 images flagged** in pictures by 1 reviewer" in words(screen)
    assert "All flags · 3 images" in screen.radio(key="export-which").options
    screen = in_app("flags", run="tissue-run", view="Table")
    assert set(screen.dataframe[0].value["picture"]) == {f"/thumbnail/{image}" for image in theirs}
    assert "2 images flagged** in tissue by 1 reviewer · 1 settled" in words(screen)
    # What the other run's view of agreement says is of the other images.
    screen = in_app("flags", run="fake", view="Agreement")
    assert "So far only Ada has." in words(screen)
    assert "Settled" not in words(screen)
    (link,) = [one.body for one in screen.html if "Also flagged" in one.body]
    assert (
        'class="elsewhere" href="/flags?run=tissue-run" target="_self">Also flagged: 2 images of tissue<'
        in link
    )
    screen = in_app("flags", run="tissue-run", view="Agreement")
    assert "2 images answered" in words(screen)
    rows = parsing.read_flags(_sent("format=csv&run=tissue-run"), "f.csv")
    assert ({row["hash"] for row in rows.rows}, len(rows.keeps), len(rows.settlements)) == (set(theirs), 1, 1)


def test_a_list_without_reasons_asks_for_one_and_an_empty_file_says_so(
    workspace: Workspace, flagged: list[str], fake_run: Run, open_screen: Open
) -> None:
    table = fake_run.predictions()
    image = table.loc[~table["hash"].isin(flagged)].iloc[0]
    screen = open_screen("flags")
    screen.file_uploader(key="import-file").upload("poor.txt", f"{image['name']}\n".encode(), "text/plain")
    screen.run()
    choice = screen.selectbox(key="import-reason")
    assert (choice.label, choice.value) == ("Reason of 1 flag for which the file names none", "other")
    choice.set_value("staining").run()
    next(b for b in screen.button if b.label == "Import 1 flag").click().run()
    assert [event.reason for event in reviews.answers_on(workspace, image["hash"])] == ["staining"]
    screen = open_screen("flags")
    screen.file_uploader(key="import-file").upload("empty.csv", b"", "text/csv")
    screen.run()
    assert [one.value for one in screen.warning] == ["empty.csv names no image: there is nothing to import."]
    assert not any(button.label.startswith("Import") for button in screen.button)


def test_a_dry_run_says_what_stewards_settled(
    workspace: Workspace, flagged: list[str], fake_run: Run, open_screen: Open
) -> None:
    image = fake_run.predictions()["hash"].iloc[30]
    content = f"hash,action,settled,settled_by,reviewer\n{image},keep,stays,Eve,Bob\n"
    screen = open_screen("flags")
    screen.file_uploader(key="import-file").upload("said.csv", content.encode(), "text/csv")
    screen.run()
    assert "**0 new flags, 1 keep and 1 settlement** on 1 image" in words(screen)
    assert "Settled in the name of: Eve 1" in words(screen)
    next(b for b in screen.button if b.label == "Import 0 flags, 1 keep and 1 settlement").click().run()
    settled = reviews.settlement_on(workspace, image)
    assert settled is not None
    assert (settled.action, settled.reviewer) == ("include", "Eve")
    assert [event.action for event in reviews.answers_on(workspace, image)] == ["keep"]


def test_what_flags_are_worth_is_asked_told_and_marked_when_they_changed(
    workspace: Workspace, looked_run: tuple[Run, tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(jobs, "submit", lambda workspace, kind, arguments: asked.append((kind, arguments)))
    run, (first, second, third) = looked_run
    for image in (first, second):
        reviews.flag(workspace, "Ada", image, "staining")
    screen = in_app("flags", run="looked")
    assert not screen.exception
    screen.button(key="worth-ask").click().run()
    ((kind, arguments),) = asked
    assert (kind, arguments["run"], sorted(arguments["flagged"])) == (
        "worth",
        "looked",
        sorted([first, second]),
    )
    result = measure_and_keep(workspace, run)
    screen = in_app("flags", run="looked")
    assert not screen.exception
    assert "Leaving 2 flagged images out" in words(screen)
    assert "Smallest effect that could have been seen" in words(screen)
    assert "Test images take no part" in words(screen)
    assert not [one for one in screen.button if one.key == "worth-ask"]
    screen.button(key="confirm").click().run()
    kind, arguments = asked[-1]
    assert (kind, arguments["arm"], arguments["seeds"]) == ("confirm", result["best"], 3)
    reviews.flag(workspace, "Ada", third, "staining")
    screen = in_app("flags", run="looked")
    assert "Of the flags as they were" in words(screen)
    assert screen.button(key="worth-ask").label == "What are they worth now?"


def test_where_only_test_images_are_flagged_nothing_is_measured(
    workspace: Workspace, looked_run: tuple[Run, tuple[str, ...]]
) -> None:
    table = looked_run[0].predictions()
    reviews.flag(workspace, "Ada", table.loc[table["part"] == "test", "hash"].iloc[0], "staining")
    screen = in_app("flags", run="looked")
    assert not screen.exception
    assert not [one for one in screen.button if one.key == "worth-ask"]
