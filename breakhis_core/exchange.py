"""Flags as files: export as CSV, JSON and Excel, and import that loses and doubles nothing."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pandas as pd

from breakhis_core.flag_excel import export_excel
from breakhis_core.flag_files import ImportPlan, read_flags
from breakhis_core.flag_import import ImportCheck, apply_import, check_import, matched_hashes
from breakhis_core.spreadsheets import safe_cell
from breakhis_core.standings import FLAG_COLUMNS

__all__ = [
    "FLAG_COLUMNS",
    "ImportCheck",
    "ImportPlan",
    "apply_import",
    "check_import",
    "export_csv",
    "export_excel",
    "export_json",
    "matched_hashes",
    "read_flags",
    "safe_cell",
]


def export_csv(flags: pd.DataFrame) -> bytes:
    """Return flags as CSV in UTF-8, safe to open in a spreadsheet; ``read_flags`` gives back the same.

    Args:
        flags: what ``reviews.flagged`` returns.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(FLAG_COLUMNS)
    for record in _records(flags):
        writer.writerow([_cell(value) for value in record.values()])
    return out.getvalue().encode()


def export_json(flags: pd.DataFrame) -> bytes:
    """Return flags as a JSON list of objects; missing values are null.

    Args:
        flags: what ``reviews.flagged`` returns.
    """
    return (json.dumps(list(_records(flags)), ensure_ascii=False, indent=1) + "\n").encode()


def _records(flags: pd.DataFrame) -> list[dict[str, Any]]:
    columns = [[None if pd.isna(value) else value for value in flags[name].tolist()] for name in FLAG_COLUMNS]
    return [dict(zip(FLAG_COLUMNS, values, strict=True)) for values in zip(*columns, strict=True)]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return safe_cell(value) if isinstance(value, str) else repr(value)
