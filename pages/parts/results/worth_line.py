"""Under a before and after: what that is worth against a placebo, and what another seed alone changes."""

from __future__ import annotations

import streamlit as st

from breakhis_core.runs import Run
from breakhis_core.worth.confirmation import another_seed
from breakhis_core.worth.kept import last_confirmation, result_of
from pages.parts.shared import frame
from pages.parts.shared.markdown import plain

ONE_PAIR = "One pair cannot tell: another seed alone changes 5 to 9 % of the answers on the 303 real images."


def show(before: Run, after: Run) -> None:
    """Say what a retraining's change of images and labels is worth, where it was measured."""
    if not after.excluded and not after.corrected:
        return
    found = result_of(frame.workspace(), before, after.excluded, after.corrected)
    confirmed = last_confirmation(frame.workspace(), before)
    if found is None:
        said = "What that is worth against as many others at random was not measured."
    else:
        name, result = found
        said = f"Measured with a frozen base: {result['arms'][name]['sentence']}"
    seeds = ONE_PAIR if confirmed is None else another_seed(confirmed)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="worth-line"):
        st.markdown(f"{plain(said)}  \n{plain(seeds)}")
        if found is None:
            st.page_link(
                "pages/flags.py",
                label="Measure it on Flags",
                icon=":material/balance:",
                query_params={"run": before.name},
            )
