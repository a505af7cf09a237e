"""What a coefficient of agreement means, in a sentence, and when it means nothing.

The bands and their names are those of Landis and Koch, "The measurement of observer agreement for categorical
data", Biometrics 33(1):159-174, 1977. They call them arbitrary, and so they are.
"""

from __future__ import annotations

from breakhis_core.reviews.agreement import Agreement
from breakhis_core.wording import counted

FEW_IMAGES = 30
"""Below this many images, a bootstrap over them is itself uncertain."""

_BANDS = (
    (0.0, "no"),
    (0.2, "slight"),
    (0.4, "fair"),
    (0.6, "moderate"),
    (0.8, "substantial"),
    (1.0, "almost perfect"),
)


def band(kappa: float) -> str:
    """Return the name of the band that a coefficient lies in.

    >>> band(-0.1), band(0.2), band(0.21), band(1.0)
    ('no', 'slight', 'fair', 'almost perfect')
    """
    return next((name for top, name in _BANDS if kappa <= top), _BANDS[-1][1])


def meaning(found: Agreement | None) -> str:
    """Say what an agreement means, in one or two sentences without figures of its own.

    >>> meaning(None)
    'No image has two answers yet.'
    >>> meaning(Agreement(("ada", "bob"), 40, 1.0, None, None, None))
    'One and the same answer throughout: chance alone explains that they are equal.'
    >>> meaning(Agreement(("ada", "bob"), 12, 0.9, 0.7, 0.3, 0.95))
    'Substantial agreement beyond chance. Too few images to rely on it: with others, fair to almost perfect.'
    """
    if found is None:
        return "No image has two answers yet."
    if found.kappa is None or found.low is None or found.high is None:
        return "One and the same answer throughout: chance alone explains that they are equal."
    name = band(found.kappa)
    said = "No agreement beyond chance." if name == "no" else f"{name.capitalize()} agreement beyond chance."
    low, high = band(found.low), band(found.high)
    span = low if low == high else f"{low} to {high}"
    if found.images < FEW_IMAGES:
        return f"{said} Too few images to rely on it: with others, {span}."
    if found.low == found.high:
        return f"{said} Not one image shows the opposite, so the interval says nothing."
    return said if low == high else f"{said} With other images, {span}."


def named_the_same(found: Agreement | None) -> str:
    """Say how often two who named the right sub-type of an image named the same; nothing where no two did.

    Args:
        found: agreement of the corrections.

    >>> named_the_same(Agreement(("ada", "bob"), 12, 0.75, 0.6, 0.3, 0.9))
    'Two who named the right sub-type of an image named the same in 75 %, on 12 images.'
    """
    if found is None:
        return ""
    return (
        f"Two who named the right sub-type of an image named the same in {100 * found.observed:.0f} %, "
        f"on {counted(found.images, 'image')}."
    )
