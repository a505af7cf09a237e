"""A kept result in words and as a table: for screens, cards, reports and commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from breakhis_core.results.tables import NumberTable
from breakhis_core.runs import Run
from breakhis_core.wording import counted, interval, number
from breakhis_core.workspace import Workspace
from breakhis_core.worth.confirmation import another_seed
from breakhis_core.worth.confirmation import sentence as confirmed_sentence
from breakhis_core.worth.kept import last_confirmation, last_result
from breakhis_core.worth.verdict import arm_in_words

TITLE = "What leaving out is worth"
HEADS = ("arm", "accuracy", "against all", "against the placebo", "p", "verdict")


def how_measured(result: Mapping[str, Any]) -> str:
    """Say what a result rests on; its test images take no part."""
    heads = result["heads"]
    return (
        f"Measured with a frozen base: heads on all images are right in {number(heads['accuracy'])} "
        f"({interval(heads['interval'])}) of {counted(result['tested_images'], 'unflagged image')} of "
        f"{counted(result['tested_cases'], 'case')}; {counted(result['seeds'], 'seed')}, folds by "
        f"{result['unit']}. Test images take no part."
    )


def smallest(result: Mapping[str, Any]) -> str:
    """Say which effect could have been seen at all."""
    return f"Smallest effect that could have been seen: {number(result['smallest_effect'])} in accuracy."


def arm_table(result: Mapping[str, Any]) -> NumberTable:
    """Return a row for each arm, with its differences and their 95 % intervals."""
    rows = []
    for name, arm in result["arms"].items():
        one = arm["figures"]["accuracy"]
        differences = [
            f"{number(one[to]['delta'], True)} ({interval(one[to]['interval'], signed=True)})"
            for to in ("to_all", "to_placebo")
        ]
        words = arm_in_words(name, arm, result)
        rows.append([words, number(one["value"]), *differences, number(one["p"]), arm["verdict"]])
    return NumberTable(HEADS, rows)


def section(workspace: Workspace, run: Run) -> tuple[Sequence[str], NumberTable] | None:
    """Return sentences and a table on the newest result of a run; None where none is kept."""
    result = last_result(workspace, run)
    if result is None:
        return None
    confirmed = last_confirmation(workspace, run)
    lines = [
        smallest(result),
        f"{result['arms'][result['best']]['sentence']} {how_measured(result)}",
        f"Flags as they were {result['at'][:10]}; intervals are over cases and seeds.",
    ]
    if confirmed is not None:
        lines.append(f"{confirmed_sentence(confirmed)} {another_seed(confirmed)}")
    return lines, arm_table(result)


def card_section(workspace: Workspace, run: Run) -> str:
    """Return the same as Markdown, to stand below a run's card; empty where no result is kept."""
    found = section(workspace, run)
    return "" if found is None else "\n\n".join(["", f"## {TITLE}", *found[0], found[1].markdown(), ""])
