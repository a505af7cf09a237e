"""The choices of the training form: images, split, recipe, weights."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from breakhis_core.errors import InputError
from breakhis_core.images import datasets
from breakhis_core.images.datasets import Dataset
from breakhis_core.jobs import first_weights
from breakhis_core.networks import weights_files
from breakhis_core.recipes import RECIPES, WHOLE_BASE, Recipe, completed
from breakhis_core.runs import Run
from breakhis_core.splits import split as splits
from breakhis_core.splits.folds import Folds
from breakhis_core.splits.split import Unit
from breakhis_core.wording import PHANTOMS, counted
from pages.parts.shared import frame
from pages.parts.shared.markdown import plain
from pages.parts.training import fold_choices, swept
from pages.parts.training.fold_choices import FoldWish

NEW_SPLIT = ""
# Needs no weights from the internet: what fits the demo, which must work offline.
BY_ITSELF = "scratch"
BOTH = "both"
UNITS = {"case": "by case", "image": "by image", BOTH: "both"}
UNIT_MEANS = {
    "case": "No case is in two parts: the numbers tell what to expect on a new patient.",
    "image": "As the authors did: a case has images in several parts, so that the model knows the patient, "
    "and the numbers read higher than on a new one.",
    BOTH: "Two trainings of one recipe, one after the other. Results sets them side by side: the gap is "
    "what knowing the patient is worth.",
}
WEIGHTS = {"imagenet": "ImageNet", "file": "a file", "none": "none"}


def choose_data(found: list[Dataset]) -> Dataset:
    """Let the person choose the data set, when there is more than one."""
    if len(found) == 1:
        data = found[0]
    else:
        cell = swept.asked()
        ids = [one.id for one in found]
        data = st.selectbox(
            "Images",
            found,
            index=ids.index(cell.base.data) if cell is not None and cell.base.data in ids else 0,
            format_func=lambda one: f"{one.root.name} · {counted(one.images, 'image')}",
            key="data",
        )
    kind = PHANTOMS if data.phantom else plain(str(data.root))
    st.caption(f"{counted(data.images, 'image')} of {counted(data.cases, 'case')} · {kind}")
    if data.trouble:
        st.warning(plain(data.trouble))
    return data


def choose_split(data: Dataset, found: list[Run]) -> tuple[str, Run | None, FoldWish]:
    """Let the person choose a new split, its unit and what is tested, or the split of a run to improve on."""
    # Any run on such images may be improved on; training says what is missing, if anything is.
    kept = {run.name: run for run in found if run.phantom == data.phantom}
    asked = st.query_params.get("improves")
    options = [NEW_SPLIT, *kept]
    improves = st.selectbox(
        "Split",
        options,
        index=options.index(asked) if asked in options else 0,
        format_func=lambda name: f"the same as {frame.run_label(kept[name])}" if name else "a new one",
        help="With the split or the folds of a run, both can be compared: what is tested stays the same.",
        key="improves",
    )
    if improves != NEW_SPLIT:
        return kept[improves].unit, kept[improves], FoldWish()
    wish = fold_choices.choose(data)
    if wish.kind == fold_choices.PUBLISHED:
        return "case", None, wish
    cell = swept.asked()
    unit = st.radio(
        "Unit of the split",
        list(UNITS),
        index=0 if cell is None else list(UNITS).index(cell.base.unit),
        format_func=UNITS.__getitem__,
        horizontal=True,
        key="unit",
    )
    st.caption(UNIT_MEANS[unit])
    return unit, None, wish


def choose_recipe(data: Dataset, improves: Run | None) -> Recipe:
    """Let the person choose the recipe: one that ships, or that of the run to improve on."""
    offered = dict(RECIPES)
    captions = [recipe.summary for recipe in RECIPES.values()]
    same = None if improves is None else recipe_of(improves)
    if improves is not None and same is not None:
        # The fair comparison first: the same recipe.
        offered = {f"as {plain(improves.name)}": same, **offered}
        captions.insert(0, f"{plain(same.name)}, {counted(same.main_epochs, 'epoch')}, seed {same.seed}")
    cell = swept.asked()
    if cell is not None and improves is None:
        same = cell.recipe
        offered = {same.name: same, **offered}
        captions.insert(0, same.summary)
    chosen = st.radio(
        "Recipe",
        list(offered),
        index=list(offered).index(BY_ITSELF if data.phantom else "recommended") if same is None else 0,
        captions=captions,
        key=f"recipe-{improves.name if improves else NEW_SPLIT}",
    )
    return offered[chosen]


def recipe_of(run: Run) -> Recipe | None:
    """Return the recipe of a run, or None when another version of the program wrote it."""
    try:
        return completed(run.recipe())
    except InputError:
        return None


def choose_weights(recipe: Recipe, improves: Run | None) -> str | None:
    """Let the person choose what training begins with; None while the file named cannot be used."""
    if improves is None:
        return _choose_weights(recipe, None, _usual_weights(recipe))
    try:
        before = first_weights.first_weights(frame.workspace(), improves)
    except InputError as error:
        st.warning(plain(str(error)))
        before = ""
    chosen = _choose_weights(recipe, improves, before)
    if chosen is not None and chosen != before:
        st.warning(
            f"{plain(improves.name)} did not begin with these weights: a comparison would be of the weights "
            "too, not of the images alone."
        )
    return chosen


def _usual_weights(recipe: Recipe) -> str:
    cell = swept.asked()
    if cell is not None and recipe == cell.recipe:
        return cell.base.weights
    if recipe.boundary == WHOLE_BASE:
        return "none"
    return first_weights.last_used(frame.workspace()) or "imagenet"


def _choose_weights(recipe: Recipe, improves: Run | None, before: str) -> str | None:
    mark = f"{recipe.name}-{improves.name if improves else NEW_SPLIT}"
    kind = st.radio(
        "Begin with the weights of",
        list(WEIGHTS),
        index=list(WEIGHTS).index(before if before in WEIGHTS else "file"),
        format_func=WEIGHTS.__getitem__,
        horizontal=True,
        key=f"weights-{mark}",
    )
    if kind == "imagenet":
        kept = any(frame.workspace().weights.glob("weights_mobilenet_v3_*.h5"))
        st.caption(
            "Kept on this machine already."
            if kept
            else "Downloaded once, 12 MB, and kept. Needs the internet."
        )
        return "imagenet"
    if kind == "none":
        st.caption("Random weights: with a few thousand images, expect far worse numbers than from ImageNet.")
        return "none"
    path = st.text_input(
        "File on the server",
        value="" if before in WEIGHTS else before,
        placeholder="/data/mobilenetv3_large_notop.weights.h5",
        key=f"weights-file-{mark}",
        help="HDF5 weights of MobileNetV3-Large without its top, or a .keras model that contains it.",
    ).strip()
    if not path:
        st.caption("Give the path of a file on the machine that runs this server.")
        return None
    file = Path(path).expanduser()
    trouble = weights_files.trouble(file)
    if trouble:
        st.warning(plain(trouble))
        return None
    return str(file.absolute())


def sizes(
    data: Dataset,
    unit: Unit,
    seed: int,
    improves: Run | None,
    exclude: tuple[str, ...],
    found: Folds | None = None,
) -> tuple[int, int]:
    """Return how many images would be trained on, in the mean over folds, and how many the split has."""
    if found is not None or (improves and improves.folds):
        table = found.frame if found is not None else improves.split() if improves else None
        assert table is not None
        return fold_choices.training_images(table, exclude), len(table)
    split = improves.split() if improves else new_split(data.id, data.catalogued_at, unit, seed)
    trained = split.loc[split["part"] == "train", "hash"]
    return int((~trained.isin(exclude)).sum()), len(split)


def validation_size(data: Dataset, unit: Unit, seed: int) -> tuple[int, int]:
    """Return how many images, and cases, the validation part of a new split would have."""
    return _validation_size(data.id, data.catalogued_at, unit, seed)


@st.cache_data(max_entries=32, show_spinner=False)
def _validation_size(dataset: int, catalogued_at: str, unit: str, seed: int) -> tuple[int, int]:
    split = new_split(dataset, catalogued_at, unit, seed)
    hashes = split.loc[split["part"] == "validation", "hash"]
    images = datasets.load_images(frame.workspace(), dataset)
    return len(hashes), int(images.loc[images["hash"].isin(hashes), "case"].nunique())


@st.cache_data(max_entries=32, show_spinner=False)
def new_split(dataset: int, catalogued_at: str, unit: str, seed: int) -> pd.DataFrame:
    """Return which part each image would be in; InputError when the images cannot be split."""
    return splits.make_split(datasets.load_images(frame.workspace(), dataset), unit, seed).frame
