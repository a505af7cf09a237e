"""Pages that need no other file, filled into the templates beside this module."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from breakhis_core.wording import NO_DEVICE


def emphasised(markdown: str) -> Markup:
    """Return the card's Markdown, which knows one kind of emphasis, as HTML.

    >>> emphasised("**3** < 4")
    Markup('<b>3</b> &lt; 4')
    """
    return Markup(re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", str(escape(markdown))))


def svg(chart: Any, width: int) -> Markup:
    """Draw a chart as an SVG element.

    Args:
        chart: an Altair chart of ours.
        width: width in pixels.
    """
    # Imported here: it brings a JavaScript engine of 30 MB that only a report needs.
    import vl_convert

    # Other machines' fonts are wider than those that the legend was measured with.
    padding = {"left": 5, "top": 5, "right": 40, "bottom": 5}
    return Markup(vl_convert.vegalite_to_svg(chart.to_dict() | {"width": width, "padding": padding}))


_TEMPLATES = Environment(
    loader=PackageLoader("breakhis_core.reports"),
    autoescape=True,
    undefined=StrictUndefined,
    keep_trailing_newline=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(emphasised=emphasised, svg=svg)
_TEMPLATES.globals["foot"] = NO_DEVICE


def page(template: str, title: str, **content: Any) -> Iterator[str]:
    """Yield a page in parts, while what it shows is read.

    Args:
        template: name of a file in ``templates`` that extends ``page.html.j2``.
        title: of the page.
        content: what the template names; text is escaped.
    """
    stream = _TEMPLATES.get_template(template).stream(title=title, **content)
    stream.enable_buffering(64)
    yield from stream
