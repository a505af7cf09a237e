"""The floor under every figure: a Streamlit page that does nothing but count presses of Next."""

import streamlit as st


@st.fragment
def next_button() -> None:
    """Show the button and how often it was pressed."""
    st.session_state.presses = st.session_state.get("presses", 0) + st.button("Next")
    st.write(st.session_state.presses)


next_button()
