"""Whose images and in whose name: what the commands of flags are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from breakhis_core.command_line.named_run import about_run

if TYPE_CHECKING:
    from breakhis_core.runs import Run
    from breakhis_core.workspace import Workspace

RunName = Annotated[
    str | None,
    typer.Option("--run", help="Only images of this run's data set; its test images never leave."),
]
DataSet = Annotated[
    str | None,
    typer.Option("--data", help="Only images of this data set: its folder, or the folder's name."),
]
Person = Annotated[str, typer.Option("--reviewer", help="In whose name.")]


@dataclass(frozen=True)
class Chosen:
    """Whose images a command is about: those of a run's data set, of a data set, or all (``None``)."""

    name: str
    run: Run | None
    images: frozenset[str] | None

    @property
    def about(self) -> dict[str, Any]:
        """What an answer for machines says of it."""
        return {"of": self.name, **({} if self.run is None else about_run(self.run))}

    def holds(self, image: str) -> bool:
        """Whether it is about an image."""
        return self.images is None or image in self.images


def chosen_images(workspace: Workspace, run: str | None, data: str | None) -> Chosen:
    """Find the images that a command is about.

    Raises:
        InputError: there is no such run, or no such data set here.
    """
    from breakhis_core.images.datasets import dataset_named, load_images
    from breakhis_core.runs import run_named
    from breakhis_core.runs.scope import scope_of

    opened = None if run is None else run_named(workspace.models, run)
    if data is not None:
        found = dataset_named(workspace, data)
        images = frozenset(load_images(workspace, found.id)["hash"])
        return Chosen(found.root.name, opened, images)
    if opened is None:
        return Chosen("all data sets", None, None)
    scope = scope_of(workspace, opened)
    return Chosen(scope.name, opened, scope.hashes)
