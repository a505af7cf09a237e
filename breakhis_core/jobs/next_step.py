"""The one thing to do next in a workspace, for the person who asks: train, review, retrain, read the outcome.

What others said of the images tells nothing here until one has looked at them oneself: a second reader must
not learn from a first screen what the first reader did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from breakhis_core.images import measuring
from breakhis_core.images.datasets import Dataset
from breakhis_core.jobs import reading, retraining
from breakhis_core.reviews import standings
from breakhis_core.runs import Run
from breakhis_core.runs.scope import covers, scope_of
from breakhis_core.suspects.worklists import worklists_of
from breakhis_core.wording import counted
from breakhis_core.workspace import Workspace


class Do(Enum):
    """What can come next."""

    TRAIN = "Train a model"
    BEGIN = "Start reviewing"
    GO_ON = "Go on reviewing"
    RETRAIN = "Retrain without flagged images"
    SUSPECTS = "Review the suspects"
    LEARNT = "Review the mistakes on training images"
    OUTCOME = "See what the review explains"


@dataclass(frozen=True)
class Step:
    """What to do next.

    Attributes:
        do: the thing to do.
        words: why, in a sentence or two that name the run or the images.
        data: the images to train on, when that is the step.
        run: the run that it is about, otherwise.
        plan: what the retraining would do, when that is the step.
        images: hashes of the images to review, when that is the step.
    """

    do: Do
    words: str
    data: Dataset | None = None
    run: Run | None = None
    plan: retraining.Plan | None = None
    images: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The words on the button that does it."""
        return self.do.value if self.plan is None else self.plan.title


@dataclass(frozen=True)
class Reviewed:
    """How far one reviewer got with a run's mistakes.

    Attributes:
        mistakes: how many there are, in the part that tests the run.
        left: hashes of those without an answer of this reviewer, the most confident mistake first.
    """

    mistakes: int
    left: tuple[str, ...]

    @property
    def words(self) -> str:
        """How far, with the number of mistakes.

        >>> Reviewed(17, ("a",) * 17).words, Reviewed(17, ("a",) * 7).words, Reviewed(0, ()).words
        ('17 mistakes, you have reviewed none', '17 mistakes, you have reviewed 10', 'no mistake')
        """
        if not self.mistakes:
            return "no mistake"
        mine = (self.mistakes - len(self.left) or "none") if self.left else "all"
        return f"{counted(self.mistakes, 'mistake')}, you have reviewed {mine}"


def next_step(workspace: Workspace, found: Sequence[Dataset], runs: Sequence[Run], reviewer: str) -> Step:
    """Return what a reviewer should do next.

    Args:
        workspace: where the answers are.
        found: the catalogued data sets, newest first, at least one.
        runs: the runs that can be opened, newest first.
        reviewer: who asks.
    """
    # Tissue before phantoms: those only show what the product does.
    for data in sorted(found, key=lambda data: data.phantom):
        if not any(covers(workspace, run, data) for run in runs if run.phantom == data.phantom):
            return Step(Do.TRAIN, f"No model was trained on {data.root.name} yet.", data=data)
    run = run_in_focus(workspace, runs)
    assert run is not None
    lists, done = worklists_of(run, measuring.load_checks(workspace)), _answered(workspace, reviewer)
    left = tuple(image for image in lists.mixed if image not in done)
    about = f"{run.name} on {scope_of(workspace, run).name}"
    if left:
        words = lists.in_words(left)
        if len(left) < len(lists.mixed):
            words = f"{words} of {about} {'is' if len(left) == 1 else 'are'} left for you to review."
            return Step(Do.GO_ON, words, run=run, images=left)
        return Step(Do.BEGIN, f"Review {words} of {about}.", run=run, images=left)
    over = f"What is worth a look in {about} is reviewed"
    plan = retraining.plan(workspace, run)
    if plan.changes and not _asked_for(workspace, plan):
        words = f"{over}. Train again and see whether it helps: {plan.leaving_words}"
        return Step(Do.RETRAIN, words, run=run, plan=plan)
    doubtful = tuple(image for image in lists.suspects if image not in done)
    if doubtful:
        words = f"{over}. {counted(len(doubtful), 'suspect')} came after it."
        return Step(Do.SUSPECTS, words, run=run, images=doubtful)
    learnt = reviewed(workspace, run, reviewer, retraining.learnt_part(run)).left
    if learnt and not run.folds and not lists.suspects:
        words = f"{over}. {plan.staying_words} Only an image that was trained on can leave the training."
        return Step(Do.LEARNT, " ".join(words.split()), run=run, images=learnt)
    return Step(Do.OUTCOME, f"{over}.", run=run)


def run_in_focus(workspace: Workspace, runs: Sequence[Run]) -> Run | None:
    """Return the run that Home is about: the newest on tissue whose images are here, else the newest."""
    ordered = sorted(runs, key=lambda run: run.phantom)
    return next((run for run in ordered if scope_of(workspace, run).datasets), next(iter(runs), None))


def reviewed(workspace: Workspace, run: Run, reviewer: str, part: str | None = None) -> Reviewed:
    """Return how far a reviewer got with the mistakes of a run.

    Args:
        workspace: where the answers are.
        run: whose mistakes.
        reviewer: whose answers count, whatever run was on screen.
        part: the part of the mistakes; by default the one that tests the run.
    """
    table = run.predictions()
    wrong = table[(table["part"] == (part or run.tested_part)) & (table["predicted"] != table["subtype"])]
    done = _answered(workspace, reviewer)
    hashes = wrong.sort_values("confidence", ascending=False)["hash"].tolist()
    return Reviewed(len(hashes), tuple(image for image in hashes if image not in done))


def _answered(workspace: Workspace, reviewer: str) -> set[str]:
    return set(standings.standing(workspace, reviewer=reviewer)["hash"])


def _asked_for(workspace: Workspace, plan: retraining.Plan) -> bool:
    """Return whether this very retraining runs or waits already."""
    return any(
        job.arguments.get("improves") == plan.run
        and set(job.arguments.get("exclude") or ()) == set(plan.excluded)
        and (job.arguments.get("labels") or {}) == plan.labels
        for job in reading.active(workspace, "train")
    )
