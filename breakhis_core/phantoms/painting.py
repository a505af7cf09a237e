"""Synthetic phantoms in BreakHis' layout and names, so that the product can be shown without the data set.

They are no tissue: eight textures, four magnifications, ten cases each with a stain of its own, one image in
eight spoiled in a known way, and one slide stored under two sub-types as BreakHis' own 14-13412.

The same pixels come out on every platform, because the run that ships with the demo knows its images by the
hash of their pixels: changing any pixel, name or seed invalidates that run. Raise ``VERSION`` with such a
change, paint again and train it again.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from PIL import Image

from breakhis_core.errors import InputError
from breakhis_core.images.pixels import Pixels
from breakhis_core.images.taxonomy import CODES, MAGNIFICATIONS, case_of, subtype
from breakhis_core.phantoms.architectures import has_corner, paint_tissue
from breakhis_core.phantoms.noise import Dice, Floats
from breakhis_core.phantoms.spoiling import KINDS, spoil_dye, spoil_light
from breakhis_core.phantoms.stain import develop, stain_of
from breakhis_core.phantoms.workers import end_with_parent

VERSION = 1
CASES = 10
IMAGES_PER_MAGNIFICATION = 2
TRUTH_FILE = "phantoms.csv"
TRUTH_COLUMNS: tuple[str, ...] = (
    "name",
    "path",
    "subtype",
    "true_subtype",
    "slide",
    "case",
    "magnification",
    "spoiled",
)

_YEAR = 90  # No slide of BreakHis is from 1990, so no phantom can be taken for one.
_TWIN_SLIDE = f"{_YEAR}-9412"
_VERSION_FILE, _COMPLETE_FILE = ".version", ".complete"
_FAST, _SMALL = 1, 6  # zlib levels


@dataclass(frozen=True)
class Phantom:
    """One phantom and the truth about it.

    Attributes:
        subtype: code of the sub-type that its name claims.
        true_subtype: code of the sub-type that it is painted as.
        slide: id of its slide.
        magnification: 40, 100, 200 or 400.
        sequence: number of the field of view.
        spoiled: one of ``KINDS``, ``"duplicate"`` for a second label of the same pixels, or ``""``.
    """

    subtype: str
    true_subtype: str
    slide: str
    magnification: int
    sequence: int
    spoiled: str

    @property
    def case(self) -> str:
        """The base slide."""
        return case_of(self.slide)

    @property
    def name(self) -> str:
        """File name as in BreakHis."""
        side = subtype(self.subtype).side[0].upper()
        return f"SOB_{side}_{self.subtype}-{self.slide}-{self.magnification}-{self.sequence:03d}.png"

    @property
    def path(self) -> str:
        """POSIX path below the root, in the official layout."""
        kind = subtype(self.subtype)
        slide = f"SOB_{kind.side[0].upper()}_{kind.code}_{self.slide}"
        folder = f"BreaKHis_v1/histology_slides/breast/{kind.side}/SOB/{kind.folder}/{slide}"
        return f"{folder}/{self.magnification}X/{self.name}"


def plan() -> list[Phantom]:
    """Return all phantoms: 640, of which 80 spoiled, and 16 of the slide under two labels.

    >>> phantoms = plan()
    >>> len(phantoms), sum(bool(phantom.spoiled) for phantom in phantoms[:640])
    (656, 80)
    """
    phantoms = []
    for order, code in enumerate(CODES):
        for number in range(CASES):
            phantoms += _case(code, order, number)
    for magnification in MAGNIFICATIONS:
        for sequence in range(1, IMAGES_PER_MAGNIFICATION + 1):
            for code, spoiled in (("LC", ""), ("DC", "duplicate")):
                phantoms.append(Phantom(code, "LC", _TWIN_SLIDE, magnification, sequence, spoiled))
    return phantoms


def picture(phantom: Phantom) -> Pixels:
    """Paint one phantom.

    Returns:
        Array of shape (460, 700, 3), uint8.
    """
    return picture_and_own(phantom)[0]


def picture_and_own(phantom: Phantom) -> tuple[Pixels, Floats]:
    """Paint one phantom and say where the tissue of its sub-type lies.

    Returns:
        The picture, (460, 700, 3) uint8, and how much of each pixel is the sub-type's own tissue, (460, 700):
        1 in most fields; some show another sub-type's tissue or fibres alone in a corner, where it is 0.
    """
    # The label is left out of the key, so that a slide under two labels shows the same pixels under both.
    dice = Dice("phantom", VERSION, phantom.slide, phantom.magnification, phantom.sequence)
    stain = stain_of(Dice("stain", VERSION, phantom.case))
    blue, pink, own = paint_tissue(phantom.true_subtype, dice, phantom.magnification)
    blue, pink = spoil_dye(phantom.spoiled, blue, pink, dice)
    return spoil_light(phantom.spoiled, develop(blue, pink, stain, dice), dice), own


def shares_its_field(phantom: Phantom) -> bool:
    """Tell, without painting it, whether a phantom shows other tissue in a corner."""
    return has_corner(Dice("phantom", VERSION, phantom.slide, phantom.magnification, phantom.sequence))


def paint(root: Path, progress: Callable[[int, int], None] | None = None) -> None:
    """Paint all phantoms below a folder, in parallel; what an interrupted call has painted is kept.

    Args:
        root: folder to fill; it is made when it does not exist.
        progress: called with the number of phantoms done and of all.

    Raises:
        InputError: the folder holds something else, or cannot be written.
    """
    phantoms = plan()
    if is_complete(root):
        return
    try:
        fresh = _prepare(root)
        waiting = [each for each in phantoms if fresh or not (root / each.path).is_file()]
        done = len(phantoms) - len(waiting)
        if progress is not None:
            progress(done, len(phantoms))
        # Spawned on every platform alike: a fork of a process with threads may hang.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(os.cpu_count() or 1, context, end_with_parent) as pool:
            tasks = [(root, each) for each in waiting]
            try:
                for _ in pool.map(paint_file, tasks, chunksize=4):
                    done += 1
                    if progress is not None:
                        progress(done, len(phantoms))
            except BaseException:  # Progress may raise to stop; without this the rest would be painted first.
                pool.shutdown(cancel_futures=True)
                raise
        (root / _COMPLETE_FILE).write_text(f"{VERSION}\n")
    except OSError as error:
        raise InputError(
            f"{root}: the phantoms cannot be written there ({error.strerror or error})."
        ) from error


def is_complete(root: Path) -> bool:
    """Tell whether all phantoms of this version have been painted."""
    return _read_version(root / _COMPLETE_FILE) == str(VERSION)


def truth(root: Path) -> pd.DataFrame:
    """Return what is known of each phantom, columns ``TRUTH_COLUMNS``; spoiled is ``""`` for a good one.

    Raises:
        InputError: the folder holds no phantoms.
    """
    file = root / TRUTH_FILE
    if not file.is_file():
        raise InputError(f"{root}: there are no phantoms in this folder; prepare the demo first.")
    return pd.read_csv(file, keep_default_na=False)


def _case(code: str, order: int, number: int) -> list[Phantom]:
    """Return the images of one case; one of them is spoiled, every sub-type in every way."""
    dice = Dice("case", VERSION, code, number)
    base = f"{_YEAR}-{1000 * (order + 1) + 11 + 37 * number}"
    kind = KINDS[(order + number) % len(KINDS)]
    bad = (dice.pick(MAGNIFICATIONS), dice.integer(1, IMAGES_PER_MAGNIFICATION))
    other = dice.pick([each for each in CODES if each != code])
    phantoms = []
    for magnification in MAGNIFICATIONS:
        for sequence in range(1, IMAGES_PER_MAGNIFICATION + 1):
            spoiled = kind if (magnification, sequence) == bad else ""
            true_subtype = other if spoiled == "wrong_label" else code
            # Some cases are cut into two blocks, named by letters as in BreakHis.
            slide = base + ("AB", "CD")[sequence - 1] if number % 4 == 3 else base
            phantoms.append(Phantom(code, true_subtype, slide, magnification, sequence, spoiled))
    return phantoms


def _prepare(root: Path) -> bool:
    """Make the folder and its truth table; tell whether pictures that lie there are of no use."""
    root.mkdir(parents=True, exist_ok=True)
    if any(root.iterdir()) and not (root / TRUTH_FILE).is_file():
        raise InputError(f"{root}: this folder holds other files; give an empty one for the phantoms.")
    fresh = _read_version(root / _VERSION_FILE) != str(VERSION)
    (root / _COMPLETE_FILE).unlink(missing_ok=True)
    rows = [
        (each.name, each.path, each.subtype, each.true_subtype, each.slide, each.case, each.magnification)
        + (each.spoiled,)
        for each in plan()
    ]
    pd.DataFrame(rows, columns=list(TRUTH_COLUMNS)).to_csv(root / TRUTH_FILE, index=False)
    (root / _VERSION_FILE).write_text(f"{VERSION}\n")
    return fresh


def _read_version(file: Path) -> str:
    return file.read_text().strip() if file.is_file() else ""


def paint_file(task: tuple[Path, Phantom]) -> None:
    """Paint one phantom into its file; the file appears whole or not at all."""
    root, phantom = task
    file = root / phantom.path
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    # The second label gets another file for the same pixels: identity must not hang on bytes.
    level = _SMALL if phantom.spoiled == "duplicate" else _FAST
    Image.fromarray(picture(phantom)).save(part, "PNG", compress_level=level)
    part.replace(file)
