"""Components of our own in the browser: a function of one of our scripts, in our styles, given strict JSON.

>>> wall = component(
...     "breakhis_wall", "components/wall/wall.js", "wall", styles=["components/wall/wall.css"]
... )  # doctest: +SKIP

Script and styles go by address, so the browser loads each once for all components, and a component is drawn
when both are there. Streamlit writes a missing number as ``NaN``, which no browser reads: the component would
die there, with every image after it. So what is no JSON is refused here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from breakhis_core.charts.colours import BENIGN, MALIGNANT
from pages.parts.components.common.assets import address

Mount = Callable[..., Any]
DECLARED: dict[str, Mount] = {}
"""Every component of the app by its name."""

_SIDES = f":host {{ --benign: {BENIGN}; --malignant: {MALIGNANT}; }}"


def component(name: str, script: str, function: str, *, html: str = "", styles: Sequence[str] = ()) -> Mount:
    """Declare a component of the screens.

    Args:
        name: of the component, the same on every screen.
        script: file with its function, from the folder of all parts: ``"components/wall/wall.js"``.
        function: what the script exports; it gets ``data``, ``parentElement``, ``setStateValue`` and
            ``setTriggerValue``, at the first drawing and whenever the data change.
        html: where it draws. This is there before the styles are: leave it without words.
        styles: files with its styles, from the folder of all parts.

    Returns:
        what draws it, called as that of ``st.components.v2.component``. It raises ``ValueError`` or
        ``TypeError``, naming the component, for data that is no JSON.
    """
    mounted = st.components.v2.component(name, html=html or None, js=_loader(script, function, styles))

    def mount(*, data: Any = None, **options: Any) -> Any:
        try:
            json.dumps(data, allow_nan=False)
        except (TypeError, ValueError) as error:
            error.add_note(f"in the data of the component {name}")
            raise
        return mounted(data=data, **options)

    DECLARED[name] = mount
    return mount


def _loader(script: str, function: str, styles: Sequence[str]) -> str:
    """Return the code that Streamlit's frontend runs, which has no address of its own to import from."""
    files = f"'{address('components/common/whole.js')}', '{address(script)}'"
    sheets = json.dumps([address(one) for one in styles])
    return (
        f"const files = [{files}].map((file) => import(location.origin + file));\n"
        f"const [{{ whole }}, script] = await Promise.all(files);\n"
        f"export default await whole(script.{function}, {sheets}, {json.dumps(_SIDES)});"
    )
