"""Flags out and in: the downloads, and an import that says what it would do before it does it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from breakhis_core.errors import InputError
from breakhis_core.flags import importing, listing, parsing
from breakhis_core.flags.formats import FORMATS
from breakhis_core.flags.statements import LEAVING
from breakhis_core.reviews.terms import LABELS, TOOLS
from breakhis_core.runs import Run
from breakhis_core.runs.scope import scope_of
from breakhis_core.wording import counted
from pages.parts.flags import download_address
from pages.parts.shared import frame
from pages.parts.shared.markdown import plain

EVERY, OUT, SHOWN = "All flags", "Those that leave the training", "Those shown below"
_LEAVING = {"outcome": list(LEAVING)}
_SHOWN_AT_MOST = 200
"""Rows of a dry run's tables; the counts are of all."""


def buttons(flags: pd.DataFrame, chosen: Mapping[str, list[str]], run: Run | None) -> None:
    """Show the two buttons that open export and import.

    Args:
        flags: what ``flags.listing.listed`` returns.
        chosen: the filters of the list, by facet.
        run: of whose data set the flags are, and whose maps stand in where a flag names no run.
    """
    with st.popover("Export", icon=":material/download:", disabled=flags.empty):
        _exports(flags, chosen, run)
    with st.popover("Import", icon=":material/upload:"), st.container(width=540):
        import_flags(run)


def _exports(flags: pd.DataFrame, chosen: Mapping[str, list[str]], run: Run | None) -> None:
    wishes: dict[str, Mapping[str, list[str]]] = {EVERY: {}, OUT: _LEAVING}
    if any(chosen.values()):
        wishes[SHOWN] = chosen
    many = {words: listing.matching(flags, wish)["hash"].nunique() for words, wish in wishes.items()}
    which = st.radio(
        "Which images",
        list(wishes),
        format_func=lambda words: f"{words} · {counted(many[words], 'image')}",
        key="export-which",
    )
    # By an address of their own: a rerun takes the file of Streamlit's button away before it is sent.
    for one in FORMATS:
        st.link_button(
            f"{one.label} :gray[{one.says}]",
            download_address.address(one, run, wishes[which]),
            disabled=many[which] == 0,
            width="stretch",
        )


def import_flags(run: Run | None) -> None:
    """Read a list of flags, say what an import would do, and do it when told to.

    Args:
        run: the row numbers of an issue table without file names are rows of this run's predictions.
    """
    # Of any kind: the browser would refuse a picture but leave the list of before beside it, to be imported.
    file = st.file_uploader(
        "A list of flags",
        key="import-file",
        help="Our own CSV, JSON, Excel or ZIP; a plain list of file names; an issue table of cleanvision or "
        "cleanlab as CSV, JSON or Excel.",
    )
    if file is None:
        st.caption("CSV, JSON, Excel, our ZIP, a list of file names, or issues of cleanvision or cleanlab.")
        return
    try:
        rows = None if run is None else run.predictions()["hash"].tolist()
        plan = parsing.read_flags(file.getvalue(), file.name, rows)
        if plan.unreasoned:
            many = counted(plan.unreasoned, "flag")
            reason = st.selectbox(
                f"Reason of {many} for which the file names none",
                list(LABELS),
                index=list(LABELS).index("other"),
                format_func=LABELS.__getitem__,
                key="import-reason",
            )
            plan = parsing.read_flags(file.getvalue(), file.name, rows, reason)
        check = importing.check_import(frame.workspace(), plan, frame.reviewer())
    except InputError as error:
        st.error(plain(str(error)))
        return
    if plan.is_empty:
        st.warning(f"{plain(file.name)} names no image: there is nothing to import.")
        return
    _dry_run(check, run)
    what = check.in_words.replace("new ", "")
    if st.button(f"Import {what}", type="primary", disabled=not check.is_new):
        done = importing.apply_import(frame.workspace(), plan, frame.reviewer())
        st.toast(f"Imported: {done.in_words}.")
        st.rerun()


def _dry_run(check: importing.ImportCheck, run: Run | None) -> None:
    """Say what would be imported, under whose name, and what would not."""
    images = {row["hash"] for row in (*check.new, *check.keeps, *check.settlements)}
    st.markdown(
        f"**{check.in_words}** on {counted(len(images), 'image')}, {len(check.known):,} already here, "
        f"{counted(len(check.refused), 'row')} that cannot be used. Nothing is written yet."
    )
    reasons = Counter(LABELS[row["reason"]] for row in check.new)
    people = Counter(row["reviewer"] for row in (*check.new, *check.keeps))
    stewards = Counter(row["steward"] for row in check.settlements)
    told = {"By reason": reasons, "In the name of": people, "Settled in the name of": stewards}
    st.markdown(
        "  \n".join(
            f"{title}: {', '.join(f'{plain(word)} {count}' for word, count in many.most_common())}"
            for title, many in told.items()
            if many
        )
    )
    if any(tool in people for tool in TOOLS):
        st.caption("A tool is a reviewer of its own name; agreement leaves it out.")
    scope = None if run is None else scope_of(frame.workspace(), run)
    if scope is not None and (others := images - scope.hashes):
        st.caption(f"{counted(len(others), 'image')} of another data set than {plain(scope.name)}.")
    if check.new:
        columns = {"name": "Image", "reason": "Reason", "note": "Note", "reviewer": "By"}
        shown = pd.DataFrame(check.new[:_SHOWN_AT_MOST])[list(columns)].rename(columns=columns)
        _table(shown.assign(Reason=shown["Reason"].map(LABELS)), len(check.new))
    if check.refused:
        _table(pd.DataFrame({"Not used": check.refused[:_SHOWN_AT_MOST]}), len(check.refused))


def _table(rows: pd.DataFrame, of: int) -> None:
    st.dataframe(rows, hide_index=True, height=min(250, 38 + 35 * len(rows)))
    if of > len(rows):
        st.caption(f"The first {len(rows):,} of {of:,}.")
