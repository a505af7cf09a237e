"""Running a screen without a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from breakhis_core.settings import Settings

PROJECT = Path(__file__).parents[2]
Open = Callable[..., AppTest]


@pytest.fixture
def open_screen(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Return a function that runs a screen once; its settings are the test's own workspace."""
    monkeypatch.syspath_prepend(str(PROJECT))

    def run(name: str, **address: str) -> AppTest:
        screen = AppTest.from_file(str(PROJECT / "pages" / f"{name}.py"), default_timeout=60)
        for key, value in address.items():
            screen.query_params[key] = value
        return screen.run()

    return run
