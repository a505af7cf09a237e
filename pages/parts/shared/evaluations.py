"""The evaluation of a run, computed once for all sessions and all screens."""

from __future__ import annotations

from typing import Any

import streamlit as st

from breakhis_core.results.evaluate import evaluate_run
from breakhis_core.runs import Run
from breakhis_core.runs.folder import POINTING


def evaluation_of(run: Run, part: str) -> dict[str, Any]:
    """Evaluate a part of a run; its file's hash stands for what was predicted.

    Raises:
        InputError: the run has no image of that part.
    """
    # How well maps point may be added later.
    return _evaluation(run.content + run.manifest["files"].get(POINTING, ""), part, run)


@st.cache_data(max_entries=256, show_spinner="Computing intervals over cases …")
def _evaluation(content: str, part: str, _run: Run) -> dict[str, Any]:
    return evaluate_run(_run, part)
