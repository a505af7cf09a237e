"""What each kind of job does. Add one here, and its name in ``kinds``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from breakhis_core.images.cataloguing import catalogue_folder, measure
from breakhis_core.jobs.first_weights import first_weights
from breakhis_core.jobs.looking import look_back
from breakhis_core.jobs.map_jobs import submit_first_maps
from breakhis_core.maps.job import MapRequest, compute_maps
from breakhis_core.phantoms.demo import make_demo
from breakhis_core.progress import Context
from breakhis_core.runs import open_run
from breakhis_core.runs.run import run_named
from breakhis_core.storage.kept_models import read_kept
from breakhis_core.sweeps.request import kept_request
from breakhis_core.sweeps.running import run_sweep
from breakhis_core.training.request import TrainRequest
from breakhis_core.training.train import train
from breakhis_core.workspace import Workspace
from breakhis_core.worth.confirmation import ConfirmRequest
from breakhis_core.worth.confirming import confirm
from breakhis_core.worth.measuring import WorthRequest, measure_worth

Work = Callable[[Workspace, Mapping[str, Any], Context], dict[str, Any]]


def train_job(workspace: Workspace, arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Train a model, then put its first maps in line; the arguments are those of ``TrainRequest``."""
    request = read_kept(
        TrainRequest, arguments, "This training cannot be started by this version of the program"
    )
    made = open_run(train(request, workspace, context))
    if not made.folds:  # Other maps need a Keras model, and those of folds are not kept.
        submit_first_maps(workspace, made)
    return {"run": made.name}


def sweep_job(workspace: Workspace, arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Run the sweep ``arguments["request"]``, ``arguments["processes"]`` trainings at a time."""
    request = kept_request(arguments["request"])
    return {"study": run_sweep(request, workspace, context, arguments.get("processes"))}


def maps_job(workspace: Workspace, arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Compute maps of a run's mistakes; the arguments are those of ``MapRequest``."""
    request = read_kept(MapRequest, arguments, "These maps cannot be computed by this version of the program")
    return compute_maps(request, workspace, context)


def look_job(workspace: Workspace, arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Add to the run ``arguments["run"]`` what models that never saw an image say of it."""
    run = look_back(workspace, run_named(workspace.models, str(arguments["run"])), context)
    return {"run": run.name}


def worth_job(workspace: Workspace, arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Measure what flags are worth; the arguments are those of ``WorthRequest``."""
    request = read_kept(WorthRequest, arguments, "This cannot be measured by this version of the program")
    look_back(workspace, run_named(workspace.models, request.run), context)
    result = measure_worth(request, workspace, context)
    return {
        "run": result["run"],
        "best": result["best"],
        "verdict": result["arms"][result["best"]]["verdict"],
    }


def confirm_job(workspace: Workspace, arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Confirm with a run's own recipe what flags are worth; arguments as ``ConfirmRequest``."""
    request = read_kept(ConfirmRequest, arguments, "This cannot be confirmed by this version of the program")
    weights = first_weights(workspace, run_named(workspace.models, request.run))
    return {"run": confirm(request, weights, workspace, context)["run"]}


WORK: dict[str, Work] = {
    "catalogue": catalogue_folder,
    "demo": make_demo,
    "measure": measure,
    "train": train_job,
    "sweep": sweep_job,
    "maps": maps_job,
    "look": look_job,
    "worth": worth_job,
    "confirm": confirm_job,
}
