"""What Home folds away of a data set: its problems, and its counts beside the published ones."""

from __future__ import annotations

from pathlib import PurePosixPath

import pandas as pd
import streamlit as st
from markupsafe import Markup
from pandas.io.formats.style import Styler

from breakhis_core.images import catalogue, datasets, published_counts
from breakhis_core.images.catalogue import Catalogue
from breakhis_core.images.datasets import Dataset
from breakhis_core.images.taxonomy import CODES, MAGNIFICATIONS, subtype
from breakhis_core.wording import counted
from pages.parts.shared import frame
from pages.parts.shared.markdown import plain

PAIRS = 6
STANDS_OUT = "background-color: rgba(214, 120, 0, 0.28); font-weight: 600"


def show(data: Dataset) -> None:
    """Show the folds of a data set."""
    problems = datasets.load_problems(frame.workspace(), data.id)
    name = plain(data.root.name)
    if not len(problems) and data.phantom:
        return
    whole = Catalogue(data.root, datasets.load_images(frame.workspace(), data.id), problems, data.phantom)
    if len(problems):
        with st.expander(f"Problems in {name}: {len(problems):,}", icon=":material/report:"):
            _problems(whole)
    if not data.phantom:
        with st.expander(f"{name} beside the published counts", icon=":material/table:"):
            _published(whole)


def _problems(whole: Catalogue) -> None:
    """Say what each kind of problem is, show what is filed twice, and list the files."""
    problems = whole.problems
    kinds = problems["kind"].value_counts()
    st.markdown(
        "\n".join(
            f"- **{kinds[kind]:,} {kind.replace('_', ' ')}**: {words}"
            for kind, words in catalogue.PROBLEM_KINDS.items()
            if kind in kinds
        )
    )
    twice = catalogue.conflicts(whole)
    st.html(Markup("").join(_twice(rows) for rows in twice[:PAIRS]))
    if len(twice) > PAIRS:
        st.caption(f"And {counted(len(twice) - PAIRS, 'picture')} more of this kind, in the list below.")
    paths = [PurePosixPath(path) for path in problems["path"]]
    # The name first and the folder last: what is cut at the right differs least.
    listed = pd.DataFrame(
        {
            "File": [path.name for path in paths],
            "Problem": problems["kind"].str.replace("_", " "),
            # The file is named beside it already.
            "Reason": [
                reason.removeprefix(f"{path.name}: ")
                for path, reason in zip(paths, problems["reason"], strict=True)
            ],
            "Folder": [str(path.parent) for path in paths],
        }
    )
    st.dataframe(
        listed,
        hide_index=True,
        column_config={
            "File": st.column_config.Column(width="medium"),
            "Problem": st.column_config.Column(width="small"),
        },
    )


def _twice(rows: pd.DataFrame) -> Markup:
    """Return a picture beside the names and sub-types that it is filed under."""
    files = Markup("").join(
        Markup("<li><b>{}</b> {}</li>").format(subtype(row.subtype).name, row.name_)
        for row in rows.rename(columns={"name": "name_"}).itertuples()
    )
    return Markup(
        '<div class="filed-twice"><img src="/thumbnail/{}" loading="lazy" '
        'alt="The picture"><div>One picture, filed as<ul>{}</ul></div></div>'
    ).format(rows["hash"].iloc[0], files)


def _published(whole: Catalogue) -> None:
    """Show the number of images found and published, by sub-type and magnification."""
    table, held = published_counts.counts(whole), published_counts.groups(whole).set_index("subtype")
    found, published = int(table["found"].sum()), int(table["published"].sum())
    pairs = _pairs(table, held)
    differs = sum(int(a != b) for row in pairs.values() for a, b in row.values())
    share = found / published
    marked = "every count as published"
    if differs:
        marked = (
            "marked is what differs"
            if share > catalogue.NEARLY_WHOLE
            else "marked is what is missing altogether"
        )
    st.markdown(f"**{found:,} of {counted(published, 'published image')} ({share:.0%})**; {marked}.")
    st.dataframe(_marked(pairs, share), hide_index=True)


def _pairs(table: pd.DataFrame, held: pd.DataFrame) -> dict[str, dict[str, tuple[int, int]]]:
    """Return found and published by column, for each sub-type."""
    pairs = {}
    for code in CODES:
        one = table[table["subtype"] == code].set_index("magnification")
        row = {
            f"{power}×": (one.loc[power, "found"], one.loc[power, "published"]) for power in MAGNIFICATIONS
        }
        for what in ("slides", "cases"):
            row[what.capitalize()] = (held.loc[code, what], held.loc[code, f"published_{what}"])
        pairs[subtype(code).name] = {column: (int(a), int(b)) for column, (a, b) in row.items()}
    return pairs


def _marked(pairs: dict[str, dict[str, tuple[int, int]]], share: float) -> Styler:
    """Return the table, with the counts marked that are to be looked at."""
    cells = [
        {"Sub-type": name, **{column: f"{a} of {b}" if a != b else f"{a}" for column, (a, b) in row.items()}}
        for name, row in pairs.items()
    ]
    marks = [
        ["", *(STANDS_OUT if catalogue.standing_out(a, b, share) else "" for a, b in row.values())]
        for row in pairs.values()
    ]
    drawn = pd.DataFrame(cells)
    return drawn.style.apply(lambda _: pd.DataFrame(marks, columns=drawn.columns), axis=None)
