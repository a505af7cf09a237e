"""The settings of a training, folded away: epochs, seed and name, then groups that belong together."""

from __future__ import annotations

from typing import Any

import streamlit as st

from breakhis_core.recipes import NO_BASE, Recipe
from breakhis_core.runs import Run
from breakhis_core.sweeps.values import SETTINGS, field_text, value_text, with_settings

GROUPS = {
    "Model input": ("width", "height", "keep_proportions", "antialias", "normalise_stain"),
    "Steps": ("head_epochs", "warm_up", "clip_norm", "averaging"),
    "Predictions": ("average_flips",),
}
"""Settings with a field of their own; all others are told by name."""
_TOLD = {"head_epochs": "Epochs of the head alone, first", "warm_up": "Warm-up, share of the steps"}
_STEPS = {"width": 16, "height": 16, "head_epochs": 10, "warm_up": 0.01, "clip_norm": 0.5, "averaging": 0.05}


def choose_rest(recipe: Recipe, improves: Run | None) -> tuple[Recipe, int, str]:
    """Let the person change epochs, seed, name and any other setting, folded away.

    Raises:
        InputError: a setting cannot be used.
    """
    mark = f"{recipe.name}-{improves.name if improves else ''}"
    with st.expander("Epochs, seed, name, settings"):
        left, right = st.columns(2)
        epochs = left.number_input(
            "Epochs",
            recipe.shortest,
            1000,
            recipe.main_epochs,
            key=f"epochs-{mark}",
            help=f"The recipe says {recipe.main_epochs}.",
        )
        seed = right.number_input(
            "Seed" if improves else "Seed of split and training",
            0,
            2**31 - 1,
            recipe.seed,
            key=f"seed-{mark}",
        )
        name = st.text_input(
            "Name of the run", placeholder="made of recipe and split", max_chars=80, key="name"
        )
        lines = [line for title, fields in GROUPS.items() for line in _group(title, fields, recipe, mark)]
        told = st.text_area(
            "Other settings, one a line",
            placeholder="dropout = 0.3",
            height=80,
            key=f"settings-{mark}",
        )
        grouped = {"epochs", *(field for fields in GROUPS.values() for field in fields)}
        rest = (f"{field} {getattr(recipe, field)}" for field in SETTINGS if field not in grouped)
        st.caption(f"Of this recipe: {', '.join(rest)}.")
    changed = recipe.lasting(int(epochs)).model_copy(update={"seed": int(seed)})
    lines += [line for line in told.splitlines() if line.strip()]
    return with_settings(changed, lines), int(seed), name.strip()


def _group(title: str, fields: tuple[str, ...], recipe: Recipe, mark: str) -> list[str]:
    """Offer some settings; return those that differ from the recipe, as people would write them."""
    # The epochs of a frozen base are those of its head.
    fields = tuple(field for field in fields if field != "head_epochs" or recipe.boundary != NO_BASE)
    st.caption(title)
    columns = st.columns(2)
    chosen = {
        field: _field(columns[at % 2], field, recipe, f"{field}-{mark}") for at, field in enumerate(fields)
    }
    return [
        f"{field} = {value_text(field, value) if not isinstance(value, bool) else value}"
        for field, value in chosen.items()
        if value != getattr(recipe, field)
    ]


def _field(place: Any, field: str, recipe: Recipe, key: str) -> bool | int | float:
    value = getattr(recipe, field)
    words = _TOLD.get(field, field_text(field).capitalize())
    about = str(Recipe.model_fields[field].description)
    idle = recipe.idle.get(field)
    if idle and value == Recipe.model_fields[field].default:
        about += f" Counts only with {idle}."
    if isinstance(value, bool):
        return bool(place.checkbox(words, value, key=key, help=about))
    chosen = place.number_input(
        words, value=value, min_value=type(value)(0), step=_STEPS[field], key=key, help=about
    )
    return type(value)(chosen)
