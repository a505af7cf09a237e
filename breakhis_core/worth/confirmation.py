"""What is confirmed with a run's own recipe: the request, how long it takes, where it is kept, the words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from breakhis_core.recipes import completed
from breakhis_core.runs import Run
from breakhis_core.training import duration
from breakhis_core.wording import counted, interval, number
from breakhis_core.workspace import Workspace
from breakhis_core.worth.measuring import digest_of, results_folder

FORMAT = 1
CONFIRMED = "confirmed-"
"""How the files of such results begin."""
SEEDS = (3, 5, 10)
"""What is offered; more seeds tell more and take longer."""
TRAINED = ("all", "arm", "placebo")


class ConfirmRequest(BaseModel):
    """What to confirm; a job's row keeps ``model_dump(mode="json")``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str = Field(description="Name of the run whose recipe, split and first weights are used.")
    arm: Literal["without", "corrected", "both"] = Field(description="What becomes of the flagged images.")
    flagged: tuple[str, ...] = Field(description="Hashes of the flagged images that the run learns from.")
    corrected: dict[str, str] = Field(default={}, description="Sub-types that reviewers named, by hash.")
    seeds: int = Field(default=SEEDS[0], ge=2, le=100, description="Seeds of each arm.")


def request_of(result: Mapping[str, Any], seeds: int) -> ConfirmRequest:
    """Return what confirms the best arm of a measured result."""
    asked = result["asked"]
    return ConfirmRequest(
        run=result["run"],
        arm=result["best"],
        flagged=tuple(asked["flagged"]),
        corrected=asked["corrected"],
        seeds=seeds,
    )


def seconds_needed(run: Run, request: ConfirmRequest, runs: Iterable[Run]) -> float:
    """Estimate how long confirming takes, from what trainings before it took.

    Args:
        run: the run.
        request: what is to be confirmed.
        runs: runs, newest first.
    """
    recipe, parts = completed(run.recipe()), run.split()["part"]
    pace, train = duration.pace(recipe, runs), int((parts == "train").sum())
    again = duration.again_seconds(recipe, train, pace)
    models = len(TRAINED) * request.seeds
    return duration.seconds_needed(recipe, train, len(parts), pace) + (models - 1) * again


def sentence(result: Mapping[str, Any]) -> str:
    """Say a confirmation in one sentence: the differences, and what another seed alone changes."""
    delta, limits = result["to_all"]["accuracy"]["delta"], result["to_all"]["accuracy"]["interval"]
    does = {
        "without": f"leaving {result['flagged']} flagged out",
        "corrected": f"correcting {counted(result['named'], 'label')}",
        "both": f"correcting {counted(result['named'], 'label')} and leaving the other flagged out",
    }[result["arm"]]
    if limits is None or limits[0] <= 0 <= limits[1]:
        told = "cannot be told from chance"
    else:
        told = "helps" if delta > 0 else "hurts"
    return (
        f"With its own recipe, {result['seeds']} seeds, {counted(result['test_images'], 'test image')} of "
        f"{counted(result['test_cases'], 'case')}: {does} {told}: accuracy {number(delta, signed=True)} "
        f"({interval(limits, of=delta, signed=True)}) against all images, "
        f"{number(result['to_placebo']['accuracy']['delta'], signed=True)} against as many others at random."
    )


def another_seed(result: Mapping[str, Any]) -> str:
    """Say how many answers another seed alone changes."""
    found = result["another_seed"]
    least, most = (f"{100 * found[end]:.0f}" for end in ("least", "most"))
    share = f"{least} %" if least == most else f"{least} to {most} %"
    return f"Another seed alone changes {share} of the answers on the {result['test_images']:,} test images."


def confirmed_file(workspace: Workspace, run: Run, request: ConfirmRequest) -> Path:
    """Return where the result of a request is kept."""
    return results_folder(workspace, run) / f"{CONFIRMED}{digest_of(request, run, FORMAT)}.json"
