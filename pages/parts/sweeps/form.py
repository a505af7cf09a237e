"""The form of a new sweep: images, split, study or grid, recipe, what is measured, and how long it takes."""

from __future__ import annotations

import streamlit as st

from breakhis_core import jobs
from breakhis_core.errors import InputError
from breakhis_core.images.datasets import Dataset
from breakhis_core.recipes import RECIPES, Recipe
from breakhis_core.runs import Run
from breakhis_core.splits.split import Unit
from breakhis_core.sweeps.request import (
    MEASURES,
    Grid,
    Metric,
    StudyKind,
    SweepRequest,
    new_request,
    usual_epochs,
)
from breakhis_core.sweeps.results import visible_difference
from breakhis_core.sweeps.values import SETTINGS, field_text, parse_grid
from breakhis_core.training import duration
from breakhis_core.training.request import TrainRequest
from breakhis_core.wording import counted
from pages.parts.shared import frame, in_sight
from pages.parts.shared.markdown import plain
from pages.parts.training import choices as training_choices

STUDY_NAMES = {
    "learning-rate": "Learning rate × decay",
    "boundary": "First trained layer",
    "grid": "Any settings",
}
STUDY_MEANS = [
    "The authors' study, 5 × 4 settings: a heat map.",
    "The authors' study, their layers 60 to 260: a curve.",
    "Choices of any settings of a recipe.",
]
EXAMPLE = "learning_rate = 0.003, 0.001\ndropout = 0.2, 0.5"


def form(found: list[Dataset], known: list[Run], busy: bool) -> None:
    """Ask what to try: images and study on the left, how on the right; then start it."""
    left, right = st.columns(2, gap="large")
    with left:
        data = training_choices.choose_data(found)
        unit = _choose_unit()
        study, lines = _choose_study()
    with right:
        recipe, metric = _choose_recipe()
        weights = training_choices.choose_weights(recipe, None)
        epochs, seeds, seed, prune, processes = _choose_rest(study, recipe)
        recipe = recipe.lasting(epochs).model_copy(update={"seed": seed})
        base = TrainRequest(recipe=recipe, data=data.id, unit=unit, split_seed=seed, weights=weights or "")
        try:
            grid = parse_grid(lines) if study == "grid" else None
            request = new_request(base, study, grid, metric, seeds, prune)
            trained, images = training_choices.sizes(data, unit, seed, None, ())
            measured = _measured_in_words(data, unit, seed)
        except InputError as error:
            st.warning(plain(str(error)))
            return
        _start(request, processes, weights is not None, _time_in_words(request, trained, images, known), busy)
        st.caption(measured)


def _start(
    request: SweepRequest, processes: int | None, ready: bool, time: tuple[str, str], busy: bool
) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        label = "Add to the queue" if busy else "Start the sweep"
        pressed = st.button(label, type="primary", disabled=not ready, key="sweep-start")
        st.markdown(f"**{time[0]}**", width="content")
    st.caption(time[1])
    if busy:
        st.caption("A sweep is running; this one waits and starts when that has ended.")
    if pressed:
        arguments = {"request": request.model_dump(mode="json"), "processes": processes}
        st.session_state.sweep_job = jobs.submit(frame.workspace(), "sweep", arguments)
        st.query_params.pop("sweep", None)
        in_sight.started()
        st.rerun()


def _choose_study() -> tuple[StudyKind, list[str]]:
    study: StudyKind = st.radio(
        "Study",
        list(STUDY_NAMES),
        format_func=STUDY_NAMES.__getitem__,
        captions=STUDY_MEANS,
        key="sweep-study",
    )
    if study != "grid":
        return study, []
    text = st.text_area(
        "Choices, one setting a line",
        value=EXAMPLE,
        key="sweep-grid",
        height=110,
        help=f"The settings are {', '.join(SETTINGS)}.",
    )
    return study, [line for line in text.splitlines() if line.strip()]


