"""What every screen shares: the workspace, who reviews, the header, the chosen run, and plain notices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st
from markupsafe import Markup
from streamlit.delta_generator import DeltaGenerator

from breakhis_core.runs import Run, list_runs
from breakhis_core.runs.notes import about_runs
from breakhis_core.wording import NO_DEVICE, PHANTOMS
from breakhis_core.workspace import Workspace, shared_workspace
from pages.parts.shared import identity

HERE = Path(__file__).parent


def workspace() -> Workspace:
    """Return the workspace of this server, opened once for all sessions and for the picture routes."""
    return shared_workspace()


def reviewer() -> str:
    """Return who is reviewing in this browser: the name given, or a guest's name of its own."""
    return identity.name(workspace())


def style() -> None:
    """Lay our few rules over Streamlit's; the colours are in ``.streamlit/config.toml``."""
    st.html(HERE / "frame.css")


def stack_columns() -> None:
    """Give every column of this screen the whole width where the window is narrow."""
    st.html(HERE / "stacked.css")


def footer() -> None:
    """Say what this is not. ``app.py`` puts it under every screen, also one that stopped half-way."""
    st.html(f'<div class="foot">{NO_DEVICE}</div>')


def page_header(title: str) -> DeltaGenerator:
    """Show a screen's title and who is reviewing; return the room between for the screen's own controls.

    >>> controls = page_header("Results")  # doctest: +SKIP
    >>> run = choose_run("run", controls)  # doctest: +SKIP
    """
    st.session_state.arrived = st.session_state.get("screen") != title
    st.session_state.screen = title
    with st.container(horizontal=True, vertical_alignment="center", key="page-header"):
        st.html(Markup("<h1>{}</h1>").format(title), width="content")
        controls = st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="right", key="page-controls"
        )
        identity.badge(workspace())
    return controls


def runs() -> list[Run]:
    """Return the runs that can be opened, newest first."""
    return list_runs(workspace().models)[0]


def run_label(run: Run) -> str:
    """Name a run with its split's unit and, of phantoms, with that, as it stands wherever a run is chosen."""
    title = _titles(str(workspace().engine.url)).get(run.name, "")
    name = f"{title} ({run.name})" if title else run.name
    return f"{name} · {run.split_in_words}" + (" · phantoms" if run.phantom else "")


@st.cache_data(ttl=2, show_spinner=False)
def _titles(database: str) -> dict[str, str]:
    return {run: about.title for run, about in about_runs(workspace()).items() if about.title}


def forget_titles() -> None:
    """Read the runs' titles anew, since one was given; other sessions see it within seconds."""
    _titles.clear()


def choose_run(key: str, where: DeltaGenerator | None = None, label: str = "Run") -> Run | None:
    """Let the person choose a run; the choice stays across screens and stands in the address as ``run``.

    Args:
        key: the selectbox's key.
        where: container to put it in, such as what ``page_header`` returns.
        label: read by screen readers.

    Returns:
        The run, or None when there is none (nothing is drawn then; show an ``empty_state``).
    """
    found = {run.name: run for run in runs()}
    if not found:
        return None
    wanted = st.query_params.get("run") or st.session_state.get("chosen_run")
    if wanted not in found:
        wanted = next(iter(found))
    if st.session_state.get(key) != wanted:
        st.session_state[key] = wanted

    def remember() -> None:
        st.session_state["chosen_run"] = st.session_state[key]
        st.query_params["run"] = st.session_state[key]

    (where or st).selectbox(
        label,
        list(found),
        key=key,
        format_func=lambda name: run_label(found[name]),
        label_visibility="collapsed",
        on_change=remember,
        width=380,
    )
    st.session_state["chosen_run"] = wanted
    return found[wanted]


def phantom_notice(shown: Any) -> None:
    """Say that what is shown was painted, when it was; takes a run, a data set or a plain bool."""
    if shown is True or getattr(shown, "phantom", False) is True:
        st.html(f'<div class="phantom">{PHANTOMS.capitalize()}.</div>', width="content")


def empty_state(text: str, button: str | None = None, page: str | None = None, **options: Any) -> bool:
    """Say what is missing and what to do about it.

    Args:
        text: one or two sentences (Markdown).
        button: label of the one thing to do.
        page: screen to go to when pressed, such as ``"pages/train.py"``; without it, see the return value.
        options: further arguments of ``st.button``.

    Returns:
        True in the run in which the button was pressed (never with ``page``).
    """
    with st.container(key="empty-state", horizontal_alignment="center", gap="medium"):
        st.markdown(text, text_alignment="center")
        if button is None:
            return False
        pressed = st.button(button, type="primary", key=f"empty-{button}", **options)
    if pressed and page is not None:
        st.switch_page(page)
    return pressed


def is_dark() -> bool:
    """Return whether the page is dark; the numbers in a pale cell have to know."""
    return st.context.theme.type == "dark"
