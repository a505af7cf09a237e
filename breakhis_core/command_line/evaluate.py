"""``evaluate RUN``: how good a run is on its test set, split and intervals named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from breakhis_core.command_line.named_run import about_run, named_run
from breakhis_core.command_line.terminal.answer import AsJson, answering, table
from breakhis_core.images.taxonomy import subtype
from breakhis_core.wording import PHANTOMS, number

if TYPE_CHECKING:
    from breakhis_core.runs import Run


def evaluate(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Name of a run under models/, or its folder.")],
    page: Annotated[
        Path | None,
        typer.Option(
            "--report", metavar="FILE.html", help="Also write one page with the plots, to keep or print."
        ),
    ] = None,
    review: Annotated[
        bool,
        typer.Option("--review", help="Also say what the reviewers' flags explain of the run's mistakes."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Evaluate a run on its frozen test set, a cross-validation on all images out of fold.

    Example: evaluate demo --report demo.html
    """
    with answering(as_json) as answer:
        from breakhis_core.results.evaluate import evaluate_run

        opened = named_run(run)
        result = evaluate_run(opened)
        if page is not None:
            _write_report(page, opened, result)
        value = {**about_run(opened), **result}
        lines: list[str] = []
        if review:
            value["review"], lines = _review(opened)
        answer.give(value, *_tables(value), *lines)


def _review(run: Run) -> tuple[dict[str, Any], list[str]]:
    """Return what the flags explain of a run's mistakes, for machines and for people."""
    from breakhis_core import reviews
    from breakhis_core.reviews.corrections import correctors
    from breakhis_core.reviews.summary import corrected_in_words, in_words, summarise, without_in_words
    from breakhis_core.workspace import Workspace

    workspace = Workspace.open()
    excluded = reviews.excluded_hashes(workspace)
    standing = reviews.standing(workspace)
    corrected = reviews.corrected_labels(workspace)
    summary = summarise(run.predictions(), run.unit, standing, excluded, run.tested_part, corrected)
    by = correctors(workspace, (summary["with_corrected"] or {}).get("relabelled", ()))
    second = [*without_in_words(summary), *corrected_in_words(summary, len(by))]
    return summary, ["", *in_words(summary), *second]


def _write_report(file: Path, run: Run, evaluation: dict[str, Any]) -> None:
    from breakhis_core.errors import InputError
    from breakhis_core.reports.run_report import run_report
    from breakhis_core.workspace import Workspace

    written = run_report(Workspace.open(), run, evaluation)
    try:
        file.write_text(written, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file}: the report cannot be written there ({error.strerror}).") from error


def provenance(result: dict[str, Any]) -> str:
    """Say on what a result was measured: no number without it."""
    tissue = f", {PHANTOMS}" if result["phantom"] else ""
    few = "; so few cases that the intervals are themselves uncertain" if result["few_cases"] else ""
    which = "images out of fold" if "folds" in result else "test images"
    return (
        f"{result['run']}: {result['images']} {which} of {result['cases']} cases, "
        f"{result['split']}{tissue}{few}"
    )


def headline(result: dict[str, Any]) -> RenderableType:
    """Return the table of a result's main numbers with their 95 % intervals."""
    from breakhis_core.results.baselines import baseline_text
    from breakhis_core.results.evaluate import value_at
    from breakhis_core.results.metric_registry import shown_in
    from breakhis_core.results.tables import interval_of

    rows = [
        [metric.name, number(value_at(result, metric.place)), interval_of(result, metric.place)]
        + [baseline_text(result, metric.place)]
        for metric in shown_in("command")
    ]
    return table(None, ["metric", "value", "95 % interval over cases", "baseline"], rows)


def notes(result: dict[str, Any]) -> list[str]:
    """Say over how many sub-types macro figures are means, and whether the run beats its baseline."""
    from breakhis_core.results.baselines import doubt_in_words
    from breakhis_core.results.provenance import macro_note
    from breakhis_core.runs.pointing import maps_in_words

    over = f"Macro figures and balanced accuracy are means {macro_note(result)}."
    return [over, *filter(None, [doubt_in_words(result)]), *maps_in_words(result)]


def _tables(result: dict[str, Any]) -> list[RenderableType]:
    from breakhis_core.results.metric_registry import SUBTYPE_METRICS

    shown = [metric for metric in SUBTYPE_METRICS if metric.mean]
    rows = [
        [f"{code} {subtype(code).name}", *(number(scores[metric.key]) for metric in shown), scores["support"]]
        for code, scores in result["per_class"].items()
    ]
    columns = ["sub-type", *(metric.name for metric in shown), "images"]
    tables = [provenance(result), headline(result), *notes(result), "", table(None, columns, rows)]
    return [*tables, "", _folds(result)] if "folds" in result else tables


def _folds(result: dict[str, Any]) -> RenderableType:
    from breakhis_core.results.tables import fold_table

    told = fold_table(result)
    return table(None, list(told.heads), [list(row) for row in told.rows])
