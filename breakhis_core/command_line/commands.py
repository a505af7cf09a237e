"""All commands, and how they are started.

Commands import what they need when they run, so that ``--help`` is there at once.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from breakhis_core import __version__
from breakhis_core.command_line import (
    catalogue,
    classify,
    compare,
    demo,
    evaluate,
    explain,
    features,
    flags,
    runs,
    suspects,
    sweep,
    train,
    worth,
)
from breakhis_core.command_line.terminal.answer import complain
from breakhis_core.command_line.terminal.streams import outlast_readers
from breakhis_core.wording import NO_DEVICE

COMMAND = "breakhis"
"""The name under which pip installs it; a checkout calls ``python -m breakhis_core``."""
WRONG_CALL = 2

app = typer.Typer(
    name=COMMAND,
    help="Review the BreakHis images that a MobileNetV3 transfer model got wrong. Not a medical device.",
    epilog="The database and caches are kept in the folder workspace, runs in models: of the checkout, or, "
    "where pip installed this, of the present folder. BREAKHIS_WORKSPACE and BREAKHIS_MODELS name others. "
    "Exit status: 0 all went well, 1 some input was bad, 2 a wrong call, 130 Ctrl-C.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(rich_help_panel="Images")(demo.demo)
app.command(rich_help_panel="Images")(catalogue.catalogue)
app.command(rich_help_panel="Training")(train.train)
app.command(rich_help_panel="Training")(sweep.sweep)
app.command(rich_help_panel="Runs")(runs.runs)
app.command(rich_help_panel="Runs")(evaluate.evaluate)
app.command(rich_help_panel="Runs")(compare.compare)
app.command(rich_help_panel="Runs")(classify.classify)
app.command(rich_help_panel="Runs")(explain.explain)
app.command(rich_help_panel="Review")(suspects.suspects)
app.command(rich_help_panel="Review")(worth.worth)
app.add_typer(flags.app, name="flags", rich_help_panel="Review")
app.add_typer(features.app, name="features", rich_help_panel="Training")


def _say_version(asked: bool) -> None:
    if asked:
        print(f"BreakHis Review {__version__}. {NO_DEVICE}")
        raise typer.Exit


@app.callback()
def _before_any_command(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None: ...


def run() -> None:
    """Run the command that the arguments name, and end as it says."""
    outlast_readers()
    module = Path(sys.argv[0]).name == "__main__.py"
    if module and {"--install-completion", "--show-completion"}.intersection(sys.argv[1:2]):
        # A shell completes the first word of a line, which is Python's here.
        complain(f"A shell completes the command {COMMAND} only, which pip install makes; ask that one.")
        raise SystemExit(WRONG_CALL)
    try:
        app(prog_name="python -m breakhis_core" if module else COMMAND)
    except SystemExit as ending:
        if ending.code == WRONG_CALL and "--json" in sys.argv:
            print(json.dumps({"error": "This is a wrong call; standard error says what is wrong with it."}))
        raise
