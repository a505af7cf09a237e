"""The pad: what a reviewer says of the image on screen, and the way through the queue.

It runs in the browser (``pad.js``) beside the viewer of the same name, whose image it is about: an answer,
its note and its image come as one message.
"""

from __future__ import annotations

from collections.abc import Callable

from breakhis_core.reviews import REASONS
from pages.parts.components.common import messages
from pages.parts.components.common.declaring import component
from pages.parts.components.viewer.viewer import CLASSES

CHOICES = [{"key": one.key, "label": one.label} for one in REASONS] + [{"key": "K", "label": "Keep"}]

_pad = component(
    "breakhis_pad",
    "components/pad/pad.js",
    "pad",
    html='<div class="pad"></div>',
    styles=[
        "components/common/answering.css",
        "components/common/question.css",
        "components/common/keys.css",
        "components/pad/pad.css",
    ],
)


def show_pad(key: str, *, first: bool, end: bool, on_act: Callable[[], None], settles: bool = False) -> None:
    """Draw the answers, the note and the moves of viewer ``key``.

    Args:
        key: name of the viewer.
        first: whether nothing comes before the image.
        end: whether we are past the last image, where nothing can be answered.
        on_act: called when the person did something; ``messages.news(pad_key(key))`` says what. ``do`` is
            ``"answer"`` (then with ``answer``, its number; ``hash``; ``note``; ``shown``, what was seen; and
            ``settles``, whether it said that it settles),
            ``"correct"``, after the answer “wrong label”, which stays on its image (then with ``hash``;
            ``correction``, the sub-type that is right; and ``settles``),
            ``"note"``, of the standing answer (then with ``hash``, ``note``, ``shown`` and ``settles``),
            ``"next"`` (then with ``hash``, the image that was left; without, from where the server is),
            ``"previous"``, ``"first"``, ``"last"``, ``"undo"``, ``"redo"``, ``"jump"`` (then with ``to``), or
            ``"maps"`` (then with ``what``: start, stop or resume; ``method``; ``hash``).
        settles: whether an answer settles for everybody.
    """
    data = {
        "viewer": key,
        "choices": CHOICES,
        "subtypes": CLASSES,
        "first": first,
        "end": end,
        "settles": settles,
        "heard": dict(messages.heard()),
    }
    _pad(key=pad_key(key), data=data, on_act_change=on_act)


def pad_key(key: str) -> str:
    """Return the key under which the messages of a viewer's pad come."""
    return f"{key}-pad"
