"""Components of our own in the browser: what they are given is strict JSON, or the call is refused here.

Streamlit writes a missing number as ``NaN``, which no browser reads: the component would die there, with
every image after it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import streamlit as st

Mount = Callable[..., Any]
DECLARED: dict[str, Mount] = {}
"""Every component of the app by its name."""


def component(name: str, **code: Any) -> Mount:
    """Declare a component; arguments and what comes back are those of ``st.components.v2.component``.

    What comes back raises ``ValueError`` or ``TypeError``, naming the component, for data that is no JSON.
    """
    mounted = st.components.v2.component(name, **code)

    def mount(*, data: Any = None, **options: Any) -> Any:
        try:
            json.dumps(data, allow_nan=False)
        except (TypeError, ValueError) as error:
            error.add_note(f"in the data of the component {name}")
            raise
        return mounted(data=data, **options)

    DECLARED[name] = mount
    return mount
