"""The formats that flags leave in, for the screen's buttons and the command line alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from breakhis_core.errors import InputError
from breakhis_core.flags import csv_json, excel
from breakhis_core.flags.archive import archive
from breakhis_core.flags.coco import export_coco
from breakhis_core.flags.listing import flags_of
from breakhis_core.flags.report import flag_report
from breakhis_core.flags.statements import LEAVING
from breakhis_core.images import datasets
from breakhis_core.reviews.policy import chosen_policy
from breakhis_core.runs import Run
from breakhis_core.wording import NO_DEVICE, PHANTOMS
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
        lossless: whether it holds keeps and settlements too, and an import gives back everything.
        write: yields the file in parts; takes what ``listing.exported`` returns, and the run whose split
            the outcomes go by, and whose maps stand in where a flag names no run.
    """

    code: str
    label: str
    ending: str
    mime: str
    says: str
    lossless: bool
    write: Write


def about(workspace: Workspace, said: pd.DataFrame, run: Run | None) -> dict[str, str]:
    """Return what a file of statements rests on, line by line: counts, rule, run, data sets, time.

    Args:
        workspace: whose rule holds.
        said: what is written.
        run: whose split says which images are test images.
    """
    rule, images = chosen_policy(workspace), said.drop_duplicates("hash")
    held = [data for data in datasets.datasets(workspace) if data.root.name in set(images["dataset"])]
    return {
        "Flags": str(int(said["action"].eq("flag").sum())),
        "Keeps": str(int(said["action"].eq("keep").sum())),
        "Settled images": str(int(images["settled"].ne("").sum())),
        "Images": str(len(images)),
        "Images that leave": str(int(images["outcome"].isin(LEAVING).sum())),
        "Rule": f"{rule.code}: an image leaves the training when {rule.words}; a settlement overrules that",
        "Rule chosen": f"by {rule.by}, {rule.at}" if rule.by else "by nobody: the usual one",
        "Run": f"{run.name}, {run.split_in_words}; its test images stay"
        if run
        else "none; no test set is known",
        "Data set": ", ".join(sorted({data.root.name for data in held})) or "not catalogued",
        "Written (UTC)": pd.Timestamp.now("UTC").strftime("%Y-%m-%d %H:%M"),
        **({"Images are": PHANTOMS} if any(data.phantom for data in held) else {}),
        "Note": NO_DEVICE,
    }


def _csv(workspace: Workspace, said: pd.DataFrame, run: Run | None) -> Iterator[bytes]:
    yield csv_json.export_csv(said)


def _json(workspace: Workspace, said: pd.DataFrame, run: Run | None) -> Iterator[bytes]:
    yield csv_json.export_json(said, about(workspace, said, run))


def _excel(workspace: Workspace, said: pd.DataFrame, run: Run | None) -> Iterator[bytes]:
    yield excel.export_excel(said, about(workspace, said, run))


def _coco(workspace: Workspace, said: pd.DataFrame, run: Run | None) -> Iterator[bytes]:
    yield export_coco(workspace, flags_of(said))


def _zip(workspace: Workspace, said: pd.DataFrame, run: Run | None) -> Iterator[bytes]:
    yield from archive(workspace, said, run, about(workspace, said, run))


def _report(workspace: Workspace, said: pd.DataFrame, run: Run | None) -> Iterator[bytes]:
    yield from flag_report(workspace, flags_of(said), run)


_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS: tuple[Format, ...] = (
    Format("csv", "CSV", ".csv", "text/csv", "everything, for any program", True, _csv),
    Format("excel", "Excel", ".xlsx", _XLSX, "everything, typed, safe to open", True, _excel),
    Format("json", "JSON", ".json", "application/json", "everything, for programs", True, _json),
    Format(
        "coco", "COCO", ".coco.json", "application/json", "the flags, for FiftyOne and others", False, _coco
    ),
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
