"""The plane of images: seconds to lay it out, bytes to the browser, milliseconds of a frame.

    python -m benchmarks.plane

A frame is what the page spends on drawing all points while they are dragged, in Chromium without a graphics
card at 1400 x 900. The reference for the layout is the first two principal components: *kept* is the share of
an image's ten nearest that stay among its ten nearest in the plane, *of its case* the share of its ten
nearest in the plane that are of the same made-up case.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.server import serving
from breakhis_core.settings import Settings
from breakhis_core.suspects.plane import plane

SIZES = (7_909, 100_000)
WIDTH = 960
ASKED = 300  # Images whose neighbours are looked up.
AMONG = 10
DRAGS = 40


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--embeddings", type=Path, nargs="*", default=[], help="of runs, to be laid out too")
    parser.add_argument("--points", type=int, nargs="*", default=SIZES)
    given = parser.parse_args(arguments)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before\n")
    heads = ("images", "layout, s", "kept", "PCA", "of its case", "PCA", "sent, kB", "frame, ms", "95 %")
    print("|", " | ".join(heads), "|")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    for file in given.embeddings:
        _layout(np.load(file), None, end=" | | | | | |\n")
    for count in given.points:
        _layout(*embeddings(count), end=" ")
        _frames(count)


def embeddings(count: int) -> tuple[npt.NDArray[np.float16], npt.NDArray[np.int64]]:
    """Return made-up embeddings, clouds along a dozen directions, and the case of each image."""
    random = np.random.default_rng(0)
    case = random.integers(0, 80, count)
    centres = 0.6 * random.normal(size=(80, WIDTH)).astype(np.float32)
    directions = random.normal(size=(12, WIDTH)).astype(np.float32)
    along = random.normal(size=(count, 12)).astype(np.float32) @ directions
    return np.asarray(centres[case] + 0.12 * along, np.float16), case


def _layout(table: npt.NDArray[np.float16], case: npt.NDArray[np.int64] | None, end: str) -> None:
    began = time.perf_counter()
    places = plane(table)
    seconds = time.perf_counter() - began
    unit = table.astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    centred = unit - unit.mean(axis=0)
    flat = centred @ np.linalg.eigh(centred.T @ centred)[1][:, -2:]
    asked = np.random.default_rng(1).choice(len(table), min(ASKED, len(table)), replace=False)
    alike, ours, usual = (_nearest(points, asked) for points in (unit, places, flat))
    kept = [
        np.mean([len(set(one) & set(other)) / AMONG for one, other in zip(alike, near, strict=True)])
        for near in (ours, usual)
    ]
    told = [f"{len(table):,}", f"{seconds:.1f}", *(f"{share:.2f}" for share in kept)]
    if case is not None:
        told += [f"{(case[near] == case[asked, None]).mean():.2f}" for near in (ours, usual)]
    print("|", " | ".join(told), end=end, flush=True)


def _nearest(points: npt.NDArray[np.float32], asked: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    far = (points**2).sum(axis=1)[None] - 2 * points[asked] @ points.T
    far[np.arange(len(asked)), asked] = np.inf
    return np.argpartition(far, AMONG, axis=1)[:, :AMONG]


def _frames(count: int) -> None:
    from playwright.sync_api import sync_playwright

    milliseconds: list[float] = []
    sent: list[int] = []
    environment = {**Settings().environment(), "PLANE_POINTS": str(count), "PYTHONPATH": "."}
    with serving("benchmarks/plane_page.py", environment) as server, sync_playwright() as play:
        chromium = play.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = chromium.new_page(viewport={"width": 1400, "height": 900})
        page.on("websocket", lambda one: one.on("framereceived", lambda got: sent.append(len(got))))
        page.goto(f"http://{server.address}")
        canvas = page.locator(".plane canvas")
        canvas.wait_for()
        page.wait_for_timeout(2000)
        box = canvas.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(DRAGS):
            page.mouse.move(x + 4 * (step % 20), y + step)
            page.wait_for_timeout(60)
            milliseconds.append(float(page.locator(".plane").get_attribute("data-milliseconds") or "nan"))
        page.mouse.up()
        chromium.close()
    ordered = sorted(milliseconds)
    high = ordered[int(0.95 * len(ordered))]
    print(f"| {sum(sent) / 1024:.0f} | {statistics.median(ordered):.1f} | {high:.1f} |", flush=True)


if __name__ == "__main__":
    main()
