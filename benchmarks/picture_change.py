"""Time from a key to the next picture on screen, in Chromium, and where it goes.

``python -m benchmarks.picture_change`` serves a workspace of painted pictures and presses Next and then a
flag key; ``--workspace`` and ``--models`` measure on a copy of real ones. Each time runs from the key's event
in the browser to the first frame in which the stage carries the next image's hash: picture and map are drawn,
and a flag is saved by then, since the picture changes only with the server's answer.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.full_workspace import fill
from benchmarks.reviewers import percentile
from benchmarks.server import serving
from breakhis_core import reviews
from breakhis_core.settings import Settings
from breakhis_core.workspace import Workspace

BUDGETS = {"ArrowRight": 30, "1": 100}
LABELS = {"ArrowRight": "Next", "1": "flag, saved"}
HEADINGS = ("key", "presses", "median", "95 %", "budget", "to server", "server", "to script", "to screen")
"""Milliseconds. *To server* ends with the message that leaves the browser, *server* with the message that
brings the picture, *to script* when the viewer has drawn it, *to screen* with the frame that shows it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presses", type=int, default=40, help="how often each key is pressed")
    parser.add_argument("--workspace", type=Path, help="a workspace to copy and measure, with --models")
    parser.add_argument("--models", type=Path, help="its runs")
    parser.add_argument("--run", default="", help="name of the run; by default the newest")
    parser.add_argument("--queue", default="part=every&order=all", help="which queue, as in addresses")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(workspace=Path(folder, "workspace"), models=Path(folder, "models"))
        if given.workspace:
            shutil.copytree(given.workspace, settings.workspace)
            shutil.copytree(given.models, settings.models)
        else:
            workspace = Workspace.open(settings)
            fill(workspace, Path(folder, "pictures"), runs=1)
            workspace.close()
        print(f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}", end=", ")
        print(f"Python {platform.python_version()}, load {_load()} before\n")
        _print_row(*HEADINGS)
        _print_row("---", *["--:"] * (len(HEADINGS) - 1))
        with serving("app.py", settings.environment()) as server:
            queue = f"review?{given.queue}&run={given.run}"
            _measure(f"http://{server.address}/{queue}", given.presses, settings)
        print(f"\nload {_load()} after")


def _measure(address: str, presses: int, settings: Settings) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = chrome.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(120_000)
        page.add_init_script(path=Path(__file__).with_suffix(".js"))
        page.goto(address)
        page.wait_for_function("window.deep('.viewer')?.dataset.shown")
        page.get_by_role("button", name="Next").wait_for()
        for key in BUDGETS:
            for _ in range(3):  # Streamlit's own first reruns are slower.
                _press(page, key)
            timings = [_press(page, key) for _ in range(presses)]
            _print_timings(key, timings)
        chrome.close()
    workspace = Workspace.open(settings)
    saved = len(reviews.standing(workspace))
    workspace.close()
    if saved < presses + 3:
        raise RuntimeError(f"Of {presses + 3} flags only {saved} were saved.")


def _press(page: Any, key: str) -> dict[str, float]:
    page.wait_for_timeout(250)  # Somebody looks; the next picture is there meanwhile.
    page.evaluate("void (window.change = window.timed())")  # Not waited for: the key comes after.
    page.keyboard.press(key)
    timing: dict[str, float] = page.evaluate("window.change")
    return timing


def _print_timings(key: str, timings: list[dict[str, float]]) -> None:
    # A picture that was there before the server's answer waited for no message.
    waited = all("heard" in timing and timing["heard"] <= timing["called"] for timing in timings)
    steps = ("key", "sent", "heard", "called", "drawn") if waited else ("key", "called", "drawn")
    whole = [(timing["drawn"] - timing["key"]) / 1000 for timing in timings]
    parts = [
        statistics.median(timing[end] - timing[start] for timing in timings)
        for start, end in zip(steps, steps[1:], strict=False)
    ]
    shown = [f"{part:.0f}" for part in parts]
    shown = shown if waited else ["", "", *shown]
    figures = [f"{value:.0f}" for value in (percentile(whole, 50), percentile(whole, 95))]
    _print_row(LABELS[key], len(timings), *figures, BUDGETS[key], *shown)


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def _print_row(*cells: object) -> None:
    print(f"| {' | '.join(str(cell) for cell in cells)} |", flush=True)


if __name__ == "__main__":
    main()
