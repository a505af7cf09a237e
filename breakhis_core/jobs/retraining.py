"""What a retraining of a run leaves out: one rule for screens and commands.

Flagged images leave train and validation. The test images never change, and what a cross-validation tests
stays tested, so that both runs can be compared on the same images.
"""

from __future__ import annotations

from dataclasses import dataclass

from breakhis_core import reviews, runs
from breakhis_core.jobs.first_weights import first_weights
from breakhis_core.recipes import completed
from breakhis_core.reviews.terms import POLICIES
from breakhis_core.runs import Run
from breakhis_core.runs.scope import scope_of
from breakhis_core.splits.folds import fold_columns
from breakhis_core.training.request import TrainRequest
from breakhis_core.wording import counted
from breakhis_core.workspace import Workspace


@dataclass(frozen=True)
class Plan:
    """What a retraining would leave out.

    Attributes:
        run: name of the run to improve on.
        excluded: hashes of the images that the policy excludes, of those that the run is about.
        train: how many of them leave the training images.
        validation: how many leave the validation images.
        test: how many are test images, and stay.
        already: how many the run was trained without before.
        returning: how many images that the run was trained without are excluded no more, and come back.
        folds: folds of the run, when it is a cross-validation; what leaves then counts as training images.
    """

    run: str
    excluded: tuple[str, ...]
    train: int
    validation: int
    test: int
    already: int = 0
    returning: int = 0
    folds: int = 0

    @property
    def leaving(self) -> int:
        """How many images leave."""
        return self.train + self.validation

    @property
    def changes(self) -> bool:
        """Whether a retraining would learn from other images than the run did."""
        return bool(self.leaving or self.returning)

    @property
    def leaving_words(self) -> str:
        """What leaves the training, and what comes back, in a sentence or two."""
        if self.folds:
            words = (
                f"{counted(self.train, 'image')} {_verb(self.train, 'leave')} the training of all "
                f"{self.folds} folds. What each fold tests stays, so that they are still predicted."
            )
        else:
            parts = {"training image": self.train, "validation image": self.validation}
            said = " and ".join(counted(many, what) for what, many in parts.items())
            words = f"{said} leave."
        if self.returning:
            words += (
                f" {counted(self.returning, 'image')} that {self.run} was trained without "
                f"{_verb(self.returning, 'come')} back."
            )
        return words

    @property
    def staying_words(self) -> str:
        """Which flagged images stay, in one sentence; nothing where none does."""
        if not self.test:
            return ""
        return (
            f"{counted(self.test, 'flagged test image')} {_verb(self.test, 'stay')}: the test set is frozen."
        )

    @property
    def words(self) -> str:
        """What a retraining would do."""
        if not self.excluded and not self.returning:
            return "No image is excluded by this rule."
        if self.changes:
            kept = "folds" if self.folds else "split"
            said = f"Same {kept}, recipe and first weights as {self.run}: {self.leaving_words}"
        elif self.already:
            said = (
                f"{self.run} was trained without {counted(self.already, 'excluded image')}; a retraining "
                "would change nothing but chance."
            )
        else:
            said = (
                f"{self.run} was trained on none of the excluded images; a retraining would change nothing "
                "but chance."
            )
        return f"{said} {self.staying_words}".strip()


def plan(workspace: Workspace, run: Run, policy: str | None = None) -> Plan:
    """Say what a retraining of a run would leave out.

    Args:
        workspace: where the answers are.
        run: the run to improve on.
        policy: one of ``POLICIES``; by default the one that was chosen for the workspace.
    """
    about = scope_of(workspace, run).hashes
    excluded = tuple(image for image in reviews.excluded_hashes(workspace, policy) if image in about)
    split, before = run.split(), set(run.excluded)
    # The split stays as it was drawn; what the run was already trained without cannot leave once more.
    concerned = split[split["hash"].isin(set(excluded) - before)]
    already, returning = len(before & set(excluded)), len(before - set(excluded))
    if run.folds:
        learnt = concerned[fold_columns(split)].isin(["train", "validation"]).any(axis=1)
        return Plan(run.name, excluded, int(learnt.sum()), 0, 0, already, returning, run.folds)
    parts = concerned["part"].value_counts()
    train, validation, test = (int(parts.get(part, 0)) for part in ("train", "validation", "test"))
    return Plan(run.name, excluded, train, validation, test, already, returning)


def plans(workspace: Workspace, run: Run) -> dict[str, Plan]:
    """Return the plan of each policy, by its code."""
    return {code: plan(workspace, run, code) for code in POLICIES}


def learnt_part(run: Run) -> str:
    """Return the part whose mistakes can lead to images that leave the training."""
    return run.tested_part if run.folds else "train"


def frozen_hashes(run: Run) -> frozenset[str]:
    """Return the images that stay whatever is said of them: the test part of a run that is one model."""
    split = run.split()
    return frozenset() if run.folds else frozenset(split.loc[split["part"] == "test", "hash"])


def request(workspace: Workspace, run: Run, what: Plan) -> TrainRequest:
    """Return the training of a plan: the run's recipe, split and first weights.

    Raises:
        InputError: the run's recipe or its first weights are not known here; one sentence says what to do.
    """
    return TrainRequest(
        recipe=completed(run.recipe()),
        unit="image" if run.unit == "image" else "case",
        split_seed=int(run.manifest["split_seed"]),
        weights=first_weights(workspace, run),
        exclude=what.excluded,
        improves=run.name,
        name=runs.free_name(workspace.models, f"{run.name}-without-flagged"),
    )


def _verb(many: int, verb: str) -> str:
    return f"{verb}s" if many == 1 else verb
