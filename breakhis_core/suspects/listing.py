"""The list of suspects as machines read it, the most doubtful first."""

from __future__ import annotations

from typing import Any

from breakhis_core.runs import Run
from breakhis_core.suspects.reading import Suspects


def suspect_list(run: Run, suspects: Suspects) -> list[dict[str, Any]]:
    """Return every image that can leave the training, in the order of doubt.

    Returns:
        Of each ``name``, ``hash``, ``given`` and ``suggested`` (sub-types), ``score`` (1 minus the
        probability of the given one, by heads that never saw the image) and ``value`` (its Shapley value;
        below zero, leaving it out would help the images that are like it).
    """
    names = run.predictions()["name"].tolist()
    ranked = suspects.ranked()
    columns = (ranked[name].tolist() for name in ("row", "hash", "given", "suggested", "score", "value"))
    return [
        {
            "name": names[row],
            "hash": image,
            "given": given,
            "suggested": suggested,
            "score": round(float(score), 4),
            "value": round(float(value), 4),
        }
        for row, image, given, suggested, score, value in zip(*columns, strict=True)
    ]
