"""Studies in the database that no training made."""

from __future__ import annotations

from typing import Any

import optuna
from optuna.trial import TrialState

from breakhis_core.recipes import RECIPES
from breakhis_core.sweeps import trial_queue
from breakhis_core.sweeps.request import SweepRequest, new_request
from breakhis_core.training.request import TrainRequest
from breakhis_core.workspace import Workspace

FACTS: dict[str, Any] = {
    "unit": "image",
    "split_seed": 0,
    "phantom": True,
    "train_images": 48,
    "train_cases": 16,
    "validation_images": 8,
    "validation_cases": 4,
    "labels": "01234567",
    "cases": [0, 0, 1, 1, 2, 2, 3, 3],
    "commonest": "F",
}


def a_request(grid: dict[str, Any] | None = None, **about: Any) -> SweepRequest:
    """Return a sweep over the paper recipe with four epochs."""
    recipe = RECIPES["paper"].model_copy(update={"epochs": 4})
    base = TrainRequest(recipe=recipe, data=1, unit="image", weights="none")
    return new_request(base, "grid", grid or {"learning_rate": [0.01, 0.001], "decay": [1.0, 0.9]}, **about)


def put(workspace: Workspace, name: str, request: SweepRequest) -> None:
    """Put a study in line."""
    with trial_queue.storage_of(workspace) as storage:
        trial_queue.put_in_line(workspace, storage, name, request, FACTS)


def play(workspace: Workspace, name: str, request: SweepRequest, plot: dict[tuple[int, int], Any]) -> None:
    """Let trials happen.

    Args:
        workspace: has the study.
        name: of the study.
        request: of the study.
        plot: for (cell, repeat): a text of answers finishes it; a number of epochs prunes it after so many; a
            sentence of several words fails it; ``None`` leaves it under way after one epoch.
    """
    with trial_queue.storage_of(workspace) as storage:
        study = trial_queue.load(storage, name, request)
        held = []
        while (trial := trial_queue.take(study, storage, request)) is not None:
            key = (trial.user_attrs["cell"], trial.user_attrs["repeat"])
            if key not in plot:
                held.append(trial)
                continue
            happens = plot[key]
            if happens is None:
                trial.report(0.25, 1)
            elif isinstance(happens, int):
                for epoch in range(1, happens + 1):
                    trial.report(0.125, epoch)
                study.tell(trial.number, state=TrialState.PRUNED)
            elif " " in happens:
                trial.set_user_attr("error", happens)
                study.tell(trial.number, state=TrialState.FAIL)
            else:
                value = sum(a == b for a, b in zip(happens, FACTS["labels"], strict=True)) / 8
                for epoch in range(1, 5):
                    trial.report(value * epoch / 4, epoch)
                trial.set_user_attr("answers", happens)
                trial.set_user_attr("seconds", 8.0)
                study.tell(trial.number, value)
        for trial in held:
            trial_queue.put_back(storage, trial._trial_id)


def optunas(workspace: Workspace, name: str) -> list[optuna.trial.FrozenTrial]:
    """Return the trials as Optuna reads them."""
    with trial_queue.storage_of(workspace) as storage:
        return optuna.load_study(study_name=name, storage=storage).get_trials()
