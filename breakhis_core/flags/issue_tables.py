"""Issue tables of cleanvision and cleanlab, read as flags.

Both write one row an image and two columns an issue, ``is_<issue>_issue`` and ``<issue>_score``: cleanvision
in ``Imagelab.issues``, whose index is the file's path; cleanlab in ``Datalab.get_issues()``, whose index is a
row number. cleanlab's ``CleanLearning.get_label_issues()`` calls the score ``label_quality``. The score is
between 0 and 1, and low is bad.

An image becomes one flag, with the issue that weighs most as its reason and all of them in its note, under
the tool's name: a tool's opinion is nobody's answer. The label that cleanlab suggests instead is the flag's
correction, where it is a sub-type's code, name or folder.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from breakhis_core.errors import InputError
from breakhis_core.images.taxonomy import SUBTYPES
from breakhis_core.reviews.terms import CLEANLAB, CLEANVISION

ISSUES: dict[str, str] = {
    "label": "wrong_label",
    "exact_duplicates": "duplicate",
    "near_duplicates": "duplicate",
    "near_duplicate": "duplicate",
    "blurry": "out_of_focus",
    "low_information": "too_little_tissue",
    "dark": "staining",
    "light": "staining",
    "grayscale": "other",
    "odd_aspect_ratio": "other",
    "odd_size": "other",
    "outlier": "other",
}
"""Reason of each issue, those that weigh most first; issues that say nothing of one image are not here."""

_COLUMN = re.compile(r"is_(\w+)_issue")
_NAMES = ("name", "path", "file", "filename", "file_name", "image", "image_path", "index")
_SUGGESTED = ("predicted_label", "suggested_label")
_SUBTYPES = {word.lower(): one.code for one in SUBTYPES for word in (one.code, one.name, one.folder)}
_TRUE = {"true", "1", "1.0", "yes"}


def is_one(columns: Collection[str]) -> bool:
    """Tell an issue table by its columns.

    >>> is_one(["", "blurry_score", "is_blurry_issue"]), is_one(["name", "reason"])
    (True, False)
    """
    return any(_COLUMN.fullmatch(str(column)) for column in columns)


def records_of(value: object) -> list[object] | None:
    """Return the rows of an issue table that pandas wrote as JSON by columns or by index, else ``None``."""
    if not isinstance(value, Mapping) or not all(isinstance(one, Mapping) for one in value.values()):
        return None
    if is_one(value):
        index = dict.fromkeys(key for column in value.values() for key in column)
        return [{"name": key, **{name: column.get(key) for name, column in value.items()}} for key in index]
    if value and all(is_one(row) for row in value.values()):
        return [{"name": key, **row} for key, row in value.items()]
    return None


def flags_of(record: object, rows: Sequence[str] | None = None) -> list[object]:
    """Return the flag that a row of an issue table is, or none where it names no issue; others as they are.

    Args:
        record: one row, by column.
        rows: hashes that row numbers stand for, where a table has no file names.

    Raises:
        InputError: the row has a number instead of a name, and nothing says what it is the number of.
    """
    if not isinstance(record, Mapping) or not is_one(record):
        return [record]
    found = [issue for issue in ISSUES if _is_true(record.get(f"is_{issue}_issue"))]
    if not found:
        return []
    tool = CLEANLAB if "label" in found or "outlier" in found or "given_label" in record else CLEANVISION
    note = f"{tool}: {', '.join(_in_words(issue, record) for issue in found)}"
    said: dict[str, Any] = {"reason": ISSUES[found[0]], "note": note, "reviewer": tool}
    if "label" in found:
        said["correction"] = _correction(record)
    return [{**_image(record, rows), **said}]


def _image(record: Mapping[str, Any], rows: Sequence[str] | None) -> dict[str, Any]:
    if record.get("hash"):
        return {"hash": record["hash"], "name": record.get("name")}
    named = (record[column] for column in _NAMES if record.get(column) is not None)
    name = str(next(named, "")).strip()
    if not name.isdecimal():
        return {"name": name}
    if rows is None:
        raise InputError(
            f"row {name} has no file name; say which run's predictions the rows are, or write the table with "
            "the files as its index."
        )
    if int(name) >= len(rows):
        raise InputError(f"row {name} is beyond the {len(rows)} predictions of the run.")
    return {"hash": rows[int(name)]}


def _correction(record: Mapping[str, Any]) -> str | None:
    given = _SUBTYPES.get(str(record.get("given_label")).strip().lower())
    better = _SUBTYPES.get(_suggested(record).lower())
    return None if better == given else better


def _suggested(record: Mapping[str, Any]) -> str:
    return next((str(record[name]).strip() for name in _SUGGESTED if record.get(name) is not None), "")


def _in_words(issue: str, record: Mapping[str, Any]) -> str:
    words = issue.replace("_", " ")
    given, better = record.get("given_label"), _suggested(record)
    if issue == "label" and given not in (None, "") and better:
        words = f"labelled {given}, more likely {better}"
    score = record.get(f"{issue}_score", record.get("label_quality") if issue == "label" else None)
    try:
        return f"{words} ({float(str(score)):.3g})"
    except ValueError:
        return words


def _is_true(value: object) -> bool:
    return str(value).strip().lower() in _TRUE
