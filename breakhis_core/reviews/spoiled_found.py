"""How many of the phantoms that were spoiled on purpose did reviewers flag, and quality scores find?"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from breakhis_core.errors import InputError
from breakhis_core.images import datasets
from breakhis_core.images.measuring import Checks
from breakhis_core.phantoms import painting
from breakhis_core.phantoms.spoiling import KINDS
from breakhis_core.reviews.standings import standing
from breakhis_core.workspace import Workspace

FOUND_COLUMNS: tuple[str, ...] = ("kind", "images", "reviewed", "flagged", "fitting_reason", "odd")
GOOD = "good"


def spoiled_found(workspace: Workspace, checks: Checks | None) -> pd.DataFrame | None:
    """Count what was found among the workspace's phantoms; ``None`` where there are none.

    Args:
        workspace: whose phantoms and answers.
        checks: what was measured of its images.
    """
    data = next((one for one in datasets.datasets(workspace) if one.phantom), None)
    if data is None:
        return None
    try:
        truth = painting.truth(data.root)
    except InputError:
        return None  # Marked as phantoms, but painted elsewhere.
    images = datasets.load_images(workspace, data.id)
    spoiled = dict(zip(truth["path"], truth["spoiled"], strict=True))
    known = {
        image: spoiled[path]
        for image, path, status in images[["hash", "path", "status"]].itertuples(index=False, name=None)
        if status == "usable" and path in spoiled
    }
    return count_found(known, standing(workspace), set() if checks is None else set(checks.odd()))


def count_found(spoiled: Mapping[str, str], answers: pd.DataFrame, odd: Collection[str]) -> pd.DataFrame:
    """Count, by the way in which images were spoiled, how many were found.

    Args:
        spoiled: way in which each image was spoiled, by hash; ``""`` for a good one.
        answers: what stands: hash, action, reason.
        odd: hashes of the images with an odd quality score.

    Returns:
        One row per way and a last one for the good images, columns ``FOUND_COLUMNS``; ``fitting_reason`` is
        how many were flagged with the reason that they were spoiled with.
    """
    flags = answers[answers["action"] == "flag"]
    fitting = set(zip(flags["hash"], flags["reason"], strict=True))
    answered, flagged = set(answers["hash"]), set(flags["hash"])
    rows = []
    for kind in (*KINDS, ""):
        images = {image for image, way in spoiled.items() if way == kind}
        rows.append(
            {
                "kind": kind or GOOD,
                "images": len(images),
                "reviewed": len(images & answered),
                "flagged": len(images & flagged),
                "fitting_reason": sum((image, kind) in fitting for image in images),
                "odd": len(images & set(odd)),
            }
        )
    return pd.DataFrame(rows, columns=list(FOUND_COLUMNS))


def found_in_words(found: pd.DataFrame) -> str:
    """Say how many spoiled phantoms were found, and how many good ones were taken for spoiled."""
    good = found[found["kind"] == GOOD].iloc[0]
    spoiled = found[found["kind"] != GOOD].sum(numeric_only=True)
    return (
        f"Of {spoiled['images']} phantoms that were spoiled on purpose, reviewers looked at "
        f"{spoiled['reviewed']} and flagged {spoiled['flagged']}; the quality scores find {spoiled['odd']}. "
        f"Of {good['images']} good ones, reviewers looked at {good['reviewed']} and flagged "
        f"{good['flagged']}; the quality scores call {good['odd']} odd."
    )
