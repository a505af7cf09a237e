"""Split by image beside split by case: what knowing the patient is worth in these images."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from breakhis_core.charts import comparison
from breakhis_core.images.measuring import load_checks
from breakhis_core.results import leakage_worth
from breakhis_core.results.leakage_worth import gap_in_words
from breakhis_core.results.metric_registry import metric_name
from breakhis_core.runs import Run
from breakhis_core.wording import counted, interval, number
from pages.parts.shared import frame
from pages.parts.shared.markdown import plain

_PAIRS = {
    "tested": "Tested images",
    "tested_of_learnt_cases": "of which of a case that was learnt from",
    "same_case_pairs": "Pairs of one case, tested and learnt",
    "pixel_equal_pairs": "Pairs of equal pixels, tested and learnt",
    "near_pairs": "Pairs that show the same field, tested and learnt",
}


def show(by_image: Run, by_case: Run) -> None:
    """Say what knowing the patient is worth: a run split by image beside one split by case."""
    found = _gaps(by_image.content, by_case.content, by_image, by_case)
    st.markdown(f"## {gap_in_words(found['accuracy'], by_image.phantom)}")
    who = "painted cases, not patients" if by_image.phantom else "patients"
    st.caption(
        f"Accuracy of {plain(by_image.name)}, split by image, which tests images of {who} that it learnt "
        f"from, and of {plain(by_case.name)}, split by case. In brackets the 95 % interval, bootstrap over "
        "cases; the test sets differ, so that it is that of two independent results. "
        f"{leakage_worth.over_in_words(found)}"
    )
    different = differing_settings(by_image, by_case)
    if different:
        st.warning(
            f"The two recipes differ in {', '.join(different)}: the gap is not of the split alone. Train "
            "both units in one click under Train."
        )
    left, right = st.columns(2, gap="medium")
    left.altair_chart(comparison.slope_chart(found))
    right.dataframe(gap_table(found), hide_index=True, height="content")
    with st.expander("What a model can recognise under each split"):
        st.dataframe(pair_table(by_image, by_case), hide_index=True, height="content")
        if load_checks(frame.workspace()) is None:
            st.caption("Nobody looked for pictures of the same field yet: check the images on Home.")


def differing_settings(one: Run, other: Run) -> list[str]:
    """Return the settings in which two recipes differ, their names left aside."""
    ours, theirs = one.recipe(), other.recipe()
    names = sorted((set(ours) | set(theirs)) - {"name", "summary"})
    return [name for name in names if ours.get(name) != theirs.get(name)]


def gap_table(found: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """Return each metric by image and by case, and their gap."""
    rows = [
        {
            "Metric": metric_name(name),
            "By image": number(one["by_image"]),
            "By case": number(one["by_case"]),
            "Gap": number(one["gap"], signed=True),
            "95 %": interval(one["interval"], of=one["gap"], signed=True),
        }
        for name, one in found.items()
    ]
    return pd.DataFrame(rows)


def pair_table(by_image: Run, by_case: Run) -> pd.DataFrame:
    """Return what a model could recognise under each split."""
    checks = load_checks(frame.workspace())
    near = None if checks is None else checks.near
    counts = [leakage_worth.pairs_across(run, near) for run in (by_image, by_case)]
    told = [
        ["not looked for" if one[what] is None else f"{one[what]:,}" for what in _PAIRS] for one in counts
    ]
    return pd.DataFrame({"": list(_PAIRS.values()), "By image": told[0], "By case": told[1]})


def sentence(run: Run) -> str:
    """Say how many tested images are of cases that were learnt from."""
    found = leakage_worth.pairs_across(run)
    return (
        f"{found['tested_of_learnt_cases']:,} of {counted(found['tested'] or 0, 'test image')} are of cases "
        f"that the model also learnt from ({counted(found['same_case_pairs'] or 0, 'pair')} of one case)"
    )


@st.cache_data(max_entries=32, show_spinner="Computing intervals over cases …")
def _gaps(image: str, case: str, _by_image: Run, _by_case: Run) -> dict[str, dict[str, Any]]:
    tables = (leakage_worth.tested(_by_image), leakage_worth.tested(_by_case))
    return leakage_worth.gaps(*tables)
