"""The wall of flags in Chromium: choose, settle, undo, filter, and a flag that another tab made."""

from __future__ import annotations

import io
import zipfile

from breakhis_core import reviews
from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace
from tests.browser.conftest import Browser


def test_a_steward_settles_undoes_filters_and_takes_the_pictures_home(
    workspace: Workspace, fake_run: Run, browser: Browser
) -> None:
    table = fake_run.predictions()
    hashes = table.loc[table["part"] == "train", "hash"].tolist()
    for image, reason in zip(hashes[:4], ("staining", "staining", "artefact", "duplicate"), strict=True):
        reviews.flag(workspace, "Ada", image, reason, run="fake")
    browser.open("flags?order=name")
    page = browser.page
    tiles = page.locator(".tile")
    tiles.nth(3).wait_for()
    tiles.nth(0).click()
    tiles.nth(2).click(modifiers=["Shift"])
    page.get_by_role("button", name="Settle 3 images").click()
    page.get_by_role("button", name="Settle 3 images as").click()
    page.get_by_text("Settled: 3 images leave the training.").wait_for()
    page.locator(".badge", has_text="settled: leaves").nth(2).wait_for()
    assert len(reviews.settlements(workspace)) == 3
    assert page.locator('.tile[aria-pressed="true"]').count() == 0

    # Somebody flags an image elsewhere: the next click here shows it, and undo takes back what was settled.
    reviews.flag(workspace, "Bob", hashes[4], "staining")
    page.get_by_role("button", name="Undo").click()
    page.get_by_text("Undone: all stands as before.").wait_for()
    tiles.nth(4).wait_for()
    assert reviews.settlements(workspace).empty

    page.locator(".bar", has_text="Staining").click()
    page.wait_for_url("**reason=staining**")
    tiles.nth(3).wait_for(state="detached")
    assert tiles.count() == 3

    page.get_by_role("button", name="Export").click()
    page.get_by_text("Those shown below").click()
    with page.expect_download() as sent:
        page.locator('a[href*="reason=staining"]', has_text="with pictures and heat maps").click()
    packed = zipfile.ZipFile(io.BytesIO(sent.value.path().read_bytes()))
    assert packed.testzip() is None
    assert len([name for name in packed.namelist() if name.startswith("data/")]) == 3
    assert browser.errors == []
    assert browser.strangers == []


def test_a_settlement_names_the_sub_type_that_most_flags_name(
    workspace: Workspace, fake_run: Run, browser: Browser
) -> None:
    image = fake_run.predictions()["hash"].iloc[0]
    for who, correction in (("Ada", "LC"), ("Bob", "DC"), ("Cid", "LC")):
        reviews.flag(workspace, who, image, "wrong_label", correction=correction)
    browser.open("flags")
    browser.page.locator(".tile").click()
    browser.page.get_by_role("button", name="Settle 1 image").click()
    browser.page.get_by_role("button", name="Settle 1 image as").click()
    browser.page.get_by_text("Settled: 1 image leaves the training.").wait_for()
    settled = reviews.settlements(workspace)
    assert settled[["reason", "correction"]].to_numpy().tolist() == [["wrong_label", "LC"]]
