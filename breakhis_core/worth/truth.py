"""Of phantoms the truth is known: how much of what could be gained did the reviewers' flags gain?

Measured on the phantoms that nothing is wrong with and nobody flagged: wrong labels would be a false measure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from breakhis_core.errors import InputError
from breakhis_core.images import datasets
from breakhis_core.images.taxonomy import CODES
from breakhis_core.phantoms import painting
from breakhis_core.progress import Context, stop_if_asked
from breakhis_core.wording import counted, interval, number
from breakhis_core.workspace import Workspace
from breakhis_core.worth.arms import Arm, out_of_fold, space_of
from breakhis_core.worth.differences import HEADLINE, Scale
from breakhis_core.worth.question import Booleans, Question

TRUE_ARMS = ("corrected", "both")
"""All wrong labels corrected; and all other spoiled pictures left out besides."""


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of the N images of a question.

    Attributes:
        labels: true label of each, shape ``(N,)``.
        spoiled: whether its label or its picture was spoiled on purpose, shape ``(N,)``.
    """

    labels: npt.NDArray[np.int64]
    spoiled: Booleans

    def wrong(self, asked: Question) -> Booleans:
        """Return which labels are wrong, shape ``(N,)``."""
        return np.asarray(self.labels != asked.labels)

    def arms(self, asked: Question) -> list[Arm]:
        """Return the arms of somebody who knows the truth, as ``TRUE_ARMS``."""
        none = np.zeros(len(self.labels), bool)
        return [Arm(none, self.labels), Arm(self.spoiled & ~self.wrong(asked), self.labels)]


def truth_of(workspace: Workspace, asked: Question) -> Truth | None:
    """Return what is known of a question's images; None where they are no phantoms that were painted here."""
    data = next((one for one in datasets.datasets(workspace) if one.phantom), None)
    if data is None:
        return None
    try:
        table = painting.truth(data.root).set_index("path")
    except InputError:
        return None
    images = datasets.load_images(workspace, data.id).drop_duplicates("hash").set_index("hash")["path"]
    paths = images.reindex(asked.images["hash"])
    if not paths.isin(table.index).all():
        return None
    known = table.loc[paths]
    labels = np.array([CODES.index(code) for code in known["true_subtype"]], np.int64)
    return Truth(labels, (known["spoiled"] != "").to_numpy(bool))


def gained(
    asked: Question, truth: Truth, name: str, arm: Arm, seeds: int, context: Context
) -> dict[str, Any]:
    """Measure what flags gained beside what could have been gained.

    Args:
        asked: the question.
        truth: of its images.
        name: of the best arm of the flags.
        arm: that arm.
        seeds: how many seeds S each arm has.
        context: told about progress, and asked whether to stop.

    Returns:
        arm (its name), wrong_labels and spoiled (how many there are), named and flagged (how many of them
        reviewers found), tested_images, flags (difference to all images in accuracy, with its interval), and
        the same of each of ``TRUE_ARMS``.
    """
    space, wrong = space_of(asked), truth.wrong(asked)
    arms = [Arm(np.zeros(len(wrong), bool), asked.labels), arm, *truth.arms(asked)]
    said = []
    for seed in range(seeds):
        stop_if_asked(context)
        context.report("The same with what is known of the phantoms", 0.98 + 0.02 * seed / seeds)
        said.append(out_of_fold(asked, space, arms, seed))
    scale = Scale(replace(asked, flagged=asked.flagged | truth.spoiled), seeds)
    whole, *others = [scale.measure(np.stack(said)[:, place]) for place in range(len(arms))]
    return {
        "arm": name,
        "wrong_labels": int(wrong.sum()),
        "named": int((wrong & (asked.corrected == truth.labels)).sum()),
        "spoiled": int(truth.spoiled.sum()),
        "flagged": int((truth.spoiled & asked.flagged).sum()),
        "tested_images": scale.images,
        **{
            one: scale.difference(measured, whole, HEADLINE)
            for one, measured in zip(("flags", *TRUE_ARMS), others, strict=True)
        },
    }


def in_words(found: Mapping[str, Any]) -> Sequence[str]:
    """Say how much of what could be gained was gained, and what reviewers found."""
    flags, corrected, both = (number(found[name]["delta"], signed=True) for name in ("flags", *TRUE_ARMS))
    wrong, limits = counted(found["wrong_labels"], "wrong label"), found["corrected"]["interval"]
    besides = f"({both} with every other spoiled picture left out too)"
    if found["corrected"]["at_least"] is not None and found["corrected"]["at_least"] > 0:
        said = f"**{flags} of the {corrected} that correcting all {wrong} would give** in accuracy {besides}."
    else:
        said = (
            f"**There was nothing to gain that shows**: correcting all {wrong} changes accuracy by "
            f"{corrected} ({interval(limits, signed=True)}), which may be chance {besides}; "
            f"the flags by {flags}."
        )
    return [
        said,
        f"With a frozen base, on {counted(found['tested_images'], 'good image')} that nobody flagged. Of "
        f"{counted(found['spoiled'], 'spoiled image')} that the run learns from, reviewers flagged "
        f"{found['flagged']}; of {counted(found['wrong_labels'], 'wrong label')} they named the right "
        f"sub-type in {found['named']}.",
    ]
