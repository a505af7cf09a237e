"""What becomes of flagged images in a new training: all stay, they leave, or their corrected labels count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import streamlit as st

from breakhis_core import reviews
from breakhis_core.images import datasets
from breakhis_core.images.datasets import Dataset
from breakhis_core.jobs import retraining
from breakhis_core.jobs.retraining import MODES, Mode
from breakhis_core.reviews.policy import chosen_policy
from breakhis_core.runs import Run
from breakhis_core.wording import counted
from pages.parts.shared import frame
from pages.parts.shared.markdown import plain


@dataclass(frozen=True)
class Flagged:
    """What becomes of flagged images.

    Attributes:
        exclude: hashes of those that leave train and validation.
        labels: corrected sub-types by hash, used there.
    """

    exclude: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


def choose(data: Dataset, improves: Run | None) -> Flagged:
    """Let the person leave flagged images out of train and validation, or use their corrected labels."""
    if improves is None:
        flagged, labels = _of_data(data)
        mode = _mode(len(flagged), len(labels))
        return Flagged() if mode is None else _in_mode(flagged, labels, mode)
    plan = retraining.plan(frame.workspace(), improves)
    mode = _mode(len(plan.flagged), plan.correctable)
    if mode is None:
        return Flagged()
    plan = retraining.plan(frame.workspace(), improves, mode=mode)
    st.caption(plain(f"{plan.leaving_words} {plan.staying_words}"))
    return Flagged(plan.excluded, plan.labels)


def _mode(flagged: int, corrected: int) -> Mode | None:
    """Ask for the mode; None trains on all images as published."""
    asked = st.query_params.get("exclude") == "flagged" and flagged > 0
    rule = chosen_policy(frame.workspace()).words
    note = f"They leave train and validation when {rule} (chosen under Flags). The test set never changes."
    if not corrected:
        leave_out = st.checkbox(
            f"Leave out the {counted(flagged, 'flagged image')}",
            value=asked,
            disabled=not flagged,
            help=note,
            key="exclude",
        )
        return "without" if leave_out else None
    modes: list[Mode | None] = [None, *MODES]
    wanted = next((mode for mode in MODES if mode == st.query_params.get("mode")), "both")
    return st.selectbox(
        f"{counted(flagged, 'flagged image')}, {corrected:,} with a corrected label",
        modes,
        index=modes.index(wanted) if asked else 0,
        format_func=lambda mode: MODES[mode] if mode else "Train on all, as published",
        help=note,
        key="flagged",
    )


def _of_data(data: Dataset) -> tuple[list[str], dict[str, str]]:
    """Return the images of a data set that the policy excludes, and their corrected labels."""
    images = datasets.image_hashes(frame.workspace().engine, data.id)
    flagged = [image for image in reviews.excluded_hashes(frame.workspace()) if image in images]
    corrected = reviews.corrected_labels(frame.workspace())
    return flagged, {image: code for image, code in corrected.items() if image in images}


def _in_mode(flagged: list[str], labels: dict[str, str], mode: Mode) -> Flagged:
    if mode == "without":
        return Flagged(tuple(flagged))
    left = () if mode == "corrected" else tuple(image for image in flagged if image not in labels)
    return Flagged(left, labels)
