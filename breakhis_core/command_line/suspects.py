"""``suspects RUN``: the images whose label is doubtful, by heads that never saw them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from breakhis_core.command_line.named_run import about_run, foot, named_run
from breakhis_core.command_line.terminal.answer import AsJson, answering, table
from breakhis_core.errors import InputError

if TYPE_CHECKING:
    from breakhis_core.runs import Run

STOPPING = "Stopping; what was looked at is kept. Ctrl-C again stops at once."
STOPPED = "Stopped. The same command goes on where it was."


def suspects(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Name of a run under models/, or its folder.")],
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, help="Print the N most doubtful; JSON has all of them.")
    ] = 40,
    as_json: AsJson = False,
) -> None:
    """List images of train and validation by how doubtful their label is to heads that never saw them.

    Example: suspects demo --limit 10
    """
    with answering(as_json) as answer:
        from breakhis_core.suspects.listing import suspect_list
        from breakhis_core.suspects.reading import suspects_of
        from breakhis_core.suspects.words import reliance_words

        opened = _looked_at(named_run(run))
        found = suspects_of(opened)
        if found is None:
            raise InputError(f"{opened.name} keeps nothing that could be asked about its images.")
        listed = suspect_list(opened, found)
        value: dict[str, Any] = {
            **about_run(opened),
            "by_image": found.by_image.record(),
            "by_case": found.by_case.record(),
            "suspects": listed,
        }
        rows = [
            [one["name"], one["given"], one["suggested"], f"{one['score']:.3f}", f"{one['value']:+.2f}"]
            for one in listed[:limit]
        ]
        doubted = sum(one["given"] != one["suggested"] for one in listed)
        answer.give(
            value,
            f"{opened.name}: heads that never saw them doubt {doubted:,} of {len(listed):,} labels.",
            table(None, ["image", "given", "suggested", "score", "value"], rows),
            *reliance_words(found),
            foot(opened.phantom),
        )


def _looked_at(run: Run) -> Run:
    """Return the run with what models that never saw an image say of it, added where it is an older run."""
    if run.has_unseen:
        return run
    from breakhis_core.command_line.terminal.console import in_foreground
    from breakhis_core.jobs.looking import look_back
    from breakhis_core.workspace import Workspace

    workspace = Workspace.open()
    with in_foreground(workspace.jobs / "foreground-look", STOPPING, STOPPED) as context:
        return look_back(workspace, run, context)
