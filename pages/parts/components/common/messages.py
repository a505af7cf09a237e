"""What a person did in one of our components, each thing once and in order.

The browser sends everything that it was not told to be heard yet (``outbox.js``): no message is lost when two
come at once or a connection breaks, and none is done twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import streamlit as st

_HEARD = "messages_heard"


def heard() -> dict[str, int]:
    """Return the number of the newest message that was done, by sender; the components hand it back."""
    numbers: dict[str, int] = st.session_state.setdefault(_HEARD, {})
    return numbers


def news(key: str) -> Iterator[Mapping[str, object]]:
    """Yield what was not done yet of what the component ``key`` sent, oldest first, for its ``on_act``.

    A message counts as heard when the next one is asked for: one whose doing failed comes again. A browser
    sent it: check it.
    """
    sent = st.session_state[key].get("act")
    if not isinstance(sent, Mapping) or not isinstance(sent.get("messages"), list):
        return
    sender, done = str(sent.get("from", "")), heard()
    for message in sent["messages"]:
        number = message.get("number") if isinstance(message, Mapping) else None
        if isinstance(number, int) and number > done.get(sender, 0):
            yield message
            done[sender] = number
