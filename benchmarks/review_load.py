"""Load of the review screen: memory, first screen and Next, for one, twenty and a hundred reviewers.

``python -m benchmarks.review_load`` fills a workspace with 7,909 images and ten runs, serves it, and prints
each figure beside a bare Streamlit page's on the same machine in the same minutes. ``--training`` measures
again while a job trains.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.full_workspace import fill, practise
from benchmarks.reviewers import Timings, percentile, review
from benchmarks.server import Server, serving
from breakhis_core import jobs
from breakhis_core.recipes import RECIPES
from breakhis_core.settings import Settings
from breakhis_core.workspace import Workspace


@dataclass(frozen=True)
class Load:
    """How many review at a time, and how fast.

    Attributes:
        reviewers: how many.
        pause: seconds between two answers of each, on average.
        presses: how often each presses Next, as a share of what is asked for.
        budget: milliseconds of Next that the design allows, median / 95th percentile.
    """

    reviewers: int
    pause: float
    presses: float
    budget: str


LOADS = (Load(1, 1.0, 1.0, "12 / 30"), Load(20, 1.0, 1.0, "20 / 60"), Load(100, 5.0, 0.3, "50 / 150"))
HEADINGS = ("page", "reviewers", "shown", "Next, median", "Next, 95 %", "budget", "server CPU", "MiB")
"""Times in milliseconds; *shown* is when the last of those who came at once had the whole page, *server CPU*
the processor time of one Next."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presses", type=int, default=30, help="how often each reviewer presses Next")
    parser.add_argument("--training", action="store_true", help="measure again while a training runs")
    given = parser.parse_args(arguments)
    print(f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}", end=", ")
    print(f"Python {platform.python_version()}; 7,909 images and 10 runs in the workspace; load", end=" ")
    print(f"{os.getloadavg()[0]:.0f} before\n")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(workspace=Path(folder, "workspace"), models=Path(folder, "models"))
        workspace = Workspace.open(settings)
        fill(workspace, Path(folder, "pictures"))
        workspace.close()
        _print_row(*HEADINGS)
        _print_row("---", *["--:"] * (len(HEADINGS) - 1))
        measure_both(settings, given.presses, "")
        if given.training:
            with training(Path(folder, "training")):
                measure_both(settings, given.presses, ", training")


def measure_both(settings: Settings, presses: int, meanwhile: str) -> None:
    """Print the lines of a bare page and of the review screen."""
    measure(f"bare page{meanwhile}", "benchmarks/bare_page.py", "", settings, presses)
    measure(f"review{meanwhile}", "app.py", "review", settings, presses)


def measure(label: str, script: str, page: str, settings: Settings, presses: int) -> None:
    """Serve a script, let each number of reviewers work on it, and print one line for each."""
    with serving(script, settings.environment()) as server:
        review(server, page, reviewers=1, presses=0)
        _print_row(f"{label}, from server start", 1, round(1000 * (time.perf_counter() - server.started)))
        for load in LOADS:
            timings = review(server, page, load.reviewers, max(1, round(presses * load.presses)), load.pause)
            _print_timings(label, server, timings, load)


@contextlib.contextmanager
def training(folder: Path) -> Iterator[None]:
    """Keep a job training while the block runs."""
    workspace = Workspace.open(Settings(workspace=folder / "workspace", models=folder / "models"))
    practise(workspace, folder / "pictures")
    recipe = RECIPES["paper"].model_copy(update={"epochs": 1000}).model_dump()
    job = jobs.submit(workspace, "train", {"recipe": recipe, "weights": "none", "name": "meanwhile"})
    try:
        while not (now := jobs.get(workspace, job)).data.get("done"):
            if not now.active:
                raise RuntimeError(f"The training {now.state}: {now.error}")
            time.sleep(0.5)
        yield
        if not jobs.get(workspace, job).active:
            raise RuntimeError("The training ended before the reviewers did.")
    finally:
        jobs.request_stop(workspace, job, kill=True)
        workspace.close()


def _print_timings(label: str, server: Server, timings: Timings, load: Load) -> None:
    if timings.unchanged:
        raise RuntimeError(f"{timings.unchanged} presses of Next on {label} changed nothing.")
    shown, waited = percentile(timings.first, 100), timings.following
    figures = [round(each) for each in (shown, percentile(waited, 50), percentile(waited, 95))]
    _print_row(
        label, load.reviewers, *figures, load.budget, f"{1000 * timings.server:.1f}", round(server.memory())
    )


def _print_row(*cells: object) -> None:
    padded = [str(cell) for cell in cells] + [""] * (len(HEADINGS) - len(cells))
    print(f"| {' | '.join(padded)} |", flush=True)


if __name__ == "__main__":
    main()
