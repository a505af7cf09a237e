"""Scripts and styles of our components, by address.

Their content is in the folder of the address, and what a script imports inherits it: so the browser
loads each script once, and may keep it for ever.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

PARTS = Path(__file__).parents[2]
MEDIA = {".js": "text/javascript", ".css": "text/css"}
FILES = {
    file.relative_to(PARTS).as_posix(): MEDIA[file.suffix]
    for file in sorted(PARTS.rglob("*"))
    if file.suffix in MEDIA
}
VERSION = hashlib.sha256(b"".join((PARTS / name).read_bytes() for name in FILES)).hexdigest()[:12]


def address(name: str) -> str:
    """Return where the browser finds a script or a style, named from the folder of all parts.

    >>> address("components/viewer/viewer.js").endswith("/components/viewer/viewer.js")
    True
    """
    if name not in FILES:
        raise ValueError(f"There is no script or style {name} in {PARTS.name}.")
    return f"/assets/{VERSION}/{name}"
