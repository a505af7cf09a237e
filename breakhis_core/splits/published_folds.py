"""The fold files that the authors of BreakHis published: lines ``name|magnification|fold|train or test``.

They accompany Spanhol, Oliveira, Petitjean and Heutte, "A Dataset for Breast Cancer Histopathological Image
Classification", IEEE TBME 63(7), 2016, as ``dsfold1.txt`` to ``dsfold5.txt``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from breakhis_core.errors import InputError
from breakhis_core.splits.folds import MOST_FOLDS

_LINE = re.compile(r"(?P<name>[^|/\\]+\.png)\|(?P<magnification>\d+)\|(?P<fold>\d+)\|(?P<part>train|test)")
_LARGEST = 64 * 2**20


def read_fold_files(files: Sequence[tuple[str, bytes]]) -> list[pd.DataFrame]:
    """Read fold files.

    Args:
        files: name and content of each; one file may hold several folds.

    Returns:
        A table of each fold, in the order of their numbers: columns name and part.

    Raises:
        InputError: a file is not one of these, a fold comes twice or is missing; the message names the file.
    """
    rows = [row for name, content in files for row in _rows(name, content)]
    table = pd.DataFrame(rows, columns=["name", "fold", "part", "file"])
    owners = table.drop_duplicates(["fold", "file"])
    twice = owners[owners["fold"].duplicated()]
    if len(twice):
        raise InputError(f"{twice['file'].iloc[0]}: fold {twice['fold'].iloc[0]} is in another file too.")
    again = table[table.duplicated(["fold", "name"])]
    if len(again):
        first = again.iloc[0]
        raise InputError(f"{first['file']}: {first['name']} stands twice in fold {first['fold']}.")
    numbers = sorted(owners["fold"])
    if numbers != list(range(1, len(numbers) + 1)) or not 2 <= len(numbers) <= MOST_FOLDS:
        told = ", ".join(str(number) for number in numbers) or "none"
        raise InputError(f"The fold files hold the folds {told}; give all of them, from 1 on, at least two.")
    return [group[["name", "part"]].reset_index(drop=True) for _, group in table.groupby("fold")]


def read_contents(paths: Sequence[str]) -> list[tuple[str, bytes]]:
    """Return name and content of fold files.

    Raises:
        InputError: a file cannot be read.
    """
    found = []
    for path in map(Path, paths):
        try:
            found.append((path.name, path.read_bytes()))
        except OSError as error:
            raise InputError(f"{path.name}: the fold file cannot be read ({error.strerror}).") from error
    return found


def _rows(file: str, content: bytes) -> list[tuple[str, int, str, str]]:
    if len(content) > _LARGEST:
        raise InputError(f"{file}: far too large to be a fold file.")
    rows = []
    for number, line in enumerate(content.decode("utf-8-sig", errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise InputError(
                f"{file}, line {number}: a fold file has lines such as "
                "'SOB_B_A-14-22549AB-100-001.png|100|1|train'."
            )
        rows.append((found["name"], int(found["fold"]), found["part"], file))
    return rows
