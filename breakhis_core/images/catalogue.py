"""The table of all images in a folder of BreakHis' layout, and everything that is wrong with them.

One bad file never stops a scan: it becomes a row of problems with its reason, and the next file is read.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from breakhis_core.errors import InputError
from breakhis_core.images.pixels import BadImageError, decode, pixel_hash
from breakhis_core.images.taxonomy import (
    ImageName,
    MisnamedImageError,
    parse_image_name,
    subtype,
)

IMAGE_COLUMNS: tuple[str, ...] = (
    "hash",
    "name",
    "path",
    "subtype",
    "side",
    "slide",
    "case",
    "magnification",
    "width",
    "height",
    "status",
)
PROBLEM_COLUMNS: tuple[str, ...] = ("path", "kind", "reason")
PROBLEM_KINDS: dict[str, str] = {
    "unreadable": "The file is not a whole picture; left out.",
    "misnamed": "The file name does not follow BreakHis' scheme; left out.",
    "misplaced": "Name and folder contradict each other; quarantined if they do on the sub-type.",
    "conflict": "The same pixels are stored under two sub-types; both quarantined.",
    "duplicate": "The same pixels are stored twice under one sub-type; counted once.",
    "size": "Not the usual 700 x 460 or 700 x 456 pixels; used all the same.",
    "not_png": "Not a PNG file; left out.",
    "hidden": "Hidden files of the operating system; left out.",
}
USUAL_SIZES = {(700, 460), (700, 456)}
NEARLY_WHOLE = 0.9
"""Share of the published images above which a folder is the archive, and no sample of it."""
PHANTOM_MARK = "phantoms.csv"
LAYOUT = "BreaKHis_v1/histology_slides/breast/<side>/SOB/<sub-type>/<slide>/<magnification>X/<name>.png"


@dataclass(frozen=True)
class Catalogue:
    """All images below a folder.

    Attributes:
        root: the folder that was scanned, absolute.
        images: one row per distinct pixels and sub-type, columns ``IMAGE_COLUMNS``; ``path`` is POSIX and
            relative to ``root``, ``status`` is ``"usable"`` or ``"quarantined"``.
        problems: one row per problem, columns ``PROBLEM_COLUMNS``.
        phantom: whether these are synthetic phantoms instead of tissue.
    """

    root: Path
    images: pd.DataFrame
    problems: pd.DataFrame
    phantom: bool


@dataclass(frozen=True)
class _Picture:
    path: str
    name: ImageName | None
    hash: str
    width: int
    height: int
    problems: tuple[tuple[str, str], ...]
    status: str


def scan(root: Path, progress: Callable[[int, int], None] | None = None) -> Catalogue:
    """Read every picture below a folder that holds BreakHis in its official layout.

    Args:
        root: ``histology_slides/breast`` or any folder above it.
        progress: called with the number of files read and the number of all files.

    Raises:
        InputError: the folder does not exist, has another layout, or holds no PNG file.
    """
    root = Path(root).expanduser()
    if not root.is_dir():
        raise InputError(f"{root}: there is no such folder; give the one that holds BreaKHis_v1.")
    root = root.resolve()
    breast = find_breast_folder(root)
    files, others, hidden = _list_files(breast, root)
    if not files:
        raise InputError(f"{root}: there is no PNG file in it; expected {LAYOUT}.")
    pictures = []
    # Pillow decodes and hashlib hashes without the interpreter's lock, so threads are enough.
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        try:
            for done, picture in enumerate(pool.map(lambda path: _read(root, path), files), start=1):
                pictures.append(picture)
                if progress is not None:
                    progress(done, len(files))
        except BaseException:  # Progress may raise to stop; without this the rest would be read first.
            pool.shutdown(cancel_futures=True)
            raise
    problems = [(picture.path, kind, reason) for picture in pictures for kind, reason in picture.problems]
    images, doubles = _table([picture for picture in pictures if picture.name is not None and picture.hash])
    problems += doubles
    problems += [(path, "not_png", f"{PurePosixPath(path).name}: this is not a PNG file.") for path in others]
    if hidden:
        more = f" and {len(hidden) - 1} more" if len(hidden) > 1 else ""
        problems.append((hidden[0], "hidden", f"{PurePosixPath(hidden[0]).name}{more}: hidden, left out."))
    table = pd.DataFrame(sorted(problems), columns=list(PROBLEM_COLUMNS), dtype="str")
    return Catalogue(root, images, table, _is_phantom(root, breast))


def usable(catalogue: Catalogue) -> pd.DataFrame:
    """Return the images that may be trained on and tested with: those that are not quarantined."""
    return catalogue.images[catalogue.images["status"] == "usable"].reset_index(drop=True)


def conflicts(catalogue: Catalogue) -> list[pd.DataFrame]:
    """Return the pictures that are filed under two sub-types or more.

    Returns:
        For each picture the rows of ``images`` that have its pixels, in the order of the catalogue.
    """
    images = catalogue.images
    several = images.groupby("hash")["subtype"].transform("nunique") > 1
    return [rows for _, rows in images[several].groupby("hash", sort=False)]


def standing_out(found: int, published: int, share: float) -> bool:
    """Return whether a count is to be looked at, beside the share of all published images that is there.

    Of an archive that is nearly whole every count that differs; of a sample only what is missing altogether.

    >>> standing_out(113, 114, 0.99), standing_out(4, 114, 0.04), standing_out(0, 114, 0.04)
    (True, False, True)
    """
    return found > published or (found != published and (share > NEARLY_WHOLE or found == 0))


def find_breast_folder(root: Path) -> Path:
    """Return the folder that holds ``benign`` and ``malignant``, at or below the one given.

    Raises:
        InputError: there is none.
    """
    above = ("", "breast", "histology_slides/breast", "BreaKHis_v1/histology_slides/breast")
    candidates = [root / folder for folder in above]
    candidates += sorted(root.glob("*/histology_slides/breast"))
    candidates += sorted(root.glob("*/*/histology_slides/breast"))
    for folder in candidates:
        if (folder / "benign").is_dir() or (folder / "malignant").is_dir():
            return folder
    raise InputError(f"{root}: this folder does not hold BreakHis in its official layout; expected {LAYOUT}.")


def _is_phantom(root: Path, breast: Path) -> bool:
    """Tell phantoms by their truth table, also when a folder inside theirs was given."""
    return any((folder / PHANTOM_MARK).is_file() for folder in (root, *breast.parents[:3]))


def _list_files(folder: Path, root: Path) -> tuple[list[str], list[str], list[str]]:
    """List PNG files, other files and hidden files below a folder, each relative to root and in order."""
    pictures: list[Path] = []
    others: list[Path] = []
    hidden: list[Path] = []
    for place, folders, names in os.walk(folder):
        hidden += [Path(place, name) for name in folders if name.startswith(".")]
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            kind = hidden if name.startswith(".") else pictures if name.lower().endswith(".png") else others
            kind.append(Path(place, name))
    return _relative(pictures, root), _relative(others, root), _relative(hidden, root)


def _relative(paths: Iterable[Path], root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in paths)


def _read(root: Path, path: str) -> _Picture:
    problems: list[tuple[str, str]] = []
    status = "usable"
    try:
        name = parse_image_name(PurePosixPath(path).name)
    except MisnamedImageError as error:
        return _Picture(path, None, "", 0, 0, (("misnamed", f"{error}."),), status)
    contradiction = _misplaced(path, name)
    if contradiction is not None:
        problems.append(("misplaced", contradiction))
        if subtype(name.subtype).folder not in path.split("/"):
            status = "quarantined"
    try:
        pixels = decode(root / path)
    except BadImageError as error:
        return _Picture(path, name, "", 0, 0, (*problems, ("unreadable", str(error))), status)
    height, width, _ = pixels.shape
    if (width, height) not in USUAL_SIZES:
        file = PurePosixPath(path).name
        problems.append(("size", f"{file}: {width} x {height} pixels instead of 700 x 460 or 700 x 456."))
    return _Picture(path, name, pixel_hash(pixels), width, height, tuple(problems), status)


def _misplaced(path: str, name: ImageName) -> str | None:
    """Return a sentence when the folders of a picture contradict its name."""
    kind = subtype(name.subtype)
    slide = f"SOB_{kind.side[0].upper()}_{kind.code}_{name.slide}"
    expected = f"{kind.side}/SOB/{kind.folder}/{slide}/{name.magnification}X"
    if f"/{path}".endswith(f"/{expected}/{PurePosixPath(path).name}"):
        return None
    return (
        f"{PurePosixPath(path).name}: found in {PurePosixPath(path).parent}, its name belongs in {expected}."
    )


def _table(pictures: list[_Picture]) -> tuple[pd.DataFrame, list[tuple[str, str, str]]]:
    """Make one row per pixels and sub-type; list duplicates, and conflicts with both rows quarantined."""
    first: dict[tuple[str, str], _Picture] = {}
    labels: dict[str, list[_Picture]] = {}
    problems = []
    for picture in pictures:
        assert picture.name is not None
        key = (picture.hash, picture.name.subtype)
        file = PurePosixPath(picture.path).name
        if key in first:
            problems.append((picture.path, "duplicate", f"{file}: the same pixels as {first[key].path}."))
            continue
        first[key] = picture
        labels.setdefault(picture.hash, []).append(picture)
    for same in labels.values():
        for picture in same if len(same) > 1 else ():
            file = PurePosixPath(picture.path).name
            others = ", ".join(PurePosixPath(other.path).name for other in same if other is not picture)
            problems.append(
                (picture.path, "conflict", f"{file}: the same pixels as {others}, another sub-type.")
            )
    rows = [_row(picture, conflict=len(labels[picture.hash]) > 1) for picture in first.values()]
    return pd.DataFrame(rows, columns=list(IMAGE_COLUMNS)), problems


def _row(picture: _Picture, conflict: bool) -> tuple[Any, ...]:
    name = picture.name
    assert name is not None
    status = "quarantined" if conflict else picture.status
    file = PurePosixPath(picture.path).name
    place = (name.subtype, name.side, name.slide, name.case, name.magnification)
    return (picture.hash, file, picture.path, *place, picture.width, picture.height, status)
