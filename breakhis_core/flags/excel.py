"""Flags as an Excel workbook: typed cells, a header that stays in sight, and nothing that runs."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd

from breakhis_core.errors import InputError
from breakhis_core.flags.statements import STATEMENT_COLUMNS, records

SHEET = "Flags"
_WIDTHS = {
    **dict.fromkeys(("note", "settled_note"), 40),
    **dict.fromkeys(("reason", "settled_reason", "reviewer", "settled_by", "run", "part_in", "dataset"), 19),
    **dict.fromkeys(("time", "settled_at"), 23),
    "name": 34,
    "hash": 34,
}
_TIMES = ("time", "settled_at")
_LARGEST_CONTENT = 256 * 2**20
_FIRST_YEAR = 1900  # Excel's calendar begins here, with a leap day that never was.
# What XML cannot hold, or changes on reading; and what reads as our own mark. Excel knows the same marks.
_UNSAFE = re.compile(r"[\r\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_MARKED = re.compile(r"_x([0-9A-Fa-f]{4})_")


def export_excel(statements: pd.DataFrame, about: Mapping[str, str] | None = None) -> bytes:
    """Return statements as an Excel workbook; ``read_flags`` gives back the same.

    Text is written as text, so that none is taken for a formula. Times are UTC.

    Args:
        statements: what ``statements.statements`` returns, all of it or some.
        about: lines of a second sheet, such as the rule and the run.
    """
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(SHEET)
    sheet.freeze_panes = "B2"
    for place, column in enumerate(STATEMENT_COLUMNS, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTHS.get(column, 13)
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(STATEMENT_COLUMNS))}{len(statements) + 1}"

    def cell(value: object, bold: bool = False) -> Any:
        made = WriteOnlyCell(sheet)
        if isinstance(value, str):
            made.value = _UNSAFE.sub(lambda found: f"_x{ord(found[0]):04X}_", value)
            made.data_type, made.quotePrefix = "s", True
        elif isinstance(value, float):
            # As text first: the library would write sixteen digits, and some numbers need seventeen.
            made.value, made.data_type = repr(value), "n"
        else:
            made.value = value
        if isinstance(value, datetime):
            made.number_format = "yyyy-mm-dd hh:mm:ss.000"
        if bold:
            made.font = Font(bold=True)
        return made

    sheet.append([cell(column, bold=True) for column in STATEMENT_COLUMNS])
    for record in records(statements):
        typed = (_typed(name, value) for name, value in record.items())
        sheet.append([None if value is None else cell(value) for value in typed])
    if about:
        second = book.create_sheet("About")
        second.column_dimensions["A"].width, second.column_dimensions["B"].width = 24, 90
        for title, words in about.items():
            second.append([cell(title, bold=True), cell(words)])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def read_excel(content: bytes, name: str) -> list[list[str]]:
    """Return the rows of a workbook's first sheet as text; empty cells are empty.

    Args:
        content: of the file.
        name: what to call it in messages.

    Raises:
        InputError: this is no Excel workbook, or one that unpacks to more than any list of flags.
    """
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(member.file_size for member in packed.infolist()) > _LARGEST_CONTENT:
                raise InputError(f"{name}: the workbook unpacks to more than any list of flags.")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        # What a file says of its own size may be wrong.
        sheet.reset_dimensions()
        return [[_as_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
    except InputError:
        raise
    except Exception as error:  # The reader's errors on damaged files share no base class.
        raise InputError(f"{name}: this is not an Excel workbook, or it is damaged.") from error


def _typed(column: str, value: Any) -> object:
    if value is None or value == "":
        return None
    if column in _TIMES:
        moment = datetime.fromisoformat(str(value)).replace(tzinfo=None)
        return moment if moment.year > _FIRST_YEAR else str(value)
    return value


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _MARKED.sub(lambda found: chr(int(found[1], 16)), str(value))
