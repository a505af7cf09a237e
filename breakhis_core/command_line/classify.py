"""``classify FILE|DIR... --run RUN``: sub-type, side and probabilities of pictures."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from breakhis_core.command_line.named_run import about_run, named_run
from breakhis_core.command_line.terminal.answer import AsJson, answering, shown_path, table
from breakhis_core.errors import InputError
from breakhis_core.wording import NO_DEVICE, PHANTOMS, counted

if TYPE_CHECKING:
    from breakhis_core.runs import Run

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
"""Endings of the files that are taken from a folder; a file that is named is tried whatever it is called."""


def classify(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE|DIR...", help="PNG, JPEG or TIFF pictures, and folders of them."),
    ],
    run: Annotated[str, typer.Option(metavar="RUN", help="Name of a run under models/, or its folder.")],
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE.csv", help="Write the table there, with all probabilities."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Classify pictures with a run. A broken picture gets its sentence and the others go on.

    Of a folder, all pictures below it are taken, by name; hidden files and folders are left out.

    Example: classify slides --run demo --csv slides.csv
    """
    with answering(as_json) as answer:
        from breakhis_core.runs.classifying import records_csv

        opened = named_run(run)
        opened.require_model()
        found = {folder: list(_pictures(folder)) for folder in files if folder.is_dir()}
        if csv is not None:
            _check_place(csv)
        results = _classified(opened, [file for given in files for file in found.get(given, [given])])
        for folder, pictures in found.items():
            if not pictures:
                sentence = f"{shown_path(folder)}: there is no PNG, JPEG or TIFF picture in this folder."
                results.append({"file": str(folder), "error": sentence})
        good = [result for result in results if "error" not in result]
        errors = [result["error"] for result in results if "error" in result]
        answer.bad_input = bool(errors)
        lines = [
            f"{shown_path(folder)}: {counted(len(pictures), 'picture')}."
            for folder, pictures in found.items()
            if pictures
        ]
        if csv is not None:
            csv.write_bytes(records_csv(results, opened.name))
            lines.append(f"{shown_path(csv)}: {counted(len(results), 'row')}.")
        columns = ["file", "sub-type", "side", "confidence", "malignant"]
        shown = [table(None, columns, map(_row, good))] if good and csv is None else []
        value = {**about_run(opened), "folders": {str(one): len(many) for one, many in found.items()}}
        tissue = f" Trained on {PHANTOMS}." if opened.phantom else ""
        note = f"Run {opened.name}.{tissue} {NO_DEVICE}"
        answer.give({**value, "results": results}, *lines, *shown, *errors, note)


def _pictures(folder: Path) -> Iterator[Path]:
    """Find the pictures below a folder, in the order of their names; what is hidden is no picture."""
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and name.lower().endswith(PICTURES):
                yield Path(here, name)


def _check_place(csv: Path) -> None:
    """Refuse a place where no table can be written before an hour is spent on it."""
    if csv.is_dir() or not csv.parent.is_dir() or not os.access(csv.parent, os.W_OK):
        raise InputError(f"{csv}: the table cannot be written there.")


def _classified(run: Run, files: Iterable[Path]) -> list[dict[str, Any]]:
    """Classify pictures one by one: of each only its record is kept, and a bad one is one file's problem."""
    from breakhis_core.command_line.terminal.console import Foreground
    from breakhis_core.runs.classifying import Classified, classify, known_images, record
    from breakhis_core.runs.predictor import Predictor

    files = list(files)
    predictor = Predictor.load(run.predictor_file)
    known, form = known_images(run.predictions()), run.input_form
    results = []
    with Foreground(run.path) as context:
        for done, file in enumerate(files):
            if len(files) > 1:
                context.report(f"Classified {done} of {counted(len(files), 'picture')}", done / len(files))
            content = _content(file)
            if isinstance(content, str):
                result = Classified(file.name, error=content)
            else:
                result = classify(predictor, form, file.name, content)
            results.append({**record(result, known), "file": str(file)})
    return results


def _content(file: Path) -> bytes | str:
    """Return what a file holds, or the sentence that says why it cannot be used."""
    from breakhis_core.runs.classifying import MAX_MEGABYTES

    try:
        if file.stat().st_size > MAX_MEGABYTES * 1_000_000:
            return f"{file.name}: the file has more than {MAX_MEGABYTES} MB; cut out the field of view."
        return file.read_bytes()
    except OSError as error:
        return f"{file.name}: the file cannot be read ({error.strerror or error})."


def _row(result: dict[str, Any]) -> list[str]:
    file, name = Path(result["file"]).name, f"{result['subtype']} {result['name']}"
    return [file, name, result["side"], f"{result['confidence']:.3f}", f"{result['malignant']:.3f}"]
