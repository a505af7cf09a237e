"""Cataloguing a folder as work that takes long: read, saved, measured, thumbnails made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from breakhis_core.images.catalogue import scan
from breakhis_core.images.datasets import save_catalogue
from breakhis_core.images.measuring import measure_images
from breakhis_core.images.published_counts import summary
from breakhis_core.images.thumbnails import make_all
from breakhis_core.progress import Context, counter
from breakhis_core.workspace import Workspace


def catalogue_folder(
    workspace: Workspace,
    arguments: Mapping[str, Any],
    context: Context,
    start: float = 0.0,
) -> dict[str, Any]:
    """Catalogue the folder ``arguments["root"]``, make its thumbnails and measure its images.

    Returns:
        ``{"dataset": id, ...}`` with the catalogue's summary.
    """
    read, shrunk = start + (1 - start) * 0.35, start + (1 - start) * 0.65
    found = scan(Path(arguments["root"]), counter(context, "Reading the images", start, read))
    dataset = save_catalogue(workspace, found)
    hashes = list(found.images["hash"])
    make_all(workspace, hashes, counter(context, "Making the thumbnails", read, shrunk))
    measure_images(workspace, counter(context, "Measuring the images", shrunk, 1.0))
    return {"dataset": dataset, **summary(found)}


def measure(workspace: Workspace, arguments: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """Measure the quality of the images that were not measured yet, and look for near-duplicates."""
    return {"unreadable": measure_images(workspace, counter(context, "Measuring the images"))}
