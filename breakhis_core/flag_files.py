"""Reading files of flags: our CSV, JSON, Excel and ZIP, plain lists of names, issue tables of other tools."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from breakhis_core import issue_tables
from breakhis_core.database import time_text
from breakhis_core.errors import InputError
from breakhis_core.flag_excel import read_excel
from breakhis_core.review_terms import REASONS, clean_note, clean_reviewer, clean_text
from breakhis_core.spreadsheets import plain_cell
from breakhis_core.standings import FLAG_COLUMNS
from breakhis_core.taxonomy import CODES

LARGEST_FILE = 64 * 2**20
CSV_IN_ZIP = "flags.csv"
_ZIP = b"PK\3\4"
_JSON = re.compile(r'\s*(\{|\[\s*[{"\[\]])')
"""How JSON begins, whatever its file is called; a name of a file may begin with a bracket too."""
_HASH = re.compile(r"[0-9a-f]{32}")
_OTHER_NAMES = {
    **dict.fromkeys(("image", "file", "filename", "file_name", "image_name", "path"), "name"),
    "at": "time",
}
_REASONS = {reason.label.lower(): reason.code for reason in REASONS} | {r.code: r.code for r in REASONS}


@dataclass(frozen=True)
class ImportPlan:
    """What a file of flags says; nothing is looked up or written yet.

    Attributes:
        rows: one mapping with the keys ``FLAG_COLUMNS`` per readable row; what the file leaves out is
            ``None``, except that ``note`` is then empty and ``reason`` is ``"other"``.
        errors: one sentence per row that cannot be read, with its number.
        source: the file's name.
    """

    rows: tuple[dict[str, Any], ...]
    errors: tuple[str, ...]
    source: str


def read_flags(
    source: bytes | Path, filename: str | None = None, rows: Sequence[str] | None = None
) -> ImportPlan:
    """Read a file of flags.

    Args:
        source: its content, or where it lies.
        filename: its name, for messages and to tell JSON; by default that of the path.
        rows: hashes that the row numbers of an issue table without file names stand for.

    Returns:
        The rows, and a sentence for each bad one.

    Raises:
        InputError: the file as a whole cannot be read.
    """
    name = Path(filename or (source.name if isinstance(source, Path) else "flags.csv")).name
    if _is_zip(source):
        return _plan(_packed_records(source, name), name, rows)
    text = _decoded(_content(source, name), name)
    if name.lower().endswith(".json") or _JSON.match(text):
        records: Iterable[object] = _json_records(text, name)
    else:
        records = _table_records(_csv_rows(text, name))
    return _plan(records, name, rows)


def _plan(records: Iterable[object], name: str, hashes: Sequence[str] | None) -> ImportPlan:
    rows: list[dict[str, Any]] = []
    errors: list[str] = []
    for number, record in enumerate(records, start=1):
        try:
            rows += [_row(said, name) for said in issue_tables.flags_of(record, hashes)]
        except InputError as error:
            errors.append(f"{name}, row {number}: {error}")
    return ImportPlan(tuple(rows), tuple(errors), name)


def _is_zip(source: bytes | Path) -> bool:
    if isinstance(source, bytes):
        return source.startswith(_ZIP)
    try:
        with source.open("rb") as file:
            return file.read(len(_ZIP)) == _ZIP
    except OSError:
        return False  # Reading it whole will say why.


def _content(source: bytes | Path, name: str) -> bytes:
    try:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        if size > LARGEST_FILE:
            raise InputError(f"{name}: a list of flags is never larger than {LARGEST_FILE // 2**20} MB.")
        return source if isinstance(source, bytes) else source.read_bytes()
    except OSError as error:
        raise InputError(f"{name}: the file cannot be read ({error.strerror}).") from error


def _decoded(content: bytes, name: str) -> str:
    # Excel saves "Unicode text" as UTF-16 and plain CSV in the system's own code page.
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise InputError(f"{name}: this is not a text file; give a CSV, JSON or a list of file names.")


def _json_records(text: str, name: str) -> list[object]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name}: this is not JSON ({error}).") from error
    if isinstance(value, dict) and isinstance(value.get("flags"), list):
        value = value["flags"]
    value = issue_tables.records_of(value) or value
    if not isinstance(value, list):
        raise InputError(f"{name}: the JSON is not a list of flags.")
    return value


def _packed_records(source: bytes | Path, name: str) -> Iterable[object]:
    """Return the records of an Excel workbook, or of the CSV in a ZIP of ours: both are ZIP files.

    A ZIP of ours holds pictures too and may be large; only its CSV is read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source) as packed:
            inside = packed.namelist()
            if "[Content_Types].xml" in inside:
                return _table_records(read_excel(_content(source, name), name))
            if CSV_IN_ZIP not in inside:
                raise InputError(f"{name}: there is no {CSV_IN_ZIP} in this ZIP.")
            if packed.getinfo(CSV_IN_ZIP).file_size > LARGEST_FILE:
                raise InputError(f"{name}: a list of flags is never larger than {LARGEST_FILE // 2**20} MB.")
            table = packed.read(CSV_IN_ZIP)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
        raise InputError(f"{name}: this ZIP is damaged.") from error
    return _table_records(_csv_rows(_decoded(table, name), name))


