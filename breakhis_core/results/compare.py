"""Is one run better than another? Only on the same frozen test set, paired image by image and case by case.

Both runs are measured under the same bootstrap draws of cases, so that what makes a case hard cancels out of
the difference. Exclusions never leave the headline, and it keeps the published labels: ``minus_flagged`` and
``with_corrected`` are second lines.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from breakhis_core.errors import InputError
from breakhis_core.images.taxonomy import CODES, side_of
from breakhis_core.metrics.intervals import LEVEL, RESAMPLES, case_weights, limits_or_none, number_or_none
from breakhis_core.metrics.paired_tests import mcnemar, swap_test
from breakhis_core.metrics.ranking import Booleans
from breakhis_core.results.case_sums import sum_by_case
from breakhis_core.results.evaluate import select_part, subtypes_averaged, temperature_for
from breakhis_core.results.metric_registry import METRICS, measure
from breakhis_core.results.predicted_arrays import read_answers, relabelled
from breakhis_core.results.provenance import split_of

NamedRun = tuple[str, pd.DataFrame, str]
"""Name, predictions and split unit of a run."""

Verdict = Literal["better", "worse", "may be chance"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


class TestSetsDifferError(InputError):
    """Two runs were not tested on the same images; the message says what differs."""

    __test__ = False  # Not a test, whatever its name says to pytest.


def compare(
    runs: Sequence[NamedRun],
    flagged: Collection[str] = (),
    part: str = "test",
    resamples: int = RESAMPLES,
    corrected: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Compare runs with the first of them, on the whole frozen test set.

    Args:
        runs: name, predictions and split unit of two or more runs. The first is what the others are held
            against, such as the run that a retraining improves on.
        flagged: hashes of flagged images. With any of them in the test set, ``minus_flagged`` repeats the
            comparison without them; the headline never leaves one out.
        part: the part to compare on.
        resamples: bootstrap samples behind each interval.
        corrected: corrected sub-types by hash. With any in the test set that is published otherwise,
            ``with_corrected`` repeats the comparison on them; the headline never does.

    Returns:
        A dictionary that JSON can hold: unit, split (in words), part, images, cases, classes, tested_subtypes
        (over which macro figures are means, in every run), predicted_only (by any of them), level, resamples,
        runs (the names), first (name and values of the first run), against (one entry for each further run)
        and minus_flagged (``None``, or flagged_images, images, cases, classes, tested_subtypes,
        predicted_only, first and against once more) and with_corrected (the same, with relabelled, the hashes
        of the relabelled images, instead of flagged_images).

        An entry of against has name, values, deltas (by metric: before, after, delta, its paired interval,
        higher_is_better), fixed and broken (hashes wrong in the first run and right in this one, and the
        reverse), mcnemar and swap_test; and the last four once more for the side, as ``fixed_sides`` and so
        on.

    Raises:
        InputError: fewer than two runs, or an image stands twice in a run.
        TestSetsDifferError: the test sets or split units differ.
    """
    if len(runs) < 2:
        raise InputError("Choose at least two runs to compare.")
    require_one_kind(runs)
    tables = [_test_table(name, predictions, part) for name, predictions, _ in runs]
    for (name, _, unit), table in zip(runs[1:], tables[1:], strict=True):
        require_same_test_set(runs[0][0], tables[0], runs[0][2], name, table, unit)
    temperatures = [temperature_for(predictions, part) for _, predictions, _ in runs]
    names = [name for name, _, _ in runs]
    result: dict[str, Any] = {
        "unit": runs[0][2],
        "split": split_of(tables[0], runs[0][2]),
        "part": part,
        "level": LEVEL,
        "resamples": resamples,
        "runs": names,
    }
    result |= _compare_tables(names, tables, temperatures, resamples)
    result["minus_flagged"] = None
    kept = ~tables[0]["hash"].isin(set(flagged)).to_numpy(dtype=bool)
    if not kept.all() and kept.any():
        left = [table[kept].reset_index(drop=True) for table in tables]
        result["minus_flagged"] = {"flagged_images": int((~kept).sum())}
        result["minus_flagged"] |= _compare_tables(names, left, temperatures, resamples)
    result["with_corrected"] = None
    published = dict(zip(tables[0]["hash"], tables[0]["subtype"], strict=True))
    changed = {h: code for h, code in (corrected or {}).items() if published.get(h, code) != code}
    if changed:
        right = [relabelled(table, changed) for table in tables]
        result["with_corrected"] = {"relabelled": sorted(changed)}
        result["with_corrected"] |= _compare_tables(names, right, temperatures, resamples)
    return result


