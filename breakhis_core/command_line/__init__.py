"""The command line: what the app does, without a browser.

Commands import what they need when they run, so that ``--help`` is there at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from breakhis_core import __version__
from breakhis_core.command_line import (
    catalogue,
    classify,
    demo,
    evaluate,
    explain,
    features,
    flags,
    sweep,
    train,
)
from breakhis_core.command_line.answer import complain

COMMAND = "breakhis"
"""The name under which pip installs it; a checkout calls ``python -m breakhis_core``."""
WRONG_CALL = 2

app = typer.Typer(
    name=COMMAND,
    help="Review the BreakHis images that a MobileNetV3 transfer model got wrong. Not a medical device.",
    epilog="The database and caches are kept in the folder workspace, runs in models: of the checkout, or, "
    "where pip installed this, of the present folder. BREAKHIS_WORKSPACE and BREAKHIS_MODELS name others. "
    "Exit status: 0 all went well, 1 some input was bad, 2 a wrong call.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("catalogue")(catalogue.catalogue)
app.command("train")(train.train)
app.command("sweep")(sweep.sweep)
app.command("evaluate")(evaluate.evaluate)
app.command("classify")(classify.classify)
app.command("explain")(explain.explain)
app.add_typer(flags.app, name="flags")
app.add_typer(features.app, name="features")


def _say_version(asked: bool) -> None:
    if asked:
        print(f"BreakHis Review {__version__}, a research tool, not a medical device.")
        raise typer.Exit


@app.callback()
def _before_any_command(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None: ...


def main() -> None:
    """Run the command that the arguments name."""
    if Path(sys.argv[0]).name == "__main__.py":
        _run_as_module()
    else:
        app(prog_name=COMMAND)


def _run_as_module() -> None:
    if {"--install-completion", "--show-completion"}.intersection(sys.argv[1:2]):
        # A shell completes the first word of a line, which is Python's here.
        complain(f"A shell completes the command {COMMAND} only, which pip install makes; ask that one.")
        raise SystemExit(WRONG_CALL)
    app(prog_name="python -m breakhis_core")
