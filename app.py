"""The frame: which screens there are. Streamlit runs it; the server takes its picture routes from it too.

``streamlit run app.py`` first imports this file to find ``app``, a Streamlit app with routes of its own, and
then runs it as a script for every session, where ``__name__`` is ``"__main__"``.
"""

import streamlit as st

if __name__ == "__main__":
    from pages.parts.shared import frame, guard

    st.set_page_config(page_title="BreakHis Review", page_icon=str(frame.HERE / "favicon.svg"), layout="wide")
    screen = st.navigation(
        [
            st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
            st.Page("pages/review.py", title="Review", icon=":material/visibility:"),
            st.Page("pages/flags.py", title="Flags", icon=":material/flag:"),
            st.Page("pages/results.py", title="Results", icon=":material/monitoring:"),
            st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
            st.Page("pages/sweeps.py", title="Sweeps", icon=":material/grid_on:"),
            st.Page("pages/classify.py", title="Classify", icon=":material/upload_file:"),
        ],
        position="top",
    )
    frame.style()
    body = st.container()
    frame.footer()  # Drawn before the screen runs, so that a screen that stops half-way has it too.
    with body, guard.guarded(retry="try-again"):
        screen.run()
else:
    import contextlib
    from collections.abc import AsyncIterator

    from streamlit.runtime.pages_manager import PagesManager

    from breakhis_core.errors import UnavailableError
    from breakhis_core.jobs import watch
    from breakhis_core.workspace import shared_workspace
    from pages.parts.server.routes import ROUTES
    from pages.parts.shared import guard

    @contextlib.asynccontextmanager
    async def living(_app: st.App) -> AsyncIterator[None]:
        """Look after the jobs as long as the server lives."""
        with watch.watching(shared_workspace):
            yield

    # Else a first visitor who comes by a link to /review gets Streamlit's own navigation over pages/.
    PagesManager.uses_pages_directory = False
    app = st.App(
        __file__,
        lifespan=living,
        routes=ROUTES,
        exception_handlers={UnavailableError: guard.unavailable},
        on_script_error=guard.tell,
    )
