"""How every command answers: a table for people or JSON for machines, and one sentence for bad input."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType
from rich.table import Table

from breakhis_core.command_line.terminal import interrupts
from breakhis_core.errors import InputError
from breakhis_core.wording import NO_DEVICE, PHANTOMS

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else, for machines.")]
BAD_INPUT = 1


class InterruptedAtSafePoint(Exception):  # noqa: N818 - not an error: somebody asked for it
    """Ctrl-C stopped the work where the same command goes on; the message says so."""


class Answer:
    """What a command has to say on standard output.

    Attributes:
        bad_input: set it when some input was bad and the rest was done; the exit status is then 1.
    """

    def __init__(self, as_json: bool) -> None:
        self.bad_input = False
        self._as_json = as_json
        self._stdout = sys.stdout

    def give(self, value: Mapping[str, Any], *renderables: RenderableType) -> None:
        """Print the value as JSON for a machine, or the renderables for a person."""
        if self._as_json:
            painted = {"images_are": f"{PHANTOMS.capitalize()}."} if value.get("phantom") else {}
            about = {"disclaimer": NO_DEVICE, **painted}
            self._print({**value, **about})
            return
        # Without a terminal nobody's window limits the width; file names are not markup.
        width = None if self._stdout.isatty() else 1000
        console = Console(file=self._stdout, highlight=False, markup=False, soft_wrap=True, width=width)
        for renderable in renderables:
            console.print(renderable)

    def refuse(self, sentence: str) -> None:
        """Say why there is no answer: on standard error, and to a machine as JSON too."""
        if self._as_json:
            self._print({"error": sentence})
        complain(sentence)

    def _print(self, value: Mapping[str, Any]) -> None:
        print(json.dumps(value, indent=2, allow_nan=False), file=self._stdout, flush=True)


@contextlib.contextmanager
def answering(as_json: bool) -> Iterator[Answer]:
    """Run a command's work: bad input and Ctrl-C become one sentence and a status, never a traceback.

    While the work runs, whatever libraries print goes to standard error: standard output carries the answer
    alone, so that a machine can read it.

    Raises:
        typer.Exit: some input was bad, or Ctrl-C ended the work.
    """
    answer = Answer(as_json)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield answer
    except KeyboardInterrupt:
        interrupts.acknowledge()
        answer.refuse(interrupts.SENTENCE)
        raise typer.Exit(interrupts.INTERRUPTED) from None
    except InterruptedAtSafePoint as error:
        interrupts.acknowledge()
        answer.refuse(str(error))
        raise typer.Exit(interrupts.INTERRUPTED) from None
    except (InputError, OSError) as error:
        answer.refuse(str(error) if isinstance(error, InputError) else _sentence(error))
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
