"""Home in Chromium: from flags on test images to the mistakes on training images, then to the retraining."""

from __future__ import annotations

from breakhis_core import reviews
from breakhis_core.jobs.next_step import reviewed
from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace
from tests.browser.conftest import Browser


def test_flags_that_change_no_training_lead_to_the_images_that_do(
    workspace: Workspace, fake_run: Run, browser: Browser
) -> None:
    page = browser.page
    browser.open("")
    field = page.get_by_label("Who is reviewing?")
    field.fill("Ada")
    field.press("Enter")
    page.get_by_role("button", name="Ada").wait_for()
    for image in reviewed(workspace, fake_run, "Ada").left:
        reviews.flag(workspace, "Ada", image, "staining", run="fake")

    # Flags and Home say the same of them, and lead to the same images.
    browser.open("flags?run=fake")
    page.get_by_role("button", name="Review the mistakes on training images").wait_for()
    assert page.get_by_role("button", name="Retrain without flagged images").count() == 0
    browser.open("")
    page.get_by_role("button", name="Review the mistakes on training images").click()
    page.wait_for_url("**/review?**part=train**")
    first = reviewed(workspace, fake_run, "Ada", "train").left[0]
    browser.page.wait_for_function("image => window.deep('.viewer')?.dataset.shown === image", arg=first)
    browser.key("1")
    page.wait_for_function("image => window.deep('.viewer')?.dataset.shown !== image", arg=first)

    browser.open("")
    page.get_by_text("1 training image and 0 validation images leave.").wait_for()
    page.get_by_role("button", name="Retrain without flagged images").click()
    page.wait_for_url("**/flags?run=fake**")
    page.get_by_role("button", name="Retrain without flagged images").wait_for()
    assert browser.errors == []
    assert browser.strangers == []
