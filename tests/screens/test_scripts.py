"""Our scripts in the browser read like the rest: short functions, short lines, a head that explains."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.screens.conftest import PROJECT

SCRIPTS = sorted((PROJECT / "pages").rglob("*.js"))
LONGEST_FUNCTION = 80
LONGEST_LINE = 120

# What may hold braces that are none of the code's.
SILENT = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`""", re.S)
# What comes before the brace of a block that is no function, as far as its parentheses.
BLOCK = re.compile(r"\b(?:if|for|while|switch|catch|with)\s*$")


def code_of(script: str) -> str:
    """Return a script without comments and texts, line for line."""
    return SILENT.sub(lambda found: "_" + "\n" * found[0].count("\n"), script)


def opening(code: str, closed: int) -> int:
    """Return the place of the parenthesis that the one at ``closed`` closes."""
    depth = 0
    for place in range(closed, -1, -1):
        depth += {")": 1, "(": -1}.get(code[place], 0)
        if depth == 0:
            return place
    raise AssertionError("The parentheses do not pair.")


def is_function(code: str, brace: int) -> bool:
    """Return whether the brace at this place opens the body of a function."""
    before = code[:brace].rstrip()
    if before.endswith("=>"):
        return True
    return before.endswith(")") and BLOCK.search(code[: opening(code, len(before) - 1)]) is None


def functions(script: str) -> Iterator[tuple[int, int]]:
    """Yield the first line of each function's body, counted from 1, and how many lines it has."""
    code = code_of(script)
    braces: list[int] = []
    for place, letter in enumerate(code):
        if letter == "{":
            braces.append(place)
        elif letter == "}":
            start = braces.pop()
            if is_function(code, start):
                yield code.count("\n", 0, start) + 1, code.count("\n", start, place) + 1
    assert braces == []


def test_functions_are_found_and_measured() -> None:
    script = """class One {
  constructor({ a }) { this.a = `${a} {`; }
  #twice(b = {}) { // {
    for (const c of b) {
      if (c) { c(); }
    }
  }
}
const three = (d) => {
  return { d };
};
"""
    assert sorted(functions(script)) == [(2, 1), (3, 5), (9, 3)]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_says_what_it_is_and_has_short_functions_and_lines(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert text.startswith("/* ")
    assert {first: lines for first, lines in functions(text) if lines > LONGEST_FUNCTION} == {}
    lines = enumerate(text.splitlines(), start=1)
    assert {number: len(line) for number, line in lines if len(line) > LONGEST_LINE} == {}


def test_all_scripts_are_read() -> None:
    assert len(SCRIPTS) > 20
