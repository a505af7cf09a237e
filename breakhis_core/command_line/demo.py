"""``demo``: prepare the workspace that ships, of painted phantoms, so that the app has something to show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from breakhis_core.command_line.terminal.answer import AsJson, answering, shown_path
from breakhis_core.wording import PHANTOMS

if TYPE_CHECKING:
    from breakhis_core.images.datasets import Dataset
    from breakhis_core.workspace import Workspace

NO_RUN = (
    "The run demo, trained on them, is not here: it comes with a checkout of the project, not with pip. Set "
    "BREAKHIS_MODELS to the checkout's folder models."
)


def demo(as_json: AsJson = False) -> None:
    """Paint the phantoms and catalogue them in the workspace; instant when that was done before.

    Example: demo
    """
    with answering(as_json) as answer:
        from breakhis_core.command_line.terminal.console import Foreground
        from breakhis_core.phantoms.demo import make_demo
        from breakhis_core.workspace import Workspace

        workspace = Workspace.open()
        prepared = _prepared(workspace)
        if prepared is None:
            with Foreground(workspace.jobs / "demo") as context:
                make_demo(workspace, {}, context)
            prepared = _prepared(workspace)
        assert prepared is not None
        answer.give(
            {"workspace": str(workspace.root), "data": str(prepared.root), **_counts(prepared)},
            f"The demo is ready in {shown_path(workspace.root)}: "
            f"{prepared.images} {PHANTOMS}, of {prepared.cases} cases.",
            *([] if (workspace.models / "demo").is_dir() else [NO_RUN]),
        )


def _counts(prepared: Dataset) -> dict[str, Any]:
    return {
        "phantom": True,
        "images": prepared.images,
        "cases": prepared.cases,
        "problems": prepared.problems,
    }


def _prepared(workspace: Workspace) -> Dataset | None:
    """Return the demo's data set, or None where it is not whole."""
    from breakhis_core.images.datasets import datasets
    from breakhis_core.phantoms.painting import is_complete

    if not is_complete(workspace.phantoms):
        return None
    return next((each for each in datasets(workspace) if each.root == workspace.phantoms.resolve()), None)
