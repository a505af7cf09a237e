"""Train: make a better one."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import streamlit as st

from breakhis_core import jobs, runs
from breakhis_core.errors import InputError
from breakhis_core.images import datasets
from breakhis_core.images.datasets import Dataset
from breakhis_core.jobs import words as job_words
from breakhis_core.networks.weights_files import weights_in_words
from breakhis_core.recipes import Recipe
from breakhis_core.runs import Run
from breakhis_core.splits.split import Unit
from breakhis_core.training import duration
from breakhis_core.training.request import TrainRequest
from breakhis_core.wording import counted
from pages.parts.shared import frame, guard, in_sight, job_panel
from pages.parts.shared.markdown import plain
from pages.parts.training import choices, flagged_choice, fold_choices, settings
from pages.parts.training.flagged_choice import Flagged
from pages.parts.training.fold_choices import FoldWish

PAST = 20


@dataclass(frozen=True)
class Wish:
    """What the form asks for.

    Attributes:
        data: the images.
        units: units of the split, one training each.
        improves: the run whose split is kept, if one is.
        tested: what the models are tested on.
        flagged: what becomes of flagged images.
        recipe: all settings.
        seed: of a new split.
        weights: what training begins with; None while that is not known.
        name: of the run, or nothing.
    """

    data: Dataset
    units: tuple[Unit, ...]
    improves: Run | None
    tested: FoldWish
    flagged: Flagged
    recipe: Recipe
    seed: int
    weights: str | None
    name: str

    @property
    def is_ready(self) -> bool:
        """Whether nothing is missing to start."""
        return self.weights is not None and self.tested.is_ready

    def requests(self) -> list[TrainRequest]:
        """Return the trainings, one for each unit."""
        return [
            TrainRequest(
                recipe=self.recipe,
                # A kept split may hold images of several data sets: training finds them all by itself.
                data=self.data.id if self.improves is None else None,
                unit=unit,
                split_seed=self.seed,
                weights=self.weights or "",
                exclude=self.flagged.exclude,
                labels=dict(self.flagged.labels),
                improves=None if self.improves is None else self.improves.name,
                name=f"{self.name}-by-{unit}" if self.name and len(self.units) > 1 else self.name,
                folds=self.tested.count,
                fold_files=self.tested.files,
            )
            for unit in self.units
        ]


def form(found: list[Dataset], known: list[Run], busy: list[jobs.Job]) -> None:
    """Ask what to train: images and split on the left, how on the right; then start it."""
    left, right = st.columns(2, gap="large")
    with left:
        data = choices.choose_data(found)
        unit, improves, tested = choices.choose_split(data, known)
        flagged = flagged_choice.choose(data, improves)
    with right:
        recipe = choices.choose_recipe(data, improves)
        weights = choices.choose_weights(recipe, improves)
        units: tuple[Unit, ...] = ("case", "image") if unit == choices.BOTH else (one_unit(unit),)
        try:
            recipe, seed, name = settings.choose_rest(recipe, improves)
            start(Wish(data, units, improves, tested, flagged, recipe, seed, weights, name), known, busy)
        except InputError as error:
            st.warning(plain(str(error)))


def start(wish: Wish, known: list[Run], busy: list[jobs.Job]) -> None:
    """Say how long the training takes, and begin it when told to.

    Raises:
        InputError: it cannot be made.
    """
    words, rests_on = time_in_words(wish, known)
    if wish.name:
        runs.check_name(wish.name)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        label = "Add to the queue" if busy else "Start training"
        pressed = st.button(label, type="primary", disabled=not wish.is_ready, key="start")
        st.markdown(f"**Takes {words}**", width="content")
    st.caption(rests_on)
    if busy:
        st.caption(f"Job {busy[0].id} is training; this one waits and starts when that has ended.")
    if pressed:
        for request in wish.requests():
            st.session_state.job = jobs.submit(frame.workspace(), "train", request.model_dump(mode="json"))
        for name in ("improves", "exclude", "mode", "sweep", "cell"):
            st.query_params.pop(name, None)  # What the link asked for is under way.
        in_sight.started()
        st.rerun()


def time_in_words(wish: Wish, known: list[Run]) -> tuple[str, str]:
    """Return how long the training takes, and what that rests on."""
    unit, improves = wish.units[0], wish.improves
    folds = wish.tested.folds(wish.data, unit, wish.seed)
    trained, images = choices.sizes(wish.data, unit, wish.seed, improves, wish.flagged.exclude, folds)
    if folds:
        fold_choices.explain(folds, wish.data)
    pace = duration.pace(wish.recipe, known)
    models = folds.count if folds else improves.folds if improves else 0
    kept = wish.weights is not None and duration.is_kept(wish.recipe, weights_in_words(wish.weights), known)
    seconds = duration.seconds_needed(
        wish.recipe, trained, images, pace, max(1, models), kept=kept, improves=improves is not None
    )
    source = f"measured in {plain(pace.measured)}" if pace.measured else "assumed for two cores"
    return duration.in_words(seconds * len(wish.units)), (
        f"{f'{models} folds, each with about ' if models else ''}{counted(trained, 'training image')}, "
        f"{counted(wish.recipe.main_epochs, 'epoch')} at "
        f"{pace.images_per_second:.0f} images a second, {source}" + (", images seen before" if kept else "")
    )


def one_unit(unit: str) -> Unit:
    """Return a unit of the form as splits know it."""
    return "image" if unit == "image" else "case"


def others(trainings: list[jobs.Job], above: bool) -> None:
    """List the trainings that wait and those that ended; an open one shows what can be done about it.

    Args:
        trainings: newest first.
        above: whether a training stands above already; else the newest that ended is open.
    """
    waiting = [job for job in reversed(trainings) if job.active]
    ended = [job for job in trainings if not job.active]
    newest = ended[0] if ended and not above else None
    for title, some in (("Waiting", waiting), ("Earlier trainings", ended)):
        if some:
            st.markdown(f"## {title}")
        for job in some[:PAST]:
            row = st.expander(
                job_panel.in_one_line(job),
                key=f"past-{job.id}",
                expanded=job is newest,
                on_change="rerun",
            )
            if row.open:
                with row:
                    job_panel.watch(job, named=False)


@guard.fragment(run_every=2.0)
def maps_at_work() -> None:
    """Say which runs' maps are being drawn: of a new run that goes on behind its training."""
    for job in jobs.active(frame.workspace()):
        if job.kind == "maps":
            run = str(job.arguments.get("run"))
            words = job_words.in_words(job)
            st.markdown(f"[{plain(words)}](/review?run={quote(run)})")


def in_view(trainings: list[jobs.Job], busy: list[jobs.Job]) -> jobs.Job | None:
    """Return the training that stands above the form: the one that runs, else the one started here."""
    mine = st.session_state.get("job")
    return busy[0] if busy else next((job for job in trainings if job.id == mine), None)


frame.page_header("Train")
frame.stack_columns()
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
shown = in_view(trainings, busy)
in_sight.after_start()
if not catalogued:
    st.info("There are no images to train on: prepare the demo or catalogue a folder on Home.")
elif shown is None:
    form(catalogued, frame.runs(), busy)
else:
    # Folded into one line, so that the training stands in sight; a link that fills the form in opens it.
    asked = "improves" in st.query_params or "sweep" in st.query_params
    with st.expander("New training", icon=":material/add:", expanded=asked, key=f"new-after-{shown.id}"):
        form(catalogued, frame.runs(), busy)
if shown is not None:
    job_panel.watch(shown)
if any(job.kind == "maps" for job in jobs.active(frame.workspace())):
    maps_at_work()
others([job for job in trainings if shown is None or job.id != shown.id], above=shown is not None)