def verdict(delta: Mapping[str, Any]) -> Verdict:
    """Say what a difference is: surely better, surely worse, or one that may be chance.

    >>> verdict({"delta": -0.2, "interval": [-0.3, -0.1], "higher_is_better": True})
    'worse'

    Args:
        delta: one of ``deltas``.
    """
    limits = delta["interval"]
    if delta["delta"] is None or limits is None or limits[0] <= 0 <= limits[1]:
        return "may be chance"
    return "better" if (delta["delta"] > 0) == delta["higher_is_better"] else "worse"


def same_answers(against: Mapping[str, Any]) -> bool:
    """Return whether two runs say the same of every image: no answer and no number differs.

    Args:
        against: one entry of ``compare(...)["against"]``.
    """
    changed = against["fixed"] or against["broken"]
    return not changed and all(delta["delta"] in (0, None) for delta in against["deltas"].values())


def why_not(first: NamedRun, other: NamedRun, part: str = "test") -> str | None:
    """Return in one sentence why two runs cannot be compared, or None when they can.

    Args:
        first: name, predictions and split unit of one.
        other: of the other.
        part: the part to compare on.
    """
    try:
        require_one_kind([first, other])
        tables = [_test_table(name, predictions, part) for name, predictions, _ in (first, other)]
        require_same_test_set(first[0], tables[0], first[2], other[0], tables[1], other[2])
    except InputError as error:
        return str(error)
    return None


def require_one_kind(runs: Sequence[NamedRun]) -> None:
    """Refuse to hold a cross-validation against a run of one model.

    Raises:
        TestSetsDifferError: both kinds are among the runs.
    """
    folded = [name for name, predictions, _ in runs if "folds" in predictions.columns]
    single = [name for name, predictions, _ in runs if "folds" not in predictions.columns]
    if folded and single:
        raise TestSetsDifferError(
            f"The runs {single[0]} and {folded[0]} cannot be compared: {folded[0]} is cross-validated, every "
            f"image predicted by a model that never saw it, and {single[0]} is one model with one test set."
        )


def require_same_test_set(
    first_name: str, first: pd.DataFrame, first_unit: str, name: str, table: pd.DataFrame, unit: str
) -> None:
    """Refuse two test sets that differ.

    Args:
        first_name: name of the first run.
        first: its test images, columns hash, subtype and case.
        first_unit: its split unit.
        name: name of the other run.
        table: its test images.
        unit: its split unit.

    Raises:
        TestSetsDifferError: they differ; the message says what differs, with examples.
    """
    differences = _differences(first_name, first, first_unit, name, table, unit)
    if differences:
        raise TestSetsDifferError(
            f"The runs {first_name} and {name} cannot be compared, because they were not tested on the same "
            f"images: {'; '.join(differences)}. Compare runs that keep one split."
        )


def _differences(
    first_name: str, first: pd.DataFrame, first_unit: str, name: str, table: pd.DataFrame, unit: str
) -> list[str]:
    found = []
    if first_unit != unit:
        found.append(f"{first_name} is split by {first_unit}, {name} by {unit}")
    ours, theirs = first.set_index("hash"), table.set_index("hash")
    for here, there, owner in ((ours, theirs, first_name), (theirs, ours, name)):
        only = here.index.difference(there.index)
        if len(only):
            examples = _examples(here.loc[only])
            found.append(f"{len(only)} of {len(here)} test images are only in {owner}, such as {examples}")
    shared = ours.index.intersection(theirs.index)
    for column, words in (("subtype", "true sub-type"), ("case", "case"), ("folds", "fold")):
        if column not in ours.columns:
            continue
        other = ours.loc[shared, column].astype(str) != theirs.loc[shared, column].astype(str)
        if other.any():
            examples = _examples(ours.loc[shared[other.to_numpy(dtype=bool)]])
            verb = "are tested in" if column == "folds" else "have"
            found.append(f"{int(other.sum())} shared images {verb} another {words}, such as {examples}")
    return found


