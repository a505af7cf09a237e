"""On a narrow window, columns go below each other."""

from __future__ import annotations

import streamlit as st

_STYLE = '<style>@media (max-width: 1000px) { [data-testid="stColumn"] { min-width: 100%; } }</style>'


def stack_columns() -> None:
    """Give every column of this screen the whole width where the window is narrow."""
    st.html(_STYLE)
