"""Our scripts and styles in the browser: each is loaded once a screen, and drawn in its styles."""

from __future__ import annotations

import pytest

from breakhis_core import reviews
from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace
from tests.browser.conftest import Browser

EVERYWHERE = ("components/common/whole.js", "shared/identity.js")
VIEWER = ("components/viewer/viewer.js", "components/viewer/verdict.js", "components/viewer/painting.js")
SCREENS = {
    "": (".st-key-identity button", ()),
    "classify": ("input[type=file]", ()),
    "flags": (
        ".wall img",
        ("components/wall/wall.js", "components/facets/facets.js", "components/facets/facets.css"),
    ),
    "review?order=all": (
        ".viewer[data-shown]",
        (
            *VIEWER,
            "components/viewer/more_maps.js",
            "components/common/dom.js",
            "components/viewer/viewer.css",
        ),
    ),
    "review?order=all&view=grid": (".desk .tile", ("components/grid/grid.js", "components/grid/grid.css")),
}
"""What to wait for on each screen, and what it loads besides that which all load."""

# Whether a component is ever seen without its styles: asked at each frame from the first on.
WATCH = """
window.bare = [];
const roots = new Set();
const attach = Element.prototype.attachShadow;
Element.prototype.attachShadow = function (options) {
  const root = attach.call(this, { ...options, mode: "open" });
  roots.add(root);
  return root;
};
const look = () => {
  for (const root of roots)
    for (const one of root.querySelectorAll(".viewer, .verdict, .pad, .desk, .wall, .facets"))
      if (one.innerText?.trim() && !root.adoptedStyleSheets.length) window.bare.push(one.className);
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


@pytest.fixture
def flagged(workspace: Workspace, fake_run: Run, queue: list[str]) -> list[str]:
    """Hashes of two images that somebody flagged for two reasons: the wall and the facets are there."""
    for image, reason in zip(queue[:2], ("staining", "duplicate"), strict=True):
        reviews.flag(workspace, "Ada", image, reason, run="fake")
    return queue[:2]


@pytest.mark.parametrize("path", sorted(SCREENS))
def test_every_script_is_loaded_once_and_may_be_kept_for_ever(
    path: str, browser: Browser, flagged: list[str]
) -> None:
    awaited, files = SCREENS[path]
    browser.page.add_init_script(WATCH)
    browser.open(path)
    browser.page.wait_for_function("selector => !!window.deep(selector)", arg=awaited)
    browser.page.wait_for_timeout(500)
    browser.assert_loaded_once(*EVERYWHERE, *files)
    assert browser.read("window.bare") == []
    assert browser.errors == []


def test_a_page_of_an_earlier_version_gets_todays_script_and_asks_again(browser: Browser) -> None:
    answer = browser.page.request.get(f"{browser.url}/assets/earlier/components/viewer/viewer.js")
    assert answer.headers["cache-control"] == "no-cache"