def _examples(rows: pd.DataFrame) -> str:
    names = rows["name"] if "name" in rows.columns else rows.index.to_series()
    return ", ".join(sorted(names.astype(str))[:2])


def _test_table(name: str, predictions: pd.DataFrame, part: str) -> pd.DataFrame:
    table = select_part(predictions, part).sort_values("hash", ignore_index=True)
    twice = table["hash"].duplicated()
    if twice.any():
        raise InputError(
            f"The run {name} has {int(twice.sum())} test images twice: make its predictions again."
        )
    return table


def _compare_tables(
    names: Sequence[str],
    tables: Sequence[pd.DataFrame],
    temperatures: Sequence[float | None],
    resamples: int,
) -> dict[str, Any]:
    sums = [sum_by_case(read_answers(table), t) for table, t in zip(tables, temperatures, strict=True)]
    weights = case_weights(sums[0].cases, resamples)
    measured = [measure(one, weights) for one in sums]
    values = [{place: number_or_none(samples[0]) for place, samples in run.items()} for run in measured]
    against = []
    for other in range(1, len(names)):
        deltas = {}
        for place in (place for place in measured[0] if place in measured[other]):
            metric, difference = METRICS[place], measured[other][place] - measured[0][place]
            known_from = min(metric.carried_by(sums[0]), metric.carried_by(sums[other]))
            deltas[place] = {
                "before": values[0][place],
                "after": values[other][place],
                "delta": number_or_none(difference[0]),
                "interval": limits_or_none(difference[1:], known_from),
                "higher_is_better": metric.higher_is_better,
            }
        entry = {"name": names[other], "values": values[other], "deltas": deltas}
        against.append(entry | _changes(tables[0], tables[other]))
    first = {"name": names[0], "values": values[0]}
    averaged = [subtypes_averaged(one) for one in sums]
    return {
        "images": len(tables[0]),
        "cases": sums[0].cases,
        "classes": list(CODES),
        "tested_subtypes": averaged[0]["tested_subtypes"],
        "predicted_only": [code for code in CODES if any(code in one["predicted_only"] for one in averaged)],
        "first": first,
        "against": against,
    }


def _changes(before: pd.DataFrame, after: pd.DataFrame) -> dict[str, Any]:
    """List which images were fixed and broken, and test whether that is chance."""
    hashes = before["hash"].to_numpy(dtype=object)
    cases = np.unique(before["case"].to_numpy(dtype=object).astype(str), return_inverse=True)[1]
    result: dict[str, Any] = {}
    for suffix, right in (("", _right), ("_sides", _right_side)):
        was, is_now = right(before), right(after)
        fixed, broken = ~was & is_now, was & ~is_now
        gained = np.bincount(cases, fixed.astype(float) - broken.astype(float)).astype(np.int64)
        result |= {
            f"fixed{suffix}": hashes[fixed].tolist(),
            f"broken{suffix}": hashes[broken].tolist(),
            f"mcnemar{suffix}": mcnemar(int(fixed.sum()), int(broken.sum())),
            f"swap_test{suffix}": swap_test(gained),
        }
    return result


def _right(table: pd.DataFrame) -> Booleans:
    right: Booleans = (table["predicted"].astype(str) == table["subtype"].astype(str)).to_numpy(dtype=bool)
    return right


def _right_side(table: pd.DataFrame) -> Booleans:
    sides = [table[column].map(lambda code: side_of(str(code))) for column in ("predicted", "subtype")]
    right: Booleans = (sides[0] == sides[1]).to_numpy(dtype=bool)
    return right
