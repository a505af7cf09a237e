"""Text that somebody else wrote, put into Markdown so that it shows as it was written."""

from __future__ import annotations

import re

# A colon before a word begins an icon, a colour or an address; before a space it is only a colon.
_MARKS = re.compile(r"[\\`*_{}\[\]()#+!|<>~$&]|:(?=\S)|(?<=\d)\.(?=\s)|-(?<=^-)", re.MULTILINE)


def plain(text: str) -> str:
    r"""Return text that Markdown shows as it is: a name may look like a picture, which browsers would fetch.

    >>> plain("![m](https://there) 3:1")
    '\\!\\[m\\]\\(https\\://there\\) 3\\:1'
    >>> plain("- 1. Ada: L. 3.5")
    '\\- 1\\. Ada: L. 3.5'
    """
    return _MARKS.sub(r"\\\g<0>", text.lstrip())


def without_pictures(text: str) -> str:
    r"""Return a Markdown document whose pictures are not fetched from anywhere; the rest is drawn.

    >>> without_pictures("**Card** ![m](https://there)")
    '**Card** !\\[m](https://there)'
    """
    return text.replace("![", r"!\[")
