"""Flags out and in: the downloads, and an import that says what it would do before it does it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from breakhis_core import exchange, flag_lists
from breakhis_core.errors import InputError
from breakhis_core.flag_formats import FORMATS
from breakhis_core.issue_tables import TOOLS
from breakhis_core.runs import Run
from pages.parts import flag_download, frame
from pages.parts.answers import LABELS
from pages.parts.figures import counted
from pages.parts.markdown import plain

EVERY, LEAVING, SHOWN = "All flags", "Those that leave the training", "Those shown below"
_LEAVING = {"outcome": ["leaves", "settled_out"]}
_SHOWN_AT_MOST = 200
"""Rows of a dry run's tables; the counts are of all."""


def buttons(flags: pd.DataFrame, chosen: Mapping[str, list[str]], run: Run | None) -> None:
    """Show the two buttons that open export and import.

    Args:
        flags: what ``flag_lists.listed`` returns.
        chosen: the filters of the list, by facet.
        run: whose maps stand in where a flag names no run.
    """
    with st.popover("Export", icon=":material/download:", disabled=flags.empty):
        _exports(flags, chosen, run)
    with st.popover("Import", icon=":material/upload:"), st.container(width=540):
        import_flags(run)


def _exports(flags: pd.DataFrame, chosen: Mapping[str, list[str]], run: Run | None) -> None:
    wishes: dict[str, Mapping[str, list[str]]] = {EVERY: {}, LEAVING: _LEAVING}
    if any(chosen.values()):
        wishes[SHOWN] = chosen
    many = {words: flag_lists.matching(flags, wish)["hash"].nunique() for words, wish in wishes.items()}
    which = st.radio(
        "Which images",
        list(wishes),
        format_func=lambda words: f"{words} · {counted(many[words], 'image')}",
        key="export-which",
    )
    for one in FORMATS:
        st.link_button(
            f"{one.label} :gray[{one.says}]",
            flag_download.address(one, run, wishes[which]),
            disabled=many[which] == 0,
            width="stretch",
        )


def import_flags(run: Run | None) -> None:
    """Read a list of flags, say what an import would do, and do it when told to.

    Args:
        run: the row numbers of an issue table without file names are rows of this run's predictions.
    """
    file = st.file_uploader(
        "A list of flags",
        type=["csv", "json", "txt", "xlsx", "zip"],
        key="import-file",
        help="Our own CSV, JSON, Excel or ZIP; a plain list of file names; an issue table of cleanvision or "
        "cleanlab as CSV, JSON or Excel.",
    )
    if file is None:
        st.caption("CSV, JSON, Excel, our ZIP, a list of file names, or issues of cleanvision or cleanlab.")
        return
    try:
        rows = None if run is None else run.predictions()["hash"].tolist()
        plan = exchange.read_flags(file.getvalue(), file.name, rows)
        check = exchange.check_import(frame.workspace(), plan, frame.reviewer())
    except InputError as error:
        st.error(plain(str(error)))
        return
    _dry_run(check)
    if st.button(f"Import {counted(len(check.new), 'flag')}", type="primary", disabled=not check.new):
        done = exchange.apply_import(frame.workspace(), plan, frame.reviewer())
        st.toast(f"{counted(len(done.new), 'flag')} imported.")
        st.rerun()


def _dry_run(check: exchange.ImportCheck) -> None:
    """Say what would be imported, under whose name, and what would not."""
    images = len({row["hash"] for row in check.new})
    st.markdown(
        f"**{counted(len(check.new), 'new flag')}** on {counted(images, 'image')}, {len(check.known):,} "
        f"already here, {counted(len(check.refused), 'row')} that cannot be used. Nothing is written yet."
    )
    if check.new:
        reasons = Counter(LABELS[row["reason"]] for row in check.new)
        people = Counter(row["reviewer"] for row in check.new)
        st.markdown(
            "By reason: " + ", ".join(f"{words} {many}" for words, many in reasons.most_common()) + "  \n"
            "In the name of: " + ", ".join(f"{plain(who)} {many}" for who, many in people.most_common())
        )
        if any(tool in people for tool in TOOLS):
            st.caption("A tool is a reviewer of its own name; agreement leaves it out.")
        columns = {"name": "Image", "reason": "Reason", "note": "Note", "reviewer": "By"}
        shown = pd.DataFrame(check.new[:_SHOWN_AT_MOST])[list(columns)].rename(columns=columns)
        _table(shown.assign(Reason=shown["Reason"].map(LABELS)), len(check.new))
    if check.refused:
        _table(pd.DataFrame({"Not used": check.refused[:_SHOWN_AT_MOST]}), len(check.refused))


def _table(rows: pd.DataFrame, of: int) -> None:
    st.dataframe(rows, hide_index=True, height=min(250, 38 + 35 * len(rows)))
    if of > len(rows):
        st.caption(f"The first {len(rows):,} of {of:,}.")
