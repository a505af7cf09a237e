"""What every frame and number that is handed out says of itself."""

from __future__ import annotations

from typing import Any

import pandas as pd

from breakhis_core.runs import Run


def images_in_words(phantom: bool) -> str:
    """Say what the images are.

    >>> images_in_words(True)
    'synthetic phantoms, not tissue'
    """
    return "synthetic phantoms, not tissue" if phantom else "tissue"


def about(run: Run, **more: Any) -> dict[str, Any]:
    """Return what ``attrs`` of a run's frames say: run, split in words, what its images are, and more."""
    return {"run": run.name, "split": run.split_in_words, "images": images_in_words(run.phantom), **more}


def with_origin(table: pd.DataFrame, origin: dict[str, Any]) -> pd.DataFrame:
    """Return a frame whose ``attrs`` say where it comes from."""
    table.attrs = dict(origin)
    return table
