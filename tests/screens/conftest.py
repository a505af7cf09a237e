"""Running a screen without a browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from breakhis_core.settings import Settings

PROJECT = Path(__file__).parents[2]
Open = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def by_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``app.py`` say which screens there are, as on the server; AppTest would run the files in pages/."""
    make = PagesManager.__init__

    def by_the_app(self: PagesManager, *arguments: Any, **options: Any) -> None:
        PagesManager.uses_pages_directory = False
        make(self, *arguments, **options)

    monkeypatch.setattr(PagesManager, "__init__", by_the_app)


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
