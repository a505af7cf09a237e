"""The workspace that ships: phantoms painted and catalogued."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from breakhis_core.images.cataloguing import catalogue_folder
from breakhis_core.phantoms.painting import paint
from breakhis_core.progress import Context, counter
from breakhis_core.workspace import Workspace


def make_demo(workspace: Workspace, arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Paint the demo's phantoms, then catalogue them."""
    paint(workspace.phantoms, counter(context, "Painting the phantoms", 0.0, 0.8))
    return catalogue_folder(workspace, {"root": str(workspace.phantoms)}, context, 0.8)
