"""What a retraining of a run leaves out and what it relabels: one rule for screens and commands.

Flagged images leave train and validation, or stay there with their corrected label. The test images never
change, and what a cross-validation tests stays tested on published labels, so that both runs can be compared
on the same images.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

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

LEARNT = ("train", "validation")
Mode = Literal["both", "corrected", "without"]
MODES: dict[Mode, str] = {
    "both": "Correct labels, leave out the rest",
    "corrected": "Correct labels, leave out none",
    "without": "Leave out all flagged images",
}
"""What a retraining makes of flagged images, where some have a corrected label; else all leave."""


@dataclass(frozen=True)
class Plan:
    """What a retraining would leave out and relabel.

    Attributes:
        run: name of the run to improve on.
        mode: one of ``MODES``.
        flagged: hashes of the images that the policy excludes, of those that the run is about.
        excluded: those of them that shall leave.
        labels: corrected sub-types by hash, of those of them that are learnt from with another label.
        correctable: how many of them could be learnt from with another label, whatever the mode.
        train: how many leave the training images.
        validation: how many leave the validation images.
        test: how many of those that shall leave or be corrected are test images, and stay as published.
        relabelled: how many images get a corrected label that the run did not learn.
        already: how many of ``excluded`` the run was trained without before.
        already_corrected: how many of ``labels`` the run has learnt.
        returning: how many images that the run was trained without are excluded no more, and come back.
        published_again: how many images whose corrected label the run learnt get the published one back.
        folds: folds of the run, when it is a cross-validation; what leaves then counts as training images.
    """

    run: str
    mode: Mode
    flagged: tuple[str, ...]
    excluded: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    correctable: int = 0
    train: int = 0
    validation: int = 0
    test: int = 0
    relabelled: int = 0
    already: int = 0
    already_corrected: int = 0
    returning: int = 0
    published_again: int = 0
    folds: int = 0

    @property
    def leaving(self) -> int:
        """How many images leave."""
        return self.train + self.validation

    @property
    def changes(self) -> bool:
        """Whether a retraining would learn from other images or labels than the run did."""
        return bool(self.leaving or self.returning or self.relabelled or self.published_again)

    @property
    def title(self) -> str:
        """What a button says that starts it."""
        if not self.labels:
            return "Retrain without flagged images"
        both = self.leaving or self.already
        return "Retrain corrected and without flagged" if both else "Retrain with corrected labels"

    @property
    def leaving_words(self) -> str:
        """What leaves the training, what is relabelled, and what comes back: a sentence each."""
        others = [
            f"{counted(many, 'image')} {_verb(many, 'get')} {words}."
            for many, words in (
                (self.relabelled, "a corrected label"),
                (self.published_again, "the published label back"),
            )
            if many
        ]
        if self.returning:
            others.append(
                f"{counted(self.returning, 'image')} that {self.run} was trained without "
                f"{_verb(self.returning, 'come')} back."
            )
        return " ".join([*([self._leaving_alone] if self.leaving or not others else []), *others])

    @property
    def _leaving_alone(self) -> str:
        if self.folds:
            return (
                f"{counted(self.train, 'image')} {_verb(self.train, 'leave')} the training of all "
                f"{self.folds} folds. What each fold tests stays, so that they are still predicted."
            )
        parts = {"training image": self.train, "validation image": self.validation}
        return f"{' and '.join(counted(many, what) for what, many in parts.items())} leave."

    @property
    def staying_words(self) -> str:
        """Which flagged images stay as they are, in one sentence; nothing where none does."""
        if self.folds and self.labels:
            return "Each fold tests on published labels."
        if not self.test:
            return ""
        stay = _verb(self.test, "stay") + (" as published" if self.labels else "")
        return f"{counted(self.test, 'flagged test image')} {stay}: the test set is frozen."

    @property
    def words(self) -> str:
        """What a retraining would do."""
        if not self.excluded and not self.labels and not self.changes:
            return "No image is excluded by this rule."
        if self.changes:
            kept = "folds" if self.folds else "split"
            said = f"Same {kept}, recipe and first weights as {self.run}: {self.leaving_words}"
        else:
            done = [
                f"without {counted(self.already, 'excluded image')}" if self.already else "",
                f"with {counted(self.already_corrected, 'corrected label')}"
                if self.already_corrected
                else "",
            ]
            before = " and ".join(filter(None, done)) or "on none of the excluded images"
            said = f"{self.run} was trained {before}; a retraining would change nothing but chance."
        return f"{said} {self.staying_words}".strip()


def plan(workspace: Workspace, run: Run, policy: str | None = None, mode: Mode | None = None) -> Plan:
    """Say what a retraining of a run would leave out and relabel.

    Args:
        workspace: where the answers are.
        run: the run to improve on.
        policy: one of ``POLICIES``; by default the one that was chosen for the workspace.
        mode: what becomes of flagged images, one of ``MODES``; by default both. Where no image that is learnt
            from has a corrected label, all flagged images leave, whatever is asked for.
    """
    about = scope_of(workspace, run).hashes
    flagged = tuple(image for image in reviews.excluded_hashes(workspace, policy) if image in about)
    parts = _parts(run)
    published = run.predictions().set_index("hash")["subtype"].to_dict()
    corrections = {
        image: code
        for image, code in reviews.corrected_labels(workspace, policy).items()
        if image in about and code != published.get(image)
    }
    learnt = {image: code for image, code in corrections.items() if parts.get(image) in LEARNT}
    correctable = len(learnt)
    mode = (mode or "both") if learnt else "without"
    if mode == "without":
        corrections = learnt = {}
    excluded = () if mode == "corrected" else tuple(image for image in flagged if image not in corrections)
    # The split stays as it was drawn; what the run was already trained without cannot leave once more.
    before, known = set(run.excluded), run.corrected
    counts = Counter(parts.get(image) for image in set(excluded) - before)
    return Plan(
        run.name,
        mode,
        flagged,
        excluded,
        learnt,
        correctable,
        train=counts["train"],
        validation=counts["validation"],
        test=sum(parts.get(image) == "test" for image in {*excluded, *corrections}),
        relabelled=sum(known.get(image) != code for image, code in learnt.items()),
        already=len(before & set(excluded)),
        already_corrected=sum(known.get(image) == code for image, code in learnt.items()),
        returning=len(before - set(excluded)),
        published_again=len(set(known) - set(learnt) - set(excluded)),
        folds=run.folds,
    )


def plans(workspace: Workspace, run: Run, mode: Mode | None = None) -> dict[str, Plan]:
    """Return the plan of each policy, by its code."""
    return {code: plan(workspace, run, code, mode) for code in POLICIES}


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
    name = f"{run.name}-{'corrected' if what.labels else 'without-flagged'}"
    return TrainRequest(
        recipe=completed(run.recipe()),
        unit="image" if run.unit == "image" else "case",
        split_seed=int(run.manifest["split_seed"]),
        weights=first_weights(workspace, run),
        exclude=what.excluded,
        labels=dict(what.labels),
        improves=run.name,
        name=runs.free_name(workspace.models, name),
    )


def _parts(run: Run) -> dict[str, str]:
    """Return what each image is to a training of the run: train, validation or test.

    What some fold of a cross-validation learns from counts as train.
    """
    split = run.split()
    if not run.folds:
        return dict(zip(split["hash"], split["part"], strict=True))
    learnt = split[fold_columns(split)].isin(["train", "validation"]).any(axis=1)
    return dict.fromkeys(split.loc[learnt, "hash"], "train")


def _verb(many: int, verb: str) -> str:
    return f"{verb}s" if many == 1 else verb
