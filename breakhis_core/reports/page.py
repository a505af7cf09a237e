"""A page that needs no other file."""

from __future__ import annotations

import re
from html import escape
from typing import Any

WIDTH = 640


_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2430; background: #fff; max-width: 940px;
  margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.7rem } h2 { font-size: 1.2rem; margin-top: 2.2rem; border-bottom: 1px solid #d8dbe0 }
table { border-collapse: collapse; font-size: 12.5px; font-variant-numeric: tabular-nums; margin: .6rem 0 }
th, td { text-align: left; padding: .25rem .7rem .25rem 0; border-bottom: 1px solid #e8eaee; vertical-align:
top } figure { margin: 1rem 0; break-inside: avoid } figcaption { font-size: 13px; color: #555c68 } svg {
max-width: 100%; height: auto } .phantom { font-weight: 600; color: #b3261e } footer { margin-top: 3rem;
font-size: 13px; color: #555c68 } tr, li { break-inside: avoid } @media print { body { margin: 0; max-width:
none } h2 { break-after: avoid } }
"""


def page(title: str, style: str = "") -> tuple[str, str]:
    """Return the begin and the end of a page that needs no other file.

    Args:
        title: of the page.
        style: rules beyond those that all pages share.
    """
    begin = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}{style}</style></head><body>\n"
    )
    return begin, "\n</body></html>\n"


def svg(chart: Any, width: int = WIDTH) -> str:
    """Draw a chart as an SVG element.

    Args:
        chart: an Altair chart of ours.
        width: width in pixels.
    """
    # Imported here: it brings a JavaScript engine of 30 MB that only a report needs.
    import vl_convert

    # Other machines' fonts are wider than those that the legend was measured with.
    padding = {"left": 5, "top": 5, "right": 40, "bottom": 5}
    drawn: str = vl_convert.vegalite_to_svg(chart.to_dict() | {"width": width, "padding": padding})
    return drawn


def section(title: str, *parts: str) -> str:
    """Return a section under its title."""
    return f"<section><h2>{escape(title)}</h2>{''.join(parts)}</section>"


def _figure(chart: Any, caption: str, width: int = WIDTH) -> str:
    return f"<figure>{svg(chart, width)}<figcaption>{escape(caption)}</figcaption></figure>"


def _list(lines: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"


def plain_html(markdown: str) -> str:
    """Return the card's Markdown, which knows one kind of emphasis, as HTML."""
    return re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(markdown))
