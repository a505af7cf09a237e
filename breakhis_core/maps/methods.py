"""The ways to ask a model where it looked: names, sizes, what each says; `making` computes them."""

from __future__ import annotations

from dataclasses import dataclass

from breakhis_core.errors import InputError


@dataclass(frozen=True)
class Method:
    """One way to draw a map.

    Attributes:
        code: as it stands in addresses, folders and on the command line.
        name: as it stands on screen.
        finer: how many times as many cells a side its maps have as the model's own, whatever their shape.
        says: what it does, in one sentence for people who do not train models.
        seconds: what an image takes on two cores without a GPU, roughly, faithfulness included.
        source: the paper.
    """

    code: str
    name: str
    finer: int
    says: str
    seconds: float
    source: str


METHODS: tuple[Method, ...] = (
    Method(
        "gradcam",
        "Grad-CAM",
        1,
        "What the model's last layer saw, weighted by how much each of its channels speaks for the sub-type.",
        0.8,
        "Selvaraju et al. 2017, doi 10.1109/ICCV.2017.74",
    ),
    Method(
        "gradcampp",
        "Grad-CAM++",
        1,
        "Like Grad-CAM, but only with the channels that speak for the sub-type, not those against it.",
        1.2,
        "Chattopadhay et al. 2018, doi 10.1109/WACV.2018.00097",
    ),
    Method(
        "layercam",
        "LayerCAM",
        2,
        "Looks one stage earlier, where the model still sees four times as many places.",
        1.2,
        "Jiang et al. 2021, doi 10.1109/TIP.2021.3089943",
    ),
    Method(
        "scorecam",
        "Score-CAM",
        1,
        "Shows the model only what a channel lit up and asks how sure it stays. "
        "The faster variant: the 32 liveliest of 960 channels.",
        2.5,
        "Wang et al. 2020, doi 10.1109/CVPRW50498.2020.00020",
    ),
    Method(
        "saliency",
        "SmoothGrad",
        8,
        "Which pixels would change the answer most: fine, but it follows edges. "
        "The mean of 8 slightly noisy copies.",
        3.0,
        "Smilkov et al. 2017, arXiv 1706.03825",
    ),
)
CODES: tuple[str, ...] = tuple(method.code for method in METHODS)
CHEAP: tuple[str, ...] = ("gradcam", "gradcampp", "layercam")
"""Those that need one pass forward and back: computed for the misclassified test images of every new run."""


def method_of(code: str) -> Method:
    """Return a method by its code.

    Raises:
        InputError: there is none of that code.

    >>> method_of("scorecam").name
    'Score-CAM'
    """
    for method in METHODS:
        if method.code == code:
            return method
    raise InputError(f"{code!r} is no way to draw a map; there are {', '.join(CODES)}.")
