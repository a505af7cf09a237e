"""``explain RUN``: maps of a run's mistakes by several methods, and how far each can be trusted."""

from __future__ import annotations

from statistics import mean
from typing import TYPE_CHECKING, Annotated, Any

import typer

from breakhis_core.command_line.named_run import about_run, named_run
from breakhis_core.command_line.terminal.answer import (
    AsJson,
    answering,
    shown_path,
    table,
)
from breakhis_core.errors import InputError
from breakhis_core.maps.methods import CHEAP, CODES, method_of
from breakhis_core.wording import PHANTOMS

if TYPE_CHECKING:
    from breakhis_core.maps.job import MapRequest
    from breakhis_core.maps.store import MapStore
    from breakhis_core.runs import Run
    from breakhis_core.workspace import Workspace

STOPPING = "Stopping; what is drawn is kept. Ctrl-C again stops at once."
STOPPED = "Stopped. The same command goes on behind the last image."


def explain(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Name of a run under models/.")],
    method: Annotated[
        list[str],
        typer.Option(metavar="METHOD", help=f"{', '.join(CODES)}, or all; may be given several times."),
    ] = list(CHEAP),  # noqa: B006 - typer reads it and never changes it
    part: Annotated[
        str, typer.Option(metavar="PART", help="test, validation, train, excluded or every.")
    ] = "test",
    as_json: AsJson = False,
) -> None:
    """Draw maps of the misclassified images of a run. Ctrl-C stops; the same command goes on.

    Example: explain demo --method all
    """
    with answering(as_json) as answer:
        from breakhis_core.maps.job import MapRequest
        from breakhis_core.maps.store import MapStore, run_key
        from breakhis_core.runs.folder import PARTS
        from breakhis_core.workspace import Workspace

        if part not in (*PARTS, "every"):
            raise InputError(f"{part!r} is no part of a run; there are {', '.join(PARTS)} and every.")
        methods = CODES if "all" in method else tuple(method_of(code).code for code in method)
        opened, workspace = named_run(run), Workspace.open()
        if opened.path.parent != workspace.models.resolve():
            raise InputError(f"{run}: copy the run folder into {workspace.models} first.")
        request = MapRequest(run=opened.name, methods=methods, part=None if part == "every" else part)
        done = _compute(workspace, request)
        opened.require_model()
        store = MapStore(workspace, run_key(opened))
        found = [_summary(store, opened, request, code) for code in methods]
        value = {**about_run(opened), "part": part, **done, "methods": found}
        answer.bad_input = bool(done["refused"])
        answer.give(
            value,
            f"{opened.name}: {done['images']} misclassified images of {part}, split by {opened.unit}"
            f"{f', {PHANTOMS}' if opened.phantom else ''}.",
            table(None, _COLUMNS, [_row(one) for one in found]),
            *(f"{method_of(one['method']).name}: {_warning(one)}" for one in found if _warning(one)),
            *done["refused"],
            f"Kept in {shown_path(workspace.root / 'maps' / store.key)}.",
        )


_COLUMNS = ("method", "images", "better than chance", "beats chance", "alike, random head", "all random")


def _compute(workspace: Workspace, request: MapRequest) -> dict[str, Any]:
    from breakhis_core.command_line.terminal.console import in_foreground
    from breakhis_core.maps.job import compute_maps

    with in_foreground(workspace.jobs / "foreground-maps", STOPPING, STOPPED) as context:
        return compute_maps(request, workspace, context)


def _summary(store: MapStore, run: Run, request: MapRequest, code: str) -> dict[str, Any]:
    """Return the means over the images of this part, of the maps of the predicted classes."""
    from breakhis_core.maps.job import wanted

    kept = [store.get(code, image) for image in wanted(run, request)["hash"]]
    judged = [one.faithfulness[0] for one in kept if one is not None]
    return {
        "method": code,
        "images": len(judged),
        "gain": mean(one.gain for one in judged) if judged else None,
        "beats_chance": mean(one.beats_chance for one in judged) if judged else None,
        "sanity": store.sanity(code),
    }


def _warning(found: dict[str, Any]) -> str | None:
    sanity = found["sanity"]
    return None if sanity is None else sanity["warning"]


def _row(found: dict[str, Any]) -> list[object]:
    gain, share, sanity = found["gain"], found["beats_chance"], found["sanity"]
    return [
        method_of(found["method"]).name,
        found["images"],
        None if gain is None else f"{100 * gain:+.1f} points",
        None if share is None else f"{share:.0%} of them",
        None if sanity is None else f"{sanity['head']:.2f}",
        None if sanity is None else f"{sanity['whole']:.2f}",
    ]
