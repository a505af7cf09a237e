"""``runs``: the table of runs, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from breakhis_core.command_line.terminal.answer import AsJson, answering, shown_path, table
from breakhis_core.wording import NO_DEVICE, duration, interval, number

if TYPE_CHECKING:
    from breakhis_core.runs.notes import About
    from breakhis_core.runs.table import RunRow


def runs(as_json: AsJson = False) -> None:
    """List the runs: on what they were trained, in what they differ, and how good they are.

    A folder that is no usable run is listed with the reason, and the exit status is 1.

    Example: runs --json
    """
    with answering(as_json) as answer:
        from breakhis_core.results.evaluate import evaluate_run
        from breakhis_core.runs import list_runs
        from breakhis_core.runs.notes import about_runs
        from breakhis_core.runs.scope import scope_of
        from breakhis_core.runs.table import run_rows
        from breakhis_core.workspace import Workspace

        workspace = Workspace.open()
        opened, refused = list_runs(workspace.models)
        about = about_runs(workspace)
        data = [scope_of(workspace, run).name for run in opened]
        value: list[dict[str, Any]] = []
        shown = []
        for run, row, name in zip(opened, run_rows(opened, evaluate_run), data, strict=True):
            said = about.get(run.name)
            value.append(
                {
                    "run": row.name,
                    "title": said.title if said else "",
                    "note": said.note if said else "",
                    "phantom": run.phantom,
                    "data": name,
                    "split": row.split,
                    "unit": run.unit,
                    "images": row.images,
                    "recipe": row.recipe,
                    "improves": run.improves,
                    "differs": row.differs,
                    "part": run.tested_part,
                    "accuracy": row.accuracy,
                    "interval": None if row.limits is None else list(row.limits),
                    "baseline": row.baseline,
                    "macro_f1": row.macro_f1,
                    "created": row.created,
                    "seconds": row.seconds,
                }
            )
            shown.append(_row(row, said, name + (", phantoms" if run.phantom else "")))
        damaged = [{"name": one.name, "reason": one.reason} for one in refused]
        answer.bad_input = bool(damaged)
        none = f"No runs in {shown_path(workspace.models)}."
        answer.give(
            {"runs": value, "damaged": damaged},
            *([table(None, _COLUMNS, shown), _REST] if shown else [none]),
            *(one.reason for one in refused),
            NO_DEVICE,
        )


_COLUMNS = (
    "run", "accuracy", "95 %", "baseline", "macro F1", "data", "split", "images", "recipe", "made", "took",
    "differs",
)  # fmt: skip
_REST = (
    "Accuracy and macro F1 on the test images of each run, or out of fold; 95 % interval over cases. "
    "Baseline: always naming the sub-type commonest in training. Only runs on the same test images compare."
)


def _row(row: RunRow, said: About | None, data: str) -> list[str]:
    return [
        f"{said.title} ({row.name})" if said and said.title else row.name,
        number(row.accuracy),
        interval(row.limits),
        number(row.baseline),
        number(row.macro_f1),
        data,
        row.split,
        row.images,
        row.recipe,
        row.created[:16].replace("T", " "),
        duration(row.seconds),
        row.differs or "–",
    ]
