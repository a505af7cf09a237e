"""What components in the browser are given is strict JSON."""

from __future__ import annotations

import importlib
import math
from pathlib import Path

import pytest

from pages.parts.components.common.declaring import DECLARED
from tests.screens.conftest import PROJECT

for _file in sorted((PROJECT / "pages/parts").rglob("*.py")):
    importlib.import_module(".".join(_file.relative_to(PROJECT).with_suffix("").parts))


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_a_component_refuses_what_a_browser_cannot_read(name: str) -> None:
    for bad in (math.nan, math.inf, Path("here")):
        with pytest.raises((ValueError, TypeError)) as refused:
            DECLARED[name](key="any", data={"tiles": [{"run": bad}]})
        assert refused.value.__notes__ == [f"in the data of the component {name}"]


def test_no_component_is_declared_in_another_way() -> None:
    scripts = [*PROJECT.glob("*.py"), *(PROJECT / "pages").rglob("*.py")]
    around = [file.name for file in scripts if "components.v2.component(" in file.read_text("utf-8")]
    assert around == ["declaring.py"]
    assert len(DECLARED) >= 8
