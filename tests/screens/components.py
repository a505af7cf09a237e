"""What a person does in one of our components, told to a screen that runs without a browser."""

from __future__ import annotations

import json
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest

from breakhis_core.reviews import REASONS


def component(screen: AppTest, key: str) -> Any:
    """Return the message that the browser got for the component ``key``."""
    return next(node.proto for node in screen.get("bidi_component") if node.proto.id.endswith(f"-{key}"))


def act(screen: AppTest, key: str, **message: object) -> AppTest:
    """Send a message of the component ``key``, as its script does, and run the screen."""
    proto = component(screen, key)
    number = screen.session_state["sent"] + 1 if "sent" in screen.session_state else 1
    screen.session_state["sent"] = number
    sent = {"from": "test", "messages": [{**message, "number": number}]}
    state = WidgetState(id=f"$$STREAMLIT_INTERNAL_KEY_{proto.id}__events")
    state.json_trigger_value = json.dumps([{"event": "act", "value": sent}])
    states = screen._tree.get_widget_states()
    states.widgets.append(state)
    return screen._run(states)


def shown(screen: AppTest, key: str) -> dict[str, object]:
    """Return what the component ``key`` shows."""
    data: dict[str, object] = json.loads(component(screen, key).json)
    return data


ANSWERS = [*(reason.label for reason in REASONS), "Keep"]
MOVES = ("Previous", "Next", "Undo", "Redo")


def press(screen: AppTest, label: str, note: str = "") -> AppTest:
    """Press a button of the review screen: an answer, with the note that was typed, a move, or another."""
    if label in ANSWERS:
        image = shown(screen, "review-stage")["hash"]
        number = ANSWERS.index(label)
        return act(screen, "review-pad", do="answer", answer=number, hash=image, note=note, shown="")
    if label in MOVES:
        return act(screen, "review-pad", do=label.lower())
    button = next(one for one in screen.button if one.label.partition(" :gray[")[0] == label)
    return button.click().run()
