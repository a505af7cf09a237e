"""Cells that a spreadsheet shows instead of running.

Source: OWASP, "CSV Injection": a cell that begins with one of these characters may be taken for a formula.
"""

from __future__ import annotations

_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001
_MARK = "'"


def safe_cell(text: str) -> str:
    """Return text that no spreadsheet takes for a formula; ``plain_cell`` gives the text back.

    >>> safe_cell("=1+1"), safe_cell("a note"), safe_cell("'quoted'")
    ("'=1+1", 'a note', "''quoted'")
    """
    # A leading mark is doubled, so that one in the text is not taken for ours.
    return _MARK + text if text.startswith((*_RISKY, _MARK)) else text


def plain_cell(text: str) -> str:
    """Return the text that ``safe_cell`` made safe; other text stays as it is.

    >>> plain_cell("'=1+1"), plain_cell("''quoted'"), plain_cell("'tis")
    ('=1+1', "'quoted'", "'tis")
    """
    marked = text.startswith(_MARK) and text[1:].startswith((*_RISKY, _MARK))
    return text[1:] if marked else text
