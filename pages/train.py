"""Train: make a better one."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from breakhis_core import datasets, jobs, reviews, runs, splits
from breakhis_core.datasets import Dataset
from breakhis_core.errors import InputError
from breakhis_core.recipes import RECIPES, Recipe
from breakhis_core.training import TrainRequest
from pages.parts import frame, job_progress, training_time
from pages.parts.figures import counted

NEW_SPLIT = ""
UNITS = {"case": "by case", "image": "by image"}
UNIT_MEANS = {
    "case": "No case is in two parts: the numbers tell what to expect on a new patient.",
    "image": "As the authors did: a case has images in several parts, so that the model knows the patient, "
    "and the numbers read higher than on a new one.",
}
WEIGHTS = {"imagenet": "ImageNet", "file": "a file", "none": "none"}
PAST = 20


@st.cache_data(max_entries=32, show_spinner=False)
def part_sizes(dataset: int, catalogued_at: str, unit: str, seed: int) -> dict[str, int]:
    """Return how many images each part of a new split would have; InputError when it cannot be made."""
    split = splits.make_split(datasets.load_images(frame.workspace(), dataset), unit, seed)
    return split.frame["part"].value_counts().to_dict()


def choose_data(found: list[Dataset]) -> Dataset:
    """Let the person choose the data set, when there is more than one."""
    if len(found) == 1:
        data = found[0]
    else:
        data = st.selectbox(
            "Images",
            found,
            format_func=lambda one: f"{one.root.name} · {counted(one.images, 'image')}",
            key="data",
        )
    kind = "synthetic phantoms, not tissue" if data.phantom else str(data.root)
    st.caption(f"{counted(data.images, 'image')} of {counted(data.cases, 'case')} · {kind}")
    if data.trouble:
        st.warning(data.trouble)
    return data


def choose_recipe() -> Recipe:
    """Let the person choose the recipe and change the two settings that are changed often."""
    name = st.radio(
        "Recipe",
        list(RECIPES),
        index=list(RECIPES).index("recommended"),
        captions=[recipe.summary for recipe in RECIPES.values()],
        key="recipe",
    )
    return RECIPES[name]


def choose_split(data: Dataset, found: list[runs.Run]) -> tuple[str, str | None]:
    """Let the person choose a new split and its unit, or the split of a run to improve on."""
    # Any run on such images may be improved on; training says what is missing, if anything is.
    kept = {run.name: run for run in found if run.phantom == data.phantom}
    asked = st.query_params.get("improves")
    options = [NEW_SPLIT, *kept]
    improves = st.selectbox(
        "Split",
        options,
        index=options.index(asked) if asked in options else 0,
        format_func=lambda name: f"the same as {frame.run_label(kept[name])}" if name else "a new one",
        help="With the split of a run, both can be compared: the test set stays the same.",
        key="improves",
    )
    if improves != NEW_SPLIT:
        return kept[improves].unit, improves
    unit = st.radio(
        "Split",
        list(UNITS),
        format_func=UNITS.__getitem__,
        horizontal=True,
        label_visibility="collapsed",
        key="unit",
    )
    st.caption(UNIT_MEANS[unit])
    return unit, None


def choose_exclusions() -> tuple[str, ...]:
    """Let the person leave the flagged images out of train and validation."""
    flagged = tuple(sorted(reviews.excluded_hashes(frame.workspace())))
    asked = st.query_params.get("exclude") == "flagged"
    leave_out = st.checkbox(
        f"Leave out the {counted(len(flagged), 'flagged image')}",
        value=asked and bool(flagged),
        disabled=not flagged,
        help="They leave train and validation. The test set never changes.",
        key="exclude",
    )
    return flagged if leave_out else ()


def choose_weights() -> str | None:
    """Let the person choose what training begins with; None while the file named cannot be used."""
    kind = st.radio(
        "Begin with the weights of",
        list(WEIGHTS),
        format_func=WEIGHTS.__getitem__,
        horizontal=True,
        key="weights",
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
        placeholder="/data/mobilenetv3_large_notop.weights.h5",
        key="weights-file",
        help="HDF5 weights of MobileNetV3-Large without its top, or a .keras model that contains it.",
    ).strip()
    if not path:
        st.caption("Give the path of a file on the machine that runs this server.")
        return None
    file = Path(path).expanduser()
    if not file.is_file():
        st.warning(f"{file.name}: there is no such file on the server.")
        return None
    return str(file.absolute())


def choose_rest(recipe: Recipe) -> tuple[Recipe, int, str]:
    """Let the person change epochs, seeds and name, folded away."""
    with st.expander("Epochs, seed, name"):
        left, right = st.columns(2)
        epochs = left.number_input(
            "Epochs",
            1,
            1000,
            recipe.epochs,
            key=f"epochs-{recipe.name}",
            help=f"The recipe says {recipe.epochs}.",
        )
        seed = right.number_input("Seed of split and training", 0, 2**31 - 1, 0, key="seed")
        name = st.text_input(
            "Name of the run", placeholder="made of recipe and split", max_chars=80, key="name"
        )
    return recipe.model_copy(update={"epochs": int(epochs), "seed": int(seed)}), int(seed), name.strip()


def form(found: list[Dataset], known: list[runs.Run], busy: list[jobs.Job]) -> None:
    """Ask what to train, say how long it takes, and start it."""
    data = choose_data(found)
    recipe = choose_recipe()
    unit, improves = choose_split(data, known)
    exclude = choose_exclusions()
    weights = choose_weights()
    recipe, seed, name = choose_rest(recipe)
    try:
        trained, images = sizes(data, unit, seed, improves, known, exclude)
        if name:
            runs.check_name(name)
    except InputError as error:
        st.warning(str(error))
        return
    pace = training_time.pace(recipe, known)
    told = training_time.in_words(training_time.seconds_needed(recipe, trained, images, pace))
    source = f"from {pace.measured}" if pace.measured else "assumed for two cores"
    st.markdown(
        f"**{told.capitalize()}** · {counted(trained, 'training image')}, "
        f"{counted(recipe.epochs, 'epoch')} at {pace.images_per_second:.0f} images a second ({source})"
    )
    if busy:
        st.caption(f"Job {busy[0].id} is training; this one waits and starts when that has ended.")
    if st.button(
        "Add to the queue" if busy else "Start training",
        type="primary",
        disabled=weights is None,
        key="start",
    ):
        request = TrainRequest(recipe, data.id, unit, seed, weights or "", exclude, improves, name)
        st.session_state.job = jobs.submit(frame.workspace(), "train", request.to_dict())
        st.rerun()


def sizes(
    data: Dataset, unit: str, seed: int, improves: str | None, known: list[runs.Run], exclude: tuple[str, ...]
) -> tuple[int, int]:
    """Return how many images would be trained on, and how many the split has."""
    if improves is None:
        parts = part_sizes(data.id, data.catalogued_at, unit, seed)
        return parts["train"], sum(parts.values())
    split = next(run for run in known if run.name == improves).split()
    trained = split.loc[split["part"] == "train", "hash"]
    return int((~trained.isin(exclude)).sum()), len(split)


def past(trainings: list[jobs.Job]) -> None:
    """List the trainings, newest first; an open one shows its curves and what can be done."""
    st.markdown("##### Trainings")
    for job in trainings[:PAST]:
        word, _ = job_progress.STATES[job.state]
        row = st.expander(
            f"{job_progress.what(job)} · {word.lower()} · {job_progress.when(job.created)}",
            key=f"past-{job.id}",
            on_change="rerun",
        )
        if row.open:
            with row:
                job_progress.watch(job)


frame.page_header("Train")
catalogued = datasets.datasets(frame.workspace())
trainings = jobs.list_jobs(frame.workspace(), "train")
if not catalogued and not trainings:
    frame.empty_state(
        "There are no images to train on yet. Prepare the demo or point to a folder with BreakHis.",
        "Go to Home",
        "pages/home.py",
    )
    st.stop()
busy = [job for job in reversed(trainings) if job.active]
left, right = st.columns([38, 62], gap="large")
with left:
    if catalogued:
        form(catalogued, frame.runs(), busy)
    else:
        st.info("There are no images to train on: prepare the demo or catalogue a folder on Home.")
with right:
    wanted = st.session_state.get("job")
    shown = busy[0] if busy else next((job for job in trainings if job.id == wanted), None)
    shown = shown or (trainings[0] if trainings else None)
    if shown is None:
        st.caption("Nothing was trained here yet. What you start shows its progress and curves here.")
    else:
        job_progress.watch(shown)
        others = [job for job in trainings if job.id != shown.id]
        if others:
            past(others)
