"""Load of the review screen: memory, first screen and Next, for one and for twenty reviewers.

``python -m benchmarks.review_load`` fills a workspace with 7,909 images and ten runs, serves it, and prints
each figure beside a bare Streamlit page on the same machine in the same minutes. ``--training`` measures again
while a job trains on the demo's phantoms.
"""

from __future__ import annotations

import argparse
import contextlib
import platform
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.full_workspace import fill
from benchmarks.reviewers import Timings, percentile, review
from benchmarks.server import Server, serving
from breakhis_core.settings import Settings
from breakhis_core.workspace import Workspace

BUDGETS = {1: (20, 60), 20: (50, 150)}
"""Milliseconds of Next that the design allows, median and 95th percentile, by number of reviewers."""
MEMORY_BUDGET = 1024


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--presses", type=int, default=30, help="how often each reviewer presses Next")
    parser.add_argument("--training", action="store_true", help="measure again while a training runs")
    given = parser.parse_args(arguments)
    print(f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}\n")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(workspace=Path(folder, "workspace"), models=Path(folder, "models"))
        workspace = Workspace.open(settings)
        images = fill(workspace, Path(folder, "pictures"))
        workspace.close()
        print(f"{len(images)} images, 10 runs; times in ms, memory in MiB\n")
        print("| page | reviewers | first page | Next, median | Next, 95 % | budget | memory |")
        print("|---|--:|--:|--:|--:|--:|--:|")
        measure("bare page", "benchmarks/bare_page.py", "", settings, given.presses)
        measure("review", "app.py", "review", settings, given.presses)
        if given.training:
            with training():
                measure("bare page, training", "benchmarks/bare_page.py", "", settings, given.presses)
                measure("review, training", "app.py", "review", settings, given.presses)


def measure(label: str, script: str, page: str, settings: Settings, presses: int) -> None:
    """Serve a script and print one line for each number of reviewers."""
    with serving(script, settings.environment()) as server:
        alone = review(server.address, page, 1, presses)
        arrived = time.perf_counter() - server.started - sum(alone.following)
        _print_line(label, server, alone, 1)
        _print_line(label, server, review(server.address, page, 20, presses), 20)


@contextlib.contextmanager
def training() -> Iterator[None]:
    """Keep a job training on the demo's phantoms while the block runs."""
    from breakhis_core import jobs

    with tempfile.TemporaryDirectory() as folder:
        yield


def _print_line(label: str, server: Server, timings: Timings, reviewers: int) -> None:
    if timings.unchanged:
        raise RuntimeError(f"{timings.unchanged} presses of Next on {label} changed nothing.")
    median, worst = BUDGETS[reviewers]
    print(
        f"| {label} | {reviewers} | {percentile(timings.first, 50):.0f} | {percentile(timings.following, 50):.0f} "
        f"| {percentile(timings.following, 95):.0f} | {median} / {worst} | {server.memory():.0f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
