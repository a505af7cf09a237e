"""Quality scores and near-duplicates of all catalogued images, measured once and kept in the workspace.

Each image is read once. Scores are only ever compared within one data set and one magnification.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from breakhis_core.images import datasets
from breakhis_core.images.near_duplicates import Bits, near_fingerprints, turned_fingerprints
from breakhis_core.images.pixels import BadImageError, decode
from breakhis_core.images.quality import CHECKS, DEVIATION, deviations, measure
from breakhis_core.storage.whole_files import write_atomically
from breakhis_core.workspace import Workspace

CODES = tuple(check.code for check in CHECKS)
LABELS = {check.code: check.label for check in CHECKS}
RARE = 0.03
"""Share of the images at an end of a score that is worth a word."""
FEW = math.ceil(1 / RARE)
"""Below this many images of one magnification, none of them is among so small a share of an end."""
_KEEP_EVERY = 500  # Images after which an interrupted measurement does not begin anew.


@dataclass(frozen=True, eq=False)
class Checks:
    """What was measured of the images of a workspace.

    Attributes:
        table: one row per image, by hash: ``magnification``; each score by its check's code; ``CODE_low`` and
            ``CODE_high``, the share of the images of its magnification whose score is as low, as high, or
            more so; ``CODE_odd``, the deviation in the suspicious direction, see ``quality.deviations``;
            ``peers``, the number of those images; ``place``, the rank of the image by the largest deviation
            in a suspicious direction among the ``of`` images of its data set, 1 for the poorest.
        near: near-duplicates of an image by its hash: the other's hash, and how it lies to the first.
    """

    table: pd.DataFrame
    near: Mapping[str, Sequence[tuple[str, str]]]

    def odd(self) -> dict[str, tuple[str, ...]]:
        """Return the codes of the checks whose score is odd, by the images of which one is."""
        high = self.table[[f"{code}_odd" for code in CODES]].to_numpy(float) > DEVIATION
        return {
            image: tuple(code for code, odd in zip(CODES, row, strict=True) if odd)
            for image, row in zip(self.table.index.tolist(), high.tolist(), strict=True)
            if any(row)
        }

    def worst_first(self) -> tuple[str, ...]:
        """Return all hashes, the image with the largest deviation in a suspicious direction first."""
        return tuple(_worst(self.table).sort_values(ascending=False, kind="stable").index)

    def worst_check(self, image: str) -> str | None:
        """Return the code of the check that gives an image its place, or ``None`` if it was not measured."""
        if image not in self.table.index:
            return None
        return CODES[int(self.table.loc[image, [f"{code}_odd" for code in CODES]].to_numpy(float).argmax())]


def measure_images(workspace: Workspace, progress: Callable[[int, int], None] | None = None) -> int:
    """Measure the catalogued images that were not measured yet, and look for near-duplicates.

    Args:
        workspace: whose images; what is found is kept there.
        progress: called with the number of images done and of all; may raise to stop.

    Returns:
        How many images could not be read.
    """
    files = datasets.files(workspace)
    known = _kept(workspace)
    rows = {} if known is None else dict(zip(known["hash"], known.to_dict("records"), strict=True))
    rows = {image: row for image, row in rows.items() if image in files}
    waiting = [(image, path) for image, path in files.items() if image not in rows]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        try:
            for done, row in enumerate(pool.map(_measure, waiting), start=1):
                if row is not None:
                    rows[str(row["hash"])] = row
                if done % _KEEP_EVERY == 0:
                    _keep(workspace, rows)
                if progress is not None:
                    progress(len(files) - len(waiting) + done, len(files))
        except BaseException:  # Progress may raise to stop; without this the rest would be measured first.
            pool.shutdown(cancel_futures=True)
            raise
    _keep(workspace, rows)
    prints = {image: _bits(row["fingerprints"]) for image, row in rows.items()}
    _write(_pairs_file(workspace), near_fingerprints(prints))
    return len(files) - len(rows)


def load_checks(workspace: Workspace) -> Checks | None:
    """Return what was measured, or ``None`` when nothing was; kept in memory until it is measured anew."""
    try:
        state = tuple(
            (file.stat().st_mtime_ns, file.stat().st_size)
            for file in (_scores_file(workspace), _pairs_file(workspace))
        )
    except FileNotFoundError:
        return None
    return _loaded(workspace.root, state, workspace)


def quality_in_words(checks: Checks, image: str) -> list[str]:
    """Say which place an image has by its quality, and what is unusual among those of its magnification.

    Returns:
        Sentences without a full stop: the place and what gives it, then the oddest first; none when the image
        was not measured.
    """
    worst = checks.worst_check(image)
    if worst is None:
        return []
    row = checks.table.loc[image]
    power, peers = int(row["magnification"]), int(row["peers"])
    place = f"Place {int(row['place']):,} of {int(row['of']):,} from the poorest, by {LABELS[worst].lower()}"
    if peers < FEW:
        return [place, f"{peers} images at {power}×: too few to say what is usual"]
    found = []
    for check in CHECKS:
        odd = float(row[f"{check.code}_odd"])
        for end, harmless in (("low", "high"), ("high", "low")):
            share = float(row[f"{check.code}_{end}"])
            if check.suspicious == harmless or share > RARE:
                continue
            far = f"far {'below' if end == 'low' else 'above'} the usual, " if odd > DEVIATION else ""
            words = f"{check.label}: {far}among the {end}est {math.ceil(100 * share)} % at {power}×"
            found.append((odd, words))
    if not found:
        usual = [check.label if not place else check.label.lower() for place, check in enumerate(CHECKS)]
        return [place, f"{', '.join(usual)}: as usual at {power}×"]
    return [place, *(words for _, words in sorted(found, key=lambda one: -one[0]))]


@lru_cache(maxsize=4)
def _loaded(root: Path, state: object, workspace: Workspace) -> Checks | None:
    scores, pairs = _kept(workspace), _table(_pairs_file(workspace))
    if scores is None or pairs is None:
        return None
    images = datasets.load_images(workspace).drop_duplicates("hash").set_index("hash")
    scores = scores[scores["hash"].isin(images.index)]
    about = images.loc[scores["hash"], ["magnification", "dataset"]]
    table = scores.set_index("hash")[list(CODES)].assign(
        magnification=about["magnification"].to_numpy(), dataset=about["dataset"].to_numpy()
    )
    grouped = table.groupby(["dataset", "magnification"])
    table["peers"] = grouped[CODES[0]].transform("size")
    odd = deviations(table[list(CODES)], [table["dataset"], table["magnification"]])
    for check in CHECKS:
        ranks = grouped[check.code]
        table[f"{check.code}_low"] = ranks.rank(method="max") / table["peers"]
        table[f"{check.code}_high"] = ranks.rank(method="max", ascending=False) / table["peers"]
        table[f"{check.code}_odd"] = check.suspect(odd[check.code])
    sets = table["dataset"]
    table["place"] = _worst(table).groupby(sets).rank(ascending=False, method="min")
    table["of"] = sets.groupby(sets).transform("size")
    near: dict[str, list[tuple[str, str]]] = {}
    for first, second, turned in pairs[["first", "second", "turned"]].itertuples(index=False, name=None):
        near.setdefault(first, []).append((second, turned))
        near.setdefault(second, []).append((first, turned))
    return Checks(table.drop(columns="dataset"), near)


def _worst(table: pd.DataFrame) -> pd.Series:
    """Return the largest deviation of each image in a suspicious direction."""
    return table[[f"{code}_odd" for code in CODES]].max(axis=1)


def _measure(file: tuple[str, Path]) -> dict[str, object] | None:
    image, path = file
    try:
        pixels = decode(path)
    except BadImageError:
        return None
    return {"hash": image, **measure(pixels), "fingerprints": turned_fingerprints(pixels).tobytes()}


def _bits(stored: bytes) -> Bits:
    return np.frombuffer(stored, np.uint64).reshape(4, -1)


def _kept(workspace: Workspace) -> pd.DataFrame | None:
    """Return the rows that were measured, unless another version of the checks measured them."""
    table = _table(_scores_file(workspace))
    return None if table is None or tuple(table.columns) != ("hash", *CODES, "fingerprints") else table


def _table(file: Path) -> pd.DataFrame | None:
    """Read a table; one that is not there or damaged is made anew by the next measurement."""
    try:
        return pd.read_parquet(file)
    except (OSError, ValueError):
        return None


def _keep(workspace: Workspace, rows: Mapping[str, Mapping[str, object]]) -> None:
    _write(
        _scores_file(workspace), pd.DataFrame(list(rows.values()), columns=["hash", *CODES, "fingerprints"])
    )


def _write(file: Path, table: pd.DataFrame) -> None:
    content = io.BytesIO()
    table.to_parquet(content, index=False)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, content.getvalue())


def _scores_file(workspace: Workspace) -> Path:
    return workspace.root / "checks" / "scores.parquet"


def _pairs_file(workspace: Workspace) -> Path:
    return workspace.root / "checks" / "near_duplicates.parquet"
