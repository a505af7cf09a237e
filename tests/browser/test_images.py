"""The plane of images in Chromium: a rectangle chooses a queue, a click opens an image."""

from __future__ import annotations

from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace
from pages.parts.shared import selections
from tests.browser.conftest import Browser


def test_a_rectangle_around_images_opens_as_a_queue(
    workspace: Workspace, fake_run: Run, browser: Browser
) -> None:
    hashes = fake_run.predictions()["hash"]
    browser.open("results?run=fake&view=Images")
    page = browser.page
    canvas = page.locator(".plane canvas")
    canvas.wait_for()
    browser.wait_for("window.deep('.plane').dataset.milliseconds")
    assert canvas.get_attribute("aria-label").startswith(f"{len(hashes)} images by sub-type: ")
    page.get_by_role("button", name="Rectangle").click()
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 4, box["y"] + 4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] - 4, steps=3)
    page.mouse.up()
    link = page.get_by_role("link", name="chosen image")
    link.wait_for()
    page.wait_for_url("**chosen=**")
    said = page.evaluate("new URLSearchParams(location.search).get('chosen')")
    chosen = hashes[selections.among(hashes, said, workspace.root)].tolist()
    assert 0 < len(chosen) < len(hashes)
    assert f"Review {len(chosen)} chosen" in link.inner_text()

    # The address keeps it, and hidden groups stay out of the next choice.
    browser.open(f"results?run=fake&view=Images&chosen={said}")
    browser.wait_for(f"window.deep('.plane .told')?.textContent === '{len(chosen)} chosen'")
    for button in page.locator(".plane .legend button").all()[1:]:
        button.click()
    page.get_by_role("button", name="All in view").click()
    first = int((fake_run.predictions()["subtype"] == "A").sum())
    browser.wait_for(f"window.deep('.plane .told')?.textContent === '{first} chosen'")

    browser.open(f"results?run=fake&view=Images&chosen={said}")
    page.get_by_role("link", name="chosen image").click()
    page.wait_for_url("**/review**")
    page.get_by_text(f"of {len(chosen)}").first.wait_for()
    browser.wait_for("window.deep('.viewer')?.dataset.shown")
    assert browser.shown() in chosen
    assert browser.errors == []
    assert browser.strangers == []


def test_pointing_at_an_image_shows_it_and_a_click_opens_it(fake_run: Run, browser: Browser) -> None:
    browser.open("results?run=fake&view=Images")
    page = browser.page
    canvas = page.locator(".plane canvas")
    canvas.wait_for()
    browser.wait_for("window.deep('.plane').dataset.milliseconds")
    page.wait_for_timeout(300)
    # Keys work where no pointer is: zoom in on the middle and back.
    canvas.focus()
    browser.key("+", "ArrowLeft", "Home")
    page.wait_for_timeout(300)
    at = page.evaluate(FIND)
    page.mouse.move(*at)
    page.locator(".plane .card").wait_for()
    assert browser.text(".plane .card b") in fake_run.predictions()["name"].tolist()
    page.mouse.click(*at)
    page.wait_for_url("**/review**image=**")
    browser.wait_for("window.deep('.viewer')?.dataset.shown")
    assert page.evaluate("new URLSearchParams(location.search).get('image')") == browser.shown()
    assert browser.errors == []


# Where a point is: a pixel unlike the ground, in pixels of the page.
FIND = """
() => {
  const canvas = deep('.plane canvas'), box = canvas.getBoundingClientRect();
  const { width, height } = canvas, { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  const unlike = (at, part) => Math.abs(data[at + part] - data[part]);
  for (let at = 0; at < data.length; at += 4)
    if (unlike(at, 0) + unlike(at, 1) + unlike(at, 2) > 150) {
      const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
      return [box.x + x * box.width / width, box.y + y * box.height / height];
    }
}
"""
