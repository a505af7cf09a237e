"""Does a map tell the truth? Hide what it marks and see whether the model's answer goes.

*Deletion*: the places a map marks are hidden, the strongest first, and the probability of its class is
followed; the area under that curve is small for a map that marks what the model used. *Insertion*: from the
hidden picture the same places are shown, the strongest first; the area is large for a good map.

Source: Petsiuk, Das and Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC
2018, arXiv 1806.07421. Differences: places are 14 x 14 blocks, so that maps of any resolution are compared on
equal terms; hiding always means blurring, which keeps stain and brightness, so nothing unheard of is shown to
the model; and every figure stands beside random orders on the same picture. With one way of hiding, insertion
of an order is deletion of its reverse, and so both areas have the same expectation by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from breakhis_core.images.pixels import Pixels

Predict = Callable[[Pixels], npt.NDArray[np.floating]]
"""Takes model inputs (N, 224, 224, 3) uint8 and gives probabilities (N, classes)."""
Order = npt.NDArray[np.intp]

GRID = 14
STEPS = 14
RANDOM_ORDERS = 6
MODEL_SIZE = 224
_BLUR = MODEL_SIZE / 16


@dataclass(frozen=True)
class Faithfulness:
    """How the probability of a class follows a map; all are means of a probability, 0 to 1.

    Attributes:
        whole: with nothing hidden.
        deletion: while hiding, the marked places first.
        insertion: while showing, the marked places first.
        chance: while hiding in random order; showing in random order has the same expectation.
        spread: standard deviation of that between random orders.
    """

    whole: float
    deletion: float
    insertion: float
    chance: float
    spread: float

    @property
    def gain(self) -> float:
        """How much better than chance: the mean of both areas' gains; 0 by chance, at most 0.5 or so."""
        return (self.insertion - self.deletion) / 2

    @property
    def beats_chance(self) -> bool:
        """Whether the gain is more than two random orders differ by."""
        return self.gain > max(self.spread, 0.01)


def hidden_picture(picture: Pixels) -> Pixels:
    """Return the picture with all detail blurred away, (224, 224, 3)."""
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(_BLUR)))


def block_order(values: npt.NDArray[np.floating], seed: int = 0) -> Order:
    """Return the 196 blocks of a picture, those that a map marks most first.

    Args:
        values: map (S, S) of any size.
        seed: orders the blocks of equal value: most of a map is zero, and the top left is not special.

    >>> marked = np.zeros((14, 14)); marked[2, 3] = 1
    >>> int(block_order(marked)[0]) == 2 * 14 + 3
    True
    """
    size = len(values)
    if size > GRID and size % GRID == 0:
        cells = values.reshape(GRID, size // GRID, GRID, size // GRID).mean(axis=(1, 3))
    else:
        drawn = Image.fromarray(np.asarray(values, np.float32))
        cells = np.asarray(drawn.resize((GRID, GRID), Image.Resampling.BILINEAR))
    shuffled = np.random.default_rng(seed).permutation(GRID * GRID)
    return shuffled[np.argsort(-cells.ravel()[shuffled], kind="stable")]


def hiding(picture: Pixels, behind: Pixels, order: Order) -> Pixels:
    """Return the picture as its blocks are hidden one group after another.

    Args:
        picture: (224, 224, 3).
        behind: what shows where a block is hidden, of the same shape.
        order: the blocks, first hidden first.

    Returns:
        (STEPS + 1, 224, 224, 3): nothing hidden first, everything hidden last.
    """
    block = MODEL_SIZE // GRID
    place = np.empty(GRID * GRID, np.intp)
    place[order] = np.arange(GRID * GRID)
    turn = place.reshape(GRID, GRID).repeat(block, axis=0).repeat(block, axis=1)
    counts = np.arange(STEPS + 1) * (GRID * GRID) // STEPS
    return np.where((turn < counts[:, None, None])[..., None], behind, picture)


def area(curve: npt.NDArray[np.floating]) -> float:
    """Return the area under a curve over equal steps from 0 to 1: the mean of its trapezoids.

    >>> area(np.array([1.0, 0.5, 0.0]))
    0.5
    """
    return float((curve[:-1] + curve[1:]).mean() / 2)


def judge(
    predict: Predict,
    picture: Pixels,
    maps: Sequence[npt.NDArray[np.floating]],
    classes: Sequence[int],
    seed: int = 0,
) -> list[Faithfulness]:
    """Judge maps of one picture; the random orders are the same for all of them.

    Args:
        predict: the model.
        picture: its input, (224, 224, 3) uint8.
        maps: (S, S) each.
        classes: the class that each map explains.
        seed: of the random orders.

    Returns:
        One a map, in their order.
    """
    behind = hidden_picture(picture)
    draw = np.random.default_rng(seed)
    orders = [draw.permutation(GRID * GRID) for _ in range(RANDOM_ORDERS)]
    for values in maps:
        order = block_order(values, seed)
        orders += [order, order[::-1]]
    inner = [hiding(picture, behind, order)[1:-1] for order in orders]
    answers = predict(np.concatenate([picture[None], behind[None], *inner]))
    first, last, between = answers[0], answers[1], answers[2:].reshape(len(orders), STEPS - 1, -1)
    curves = [np.vstack([first, some, last]) for some in between]
    judged = []
    for at, klass in enumerate(classes):
        deleted, reverse = curves[RANDOM_ORDERS + 2 * at : RANDOM_ORDERS + 2 * at + 2]
        chances = [area(curve[:, klass]) for curve in curves[:RANDOM_ORDERS]]
        judged.append(
            Faithfulness(
                whole=float(first[klass]),
                deletion=area(deleted[:, klass]),
                insertion=area(reverse[:, klass]),
                chance=float(np.mean(chances)),
                spread=float(np.std(chances, ddof=1)),
            )
        )
    return judged
