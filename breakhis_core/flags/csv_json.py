"""Flags as CSV and JSON, all that stands about an image in a row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from breakhis_core.flags.statements import STATEMENT_COLUMNS, records
from breakhis_core.storage.spreadsheets import safe_cell


def export_csv(statements: pd.DataFrame) -> bytes:
    """Return statements as CSV in UTF-8, safe to open in a spreadsheet; ``read_flags`` gives back the same.

    Args:
        statements: what ``statements.statements`` returns, all of it or some.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(STATEMENT_COLUMNS)
    for record in records(statements):
        writer.writerow([_cell(value) for value in record.values()])
    return out.getvalue().encode()


def export_json(statements: pd.DataFrame, about: Mapping[str, str] | None = None) -> bytes:
    """Return statements as a JSON object: ``about``, and the list ``flags``; missing values are null.

    Args:
        statements: as of ``export_csv``.
        about: what the file rests on, such as the rule and the run.
    """
    content = {"about": dict(about or {}), "flags": records(statements)}
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return safe_cell(value) if isinstance(value, str) else repr(value)
