"""``train``: train in the foreground, on a folder of BreakHis, and keep the run under models/."""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from breakhis_core.command_line.answer import AsJson, answering, complain
from breakhis_core.command_line.catalogue import catalogued
from breakhis_core.command_line.evaluate import headline, named_run, provenance

if TYPE_CHECKING:
    from breakhis_core.training import TrainRequest
    from breakhis_core.workspace import Workspace


class RecipeName(StrEnum):
    """The recipes that ship."""

    paper = "paper"
    recommended = "recommended"


class Unit(StrEnum):
    """What a split must not cut: nothing but the image, or the case."""

    image = "image"
    case = "case"


STOP_PROMISE = "Stopping after this epoch. Press Ctrl-C again to stop at once."


def train(
    data: Annotated[
        Path,
        typer.Option(metavar="DIR", envvar="BREAKHIS_DATA", help="Folder that holds BreaKHis_v1."),
    ],
    recipe: Annotated[RecipeName, typer.Option(help="Settings of the training.")] = RecipeName.recommended,
    unit: Annotated[Unit, typer.Option(help="What the split keeps whole.")] = Unit.case,
    weights: Annotated[
        str, typer.Option(metavar="W", help="imagenet (downloaded once), none, or a weights file.")
    ] = "imagenet",
    epochs: Annotated[
        int | None, typer.Option(min=1, max=1000, metavar="N", help="Instead of the recipe's.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the split and of the training.")] = 0,
    exclude: Annotated[
        Path | None,
        typer.Option(metavar="FLAGS.csv", help="Flagged images to leave out of train and validation."),
    ] = None,
    improves: Annotated[
        str | None, typer.Option(metavar="RUN", help="Keep the split of this run, to compare with it.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="RUN", help="Name of the run; by default the recipe's and unit's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train a run. Ctrl-C stops at a whole epoch; the same command goes on from there."""
    with answering(as_json) as answer:
        from breakhis_core.command_line.console import ConsoleContext
        from breakhis_core.workspace import Workspace

        workspace = Workspace.open()
        request = _request(workspace, data, recipe, unit, weights, epochs, seed, exclude, improves, name)
        with ConsoleContext(_checkpoints(workspace, request)) as context:
            folder = _trained(workspace, request, context)
        value, renderables = _told(folder)
        answer.give(value, *renderables)
