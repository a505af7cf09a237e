"""``train``: train in the foreground, on a folder of BreakHis, and keep the run under models/."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from breakhis_core.command_line.catalogue import catalogued
from breakhis_core.command_line.evaluate import headline, provenance
from breakhis_core.command_line.named_run import about_run, named_run
from breakhis_core.command_line.terminal.answer import (
    Answer,
    AsJson,
    InterruptedAtSafePoint,
    answering,
    complain,
    shown_path,
)
from breakhis_core.command_line.terminal.interrupts import stopping_at_a_safe_point
from breakhis_core.errors import InputError

if TYPE_CHECKING:
    from breakhis_core.flags.parsing import ImportPlan
    from breakhis_core.training.request import TrainRequest
    from breakhis_core.workspace import Workspace

STOPPING = "Stopping; whole epochs are kept. Ctrl-C again stops at once."


class RecipeName(StrEnum):
    """The recipes that ship."""

    paper = "paper"
    recommended = "recommended"
    thorough = "thorough"
    quick = "quick"
    scratch = "scratch"


class Unit(StrEnum):
    """What a split must not cut: nothing but the image, or the case."""

    image = "image"
    case = "case"


Excluded = Annotated[
    Path | None,
    typer.Option(metavar="FLAGS.csv", help="Flagged images to leave out of train and validation."),
]
Corrected = Annotated[
    Path | None,
    typer.Option(
        metavar="FLAGS.csv",
        help="Corrected labels to use in train and validation; with --exclude these images stay.",
    ),
]


def train(
    data: Annotated[
        Path,
        typer.Option(metavar="DIR", envvar="BREAKHIS_DATA", help="Folder that holds BreaKHis_v1."),
    ],
    recipe: Annotated[RecipeName, typer.Option(help="Settings of the training.")] = RecipeName.recommended,
    unit: Annotated[Unit | None, typer.Option(help="What a split keeps whole; by default case.")] = None,
    weights: Annotated[
        str, typer.Option(metavar="W", help="imagenet (downloaded once), none, or a weights file.")
    ] = "imagenet",
    epochs: Annotated[
        int | None, typer.Option(min=1, max=1000, metavar="N", help="Instead of the recipe's.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="Another setting of the recipe; once for each: dropout=0.3."
        ),
    ] = None,
    exclude: Excluded = None,
    correct: Corrected = None,
    name: Annotated[
        str | None, typer.Option(metavar="RUN", help="Name of the run; by default recipe and unit.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the split and of the training.")] = 0,
    improves: Annotated[
        str | None, typer.Option(metavar="RUN", help="Keep the split of this run, to be compared with it.")
    ] = None,
    compact: Annotated[
        bool, typer.Option("--compact", help="Keep weights in half precision, for a small run folder.")
    ] = False,
    folds: Annotated[
        int | None,
        typer.Option(min=2, max=20, metavar="K", help="Cross-validate: K models, each tested on a share."),
    ] = None,
    fold_files: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Cross-validate on published folds: dsfold1.txt; once for each file."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train a run. Ctrl-C stops; the same command goes on behind the last whole epoch.

    Example: train --data BreaKHis_v1 --name first --set dropout=0.3
    """
    with answering(as_json) as answer:
        from breakhis_core.flags.parsing import read_flags
        from breakhis_core.recipes import RECIPES
        from breakhis_core.sweeps.values import with_settings
        from breakhis_core.training.request import TrainRequest, weights_given
        from breakhis_core.workspace import Workspace

        workspace = Workspace.open()
        _check_name(workspace, name)
        _check_folds(folds, fold_files, unit, improves)
        flags = [None if file is None else read_flags(file, file.name) for file in (exclude, correct)]
        changes = {"seed": seed} if epochs is None else {"seed": seed, "epochs": epochs}
        request = TrainRequest(
            recipe=with_settings(RECIPES[recipe].model_copy(update=changes), settings or ()),
            unit=_unit(unit, improves),
            split_seed=seed,
            weights=weights_given(weights),
            improves=improves,
            name=name or "",
            compact=compact,
            folds=folds or 0,
            fold_files=tuple(str(file.resolve()) for file in fold_files or ()),
        )
        dataset, _ = catalogued(workspace, data)
        # Flags may name images that this folder brings into the workspace.
        said = _said(workspace, *flags, answer=answer)
        request = request.model_copy(update={"data": dataset, **said})
        folder = _train(workspace, request)
        _tell(answer, folder)


