"""The retraining without flagged images: what leaves, what stays, and the request that asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from breakhis_core import jobs, reviews, runs
from breakhis_core.folds import fold_columns
from breakhis_core.recipes import RECIPES, Recipe
from breakhis_core.runs import Run
from breakhis_core.training import TrainRequest
from pages.parts.figures import counted
from pages.parts.frame import workspace


@dataclass(frozen=True)
class Plan:
    """What a retraining would leave out.

    Attributes:
        run: name of the run to improve on.
        excluded: hashes of the images that a policy excludes.
        train: how many of them leave the training images.
        validation: how many leave the validation images.
        test: how many are test images, and stay.
        weights: what training begins with, as ``TrainRequest`` takes it.
        folds: folds of the run, when it is a cross-validation; what leaves then counts as training images.
    """

    run: str
    excluded: tuple[str, ...]
    train: int
    validation: int
    test: int
    weights: str
    folds: int = 0

    @property
    def leaving(self) -> int:
        """How many images leave."""
        return self.train + self.validation

    @property
    def words(self) -> str:
        """What would happen, in plain words."""
        kept = (
            f" {counted(self.test, 'flagged test image')} stay, because the test set is frozen."
            if self.test
            else ""
        )
        if not self.excluded:
            return "No image is excluded by this rule."
        if not self.leaving:
            return (
                f"**{self.run}** was trained on none of the excluded images, "
                f"so a retraining would change nothing but chance.{kept}"
            )
        if self.folds:
            return f"Same folds and recipe as **{self.run}**: {self.leaving_words}"
        return f"Same split and recipe as **{self.run}**: {self.leaving_words}{kept}"

    @property
    def leaving_words(self) -> str:
        """What leaves the training, in one sentence."""
        if self.folds:
            return (
                f"{counted(self.train, 'image')} leave the training of all {self.folds} folds. What each "
                "fold tests stays, so that they are still predicted."
            )
        leaving = counted(self.train, "training image"), counted(self.validation, "validation image")
        return f"{' and '.join(leaving)} leave."


def plan(run: Run, policy: str | None = None) -> Plan:
    """Say what a retraining of a run would leave out under a policy, by default the workspace's."""
    excluded = reviews.excluded_hashes(workspace(), policy)
    split = run.split()
    # The split stays as it was drawn; what the run was already trained without cannot leave once more.
    leaves = set(excluded) - set(run.excluded)
    concerned = split[split["hash"].isin(leaves)]
    if run.folds:
        learnt = concerned[fold_columns(split)].isin(["train", "validation"]).any(axis=1)
        return Plan(run.name, excluded, int(learnt.sum()), 0, 0, first_weights(run), run.folds)
    parts = concerned["part"].value_counts()
    many = {part: int(parts.get(part, 0)) for part in ("train", "validation", "test")}
    return Plan(run.name, excluded, **many, weights=first_weights(run))


def request(run: Run, what: Plan) -> TrainRequest:
    """Return the training of the plan: the run's recipe, split and first weights."""
    return TrainRequest(
        recipe=recipe_of(run),
        unit="image" if run.unit == "image" else "case",
        split_seed=int(run.manifest["split_seed"]),
        weights=what.weights,
        exclude=what.excluded,
        improves=run.name,
        name=runs.free_name(workspace().models, f"{run.name}-without-flagged"),
    )


def recipe_of(run: Run) -> Recipe:
    """Return a run's recipe; what an older run does not say is as in the recipe of its name."""
    said = run.recipe()
    known = RECIPES.get(str(said.get("name")))
    return Recipe.model_validate({**(known.model_dump() if known else {}), **said})


def first_weights(run: Run) -> str:
    """Return the weights that a run began with; a file's place is known from the job that trained it."""
    weights = str(run.manifest["weights"])
    if weights in ("imagenet", "none"):
        return weights
    for job in jobs.list_jobs(workspace(), "train", limit=500):
        file = str(job.arguments.get("weights", ""))
        if (job.result or {}).get("run") == run.name and Path(file).is_file():
            return file
    kept = workspace().weights / weights
    return str(kept) if kept.is_file() else "imagenet"


def review_address(run: Run, image: str) -> str:
    """Return the address that opens an image of a run for review, whatever part it is in."""
    return "/review?" + urlencode({"run": run.name, "part": "every", "order": "all", "image": image})
