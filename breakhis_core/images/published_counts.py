"""The counts of a catalogue beside those that the authors of BreakHis published."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from breakhis_core.images.catalogue import PROBLEM_KINDS, Catalogue
from breakhis_core.images.taxonomy import (
    CODES,
    MAGNIFICATIONS,
    PUBLISHED_CASES,
    PUBLISHED_IMAGES,
    PUBLISHED_SLIDES,
    parse_image_name,
)


def counts(catalogue: Catalogue) -> pd.DataFrame:
    """Compare the number of pictures found with the published one.

    A picture stored twice counts twice here, as it did for the publication.

    Returns:
        One row per sub-type and magnification: subtype, magnification, found, published, difference.
    """
    found = dict.fromkeys(((code, power) for code in CODES for power in MAGNIFICATIONS), 0)
    names = list(catalogue.images["name"])
    doubles = catalogue.problems.loc[catalogue.problems["kind"] == "duplicate", "path"]
    for name in names + [PurePosixPath(path).name for path in doubles]:
        parsed = parse_image_name(name)
        found[parsed.subtype, parsed.magnification] += 1
    rows = [
        (code, power, found[code, power], published, found[code, power] - published)
        for code in CODES
        for power, published in zip(MAGNIFICATIONS, PUBLISHED_IMAGES[code], strict=True)
    ]
    return pd.DataFrame(rows, columns=["subtype", "magnification", "found", "published", "difference"])


def groups(catalogue: Catalogue) -> pd.DataFrame:
    """Compare the number of slides and of cases with the published one.

    Returns:
        One row per sub-type: subtype, slides, published_slides, cases, published_cases.
    """
    of_subtype = catalogue.images.groupby("subtype")
    slides, cases = of_subtype["slide"].nunique(), of_subtype["case"].nunique()
    rows = [
        (
            code,
            int(slides.get(code, 0)),
            PUBLISHED_SLIDES[code],
            int(cases.get(code, 0)),
            PUBLISHED_CASES[code],
        )
        for code in CODES
    ]
    return pd.DataFrame(rows, columns=["subtype", "slides", "published_slides", "cases", "published_cases"])


def summary(catalogue: Catalogue) -> dict[str, Any]:
    """Return the counts of a catalogue as JSON-able values.

    Returns:
        ``root``, ``images``, ``usable``, ``quarantined``, ``cases``, ``slides``, ``subtypes`` (by code),
        ``magnifications`` (by ``"40"`` ...), ``problems`` (list of path, kind, reason), ``problem_counts``
        (by kind), ``phantom``, ``complete`` (the published tables are met exactly), ``published`` (rows of
        ``counts``), ``groups`` (rows of ``groups``).
    """
    images, table, held = catalogue.images, counts(catalogue), groups(catalogue)
    as_published = (
        (table["difference"] == 0).all()
        and (held["slides"] == held["published_slides"]).all()
        and (held["cases"] == held["published_cases"]).all()
    )
    kinds = catalogue.problems["kind"].value_counts()
    quarantined = int((images["status"] == "quarantined").sum())
    return {
        "root": str(catalogue.root),
        "images": len(images),
        "usable": len(images) - quarantined,
        "quarantined": quarantined,
        "cases": int(images["case"].nunique()),
        "slides": int(images.groupby(["subtype", "slide"]).ngroups),
        "subtypes": {code: int((images["subtype"] == code).sum()) for code in CODES},
        "magnifications": {
            str(power): int((images["magnification"] == power).sum()) for power in MAGNIFICATIONS
        },
        "problems": catalogue.problems.to_dict("records"),
        "problem_counts": {kind: int(kinds[kind]) for kind in PROBLEM_KINDS if kind in kinds},
        "phantom": catalogue.phantom,
        "complete": bool(as_published),
        "published": table.to_dict("records"),
        "groups": held.to_dict("records"),
    }
