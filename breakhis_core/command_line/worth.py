"""``worth RUN``: what leaving out the flagged images of a run, or correcting them, is worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from breakhis_core.command_line.named_run import about_run, foot, named_run
from breakhis_core.command_line.terminal.answer import AsJson, answering, table
from breakhis_core.errors import InputError

if TYPE_CHECKING:
    pass

STOPPING = "Stopping; the seeds that are measured are kept. Ctrl-C again stops at once."
STOPPED = "Stopped. The same command goes on behind the last seed."


def worth(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Name of a run under models/.")],
    seeds: Annotated[int, typer.Option(metavar="N", min=2, max=1000, help="Seeds of each arm.")] = 20,
    placebos: Annotated[
        int, typer.Option(metavar="N", min=19, max=9999, help="Placebos that p is read from.")
    ] = 39,
    as_json: AsJson = False,
) -> None:
    """Measure what leaving out the flagged images is worth, against as many others drawn at random.

    Heads on a frozen base are trained without the flagged images, with corrected labels, and without random
    ones; each is tested on folds. Ctrl-C stops; the same command goes on.

    Example: worth demo --seeds 5
    """
    with answering(as_json) as answer:
        from breakhis_core.command_line.terminal.console import in_foreground
        from breakhis_core.jobs.looking import look_back
        from breakhis_core.workspace import Workspace
        from breakhis_core.worth.kept import kept_result, request_for
        from breakhis_core.worth.measuring import measure_worth

        opened, workspace = named_run(run), Workspace.open()
        if opened.path.parent != workspace.models.resolve():
            raise InputError(f"{run}: copy the run folder into {workspace.models} first.")
        request = request_for(workspace, opened).model_copy(update={"seeds": seeds, "placebos": placebos})
        result = kept_result(workspace, opened, request)
        if result is None:
            folder = workspace.jobs / f"foreground-worth-{request.run}"
            with in_foreground(folder, STOPPING, STOPPED) as context:
                look_back(workspace, opened, context)
                result = measure_worth(request, workspace, context)
        best = result["arms"][result["best"]]
        said = {name: best[name] for name in ("verdict", "sentence")}
        answer.give({**about_run(opened), **said, **result}, *_told(result), foot(opened.phantom))


def _told(result: Mapping[str, Any]) -> list[RenderableType]:
    """Return the result for people: first what could have been seen, then what was."""
    from breakhis_core.worth.words import arm_table, how_measured, smallest

    told = arm_table(result)
    return [
        f"{result['run']}: {how_measured(result)}",
        smallest(result),
        table(None, list(told.heads), [list(row) for row in told.rows]),
        result["arms"][result["best"]]["sentence"],
    ]
