"""Flags: what was said, do we agree, and what leaves the training?"""

from __future__ import annotations

import streamlit as st

from breakhis_core import reviews
from breakhis_core.runs.scope import scope_of
from pages.parts.components.common import assets
from pages.parts.flags import agreement, exchange, exclusion_rule, listing
from pages.parts.shared import frame

VIEWS = ("Wall", "Table", "Agreement")


def main() -> None:
    """Draw the screen."""
    st.html(assets.PARTS / "flags/flags.css")
    controls = frame.page_header("Flags")
    frame.stack_columns()
    run = frame.choose_run("flags-run", controls)
    if run is not None:
        with controls:
            frame.phantom_notice(run)
    version = reviews.version(frame.workspace())
    flags = listing.listed(run)
    scope = None if run is None else scope_of(frame.workspace(), run)
    if flags.empty and agreement.answers(scope).empty:
        listing.link_elsewhere(run)
        frame.empty_state("Nothing is flagged yet.", "Start reviewing", "pages/review.py")
        with st.expander("Import a list of flags", icon=":material/upload:"):
            exchange.import_flags(run)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(listing.summary(flags, scope))
        listing.link_elsewhere(run)
        exchange.buttons(flags, listing.chosen_facets(), run)
    exclusion_rule.show(run)
    # A name of its own: Results has views too, and one session keeps what was chosen by name.
    if st.query_params.get("view") in VIEWS:  # A link of before.
        st.session_state.list = st.query_params.pop("view")
    with st.container(horizontal=True, vertical_alignment="center"):
        view = st.segmented_control(
            "View",
            VIEWS,
            default=VIEWS[0],
            required=True,
            key="list",
            bind="query-params",
            label_visibility="collapsed",
        )
        order = listing.choose_order() if view != "Agreement" else ""
    if view == "Agreement":
        agreement.show(run, scope)
    elif flags.empty:
        st.markdown("Nothing is flagged: every image that was looked at was kept.")
    else:
        listing.show(flags, run, view == "Table", order, version)


main()
