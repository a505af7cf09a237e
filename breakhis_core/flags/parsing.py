"""Reading files of flags: our CSV, JSON, Excel and ZIP, plain lists of names, issue tables of other tools.

Files of before keeps and settlements were written hold flags alone, and are read as such.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from breakhis_core.errors import InputError
from breakhis_core.flags import issue_tables
from breakhis_core.flags.excel import read_excel
from breakhis_core.flags.rows import ACTIONS, answer_of, named_row, one_of, settlement_of, text_of
from breakhis_core.reviews.terms import REASON_CODES
from breakhis_core.storage.spreadsheets import plain_cell

LARGEST_FILE = 64 * 2**20
CSV_IN_ZIP = "flags.csv"
_ZIP = b"PK\3\4"
_JSON = re.compile(r'\s*(\{|\[\s*[{"\[\]])')
"""How JSON begins, whatever its file is called; a name of a file may begin with a bracket too."""
_OTHER_NAMES = {
    **dict.fromkeys(("image", "file", "filename", "file_name", "image_name", "path"), "name"),
    "at": "time",
}


@dataclass(frozen=True)
class ImportPlan:
    """What a file of flags says; nothing is looked up or written yet.

    Attributes:
        rows: one mapping with the keys ``FLAG_FIELDS`` per flag; what the file leaves out is ``None``, except
            that ``note`` is then empty and ``reason`` is the one that was asked for.
        errors: one sentence per row that cannot be read, with its number.
        source: the file's name.
        keeps: as ``rows``, per keep; they have no reason.
        settlements: one mapping with the keys ``SETTLEMENT_FIELDS`` per decision of a steward.
        unreasoned: how many flags have no reason in the file.
    """

    rows: tuple[dict[str, Any], ...]
    errors: tuple[str, ...]
    source: str
    keeps: tuple[dict[str, Any], ...] = ()
    settlements: tuple[dict[str, Any], ...] = ()
    unreasoned: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether the file says nothing of any image, not even something that cannot be read."""
        return not (self.rows or self.keeps or self.settlements or self.errors)


def read_flags(
    source: bytes | Path,
    filename: str | None = None,
    rows: Sequence[str] | None = None,
    reason: str = "other",
) -> ImportPlan:
    """Read a file of flags.

    Args:
        source: its content, or where it lies.
        filename: its name, for messages and to tell JSON; by default that of the path.
        rows: hashes that the row numbers of an issue table without file names stand for.
        reason: code of the reason of flags for which the file names none, as in a plain list.

    Returns:
        The rows, and a sentence for each bad one.

    Raises:
        InputError: the file as a whole cannot be read, or there is no such reason.
    """
    if reason not in REASON_CODES:
        raise InputError(f"{reason!r} is no reason for a flag; the reasons are {', '.join(REASON_CODES)}.")
    name = Path(filename or (source.name if isinstance(source, Path) else "flags.csv")).name
    if _is_zip(source):
        return _plan(_packed_records(source, name), name, rows, reason)
    text = _decoded(_content(source, name), name)
    if name.lower().endswith(".json") or _JSON.match(text):
        records: Iterable[object] = _json_records(text, name)
    else:
        records = _table_records(_csv_rows(text, name))
    return _plan(records, name, rows, reason)


def _plan(records: Iterable[object], name: str, hashes: Sequence[str] | None, reason: str) -> ImportPlan:
    flags: list[dict[str, Any]] = []
    keeps: list[dict[str, Any]] = []
    # Each row of an image tells what was settled about it: told twice, it is one decision.
    settlements: dict[tuple[object, ...], dict[str, Any]] = {}
    errors: list[str] = []
    unreasoned = 0
    for number, record in enumerate(records, start=1):
        try:
            for said in issue_tables.flags_of(record, hashes):
                row = named_row(said)
                action = one_of(row, "action", ACTIONS) or "flag"
                if (decided := settlement_of(row, action, name)) is not None:
                    settlements[tuple(decided.values())] = decided
                if action == "keep":
                    keeps.append(answer_of(row, None, name))
                elif action == "flag":
                    unreasoned += not (text_of(row.get("reason")) or text_of(row.get("correction")))
                    flags.append(answer_of(row, reason, name))
        except InputError as error:
            errors.append(f"{name}, row {number}: {error}")
    told = tuple(settlements.values())
    return ImportPlan(tuple(flags), tuple(errors), name, tuple(keeps), told, unreasoned)


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
    # By hand: csv.Sniffer refuses a table of one column, which a list of names is.
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
    table = [row for row in table if any(cell.strip() for cell in row)]
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
