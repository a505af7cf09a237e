"""The folds of a cross-validation: how far they lie apart, and what their split means."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from breakhis_core.results.metric_registry import shown_in
from breakhis_core.runs import Run
from breakhis_core.wording import counted, number


def show(run: Run, evaluation: dict[str, Any]) -> None:
    """Show the main metrics of each fold and their spread."""
    st.dataframe(table(evaluation), hide_index=True, height="content")
    st.caption(
        "Each fold is measured on the images that it tests. Baseline: accuracy of always naming the sub-type "
        "commonest in the fold’s training. The spread holds chance of the cases and of the "
        "training; the interval of the headline, over all cases at once, is the one to quote."
    )
    again = evaluation["folds"]["tested_again"]
    if again:
        st.caption(
            f"{counted(again, 'image')} are tested in several folds: they count in each of them here, and "
            "once, with the mean of their probabilities, everywhere else."
        )


def table(evaluation: dict[str, Any]) -> pd.DataFrame:
    """Return the main metrics of each fold, and their mean and standard deviation."""
    found, shown = evaluation["folds"], shown_in("folds")
    rows = [
        {"Fold": str(one["fold"]), "Images": str(one["images"]), "Cases": str(one["cases"])}
        | {metric.name: number(one[metric.place]) for metric in shown}
        | {"Baseline": number(one["always_commonest"])}
        for one in found["per_fold"]
    ]
    for key, words in (("mean", "Mean"), ("deviation", "Standard deviation")):
        spread = {metric.name: number(found["spread"][metric.place][key]) for metric in shown}
        rows.append({"Fold": words, "Images": "", "Cases": "", **spread, "Baseline": ""})
    return pd.DataFrame(rows)


def cautions(run: Run) -> None:
    """Say what is peculiar to these folds before a number is believed."""
    said = run.manifest["folds"]
    if run.unit == "image":
        st.warning(
            "Folds by image: the models knew other images of the same cases. Expect less on a new patient; "
            "folds by case say how much."
        )
    if said["source"] == "published":
        st.warning(
            f"The authors’ folds: {said['tests_of_train_cases']:,} of {said['tests']:,} tests are of a case "
            "of which the fold trained on another block."
        )
    missing = int(said["never_tested"]) + int(said["unnamed"])
    if missing:
        st.caption(f"{counted(missing, 'image')} of the data are tested by no fold: no prediction here.")
