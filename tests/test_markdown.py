"""Names shown in Markdown, read back by an independent CommonMark parser."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pages.parts.shared.markdown import plain

NASTY = [
    "![m](http://127.0.0.1:9/m.png)", "[m](https://a)", "<img src=x>", "<http://a>", "*a* _b_ `c` ~d~",
    "# a", "- a", "+ a", "> a", "1. a", "2) a", "&excl;[m]", "a\\", ":red[a]", ":material/home:", "$x$ $y$",
]  # fmt: skip


def _text(markdown):
    """Return what a reader sees, and check that it is one paragraph of text and nothing else."""
    drawn = MarkdownIt("commonmark").render(markdown).strip()
    found = re.fullmatch(r"<p>(.*)</p>", drawn, re.DOTALL)
    assert found, drawn
    assert "<" not in found[1]
    return html.unescape(found[1])


@pytest.mark.parametrize("name", NASTY)
def test_a_name_reads_as_it_was_given_alone_and_in_a_sentence(name):
    assert _text(plain(name)) == name
    assert _text(f"So far only {plain(name)} has answered.") == f"So far only {name} has answered."


@given(st.text(st.sampled_from("ab1 .-+*_`![]()<>#:/&;~$\\"), min_size=1, max_size=24))
def test_whatever_a_name_is_made_of_it_reads_as_it_was_given(name):
    name = " ".join(name.split())
    if name:
        assert _text(plain(name)) == name


@pytest.mark.parametrize("mark", [":", "$", "~", "["])
def test_what_only_streamlit_gives_a_meaning_is_escaped_too(mark):
    assert plain(f"a{mark}b") == f"a\\{mark}b"
