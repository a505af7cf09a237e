"""What the lists of a run rest on: how far it can be relied upon, and what was not asked or measured yet."""

from __future__ import annotations

import streamlit as st

from breakhis_core import jobs
from breakhis_core.images import measuring
from breakhis_core.runs import Run
from breakhis_core.suspects.words import reliance_words
from breakhis_core.suspects.worklists import Worklists
from pages.parts.shared import frame, job_bar


def help_with_lists(lists: Worklists) -> str | None:
    """Return how far the suspects can be relied upon, and what they cannot see; None where nobody asked."""
    return None if lists.known is None else "  \n".join(reliance_words(lists.known))


def show_missing(run: Run, lists: Worklists) -> None:
    """Say why there are no suspects or poor pictures, and offer to look for them."""
    if lists.known is None:
        _offer("look", "Find doubtful labels", {"run": run.name})
    elif not lists.known.by_image.tells:
        st.caption(f"No suspects: {reliance_words(lists.known)[0]}")
    if measuring.load_checks(frame.workspace()) is None:
        _offer("measure", "Find poor pictures", {})


def _offer(kind: str, words: str, arguments: dict[str, str]) -> None:
    if not job_bar.show(kind) and st.button(words, key=f"start-{kind}", type="tertiary"):
        jobs.submit(frame.workspace(), kind, arguments)
        st.rerun()
