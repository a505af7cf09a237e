"""``compare RUN BASE``: whether a run is better than another, on the same test images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import RenderableType

from breakhis_core.command_line.named_run import about_run, foot, named_run
from breakhis_core.command_line.terminal.answer import AsJson, answering, table
from breakhis_core.errors import InputError
from breakhis_core.wording import counted, interval, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from breakhis_core.runs import Run


def compare(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run in question, such as a retraining.")],
    base: Annotated[str, typer.Argument(metavar="BASE", help="What it is held against; the run before.")],
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN]...", help="Further runs, held against BASE too.")
    ] = None,
    images: Annotated[
        bool, typer.Option("--images", help="Also list the images that became right or wrong.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say whether RUN is better than BASE, image by image and case by case on the same test images.

    Differences are RUN minus BASE. Runs that were tested on other images are refused with the reason, and so
    are phantoms beside tissue.

    Example: compare second first --images
    """
    with answering(as_json) as answer:
        from breakhis_core import reviews
        from breakhis_core.results.compare import compare as compare_runs
        from breakhis_core.results.comparison_words import in_words
        from breakhis_core.reviews.corrections import correctors
        from breakhis_core.runs.table import data_change
        from breakhis_core.workspace import Workspace

        before = named_run(base)
        after = [named_run(name) for name in (run, *(more or ()))]
        _check(before, after)
        workspace = Workspace.open()
        flagged, corrected = reviews.excluded_hashes(workspace), reviews.corrected_labels(workspace)
        part = before.tested_part
        opened = [before, *after]
        named = [(one.name, one.predictions(), one.unit) for one in opened]
        found = compare_runs(named, flagged, part, corrected=corrected)
        by = len(correctors(workspace, (found["with_corrected"] or {}).get("relabelled", ())))
        of_each = [_one(found, one, before) for one in range(len(after))]
        words = [in_words(one, data_change(other, before)) for one, other in zip(of_each, after, strict=True)]
        value = {
            **found,
            **about_run(after[0]),
            "base": before.name,
            "verdicts": {other.name: said for other, said in zip(after, words, strict=True)},
        }
        names = dict(zip(named[0][1]["hash"], named[0][1]["name"], strict=True))
        lines: list[RenderableType] = []
        for one, said in zip(of_each, words, strict=True):
            lines += [said, *_lines(one, before.name, by)]
            if images:
                lines += _changed(one["against"][0], names)
        if images:
            value["names"] = {
                image: names[image] for one in found["against"] for image in (*one["fixed"], *one["broken"])
            }
        note = foot(before.phantom)
        answer.give(value, *lines, note)


def _check(before: Run, after: list[Run]) -> None:
    """Refuse what says nothing: a run beside itself or twice, and phantoms beside tissue."""
    names = [before.name, *(one.name for one in after)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{twice} is named twice; a run is compared with others.")
    other = next((one for one in after if one.phantom != before.phantom), None)
    if other is not None:
        painted, tissue = (before, other) if before.phantom else (other, before)
        raise InputError(
            f"The runs {painted.name} and {tissue.name} cannot be compared: {painted.name} is of synthetic "
            f"phantoms, {tissue.name} of tissue."
        )


def _one(found: dict[str, Any], place: int, before: Run) -> dict[str, Any]:
    """Return a comparison as if it were of the first run and one other."""
    one = {**found, "against": [found["against"][place]]}
    for line in ("minus_flagged", "with_corrected"):
        if found[line] is not None:
            one[line] = {**found[line], "against": [found[line]["against"][place]]}
    return one


def _lines(found: Mapping[str, Any], base: str, correctors: int) -> list[RenderableType]:
    from breakhis_core.results.compare import same_answers, verdict
    from breakhis_core.results.comparison_words import (
        chance_in_words,
        corrected_in_words,
        minus_flagged_in_words,
        surely,
    )
    from breakhis_core.results.metric_registry import METRICS, places_in
    from breakhis_core.results.provenance import macro_note

    against = found["against"][0]
    if same_answers(against):
        return []
    deltas = against["deltas"]
    shown = [place for place in places_in("comparison") if place in deltas]
    rows = [
        [
            METRICS[name].direction_told,
            number(deltas[name]["before"]),
            number(deltas[name]["after"]),
            number(deltas[name]["delta"], signed=True),
            interval(deltas[name]["interval"], of=deltas[name]["delta"], signed=True),
            verdict(deltas[name]),
        ]
        for name in shown
    ]
    lines: list[RenderableType] = [
        table(None, ["metric", base, against["name"], "difference", "95 % over cases", "verdict"], rows),
        f"Macro figures and balanced accuracy are means {macro_note(found)}.",
        f"{counted(len(against['fixed']), 'image')} newly right, {len(against['broken'])} newly wrong. "
        f"{chance_in_words(against)}",
    ]
    second = [minus_flagged_in_words(found), corrected_in_words(found, correctors)]
    return [*lines, *filter(None, [surely(deltas, shown), *second])]


def _changed(against: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    lines = []
    for words, images in (("newly right", against["fixed"]), ("newly wrong", against["broken"])):
        if images:
            lines += [f"{words}:", *(f"  {name}" for name in sorted(names[image] for image in images))]
    return lines
