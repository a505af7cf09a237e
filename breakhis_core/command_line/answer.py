"""How every command answers: a table for people or JSON for machines, and one sentence for bad input."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType
from rich.table import Table

from breakhis_core.errors import InputError

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else, for machines.")]
BAD_INPUT = 1


class Answer:
    """What a command has to say on standard output.

    Attributes:
        bad_input: set it when some input was bad and the rest was done; the exit status is then 1.
    """

    def __init__(self, as_json: bool) -> None:
        self.bad_input = False
        self._as_json = as_json
        self._stdout = sys.stdout

    def give(self, value: Any, *renderables: RenderableType) -> None:
        """Print the value as JSON for a machine, or the renderables for a person."""
        if self._as_json:
            print(json.dumps(value, indent=2, allow_nan=False), file=self._stdout)
            return
        # Without a terminal nobody's window limits the width; file names are not markup.
        width = None if self._stdout.isatty() else 1000
        console = Console(file=self._stdout, highlight=False, markup=False, soft_wrap=True, width=width)
        for renderable in renderables:
            console.print(renderable)


@contextlib.contextmanager
def answering(as_json: bool) -> Iterator[Answer]:
    """Run a command's work: bad input becomes one sentence and exit status 1, never a traceback.

    While the work runs, whatever libraries print goes to standard error: standard output carries the answer
    alone, so that a machine can read it.

    Raises:
        typer.Exit: some input was bad.
    """
    answer = Answer(as_json)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield answer
    except (InputError, OSError) as error:
        sentence = str(error) if isinstance(error, InputError) else _sentence(error)
        if as_json:
            answer.give({"error": sentence})
        complain(sentence)
        raise typer.Exit(BAD_INPUT) from None
    if answer.bad_input:
        raise typer.Exit(BAD_INPUT)


def complain(sentence: str) -> None:
    """Print a sentence on standard error."""
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(sentence)


def table(title: str | None, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> Table:
    """Make a plain table: the first column reads from the left, numbers stand at the right."""
    plain = Table(title=title, box=None, pad_edge=False, padding=(0, 2, 0, 0), title_justify="left")
    for index, column in enumerate(columns):
        if index == 0:
            plain.add_column(column, overflow="fold")
        else:
            plain.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        plain.add_row(*("–" if cell is None else str(cell) for cell in row))
    return plain


def shown_path(path: Path) -> str:
    """Return a path as people want to read it: relative where it lies below the present folder."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) and path != here else str(path)


def _sentence(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}." if error.filename else f"{reason}."
