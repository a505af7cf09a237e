"""Running a screen inside the app, so that its links to other screens and the guard around it exist."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.screens.conftest import PROJECT


def in_app(name: str, **address: str) -> AppTest:
    """Open the app on a screen, at an address; the test's ``settings`` say which workspace is its."""
    app = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=60)
    if name != "home":  # That one has the address of the app itself.
        app.switch_page(f"pages/{name}.py")
    for key, value in address.items():
        app.query_params[key] = value
    return app.run()
