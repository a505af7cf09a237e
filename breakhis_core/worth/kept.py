"""Results that are kept: what was measured of the flags as they stand, or else of how they stood before."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from breakhis_core.reviews.corrections import corrected_labels
from breakhis_core.reviews.exclusions import excluded_hashes
from breakhis_core.reviews.standings import settlements, standing
from breakhis_core.runs import Run
from breakhis_core.runs.scope import scope_of
from breakhis_core.suspects.columns import LEARNT
from breakhis_core.workspace import Workspace
from breakhis_core.worth.confirmation import CONFIRMED, ConfirmRequest, confirmed_file
from breakhis_core.worth.confirmation import FORMAT as CONFIRMED_FORMAT
from breakhis_core.worth.measuring import FORMAT, WorthRequest, result_file, results_folder


def request_for(workspace: Workspace, run: Run, policy: str | None = None) -> WorthRequest:
    """Return what is to be measured of a run's flags as they stand now.

    Args:
        workspace: where the answers are.
        run: whose training images; what was said of its test images is left out.
        policy: one of ``reviews.POLICIES``; by default the one that was chosen for the workspace.
    """
    split = run.split()
    frozen = set() if run.folds else set(split.loc[split["part"] == "test", "hash"])
    about = scope_of(workspace, run).hashes - frozen
    excluded = [image for image in excluded_hashes(workspace, policy) if image in about]
    said: dict[str, set[str]] = {image: set() for image in excluded}
    flags, settled = standing(workspace), settlements(workspace)
    flags, settled = flags[flags["action"] == "flag"], settled[settled["excluded"]]
    for table in (flags, settled):
        for image, reason in zip(table["hash"], table["reason"], strict=True):
            if image in said:
                said[image].add(reason)
    corrected = corrected_labels(workspace, policy)
    return WorthRequest(
        run=run.name,
        flagged={image: tuple(sorted(reasons)) for image, reasons in said.items()},
        corrected={image: corrected[image] for image in excluded if image in corrected},
    )


def takes_part(run: Run, request: WorthRequest) -> bool:
    """Return whether the run learns from a flagged image: else nothing can be measured."""
    split = run.split()
    return bool(split.loc[split["part"].isin(LEARNT), "hash"].isin(list(request.flagged)).any())


def kept_result(workspace: Workspace, run: Run, request: WorthRequest) -> dict[str, Any] | None:
    """Return the result of exactly this request; None where it was not measured."""
    return _read(result_file(workspace, run, request), FORMAT)


def last_result(workspace: Workspace, run: Run) -> dict[str, Any] | None:
    """Return the newest result of a run, of whatever flags; None where there is none."""
    return next(iter(_newest_first(workspace, run)), None)


def result_of(
    workspace: Workspace, run: Run, excluded: Collection[str], labels: Mapping[str, str]
) -> tuple[str, dict[str, Any]] | None:
    """Return the newest result that measured exactly what a retraining left out and relabelled.

    Args:
        workspace: keeps the results.
        run: the run that was improved on.
        excluded: hashes that the retraining left out.
        labels: corrected sub-types that it learnt, by hash.

    Returns:
        The name of the arm that is this retraining, and the result; None where it was not measured.
    """
    wanted = (set(excluded), dict(labels))
    for result in _newest_first(workspace, run):
        asked = result["asked"]
        flagged, corrected = set(asked["flagged"]), asked["corrected"]
        arms = {
            "without": (flagged, {}),
            "corrected": (set(), corrected),
            "both": (flagged - set(corrected), corrected),
        }
        for name, arm in arms.items():
            if name in result["arms"] and arm == wanted:
                return name, result
    return None


def kept_confirmation(workspace: Workspace, run: Run, request: ConfirmRequest) -> dict[str, Any] | None:
    """Return what confirmed exactly this request; None where it was not."""
    return _read(confirmed_file(workspace, run, request), CONFIRMED_FORMAT)


def last_confirmation(workspace: Workspace, run: Run) -> dict[str, Any] | None:
    """Return the newest confirmation of a run, of whatever flags; None where there is none."""
    return next(iter(_newest_first(workspace, run, confirmed=True)), None)


def _newest_first(workspace: Workspace, run: Run, confirmed: bool = False) -> list[dict[str, Any]]:
    version = CONFIRMED_FORMAT if confirmed else FORMAT
    files = results_folder(workspace, run).glob("*.json")
    found = [_read(file, version) for file in files if file.name.startswith(CONFIRMED) == confirmed]
    return sorted((one for one in found if one is not None), key=lambda one: str(one["at"]), reverse=True)


def _read(file: Path, version: int) -> dict[str, Any] | None:
    try:
        result: dict[str, Any] = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return result if isinstance(result, dict) and result.get("format") == version else None
