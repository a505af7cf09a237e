"""The verdict: one word that follows from the figures by rule, and one sentence that says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from breakhis_core.reviews.terms import LABELS
from breakhis_core.wording import counted, interval, number

Verdict = Literal["helps", "hurts", "no different", "cannot be told"]
LEVEL = 0.05
MATTERS = 0.03
"""A change in accuracy that would matter: an interval that lies within it, either way, says there is none."""


def verdict(found: Mapping[str, Any], heads_tell: bool) -> Verdict:
    """Judge an arm.

    It helps when it is surely better than training on all images, and no more than one in twenty placebos
    does as well; it hurts in the same way.

    Args:
        found: of an arm, what ``differences.compared`` says of the figure that counts.
        heads_tell: whether heads on all images are surely better than always naming the commonest sub-type.
    """
    limits = found["to_all"]["interval"]
    if not heads_tell or limits is None:
        return "cannot be told"
    if limits[0] > 0 and found["p"] <= LEVEL:
        return "helps"
    if limits[1] < 0 and found["p_worse"] <= LEVEL:
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
    about = result["arms"][arm]["figures"]["accuracy"]
    by = f"accuracy {number(about['to_all']['delta'], signed=True)}"
    if said == "helps":
        return f"{does} helps: {by} against all images, {_placebo(about, result)}."
    if said == "hurts":
        return f"{does} hurts: {by} against all images, {_placebo(about, result)}."
    limits = interval(about["to_all"]["interval"], signed=True)
    if said == "no different":
        return f"{does} is no different from leaving out any {flagged}: {by} ({limits}) against all images."
    if not result["heads"]["tell"]:
        return (
            f"{does}: whether it helps cannot be told here. Tested by {result['unit']}, heads on them "
            f"are right in {number(result['heads']['accuracy'])}; always naming the commonest sub-type is in "
            f"{number(result['heads']['baseline'])}."
        )
    return (
        f"{does}: whether it helps cannot be told here: {by} ({limits}) against all images, on "
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
