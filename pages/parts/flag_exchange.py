"""Flags out and in: the downloads, and an import that says what it would do before it does it."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from breakhis_core import exchange
from breakhis_core.errors import InputError
from breakhis_core.runs import Run
from pages.parts import frame
from pages.parts.figures import counted


def buttons(flags: pd.DataFrame, run: Run | None) -> None:
    """Show the two buttons that open export and import."""
    with st.popover("Export", icon=":material/download:"):
        st.download_button("CSV", exchange.export_csv(flags), "flags.csv", "text/csv", on_click="ignore")
        st.download_button(
            "JSON", exchange.export_json(flags), "flags.json", "application/json", on_click="ignore"
        )
    with st.popover("Import", icon=":material/upload:"):
        import_flags()


def import_flags() -> None:
    """Read a list of flags, say what an import would do, and do it when told to."""
    file = st.file_uploader("A CSV or JSON list of flags", type=["csv", "json", "txt"], key="import-file")
    if file is None:
        return
    try:
        plan = exchange.read_flags(file.getvalue(), file.name)
        check = exchange.check_import(frame.workspace(), plan, frame.reviewer())
    except InputError as error:
        st.error(str(error))
        return
    st.markdown(
        f"**{counted(len(check.new), 'new flag')}**, {len(check.known):,} already here, "
        f"{counted(len(check.refused), 'row')} that cannot be used."
    )
    if check.refused:
        st.dataframe(pd.DataFrame({"Not used": check.refused}), hide_index=True)
    if st.button(f"Import {counted(len(check.new), 'flag')}", type="primary", disabled=not check.new):
        exchange.apply_import(frame.workspace(), plan, frame.reviewer())
        st.toast(f"{counted(len(check.new), 'flag')} imported.")
        st.rerun()
