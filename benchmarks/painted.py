"""As many phantoms as BreakHis has images: 7,909 pictures of 700x460 with the published counts and cases.

Painting takes about 15 minutes of one core. What an interrupted call has painted is kept.

    python -m benchmarks.painted FOLDER
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from PIL import Image

from breakhis_core.images.taxonomy import CODES, MAGNIFICATIONS, PUBLISHED_CASES, PUBLISHED_IMAGES
from breakhis_core.phantoms.painting import Phantom, picture


def plan() -> list[Phantom]:
    """Return the phantoms: each sub-type and magnification as often as published, on as many cases."""
    phantoms = []
    for order, code in enumerate(CODES):
        for power, count in zip(MAGNIFICATIONS, PUBLISHED_IMAGES[code], strict=True):
            for index in range(count):
                case = index % PUBLISHED_CASES[code]
                slide = f"90-{1000 * (order + 1) + 11 + 7 * case}"
                phantoms.append(Phantom(code, code, slide, power, 1 + index // PUBLISHED_CASES[code], ""))
    return phantoms


def paint(root: Path, processes: int) -> None:
    """Paint what is not there yet."""
    waiting = [(root, each) for each in plan() if not (root / each.path).is_file()]
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        for done, _ in enumerate(pool.map(_paint_one, waiting, chunksize=16), 1):
            if done % 500 == 0 or done == len(waiting):
                print(f"painted {done} of {len(waiting)}", flush=True)


def _paint_one(task: tuple[Path, Phantom]) -> None:
    root, phantom = task
    file = root / phantom.path
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    Image.fromarray(picture(phantom)).save(part, "PNG", compress_level=1)
    part.replace(file)


def main() -> None:
    """Paint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    paint(given.folder, given.processes)


if __name__ == "__main__":
    main()
