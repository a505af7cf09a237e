"""The verdict: one word that follows from the figures by rule, and one sentence that says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from breakhis_core.reviews.terms import LABELS
from breakhis_core.wording import counted, interval, number
from breakhis_core.worth.differences import HEADLINE

Verdict = Literal["helps", "hurts", "no different", "cannot be told"]
LEVEL = 0.05
MATTERS = 0.03
"""A change in accuracy that would matter: an interval that lies within it, either way, says there is none."""


def verdict(arm: str, found: Mapping[str, Any], heads_tell: bool) -> Verdict:
    """Judge an arm.

    Leaving images out helps when it is surely better than leaving out as many at random, of which no more
    than one in twenty does as well, and not worse than leaving out none. A correction leaves none out: it has
    to be surely better than all images as they are. Hurting is judged in the same way. There is no difference
    where its interval holds no change that would matter; else it cannot be told.

    Args:
        arm: name of the arm.
        found: what ``differences.compared`` says of the figure that counts.
        heads_tell: whether heads on all images are surely better than always naming the commonest sub-type.
    """
    against = found["to_placebo" if arm.startswith("without") else "to_all"]
    limits, change = against["interval"], found["to_all"]["delta"]
    if not heads_tell or limits is None:
        return "cannot be told"
    if against["at_least"] > 0 and change > 0 and found["p"] <= LEVEL:
        return "helps"
    if against["at_most"] < 0 and change < 0 and found["p_worse"] <= LEVEL:
        return "hurts"
    return "no different" if limits[0] >= -MATTERS and limits[1] <= MATTERS else "cannot be told"


_DOES = {
    "without": "Leaving {these} out",
    "corrected": "Correcting {named}",
    "both": "Correcting {named} and leaving {others} out",
}


def sentence(said: Verdict, arm: str, result: Mapping[str, Any]) -> str:
    """Say a verdict in one sentence, with a frozen base and on what it was tested.

    Args:
        said: the verdict.
        arm: ``without``, ``corrected`` or ``both``.
        result: what ``worth.measuring`` returns.
    """
    flagged, named = result["flagged"], result["named"]
    does = _DOES[arm].format(
        these=counted(flagged, "flagged image"),
        named=counted(named, "label"),
        others=counted(flagged - named, "other"),
    )
    about = result["arms"][arm]["figures"][HEADLINE]
    by = f"accuracy {number(about['to_all']['delta'], signed=True)} against all images"
    if said in ("helps", "hurts"):
        return f"{does} {said}: {by}, {_placebo(about, result)}."
    limits = interval(about["to_all"]["interval"], signed=True)
    if said == "no different":
        than = f"leaving out any {flagged}" if arm == "without" else "leaving them as they are"
        return f"{does} is no different from {than}: {by} ({limits})."
    if not result["heads"]["tell"]:
        return (
            f"{does}: whether it helps cannot be told here. Tested by {result['unit']}, heads on them "
            f"are right in {number(result['heads']['accuracy'])}; always naming the commonest sub-type is in "
            f"{number(result['heads']['baseline'])}."
        )
    most = about["to_all"]["interval"][1]
    if arm == "without" and most <= MATTERS:
        return (
            f"{does} gains no more than {number(max(most, 0.0))}: {by} ({limits}). Whether that differs from "
            f"leaving out any {flagged} cannot be told here."
        )
    return (
        f"{does}: whether it helps cannot be told here: {by} ({limits}), on "
        f"{counted(result['tested_images'], 'image')} of {counted(result['tested_cases'], 'case')}."
    )


def _placebo(about: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    delta = number(about["to_placebo"]["delta"], signed=True)
    return f"{delta} against leaving out {result['flagged']} others at random (p {number(about['p'])})"


def arm_in_words(name: str, arm: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """Return what an arm is, as a row of a table is headed."""
    head, _, reason = name.partition(":")
    if reason:
        return f"without {arm['flagged']} flagged as {LABELS.get(reason, reason).lower()}"
    return {
        "without": f"without the {result['flagged']} flagged",
        "corrected": f"{counted(result['named'], 'label')} corrected",
        "both": f"{counted(result['named'], 'label')} corrected, without the other flagged",
    }[head]
