"""Scripts and styles of our components, by address.

Their content is in the folder of the address, and what a script imports inherits it: so the browser
loads each script once, and may keep it for ever.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from breakhis_core.charts.colours import BENIGN, MALIGNANT

PARTS = Path(__file__).parents[2]
MEDIA = {".js": "text/javascript", ".css": "text/css"}
FILES = {
    file.relative_to(PARTS).as_posix(): MEDIA[file.suffix]
    for file in sorted(PARTS.rglob("*"))
    if file.suffix in MEDIA
}
VERSION = hashlib.sha256(b"".join((PARTS / name).read_bytes() for name in FILES)).hexdigest()[:12]

_SIDES = f":host {{ --benign: {BENIGN}; --malignant: {MALIGNANT}; }}"


def address(name: str) -> str:
    """Return where the browser finds a script or a style, named from the folder of all parts.

    >>> address("components/viewer/viewer.js").endswith("/components/viewer/viewer.js")
    True
    """
    return f"/assets/{VERSION}/{name}"


def component(script: str, name: str, *styles: str) -> str:
    """Return the code of a component that is the function ``name`` of one of our scripts, in our styles."""
    return (
        f"const script = await import(location.origin + '{address(script)}');\n"
        f"await script.style({json.dumps([address(one) for one in styles])}, {json.dumps(_SIDES)});\n"
        f"export default script.{name};"
    )
