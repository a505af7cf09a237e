"""The formats that flags leave in, for the screen's buttons and the command line alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from breakhis_core import datasets, exchange
from breakhis_core.card import FOOT
from breakhis_core.errors import InputError
from breakhis_core.flag_archive import archive
from breakhis_core.flag_coco import export_coco
from breakhis_core.flag_report import flag_report
from breakhis_core.policy import chosen_policy
from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace

Write = Callable[[Workspace, pd.DataFrame, Run | None], Iterator[bytes]]


@dataclass(frozen=True)
class Format:
    """One way to write flags.

    Attributes:
        code: its name on the command line.
        label: its name on screen.
        ending: of the file's name.
        mime: media type.
        says: what it is good for, in a few words.
        lossless: whether an import gives back every flag.
        write: yields the file in parts; takes the flags as ``flag_lists.listed`` returns them, and the run
            whose maps stand in where a flag names no run.
    """

    code: str
    label: str
    ending: str
    mime: str
    says: str
    lossless: bool
    write: Write


def _csv(workspace: Workspace, flags: pd.DataFrame, run: Run | None) -> Iterator[bytes]:
    yield exchange.export_csv(_told(flags))


def _json(workspace: Workspace, flags: pd.DataFrame, run: Run | None) -> Iterator[bytes]:
    yield exchange.export_json(_told(flags))


def _excel(workspace: Workspace, flags: pd.DataFrame, run: Run | None) -> Iterator[bytes]:
    phantom = any(data.phantom for data in datasets.datasets(workspace))
    about = {
        "Flags": str(len(flags)),
        "Images": str(flags["hash"].nunique()),
        "Leaves the training when": chosen_policy(workspace).words,
        "Written (UTC)": pd.Timestamp.now("UTC").strftime("%Y-%m-%d %H:%M"),
        **({"Images are": "synthetic phantoms, not tissue"} if phantom else {}),
        "Note": FOOT,
    }
    yield exchange.export_excel(_told(flags), about)


def _coco(workspace: Workspace, flags: pd.DataFrame, run: Run | None) -> Iterator[bytes]:
    yield export_coco(workspace, flags)


def _zip(workspace: Workspace, flags: pd.DataFrame, run: Run | None) -> Iterator[bytes]:
    yield from archive(workspace, _told(flags), run)


def _report(workspace: Workspace, flags: pd.DataFrame, run: Run | None) -> Iterator[bytes]:
    yield from flag_report(workspace, flags)


_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS: tuple[Format, ...] = (
    Format("csv", "CSV", ".csv", "text/csv", "every column, for any program", True, _csv),
    Format("excel", "Excel", ".xlsx", _XLSX, "typed columns, safe to open", True, _excel),
    Format("json", "JSON", ".json", "application/json", "every column, for programs", True, _json),
    Format("coco", "COCO", ".coco.json", "application/json", "for FiftyOne and others", False, _coco),
    Format("zip", "ZIP", ".zip", "application/zip", "with pictures and heat maps", True, _zip),
    Format("report", "Report", ".html", "text/html", "one page to read and print", False, _report),
)


def format_of(file: Path, code: str | None = None) -> Format:
    """Return the format that a code names, or else the file's ending.

    Raises:
        InputError: there is no such format, or nothing says which.
    """
    if code is not None:
        found = next((one for one in FORMATS if one.code == code), None)
        if found is None:
            raise InputError(f"{code!r} is no format; the formats are {', '.join(f.code for f in FORMATS)}.")
        return found
    name = file.name.lower()
    fitting = [one for one in FORMATS if name.endswith(one.ending)]
    if not fitting:
        endings = ", ".join(one.ending for one in FORMATS)
        raise InputError(f"{file}: give a file name that ends in one of {endings}, or a --format.")
    return max(fitting, key=lambda one: len(one.ending))


def write_file(file: Path, parts: Iterator[bytes]) -> None:
    """Write a file whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    half = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with half.open("wb") as out:
            for part in parts:
                out.write(part)
        half.replace(file)
    finally:
        half.unlink(missing_ok=True)


def _told(flags: pd.DataFrame) -> pd.DataFrame:
    """Return flags with nothing where the list has empty text: what a file does not know, it leaves out."""
    columns = ["subtype", "slide", "run", "predicted"]
    return flags.assign(**{name: flags[name].where(flags[name] != "", None) for name in columns})
