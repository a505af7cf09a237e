"""Patient scores: how good a run is on each case."""

from __future__ import annotations

import pandas as pd

from breakhis_core.images.taxonomy import CODES, SIDES, side_of


def case_table(predictions: pd.DataFrame) -> pd.DataFrame:
    """Tabulate each case: its patient score is the share of its images that were classified right.

    Source: Spanhol et al., "A Dataset for Breast Cancer Histopathological Image Classification", IEEE TBME
    63(7), 2016. A case with one image has a score too, of 0 or 1.

    Args:
        predictions: one row an image, with the columns case, subtype and predicted.

    Returns:
        One row a case, lowest score first: case, subtypes (comma-separated), side, images, correct,
        patient_score, side_correct, side_score.
    """
    sides = predictions["predicted"].map(lambda code: side_of(str(code)))
    true_sides = predictions["subtype"].map(lambda code: side_of(str(code)))
    frame = pd.DataFrame(
        {
            "case": predictions["case"].astype(str),
            "subtype": predictions["subtype"].astype(str),
            "side": true_sides,
            "right": (predictions["predicted"] == predictions["subtype"]).astype(int),
            "right_side": (sides == true_sides).astype(int),
        }
    )
    table = (
        frame.groupby("case", sort=True)
        .agg(
            subtypes=("subtype", lambda codes: ", ".join(code for code in CODES if code in set(codes))),
            side=("side", lambda names: ", ".join(side for side in SIDES if side in set(names))),
            images=("right", "size"),
            correct=("right", "sum"),
            patient_score=("right", "mean"),
            side_correct=("right_side", "sum"),
            side_score=("right_side", "mean"),
        )
        .reset_index()
    )
    return table.sort_values(["patient_score", "case"], ignore_index=True)