def _choose_recipe() -> tuple[Recipe, Metric]:
    first, second = st.columns(2)
    recipe = RECIPES[
        first.selectbox(
            "On top of the recipe",
            list(RECIPES),
            key="sweep-recipe",
            help="Every setting that the grid does not vary is as this recipe says.",
        )
    ]
    metric: Metric = second.selectbox(
        "Validation metric",
        list(MEASURES),
        format_func=MEASURES.__getitem__,
        key="sweep-metric",
        help="After the last epoch. Accuracy as the authors did; macro F1 counts rare sub-types as much as "
        "common ones. The test images are not looked at.",
    )
    return recipe, metric


def _choose_unit() -> Unit:
    units: dict[Unit, str] = {"case": "by case", "image": "by image"}
    unit: Unit = st.radio(
        "Unit of the split", list(units), format_func=units.__getitem__, horizontal=True, key="sweep-unit"
    )
    st.caption(training_choices.UNIT_MEANS[unit])
    return unit


def _choose_rest(study: str, recipe: Recipe) -> tuple[int, int, int, bool, int | None]:
    with st.expander("Epochs, seeds, pruning, processes"):
        left, right = st.columns(2)
        usual = usual_epochs(study, recipe)
        epochs = left.number_input(
            "Epochs",
            recipe.shortest,
            1000,
            usual,
            key=f"sweep-epochs-{study}-{recipe.name}",
            help="Of each training.",
        )
        seeds = right.number_input(
            "Seeds of each cell",
            1,
            20,
            1,
            key="sweep-seeds",
            help="Several trainings of each cell show how much is chance: its mean and range are shown.",
        )
        seed = left.number_input("Seed of split and training", 0, 2**31 - 1, 0, key="sweep-seed")
        processes = right.number_input(
            "Processes",
            1,
            64,
            None,
            placeholder="by cores",
            key="sweep-processes",
            help="Trainings at the same time. They share the cores and need about 3 GB of memory each.",
        )
        prune = st.checkbox(
            "End hopeless trainings early",
            value=True,
            key="sweep-prune",
            help="After a third of its epochs a training ends when it lies below the median of the finished "
            "ones. Its cell then says so and has no value.",
        )
    return int(epochs), int(seeds), int(seed), prune, None if processes is None else int(processes)


def _time_in_words(request: SweepRequest, trained: int, images: int, known: list[Run]) -> tuple[str, str]:
    """Return how many trainings take how long, and what that rests on."""
    recipe = request.base.recipe
    pace = duration.pace(recipe, known)
    # The first training of each boundary looks at the images once, the others find what that kept.
    first = duration.seconds_needed(recipe, trained, images, pace)
    other = duration.again_seconds(recipe, trained, pace)
    boundaries = len(request.grid.get("boundary", ("one",)))
    seconds = boundaries * first + (request.trials - boundaries) * other
    source = f"measured in {plain(pace.measured)}" if pace.measured else "assumed for two cores"
    return f"{counted(request.trials, 'training')}, {duration.in_words(seconds)}", (
        f"{_shape(request.grid)} · {counted(trained, 'training image')}, "
        f"{counted(recipe.main_epochs, 'epoch')} at {pace.images_per_second:.0f} images a second, {source}; "
        "processes share the cores" + ("; pruning makes it shorter" if request.prune else "")
    )


def _measured_in_words(data: Dataset, unit: Unit, seed: int) -> str:
    """Say what the cells will be measured on, and which difference that can show."""
    images, cases = training_choices.validation_size(data, unit, seed)
    if not images:
        return "The validation part of this split is empty: there is nothing to measure the settings on."
    seen = visible_difference(images, cases)
    on = f"Measured on {counted(images, 'validation image')} of {counted(cases, 'case')}"
    if seen > 0.5:
        return f"{on}: too few to tell settings apart."
    return f"{on}: settings whose accuracy differs by less than about {seen:.2f} cannot be told apart."


def _shape(grid: Grid) -> str:
    fields = " × ".join(field_text(field) for field in grid)
    return f"{fields}: {' × '.join(str(len(choices)) for choices in grid.values())}"
