"""Two runs held against each other, image by image."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from breakhis_core.notebook.frames import about, with_origin
from breakhis_core.results.compare import compare, verdict
from breakhis_core.results.comparison_words import in_words
from breakhis_core.results.metric_registry import metric_name
from breakhis_core.results.retraining_effect import retraining_effect
from breakhis_core.runs import Run
from breakhis_core.runs.table import data_change


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """What a run is against another on the same test images, all of them, flagged ones too.

    Attributes:
        words: the verdict in a sentence that names what it rests on.
        differences: one row per metric: name, before, after, difference, low and high (its paired 95 %
            interval over cases), verdict (better, worse, or may be chance).
        images: the images that one run has right and the other wrong, that both call otherwise, or that are
            wrong and flagged: hash, name, case, magnification, subtype, before, after, their confidences,
            flagged, outcome (fixed, broken or still_wrong).
        details: all of it as a dictionary that JSON can hold, as of ``results.compare.compare``.
    """

    words: str
    differences: pd.DataFrame
    images: pd.DataFrame
    details: dict[str, Any]

    def __repr__(self) -> str:
        """Say the verdict."""
        return f"<comparison: {self.words}>"


def compared(run: Run, base: Run, flagged: Collection[str], corrected: Mapping[str, str]) -> Comparison:
    """Compare a run with the one that it is held against.

    Args:
        run: the run in question.
        base: what it is held against.
        flagged: hashes of the flagged images.
        corrected: corrected sub-types by hash.

    Raises:
        InputError: they were not tested on the same images; the message says what differs.
    """
    part = base.tested_part
    named = [(one.name, one.predictions(), one.unit) for one in (base, run)]
    found = compare(named, flagged, part, corrected=corrected)
    origin = about(run, base=base.name, part=part, count=found["images"], cases=found["cases"])
    images = retraining_effect(
        base.predictions(), run.predictions(), flagged, part, run.unit, (base.name, run.name)
    )
    rows = {
        metric: (
            metric_name(metric),
            *(delta[key] for key in ("before", "after", "delta")),
            *(delta["interval"] or (None, None)),
            verdict(delta),
        )
        for metric, delta in found["against"][0]["deltas"].items()
    }
    columns = ["name", "before", "after", "difference", "low", "high", "verdict"]
    differences = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("metric")
    numbers = columns[1:-1]
    differences[numbers] = differences[numbers].astype(float)
    differences = differences.assign(part=part, split=origin["split"], images=origin["images"])
    return Comparison(
        words=in_words(found, data_change(run, base)),
        differences=with_origin(differences, origin),
        images=with_origin(images, origin),
        details=found,
    )
