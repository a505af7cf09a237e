"""What components in the browser are given is strict JSON."""

from __future__ import annotations

import importlib
import math
from pathlib import Path

import pytest

from pages.parts.components import DECLARED
from tests.screens.conftest import PROJECT

PARTS = sorted(file.stem for file in (PROJECT / "pages/parts").glob("*.py"))
for _part in PARTS:
    importlib.import_module(f"pages.parts.{_part}")


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_a_component_refuses_what_a_browser_cannot_read(name: str) -> None:
    for bad in (math.nan, math.inf, Path("here")):
        with pytest.raises((ValueError, TypeError)) as refused:
            DECLARED[name](key="any", data={"tiles": [{"run": bad}]})
        assert refused.value.__notes__ == [f"in the data of the component {name}"]


def test_no_component_is_declared_in_another_way() -> None:
    scripts = [*PROJECT.glob("*.py"), *(PROJECT / "pages").rglob("*.py")]
    around = [file.name for file in scripts if "components.v2.component(" in file.read_text("utf-8")]
    assert around == ["components.py"]
    assert len(DECLARED) >= 8
