"""The cell of a sweep that an address asks to train: its recipe, images, split and first weights."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from breakhis_core.errors import InputError
from breakhis_core.recipes import Recipe
from breakhis_core.sweeps.reading import load_study
from breakhis_core.sweeps.request import swept_recipe
from breakhis_core.training.request import TrainRequest
from pages.parts.shared.frame import workspace


@dataclass(frozen=True)
class Swept:
    """What a sweep fills in on Train.

    Attributes:
        recipe: of the cell, under a name of its own.
        base: the training that the sweep varied.
    """

    recipe: Recipe
    base: TrainRequest


def asked() -> Swept | None:
    """Return the cell that the address names by ``sweep`` and ``cell``, or None where it names none."""
    name, number = st.query_params.get("sweep"), st.query_params.get("cell", "")
    if not name or not number.isdigit():
        return None
    try:
        study = load_study(workspace(), name)
        cell = study.cells[int(number)]
    except (InputError, IndexError):
        return None
    return Swept(swept_recipe(study.request, cell), study.request.base)
