"""What stands in the way is said in one sentence: a database that is away, a disk that is full.

A screen and its fragments say it in their place and offer to try again; a callback says it and lets the
screen be drawn, so that what was not saved does not look saved. Faults of the program stay errors.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec

import streamlit as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from streamlit.logger import get_logger

from breakhis_core.storage.trouble import in_a_sentence
from pages.parts.shared.markdown import plain

_P = ParamSpec("_P")
_LOG = get_logger(__name__)


@contextlib.contextmanager
def guarded(retry: str | None = None) -> Iterator[None]:
    """Say here what kept the block from being drawn.

    Args:
        retry: key of a button that tries again; without one there is none.
    """
    try:
        yield
    except Exception as error:
        words = in_a_sentence(error)
        if words is None:
            raise
        log(error)
        st.error(plain(words), icon=":material/error:")
        if retry is not None:
            st.button("Try again", key=retry)


def fragment(function: Callable[_P, object] | None = None, **options: Any) -> Any:
    """As ``st.fragment``, guarded: Streamlit runs a fragment outside of the screen that it belongs to."""
    if function is None:
        return functools.partial(fragment, **options)
    # One that runs again by itself needs no button.
    retry = None if options.get("run_every") else f"try-again-{function.__qualname__}"

    @functools.wraps(function)
    def drawn(*args: _P.args, **kwargs: _P.kwargs) -> None:
        with guarded(retry):
            function(*args, **kwargs)

    return st.fragment(drawn, **options)


def callback(function: Callable[_P, object]) -> Callable[_P, None]:
    """Guard what answers to a widget and saves something: the screen is then drawn as things stand."""

    @functools.wraps(function)
    def answer(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except Exception as error:
            if not tell(error, "Not saved. "):
                raise
            log(error)

    return answer


def tell(error: Exception, before: str = "") -> bool:
    """Say what stood in the way over the screen, which stays as it is; the server's last resort.

    Returns:
        Whether there was a sentence to say.
    """
    words = in_a_sentence(error)
    if words is None:
        return False
    st.toast(f"{before}{plain(words)}", icon=":material/error:", duration="long")
    return True


def unavailable(request: Request, error: Exception) -> Response:
    """Answer a request that the workspace stood in the way of."""
    log(error)
    return PlainTextResponse(str(error), 503, headers={"Cache-Control": "no-store"})


def log(error: Exception) -> None:
    """Leave in the server's log what exactly happened: the sentence names no statement and no path."""
    _LOG.error("%s (%r)", error, error.__cause__)
