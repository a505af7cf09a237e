"""A running server and a browser that looks at it; skipped with a reason where no Chromium is."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.server import serving
from breakhis_core.runs import Run
from breakhis_core.runs.queues import build_queue
from breakhis_core.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser as Chrome
    from playwright.sync_api import Page, Response

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
PATIENCE = 60_000  # Milliseconds; two busy cores are slow.

# Finds an element through the shadow roots that components live in.
DEEP = """
window.deep = (selector, root = document) => {
  const found = root.querySelector(selector);
  if (found) return found;
  for (const element of root.querySelectorAll('*'))
    if (element.shadowRoot) {
      const inner = window.deep(selector, element.shadowRoot);
      if (inner) return inner;
    }
  return null;
};
// The element that has the focus, inside of components too.
window.focused = () => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at;
};
"""


def chromium() -> str:
    """Return a Chromium to drive, or skip."""
    pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    pytest.skip("no Chromium on this machine")


@dataclass
class Server:
    """A running app.

    Attributes:
        url: its address, without a slash at the end.
    """

    url: str


@pytest.fixture
def server(settings: Settings, fake_run: Run) -> Iterator[Server]:
    """The app on a free port, with the fake run in a workspace of its own."""
    chromium()
    yield from serve(settings)


def serve(settings: Settings) -> Iterator[Server]:
    """Run the app, as it ships, until the test is over."""
    settings.workspace.mkdir(parents=True, exist_ok=True)
    with serving("app.py", settings.environment(), settings.workspace / "server.log") as running:
        yield Server(f"http://{running.address}")


@dataclass
class Browser:
    """One page in Chromium, and what went wrong in it.

    Attributes:
        page: Playwright's page.
        url: address of the app.
        errors: what the console called an error, and answers that were errors.
        strangers: requests that left the machine.
        assets: scripts and styles of ours since the last ``open``, and for how long they may be kept.
    """

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    assets: list[tuple[str, str]] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Open an address of the app and wait until the screen is whole."""
        self.assets.clear()
        self.page.goto(f"{self.url}/{path}")
        self.page.get_by_text("Research tool, not a medical device.").wait_for()
        self.page.evaluate(DEEP)

    def shown(self) -> str:
        """Return the hash of the image whose picture is on screen."""
        return self.page.evaluate("window.deep('.viewer')?.dataset.shown ?? ''")

    def wait_until_shown(self, image: str) -> None:
        """Wait until this image's picture is on screen and the keys below it are there."""
        self.page.wait_for_function(
            "image => window.deep && window.deep('.viewer')?.dataset.shown === image", arg=image
        )
        self.page.get_by_role("button", name="Next →").wait_for()

    def key(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def assert_loaded_once(self, *names: str) -> None:
        """Check that these scripts and styles came, and that each came once and may be kept for ever."""
        deadline = time.monotonic() + PATIENCE / 1000
        while not set(names) <= {name for name, _ in self.assets} and time.monotonic() < deadline:
            self.page.wait_for_timeout(50)
        came = sorted(name for name, _ in self.assets)
        assert set(names) <= set(came)
        assert came == sorted(set(came))
        assert {kept for _, kept in self.assets} == {"public, max-age=31536000, immutable"}

    def read(self, code: str) -> Any:
        """Return the value of an expression in the page."""
        return self.page.evaluate(code)

    def text(self, selector: str) -> str:
        """Return the text of an element, inside of components too; empty where there is none."""
        return str(self.page.evaluate("selector => window.deep(selector)?.textContent ?? ''", selector))

    def wait_for(self, condition: str) -> None:
        """Wait until something is true in the page."""
        self.page.wait_for_function(condition)

    def wait_for_words(self, selector: str, words: str) -> None:
        """Wait until an element, inside of components too, has these words in its text."""
        self.page.wait_for_function(
            "([selector, words]) => window.deep(selector)?.textContent.includes(words)", arg=[selector, words]
        )

    def wait_until_in_note(self, inside: bool = True) -> None:
        """Wait until the cursor is in the note, or has left it."""
        self.wait_for(f"window.focused().matches('.note') === {str(inside).lower()}")


@pytest.fixture(scope="module")
def chrome() -> Iterator[Chrome]:
    """Chromium, started once for the tests of a file; each has a profile of its own in it."""
    executable = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def browser(server: Server, chrome: Chrome) -> Iterator[Browser]:
    """A page on the running app."""
    yield from browse(server, chrome)


def note_asset(browser: Browser, response: Response) -> None:
    if "/assets/" in response.url:
        name = response.url.partition("/assets/")[2].partition("/")[2]
        browser.assets.append((name, response.headers.get("cache-control", "")))


def browse(server: Server, chrome: Chrome) -> Iterator[Browser]:
    """Open a page and watch what it complains of and whom it talks to."""
    context = chrome.new_context(viewport={"width": 1400, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    looking = Browser(page, server.url)
    page.on("console", lambda m: looking.errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: looking.errors.append(str(error)))
    page.on("response", lambda r: looking.errors.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    page.on("response", lambda response: note_asset(looking, response))
    local = (server.url, server.url.replace("http", "ws"), "data:", "blob:")
    page.on("request", lambda r: None if r.url.startswith(local) else looking.strangers.append(r.url))
    yield looking
    context.close()


@pytest.fixture
def queue(fake_run: Run) -> list[str]:
    """Hashes of the test images by name: more than one page of the grid, and less than two."""
    hashes: list[str] = build_queue(fake_run, order="all")["hash"].tolist()
    assert 20 < len(hashes) < 40
    return hashes


@pytest.fixture
def reviewing(browser: Browser, queue: list[str]) -> Browser:
    """The review screen on the first image of the queue."""
    browser.open("review?order=all")
    browser.wait_until_shown(queue[0])
    return browser


@pytest.fixture
def mistakes(fake_run: Run) -> list[str]:
    """Hashes of the queue that the review screen opens with: misclassified test images."""
    hashes: list[str] = build_queue(fake_run)["hash"].tolist()
    return hashes
