"""Results of what flags are worth, measured with few seeds and kept as if with all of them."""

from __future__ import annotations

from typing import Any

from breakhis_core.runs import Run
from breakhis_core.workspace import Workspace
from breakhis_core.worth.kept import request_for
from breakhis_core.worth.measuring import measure_worth, result_file
from tests.worth.questions import Telling


def measure_and_keep(workspace: Workspace, run: Run) -> dict[str, Any]:
    """Measure what the flags on a run are worth now; the screens find it."""
    request = request_for(workspace, run)
    few = request.model_copy(update={"seeds": 2, "placebos": 19})
    folder = workspace.root / "measuring"
    folder.mkdir(exist_ok=True)
    result = measure_worth(few, workspace, Telling(folder))
    result_file(workspace, run, few).rename(result_file(workspace, run, request))
    return result