def _csv_rows(text: str, name: str) -> list[list[str]]:
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        return [
            [plain_cell(cell) for cell in row]
            for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        ]
    except csv.Error as error:
        raise InputError(f"{name}: this is not a CSV file ({error}).") from error


def _table_records(table: list[list[str]]) -> Iterable[object]:
    table = [row for row in table if any(row)]
    if not table:
        return []
    header = [_column(cell) for cell in table[0]]
    issues = issue_tables.is_one(header)
    if issues and not header[0]:
        header[0] = "name"  # pandas writes its index, here the file's path or number, under an empty head.
    if issues or "name" in header or "hash" in header:
        return [dict(zip(header, row, strict=False)) for row in table[1:]]
    # No header that we know: a plain list of names or hashes, one a line.
    return [next(cell for cell in row if cell) for row in table]


def _column(title: str) -> str:
    plain = title.strip().lower().replace(" ", "_")
    return _OTHER_NAMES.get(plain, plain)


def _row(record: object, source: str) -> dict[str, Any]:
    if isinstance(record, str):
        word = record.strip()
        record = {"hash": word} if _HASH.fullmatch(word.lower()) else {"name": word}
    if not isinstance(record, Mapping):
        raise InputError("this is neither a name nor a flag.")
    row: dict[str, Any] = {column: _text(record.get(column)) for column in FLAG_COLUMNS}
    row["hash"] = _hash(row["hash"])
    row["name"] = None if row["name"] is None else re.split(r"[/\\]", row["name"])[-1]
    if row["hash"] is None and not row["name"]:
        raise InputError("neither a hash nor a name says which image is meant.")
    row["note"] = clean_note(row["note"] or "")
    row["reason"] = _reason(row["reason"])
    if row["reason"] == "other" and not row["note"]:
        row["note"] = f"listed in {source}"
    row["reviewer"] = None if row["reviewer"] is None else clean_reviewer(row["reviewer"])
    row["time"] = _time(row["time"])
    row["predicted"] = _predicted(row["predicted"])
    row["confidence"] = _number(row["confidence"], "confidence")
    magnification = _number(row["magnification"], "magnification")
    row["magnification"] = None if magnification is None else int(magnification)
    return row


def _text(value: object) -> str | None:
    if value is None or isinstance(value, (dict, list)):
        return None
    return clean_text(str(value)) or None


def _hash(text: str | None) -> str | None:
    lower = (text or "").strip().lower()
    return lower if _HASH.fullmatch(lower) else None


def _reason(text: str | None) -> str:
    if text is None:
        return "other"
    code = _REASONS.get(text.strip().lower())
    if code is None:
        raise InputError(f"the reason {text!r} is none of {', '.join(r.code for r in REASONS)}.")
    return code


def _time(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(f"the time {text!r} is not ISO 8601, such as 2024-05-31T12:00:00Z.") from error
    if moment > datetime.now(UTC) + timedelta(days=1):
        raise InputError(f"the time {text!r} lies in the future.")
    return time_text(moment)


def _predicted(text: str | None) -> str | None:
    if text is not None and text.strip() not in CODES:
        raise InputError(f"the predicted sub-type {text!r} is none of {', '.join(CODES)}.")
    return None if text is None else text.strip()


def _number(text: str | None, column: str) -> float | None:
    if text is None:
        return None
    try:
        number = float(text)
        if not 0 <= number < 1e6:
            raise ValueError
    except ValueError as error:
        raise InputError(f"the {column} {text!r} is not a number that it can be.") from error
    return number
