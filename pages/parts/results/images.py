"""The images of a run as points in a plane, images alike near each other, and the way to their review."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from breakhis_core import reviews
from breakhis_core.charts import image_groups
from breakhis_core.charts.image_groups import COLOURINGS, Colouring
from breakhis_core.errors import InputError
from breakhis_core.runs import Run
from breakhis_core.suspects.plane import plane as places_of
from breakhis_core.suspects.reading import suspects_of
from breakhis_core.wording import counted
from pages.parts.components.plane.plane import plane
from pages.parts.results import about_address
from pages.parts.shared import address, frame, guard, review_links, selections

COLOUR, CHOSEN = "colour", "chosen"
EVERY = "every"
"""The part of a queue that has all parts."""


@guard.fragment
def show(run: Run) -> None:
    """Show the plane of a run, what its points are coloured by, and the way to the chosen ones.

    Raises:
        InputError: its embeddings come from several models.
    """
    predictions, root = run.predictions(), frame.workspace().root
    try:
        places = places_in(run)
    except InputError as error:
        st.info(str(error))
        return
    left, right = st.columns([25, 75], vertical_alignment="bottom")
    with left:
        by = address.choice(COLOUR, "Colour by", choices(run))
    chosen = np.zeros(len(predictions), np.bool_)
    if address.said(CHOSEN):
        chosen = selections.among(predictions["hash"], address.said(CHOSEN), root)
    with right:
        way_to_review(run, predictions["hash"][chosen].tolist())

    def remember(now: npt.NDArray[np.bool_]) -> None:
        address.put(CHOSEN, selections.in_address(predictions["hash"][now].tolist(), root))

    opened = plane(
        f"plane-{run.name}",
        places,
        colouring(run, by),
        by=COLOURINGS[by],
        chosen=chosen,
        about=about_address.address(run),
        on_choice=guard.callback(remember),
    )
    if opened is not None:
        review_links.open_queue(run, EVERY, image=str(predictions["hash"].iat[opened]))
    st.caption(
        "Each point is an image; those that the network holds to be alike lie near each other. Distances "
        "between far groups say little. Point at one to see it, click to review it."
    )


def choices(run: Run) -> dict[str, str]:
    """Return what the images of a run can be coloured by; suspicion only where something was kept of it."""
    known = run.has_unseen
    return {code: label for code, label in COLOURINGS.items() if code != "suspicion" or known}


def way_to_review(run: Run, hashes: list[str]) -> None:
    """Lead to the review of the chosen images."""
    if not hashes:
        st.caption("Choose images with the rectangle or the lasso to review them.")
        return
    st.page_link(
        review_links.REVIEW,
        label=f"Review {counted(len(hashes), 'chosen image')}",
        icon=":material/visibility:",
        query_params=review_links.queue_address(run, EVERY, only=address.said(CHOSEN)),
    )


def colouring(run: Run, by: str) -> Colouring:
    """Return the groups that the images of a run are coloured by; ``by`` is a key of ``COLOURINGS``."""
    predictions = run.predictions()
    if by == "part":
        return image_groups.by_part(predictions)
    if by == "case":
        return image_groups.by_case(predictions)
    if by == "flag":
        standing = reviews.standing(frame.workspace())
        # One reviewer's flag is enough: it is there to be looked at.
        answers = standing.sort_values("action", ascending=False, kind="stable")
        return image_groups.by_flag(predictions, dict(zip(answers["hash"], answers["action"], strict=True)))
    suspects = suspects_of(run) if by == "suspicion" else None
    if suspects is not None:
        return image_groups.by_suspicion(suspects.table["score"].to_numpy(np.float64))
    return image_groups.by_subtype(predictions)


def places_in(run: Run) -> npt.NDArray[np.float32]:
    """Return x and y of each image of a run, rows as in its predictions.

    Raises:
        InputError: its embeddings come from several models, which cannot be compared.
    """
    suspects = suspects_of(run)
    if suspects is not None:
        return suspects.table[["x", "y"]].to_numpy(np.float32)
    if run.folds:
        raise InputError(
            "Each fold's model has embeddings of its own, which cannot be compared: this run has no plane."
        )
    return _places(run.content, run)


@st.cache_resource(max_entries=16, show_spinner="Placing images that are alike near each other …")
def _places(content: str, _run: Run) -> Any:
    return places_of(_run.embeddings())
