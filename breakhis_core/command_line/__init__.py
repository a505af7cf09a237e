"""The command line: what the app does, without a browser.

Commands import what they need when they run, so that ``--help`` is there at once.
"""

from __future__ import annotations

import typer

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

app = typer.Typer(
    name="python -m breakhis_core",
    help="Review the BreakHis images that a MobileNetV3 transfer model got wrong. Not a medical device.",
    epilog="Exit status: 0 all went well, 1 some input was bad, 2 a wrong call.",
    no_args_is_help=True,
    add_completion=False,
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


def main() -> None:
    """Run the command that the arguments name."""
    app(prog_name="python -m breakhis_core")
