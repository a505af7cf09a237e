"""``sweep``: try the settings of a grid, in several processes, and go on with a sweep that was left."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from breakhis_core.command_line.catalogue import catalogued
from breakhis_core.command_line.terminal.answer import (
    Answer,
    AsJson,
    answering,
    table,
)
from breakhis_core.command_line.train import RecipeName, Unit
from breakhis_core.errors import InputError

if TYPE_CHECKING:
    from breakhis_core.sweeps.reading import Study
    from breakhis_core.sweeps.request import SweepRequest
    from breakhis_core.workspace import Workspace

STOPPING = "Stopping; whole epochs are kept. Ctrl-C again stops at once."
STOPPED = "Stopped. The same command goes on where it was."


class StudyName(StrEnum):
    """The studies of the authors, and any grid."""

    learning_rate = "learning-rate"
    boundary = "boundary"
    grid = "grid"


class MetricName(StrEnum):
    """What is measured on the validation part."""

    accuracy = "accuracy"
    macro_f1 = "macro_f1"


def sweep(
    study: Annotated[
        StudyName | None, typer.Option(help="learning-rate and boundary are the authors' studies.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", envvar="BREAKHIS_DATA", help="Folder that holds BreaKHis_v1."),
    ] = None,
    recipe: Annotated[RecipeName, typer.Option(help="Settings that the grid varies.")] = RecipeName.paper,
    grid: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=A,B,C", help="Choices of a setting; once for each setting."),
    ] = None,
    unit: Annotated[Unit, typer.Option(help="What the split keeps whole.")] = Unit.case,
    weights: Annotated[
        str, typer.Option(metavar="W", help="imagenet (downloaded once), none, or a weights file.")
    ] = "imagenet",
    metric: Annotated[
        MetricName, typer.Option(help="Measured on the validation part.")
    ] = MetricName.accuracy,
    epochs: Annotated[
        int | None, typer.Option(min=1, max=1000, metavar="N", help="Instead of the study's or recipe's.")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=20, metavar="K", help="Trainings of each cell.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the split and of the first training.")] = 0,
    prune: Annotated[bool, typer.Option(help="End a training below the median of the finished ones.")] = True,
    processes: Annotated[
        int | None, typer.Option(min=1, max=64, metavar="P", help="Trainings at a time; by default by cores.")
    ] = None,
    list_all: Annotated[bool, typer.Option("--list", help="Only list the sweeps of this workspace.")] = False,
    remove: Annotated[
        str | None, typer.Option(metavar="SWEEP", help="Only remove a sweep with its trials.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try the settings of a grid. Ctrl-C stops; the same command goes on where it was.

    Example: sweep --study grid --grid dropout=0.2,0.5 --data BreaKHis_v1
    """
    with answering(as_json) as answer:
        from breakhis_core.recipes import RECIPES
        from breakhis_core.sweeps.request import new_request, usual_epochs
        from breakhis_core.sweeps.values import parse_grid
        from breakhis_core.training.request import TrainRequest, weights_given
        from breakhis_core.workspace import Workspace

        if list_all:
            _list(answer, Workspace.open())
            return
        if remove is not None:
            _remove(answer, Workspace.open(), remove)
            return
        if study is None or data is None:
            raise InputError("Give --study and --data, or ask for --list or --remove.")
        chosen = RECIPES[recipe]
        changes = {"seed": seed, "epochs": epochs or usual_epochs(study.value, chosen)}
        base = TrainRequest(
            recipe=chosen.model_copy(update=changes),
            unit="image" if unit is Unit.image else "case",
            split_seed=seed,
            weights=weights_given(weights),
        )
        request = new_request(base, study.value, parse_grid(grid or []), metric.value, seeds, prune)
        workspace = Workspace.open()
        dataset, _ = catalogued(workspace, data)
        request = request.model_copy(update={"base": base.model_copy(update={"data": dataset})})
        _tell(answer, _run(workspace, request, processes))


def _run(workspace: Workspace, request: SweepRequest, processes: int | None) -> Study:
    from breakhis_core.command_line.terminal.console import in_foreground
    from breakhis_core.sweeps.reading import load_study
    from breakhis_core.sweeps.running import run_sweep

    with in_foreground(workspace.root, STOPPING, STOPPED) as context:
        name = run_sweep(request, workspace, context, processes)
    return load_study(workspace, name)


def _list(answer: Answer, workspace: Workspace) -> None:
    from breakhis_core.sweeps.reading import list_studies

    studies = list_studies(workspace)
    value: list[dict[str, Any]] = [
        {
            "study": study.name,
            "created": study.created,
            "running": study.running,
            "trials": len(study.trials),
            "done": sum(trial.done for trial in study.trials),
        }
        for study in studies
    ]
    rows = [[one["study"], one["created"][:16], f"{one['done']} of {one['trials']}"] for one in value]
    answer.give(
        {"sweeps": value}, table(None, ["sweep", "created", "trainings done"], rows) if rows else "No sweeps."
    )


def _remove(answer: Answer, workspace: Workspace, name: str) -> None:
    from breakhis_core.sweeps.reading import remove_study

    remove_study(workspace, name)
    answer.give({"removed": name}, f"{name} is removed.")


def _tell(answer: Answer, study: Study) -> None:
    from breakhis_core.results.metric_registry import CHANCE
    from breakhis_core.sweeps.request import MEASURES
    from breakhis_core.sweeps.results import best_cell, cell_table, rests_on, uncertainty
    from breakhis_core.sweeps.values import field_text, value_text

    cells = cell_table(study)
    best, doubt = best_cell(study), uncertainty(study)
    failed = [trial for trial in study.trials if trial.state == "failed"]
    answer.bad_input = bool(failed)
    value: dict[str, Any] = {
        "study": study.name,
        "metric": study.request.metric,
        "part": "validation",
        **{key: study.facts[key] for key in ("unit", "split_seed", "phantom")},
        "images": study.facts["validation_images"],
        "cases": study.facts["validation_cases"],
        "cells": [
            {
                **{field: row[field] for field in study.request.grid},
                **{key: row[key] for key in ("state", "value", "low", "high", "epochs", "error")},
            }
            for row in cells.to_dict("records")
        ],
        "best": None if best is None else best.values,
        "interval": doubt.interval,
        "as_good": len(doubt.as_good),
        "told_apart": doubt.best is not None,
        "baselines": {
            "chance": CHANCE if study.request.metric == "accuracy" else None,
            "commonest": None
            if doubt.baseline is None
            else {"subtype": study.facts["commonest"], "value": doubt.baseline},
        },
    }
    rows = [
        [
            *(value_text(field, row[field]) for field in study.request.grid),
            "–" if row["value"] is None else f"{row['value']:.3f}",
            row["state"] + (f" after epoch {row['epochs']}" if row["state"] == "pruned" else ""),
        ]
        for row in cells.to_dict("records")
    ]
    columns = [*(field_text(field) for field in study.request.grid), MEASURES[study.request.metric], "state"]
    sentences: list[RenderableType] = [f"{study.name}: {rests_on(study)}", table(None, columns, rows)]
    answer.give(value, *sentences, doubt.words, *(f"failed: {trial.error}" for trial in failed))
