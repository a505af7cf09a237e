"""A workspace from a notebook: catalogue, train, open runs, read what reviewers said, compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import ValidationError

from breakhis_core import reviews, runs
from breakhis_core.errors import InputError
from breakhis_core.flags import listing
from breakhis_core.flags.statements import FOLLOWS, LEAVING, statements
from breakhis_core.images import datasets
from breakhis_core.images.cataloguing import catalogue_folder
from breakhis_core.images.taxonomy import CODES
from breakhis_core.jobs import retraining
from breakhis_core.notebook.comparison import Comparison, compared
from breakhis_core.notebook.frames import about, images_in_words, with_origin
from breakhis_core.notebook.run import OpenRun
from breakhis_core.notebook.watching import watching
from breakhis_core.phantoms.demo import make_demo
from breakhis_core.recipes import RECIPES, Recipe
from breakhis_core.results.evaluate import evaluate_run
from breakhis_core.runs import Run
from breakhis_core.runs.table import run_rows
from breakhis_core.settings import Settings
from breakhis_core.training.checkpoint import foreground_folder
from breakhis_core.training.request import TrainRequest, weights_given
from breakhis_core.training.train import train
from breakhis_core.wording import counted
from breakhis_core.workspace import Workspace

AnyRun = OpenRun | str | Path
"""A run, its name, or its folder."""


class OpenWorkspace:
    """An open workspace: the data sets, runs and reviews that the app and the commands see too.

    Args:
        workspace: the opened workspace.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def __repr__(self) -> str:
        """Say in one line what is there."""
        sets = ", ".join(
            f"{one.root.name} ({counted(one.images, 'image')}, {images_in_words(one.phantom)})"
            for one in datasets.datasets(self._workspace)
        )
        known = runs.list_runs(self._workspace.models)[0]
        return f"<workspace {self.path.name}: {sets or 'no images'}; {counted(len(known), 'run')}>"

    @property
    def path(self) -> Path:
        """Its folder."""
        return self._workspace.root

    @property
    def models(self) -> Path:
        """The folder of the runs."""
        return self._workspace.models

    @property
    def datasets(self) -> pd.DataFrame:
        """The catalogued folders, newest first; ``contents`` says whether they hold tissue."""
        rows = [
            (
                one.root.name,
                str(one.root),
                one.images,
                one.cases,
                one.problems,
                images_in_words(one.phantom),
                one.catalogued_at,
            )
            for one in datasets.datasets(self._workspace)
        ]
        columns = ["name", "folder", "images", "cases", "problems", "contents", "catalogued"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def runs(self) -> pd.DataFrame:
        """The runs, newest first: split, images, how good each is on its test images, what it has to beat."""
        known = runs.list_runs(self._workspace.models)[0]
        rows = []
        for run, row in zip(known, run_rows(known, evaluate_run), strict=True):
            low, high = row.limits or (None, None)
            contents = images_in_words(run.phantom)
            rows.append({**asdict(row), "low": low, "high": high, "contents": contents})
        columns = ["name", "recipe", "split", "images", "contents", "differs", "created", "seconds"]
        return pd.DataFrame(rows, columns=[*columns, "accuracy", "low", "high", "baseline", "macro_f1"])

    def catalogue(self, folder: str | Path, *, progress: bool = True) -> pd.DataFrame:
        """Read every picture of a folder of BreakHis, and check it against the published table.

        Args:
            folder: the folder that holds BreaKHis_v1, or one inside it.
            progress: show a line of progress.

        Returns:
            What is wrong, one row per problem: path, kind and reason; ``attrs`` have the counts.

        Raises:
            InputError: there is no such folder, or it has another layout.
        """
        with watching(self.path, progress) as context:
            found = catalogue_folder(self._workspace, {"root": str(folder)}, context)
        return self._problems(found)

    def demo(self, *, progress: bool = True) -> pd.DataFrame:
        """Paint 656 synthetic phantoms, not tissue, and catalogue them: images to try everything with.

        Args:
            progress: show a line of progress.

        Returns:
            As of ``catalogue``.
        """
        with watching(self._workspace.jobs / "demo", progress) as context:
            found = make_demo(self._workspace, {}, context)
        return self._problems(found)

    def images(self, data: str | Path | None = None) -> pd.DataFrame:
        """Return the catalogued images.

        Args:
            data: name or folder of a data set; by default all.

        Returns:
            One row per image: hash (its identity), name, path, subtype, side, slide, case, magnification,
            width, height, status (usable or quarantined), and the number of its data set.

        Raises:
            InputError: there is no such data set.
        """
        number = None if data is None else datasets.dataset_named(self._workspace, data).id
        return datasets.load_images(self._workspace, number)

    def open_run(self, run: str | Path) -> OpenRun:
        """Open a run by its name or its folder.

        Raises:
            InputError: there is no such run, or it is damaged or foreign.
        """
        return OpenRun(self._opened(run))

    def train(
        self,
        recipe: str | Recipe = "recommended",
        *,
        unit: Literal["case", "image"] = "case",
        weights: str | Path = "imagenet",
        name: str = "",
        epochs: int | None = None,
        seed: int = 0,
        data: str | Path | None = None,
        exclude: pd.DataFrame | Iterable[str] = (),
        correct: pd.DataFrame | Mapping[str, str] | None = None,
        improves: AnyRun | None = None,
        folds: int = 0,
        progress: bool = True,
    ) -> OpenRun:
        """Train a run here and now. The stop button stops after a whole step; the same call then goes on.

        Args:
            recipe: name of one that ships (``breakhis.RECIPES``), or one of your own.
            unit: what a split keeps whole: the case, or only the image, which flatters.
            weights: ``"imagenet"`` (downloaded once), ``"none"``, or a weights file.
            name: of the run; by default made of recipe and unit.
            epochs: instead of the recipe's.
            seed: of the split and of the training.
            data: name or folder of the data set; by default the newest.
            exclude: images to leave out of train and validation: a frame with a column hash, or hashes.
            correct: right sub-types to use in train and validation: a frame with columns hash and correction,
                or codes by hash. With ``exclude`` these images stay.
            improves: keep the split, and the unit, of this run, to be compared with it.
            folds: folds of a cross-validation; 0 trains one model.
            progress: show a line of progress.

        Raises:
            InputError: something given cannot be used.
            KeyboardInterrupt: it was stopped.
        """
        if name and (self.models / runs.check_name(name)).exists():
            raise InputError(f"A run named {name} exists already; choose another name, or open it.")
        kept = None if improves is None else self._opened(improves)
        changes = {"seed": seed} if epochs is None else {"seed": seed, "epochs": epochs}
        if unit not in ("case", "image"):
            raise InputError(f"A split is by image or by case, not by {unit!r}.")
        labels = {} if correct is None else _labels(correct)
        self._hashes(labels)
        request = TrainRequest(
            recipe=_recipe(recipe, changes),
            data=None if data is None else datasets.dataset_named(self._workspace, data).id,
            unit=unit if kept is None else ("image" if kept.unit == "image" else "case"),
            split_seed=seed,
            weights=weights_given(str(weights)),
            exclude=tuple(image for image in self._hashes(exclude) if image not in labels),
            labels=labels,
            improves=None if kept is None else kept.name,
            name=name,
            folds=folds,
        )
        return self._train(request, progress)

    def retrain(
        self,
        run: AnyRun,
        *,
        mode: Literal["both", "corrected", "without"] | None = None,
        progress: bool = True,
    ) -> OpenRun:
        """Train a run anew on what reviewers made of it: the same split, recipe, seed and first weights.

        Args:
            run: the run to improve on.
            mode: ``"both"`` uses corrected labels and leaves out the other flagged images, ``"corrected"``
                leaves none out, ``"without"`` leaves out all of them; by default both, as far as there are
                corrections.
            progress: show a line of progress.

        Raises:
            InputError: nothing would change, or the first weights are not here.
            KeyboardInterrupt: it was stopped.
        """
        opened = self._opened(run)
        if mode is not None and mode not in retraining.MODES:
            raise InputError(f"A mode is one of {', '.join(retraining.MODES)}, not {mode!r}.")
        plan = retraining.plan(self._workspace, opened, mode=mode)
        if not plan.changes:
            raise InputError(plan.words)
        return self._train(retraining.request(self._workspace, opened, plan), progress)

    def flags(self, run: AnyRun | None = None) -> pd.DataFrame:
        """Return all that stands about images, as an export holds it: flags, keeps and settlements.

        Args:
            run: only images of this run's data set, and what part each is in; by default all.

        Returns:
            One row per statement, columns as of ``flags.statements.STATEMENT_COLUMNS``: name, action,
            reason, note, reviewer, time, outcome (leaves or stays) and more.
        """
        opened = None if run is None else self._opened(run)
        said = statements(self._workspace, opened)
        return with_origin(said.assign(outcome=said["outcome"].map(FOLLOWS)), _origin(opened))

    def exclusions(self, run: AnyRun | None = None) -> pd.DataFrame:
        """Return the images that leave a training, by the rule that was chosen and by what stewards settled.

        Args:
            run: only images of this run's data set, and without its test images, which stay; by default all
                images, as if none were a test image.

        Returns:
            One row per image: hash, name, subtype, reasons and reviewers (text, separated by commas), and
            correction, the sub-type that is right by all who named one; empty where none stands.
        """
        opened = None if run is None else self._opened(run)
        said = listing.listed(self._workspace, opened)
        right = reviews.corrected_labels(self._workspace)
        rows = [
            (
                one.hash,
                one.name,
                one.subtype,
                ", ".join(one.reasons),
                ", ".join(one.reviewers),
                right.get(one.hash, ""),
            )
            for one in listing.images(said[said["outcome"].isin(LEAVING)])
        ]
        columns = ["hash", "name", "subtype", "reasons", "reviewers", "correction"]
        return with_origin(pd.DataFrame(rows, columns=columns, dtype="str"), _origin(opened))

    def compare(self, run: AnyRun, base: AnyRun) -> Comparison:
        """Hold a run against another one, on the same test images.

        Args:
            run: the run in question, such as a retraining.
            base: what it is held against, such as the run that was retrained.

        Raises:
            InputError: they were not tested on the same images; the message says what differs.
        """
        flagged = reviews.excluded_hashes(self._workspace)
        corrected = reviews.corrected_labels(self._workspace)
        return compared(self._opened(run), self._opened(base), flagged, corrected)

    def _opened(self, run: AnyRun) -> Run:
        folder = run.path if isinstance(run, OpenRun) else runs.run_folder(str(run), self._workspace.models)
        return runs.open_run(folder)

    def _hashes(self, exclude: pd.DataFrame | Iterable[str]) -> tuple[str, ...]:
        hashes = set(exclude["hash"] if isinstance(exclude, pd.DataFrame) else exclude)
        if strange := sorted(hashes - set(self.images()["hash"])):
            raise InputError(f"{strange[0]!r} is no hash of an image that is catalogued here.")
        return tuple(sorted(hashes))

    def _train(self, request: TrainRequest, progress: bool) -> OpenRun:
        with foreground_folder(self._workspace, request) as folder, watching(folder, progress) as context:
            return OpenRun(runs.open_run(train(request, self._workspace, context)))

    def _problems(self, found: dict[str, Any]) -> pd.DataFrame:
        table = datasets.load_problems(self._workspace, found["dataset"])
        counts = {name: found[name] for name in ("root", "cases", "slides", "usable", "quarantined")}
        return with_origin(
            table, {**counts, "count": found["images"], "images": images_in_words(found["phantom"])}
        )


def open_workspace(folder: str | Path | None = None, *, models: str | Path | None = None) -> OpenWorkspace:
    """Open a workspace, making what is missing.

    Args:
        folder: of the database and caches; by default ``BREAKHIS_WORKSPACE``, or ``workspace``.
        models: of the runs; by default ``BREAKHIS_MODELS``, or ``models``.

    Raises:
        InputError: a folder cannot be written, or the database cannot be opened.
    """
    given = {"workspace": folder, "models": models}
    settings = Settings.model_validate({name: path for name, path in given.items() if path is not None})
    return OpenWorkspace(Workspace.open(settings))


def _labels(correct: pd.DataFrame | Mapping[str, str]) -> dict[str, str]:
    """Return corrected sub-types by hash; rows without one say nothing."""
    if isinstance(correct, Mapping):
        said = [(image, code) for image, code in correct.items()]
    else:
        rows = correct[correct["correction"].notna() & (correct["correction"] != "")]
        said = list(zip(rows["hash"], rows["correction"], strict=True))
    labels: dict[str, str] = {}
    for image, code in said:
        if code not in CODES:
            raise InputError(f"{code!r} is no sub-type; the sub-types are {', '.join(CODES)}.")
        if labels.setdefault(image, code) != code:
            raise InputError(f"{image} is said to be {labels[image]} and {code}; give one of them.")
    return labels


def _recipe(recipe: str | Recipe, changes: dict[str, int]) -> Recipe:
    if isinstance(recipe, str):
        if recipe not in RECIPES:
            raise InputError(f"{recipe!r} is no recipe; the recipes are {', '.join(RECIPES)}.")
        recipe = RECIPES[recipe]
    try:
        return Recipe.model_validate({**recipe.model_dump(), **changes})
    except ValidationError as error:
        wrong = error.errors()[0]
        raise InputError(f"{wrong['loc'][0]}: {wrong['msg']}.") from None


def _origin(run: Run | None) -> dict[str, Any]:
    return {} if run is None else about(run)