def _check_name(workspace: Workspace, name: str | None) -> None:
    from breakhis_core.runs import check_name

    if name is not None and (workspace.models / check_name(name)).exists():
        raise InputError(f"A run named {name} exists already; choose another name.")


def _check_folds(
    folds: int | None, files: list[Path] | None, unit: Unit | None, improves: str | None
) -> None:
    if (folds or files) and improves is not None:
        raise InputError(f"The folds of {improves} are kept: give neither --folds nor --fold-files.")
    if folds and files:
        raise InputError("Give --folds or --fold-files, not both: the files say how many folds there are.")
    if files and unit is Unit.image:
        raise InputError("The published folds are by case.")
    for file in files or ():
        if not file.is_file():
            raise InputError(f"{file}: there is no such fold file.")


def _unit(unit: Unit | None, improves: str | None) -> Literal["image", "case"]:
    if improves is None:
        return "image" if unit is Unit.image else "case"
    kept = named_run(improves).unit
    if unit is not None and unit != kept:
        raise InputError(f"{improves} was split by {kept}, and a run that improves on it keeps its split.")
    return "image" if kept == "image" else "case"


def _said(
    workspace: Workspace, exclude: ImportPlan | None, correct: ImportPlan | None, *, answer: Answer
) -> dict[str, Any]:
    """Return what files of flags make of a request; a flag that means no image is said, the others count."""
    from breakhis_core.flags.importing import matched_hashes, matched_labels

    hashes, unknown = ((), ()) if exclude is None else matched_hashes(workspace, exclude)
    labels, unknown_too = ({}, ()) if correct is None else matched_labels(workspace, correct)
    refused = dict.fromkeys((*unknown, *unknown_too))
    for sentence in refused:
        complain(sentence)
    answer.bad_input = bool(refused)
    if correct is not None and not labels:
        raise InputError(f"{correct.source} names the right sub-type of no image here (column correction).")
    return {"exclude": tuple(image for image in hashes if image not in labels), "labels": labels}


def _train(workspace: Workspace, request: TrainRequest) -> Path:
    """Train, or go on with the same training of the same images that was stopped before."""
    from breakhis_core.command_line.terminal.console import Foreground
    from breakhis_core.progress import JobStopped
    from breakhis_core.training.checkpoint import foreground_folder
    from breakhis_core.training.train import train as train_run

    try:
        with (
            foreground_folder(workspace, request) as kept,
            Foreground(kept) as context,
            stopping_at_a_safe_point(STOPPING),
        ):
            return train_run(request, workspace, context)
    except JobStopped:
        raise InterruptedAtSafePoint(
            "Stopped. The same command goes on behind the last whole epoch."
        ) from None


def _tell(answer: Answer, folder: Path) -> None:
    from breakhis_core.results.evaluate import evaluate_run
    from breakhis_core.runs import open_run

    run = open_run(folder)
    result = evaluate_run(run)
    parts = run.predictions()["part"].value_counts()
    value = {
        **about_run(run),
        "folder": str(folder),
        "unit": run.unit,
        "split_seed": run.manifest["split_seed"],
        "folds": run.manifest.get("folds"),
        "excluded": len(run.excluded),
        "corrected": len(run.corrected),
        "parts": {part: int(count) for part, count in parts.items()},
        "epochs": int(run.history().query("phase == 'all'")["epoch"].max()),
        "seconds": run.manifest["seconds"],
        **{key: result[key] for key in ("images", "cases", "accuracy", "balanced_accuracy", "macro_f1")},
        "binary": {key: result["binary"][key] for key in ("f1", "precision", "recall", "specificity", "auc")},
        "intervals": {key: result["intervals"][key] for key in ("accuracy", "macro_f1", "binary.f1")},
    }
    told = {"run": run.name, "phantom": run.phantom, **result}
    answer.give(value, provenance(told), headline(told), f"Kept in {shown_path(folder)}.")
