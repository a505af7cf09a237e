"""The list of flagged images as a wall or a table, with facets to filter it by."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import pandas as pd
import streamlit as st
from markupsafe import Markup
from sqlalchemy import Engine

from breakhis_core import reviews
from breakhis_core.flags import listing
from breakhis_core.flags.statements import OUTCOMES
from breakhis_core.images import datasets
from breakhis_core.images.taxonomy import CODES, subtype
from breakhis_core.reviews.policy import chosen_policy
from breakhis_core.reviews.terms import LABELS, WRONG_LABEL
from breakhis_core.runs import Run
from breakhis_core.runs.scope import Scope
from breakhis_core.wording import counted
from breakhis_core.workspace import Workspace
from pages.parts.components.facets.facets import Bar, chosen_values, facets
from pages.parts.components.wall.wall import Tile, wall
from pages.parts.flags import settling
from pages.parts.flags.download_address import IN_ADDRESS
from pages.parts.shared import address, frame, guard, review_links
from pages.parts.shared.markdown import plain
from pages.parts.shared.reasons import in_words

_BADGES = {name: words for name, words in OUTCOMES.items() if name != "leaves"} | {"stays": "stays"}


def listed(run: Run | None) -> pd.DataFrame:
    """Return what ``flags.listing.listed`` does, read again only when something changed."""
    workspace = frame.workspace()
    catalogued = tuple((data.id, data.catalogued_at) for data in datasets.datasets(workspace))
    which = "" if run is None else f"{run.path}:{run.manifest['files']['split.parquet']}"
    state = reviews.version(workspace), chosen_policy(workspace).code, catalogued, which
    return _listed(workspace.engine, state, workspace, run)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs={Engine: id})
def _listed(
    engine: Engine, state: tuple[object, ...], _workspace: Workspace, _run: Run | None
) -> pd.DataFrame:
    return listing.listed(_workspace, _run)


def chosen_facets() -> dict[str, list[str]]:
    """Return what the address chooses, by facet."""
    names = {facet: IN_ADDRESS.get(facet, facet) for facet in listing.FACETS}
    said = chosen_values(list(names.values()))
    return {facet: said[name] for facet, name in names.items()}


def show(flags: pd.DataFrame, run: Run | None, as_table: bool, order: str, version: int) -> None:
    """Draw facets and list.

    Args:
        flags: what ``flags.listing.listed`` returns.
        run: the run that an image is opened with.
        as_table: a table instead of a wall.
        order: one of ``flags.listing.ORDERS``.
        version: ``reviews.version`` of before the flags were read.
    """
    chosen = chosen_facets()
    kept = listing.matching(flags, chosen)
    with st.container(key="flag-body"):
        _draw_facets(flags, chosen)
        with st.container(key="flag-list"):
            arranged = listing.arranged(kept, order)
            # Made here and not in the fragment: a click that chooses an image changes none of them.
            tiles = None if as_table else _tiles(arranged)
            _list(arranged, tiles, run, version)


@guard.fragment
def _list(flags: pd.DataFrame, tiles: list[Tile] | None, run: Run | None, version: int) -> None:
    if reviews.version(frame.workspace()) != version:
        st.rerun()  # Something was said since, here or elsewhere: everything on the screen may have changed.
    if flags.empty:
        st.markdown("No flag fits these filters.")
        return
    above = st.container()
    if tiles is None:
        chosen = _table(flags)
        hint = "Tick rows to choose images. A click on a column's head sorts by it."
    else:
        where = "" if run is None else review_links.image_address(run, "")
        chosen = wall("flag-wall", tiles, where, settling.turn())
        hint = "Click pictures to choose them, Shift for many; a double click opens one in Review."
    with above:
        settling.act(chosen, flags, hint)


def _draw_facets(flags: pd.DataFrame, chosen: dict[str, list[str]]) -> None:
    bars, labels = {}, {}
    for facet, many in listing.counts(flags, chosen).items():
        name = IN_ADDRESS.get(facet, facet)
        labels[name] = listing.FACETS[facet]
        bars[name] = [
            Bar(value, _in_words(facet, value), images, value in chosen[facet])
            for value, images in many.items()
        ]
    facets("flag-facets", labels, bars)


def _in_words(facet: str, value: str) -> str:
    if facet == "reason":
        return LABELS.get(value, value)
    if facet == "outcome":
        return OUTCOMES.get(value, value)
    if facet in ("subtype", "correction") and value in CODES:
        return f"{value} {subtype(value).name}"
    if facet == "magnification" and value:
        return f"{value}×"
    return value or ("no run" if facet == "run" else "not known")


def _tiles(flags: pd.DataFrame) -> list[Tile]:
    """Return one thumbnail an image, with what was said about it."""
    found = []
    for image in listing.images(flags):
        said = ", ".join(in_words(reason, *image.corrections) for reason in image.reasons)
        predicted = f" → {image.predicted}" if image.predicted else ""
        notes = f" ({'; '.join(image.notes)})" if image.notes else ""
        found.append(
            Tile(
                hash=image.hash,
                words=", ".join(_in_short(reason, image.corrections) for reason in image.reasons),
                small=f"{image.subtype}{predicted} · {', '.join(image.reviewers)}",
                title=f"{image.name}: {said.lower()}{notes}",
                badge=_BADGES.get(image.outcome, ""),
            )
        )
    return found


def _in_short(reason: str, corrections: Sequence[str]) -> str:
    """Return a reason as a thumbnail has room for it: a sub-type that is right by its code."""
    right = f": {' or '.join(corrections)}" if corrections and reason == WRONG_LABEL else ""
    return LABELS[reason] + right


def _table(flags: pd.DataFrame) -> list[str]:
    """Show the flags as a table, one row a flag, and return the images of the ticked rows."""
    shown = flags.assign(
        picture="/thumbnail/" + flags["hash"],
        reason=flags["reason"].map(LABELS),
        correction=flags["correction"].map(_subtype),
        subtype=flags["subtype"].map(_subtype),
        predicted=flags["predicted"].map(_subtype),
        outcome=flags["outcome"].map(OUTCOMES),
    )
    order = [
        "picture", "name", "reason", "correction", "note", "reviewer", "time", "outcome", "subtype",
        "predicted", "confidence", "magnification", "case", "run",
    ]  # fmt: skip
    event = st.dataframe(
        shown[order],
        key=f"flag-table-{settling.turn()}",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        placeholder="–",
        row_height=52,
        height=600,
        column_config={
            "picture": st.column_config.ImageColumn("", width=76),
            "name": "Image",
            "reason": "Reason",
            "correction": listing.FACETS["correction"],
            "note": "Note",
            "reviewer": "Reviewer",
            "time": st.column_config.DatetimeColumn("Time", format="YYYY-MM-DD HH:mm"),
            "outcome": listing.FACETS["outcome"],
            "subtype": "True",
            "predicted": "Predicted",
            "confidence": st.column_config.NumberColumn("Confidence", format="%.2f"),
            "magnification": st.column_config.NumberColumn("Magnification", format="%d×"),
            "case": "Case",
            "run": "Run",
        },
    )
    places = event.selection.rows if event else []
    hashes = flags["hash"].tolist()
    return list(dict.fromkeys(hashes[place] for place in places if place < len(hashes)))


def _subtype(code: str) -> str | None:
    return subtype(code).name if code in CODES else None


def choose_order() -> str:
    """Let the person choose the order of the list."""
    return address.choice(
        "order", "Order", listing.ORDERS, label_visibility="collapsed", width=210, help=None
    )


def link_elsewhere(run: Run | None) -> None:
    """Lead to what is flagged in other data sets than the run's, which is not in the list."""
    for other in [] if run is None else listing.elsewhere(frame.workspace(), run, frame.runs()):
        what = counted(other.images, "phantom" if other.phantom else "image")
        if other.run is None:
            st.caption(f"Also flagged: {what} that no run here is about", width="content")
            continue
        words = f"Also flagged: {what}{'' if other.phantom else f' of {other.name}'}"
        # Streamlit's own link to the screen that one is on leaves the address as it is.
        link = Markup('<a class="elsewhere" href="/flags?{}" target="_self">{}</a>')
        st.html(link.format(urlencode({"run": other.run}), words), width="content")


def summary(flags: pd.DataFrame, scope: Scope | None) -> str:
    """Say how many images are flagged, of which data set, and by how many."""
    images, people = flags["hash"].nunique(), flags["reviewer"].nunique()
    settled = flags.loc[flags["settled"] != "", "hash"].nunique()
    where = f" in {plain(scope.name)}" if scope else ""
    return f"**{counted(images, 'image')} flagged**{where} by {counted(people, 'reviewer')}" + (
        f" · {settled:,} settled" if settled else ""
    )
