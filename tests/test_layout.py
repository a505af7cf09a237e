"""The house as docs/architecture.md draws it: small packages that say what they hold and short functions."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
PACKAGES = sorted(
    init.parent
    for top in ("breakhis_core", "pages/parts")
    for init in (PROJECT / top).rglob("__init__.py")
    if "migrations" not in init.parts
)
MOST_MODULES, MOST_AT_THE_TOP, LONGEST_FUNCTION = 16, 8, 80


def modules(package: Path) -> list[str]:
    return sorted(file.stem for file in package.glob("*.py") if file.stem != "__init__")


def name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def test_the_top_is_small() -> None:
    assert len(list((PROJECT / "breakhis_core").glob("*.py"))) <= MOST_AT_THE_TOP
    assert modules(PROJECT / "pages/parts") == []


@pytest.mark.parametrize("package", PACKAGES, ids=name)
def test_a_package_is_small_and_says_what_it_holds(package: Path) -> None:
    assert len(modules(package)) <= MOST_MODULES
    told = ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8")))
    assert told, "its purpose in a line"
    assert told.splitlines()[0].endswith(".")


def test_functions_fit_a_screen() -> None:
    long = [
        f"{name(file)}: {node.name}"
        for file in [*(PROJECT / "breakhis_core").rglob("*.py"), *(PROJECT / "pages").rglob("*.py")]
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def test_tests_lie_as_the_packages_do() -> None:
    packages = {file.parent.name for file in (PROJECT / "breakhis_core").rglob("__init__.py")}
    behaviours = {"screens", "browser"}
    folders = {file.parent.name for file in (PROJECT / "tests").glob("*/test_*.py")}
    assert folders - behaviours <= packages


def test_the_architecture_names_what_is_there() -> None:
    page = (PROJECT / "docs" / "architecture.md").read_text("utf-8")
    told = re.findall(r"`([\w/]+\.(?:py|js))`", page)
    assert len(told) > 20
    places = ("", "breakhis_core", "pages/parts", "pages/parts/components/common")
    assert [one for one in told if not any((PROJECT / place / one).is_file() for place in places)] == []
    table = page[page.index("| package of") : page.index("## Where things are")]
    inside = {one.name for one in PACKAGES if one.parent.name == "breakhis_core"}
    assert inside == set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`[^|]*)\|", table, re.M))))
