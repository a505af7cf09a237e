"""The kinds of jobs and what each does. Add one here: a function of workspace, arguments and context.

What a kind needs is imported when it runs, so that the server, which only submits jobs, never loads it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from breakhis_core.job_context import Context, counter
from breakhis_core.workspace import Workspace

Work = Callable[[Workspace, Mapping[str, Any], Context], dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """One kind of job.

    Attributes:
        work: does it; gives back a result that goes into JSON.
        at_once: how many of this kind may run at the same time; further ones wait.
    """

    work: Work
    at_once: int = 1


def catalogue_folder(
    workspace: Workspace,
    arguments: Mapping[str, Any],
    context: Context,
    start: float = 0.0,
) -> dict[str, Any]:
    """Catalogue the folder ``arguments["root"]``, make its thumbnails and measure its images.

    Returns:
        ``{"dataset": id, ...}`` with the catalogue's summary.
    """
    from breakhis_core.catalogue import scan, summary
    from breakhis_core.datasets import save_catalogue
    from breakhis_core.image_checks import measure_images
    from breakhis_core.thumbnails import make_all

    read, shrunk = start + (1 - start) * 0.35, start + (1 - start) * 0.65
    found = scan(Path(arguments["root"]), counter(context, "Reading the images", start, read))
    dataset = save_catalogue(workspace, found)
    hashes = list(found.images["hash"])
    make_all(workspace, hashes, counter(context, "Making the thumbnails", read, shrunk))
    measure_images(workspace, counter(context, "Measuring the images", shrunk, 1.0))
    return {"dataset": dataset, **summary(found)}


def make_demo(workspace: Workspace, arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Paint the demo's phantoms, then catalogue them."""
    from breakhis_core.phantoms import paint

    paint(workspace.phantoms, counter(context, "Painting the phantoms", 0.0, 0.8))
    return catalogue_folder(workspace, {"root": str(workspace.phantoms)}, context, 0.8)


def measure(workspace: Workspace, arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Measure the quality of the images that were not measured yet, and look for near-duplicates."""
    from breakhis_core.image_checks import measure_images

    return {"unreadable": measure_images(workspace, counter(context, "Measuring the images"))}


def train(workspace: Workspace, arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Train a model, then put its first maps in line; the arguments are those of ``TrainRequest``."""
    from breakhis_core import training
    from breakhis_core.map_jobs import submit_first_maps
    from breakhis_core.runs import open_run

    run = training.train(training.TrainRequest.from_dict(dict(arguments)), workspace, context)
    made = open_run(Path(run))
    if not made.folds:  # Other maps need a Keras model, and those of folds are not kept.
        submit_first_maps(workspace, made)
    return {"run": made.name}


def sweep(workspace: Workspace, arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Run the sweep ``arguments["request"]``, ``arguments["processes"]`` trainings at a time."""
    from breakhis_core.sweeps import SweepRequest
    from breakhis_core.sweeps_running import run_sweep

    request = SweepRequest.from_dict(arguments["request"])
    return {"study": run_sweep(request, workspace, context, arguments.get("processes"))}


def maps(workspace: Workspace, arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Compute maps of a run's mistakes; the arguments are those of ``MapRequest``."""
    from breakhis_core.map_work import MapRequest, compute_maps

    return compute_maps(MapRequest.from_dict(arguments), workspace, context)


KINDS: dict[str, Kind] = {
    "catalogue": Kind(catalogue_folder),
    "demo": Kind(make_demo),
    "measure": Kind(measure),
    "train": Kind(train),
    "sweep": Kind(sweep),
    "maps": Kind(maps),
}
