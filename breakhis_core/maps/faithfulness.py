"""Does a map tell the truth? Hide what it marks and see whether the model's answer goes.

*Deletion*: the places that a map marks most are hidden. *Insertion*: they stay, and as many of those that it
marks least are hidden. For a map that marks what the model used, the probability of its class is small in the
first and large in the second. Source: Petsiuk, Das and Saenko, "RISE: Randomized Input Sampling for
Explanation of Black-box Models", BMVC 2018, arXiv 1806.07421. Differences:

- Places are blocks of 16 x 16 pixels, so that maps of any resolution are compared on equal terms.
- An eighth, a quarter and half of a picture are hidden, no more: of a picture that is mostly gone a model
  says what it says of none.
- What is hidden is once blurred and once filled with the blocks of the same picture that the order marks
  least: no other picture is sure to have its stain. A model may take blur, or patches, for a sign of
  something; what a map is worth should not hang on one of them, and so every figure is the mean of both.
- Chance are random maps on the same picture, and their opposites. They are as smooth as maps are:
  neighbouring cells of Grad-CAM maps correlate by 0.1 to 0.35. Random orders of single blocks hide a little
  of everything and do all alike, so that any map of coarse cells, which hides things whole, passes too often.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from breakhis_core.images.model_inputs import images_at_once
from breakhis_core.images.pixels import Pixels
from breakhis_core.runs.predictor import Predictor

Probabilities = npt.NDArray[np.floating]
Predict = Callable[[Pixels], Probabilities]
"""Takes model inputs (N, H, W, 3) uint8 and gives probabilities (N, classes)."""
Order = npt.NDArray[np.intp]

BLOCK = 16
"""Pixels a side of what is hidden at once; every model input is so many of them wide and high."""
SHARES = (1 / 8, 1 / 4, 1 / 2)
RANDOM_PAIRS = 10
_LEAST = 0.01
_SMOOTH = 0.5  # In cells, of a Gaussian: neighbours then correlate by 0.35.


@dataclass(frozen=True)
class Faithfulness:
    """How the probability of a class follows a map; all are means of a probability, 0 to 1.

    Attributes:
        whole: with nothing hidden.
        deletion: with the most marked places hidden.
        insertion: with the least marked places hidden.
        chance: with places hidden by random maps.
        luck: the largest gain of 20 random maps.
    """

    whole: float
    deletion: float
    insertion: float
    chance: float
    luck: float

    @property
    def gain(self) -> float:
        """How much better than chance: the mean of both gains; 0 by chance, at most 0.5."""
        return (self.insertion - self.deletion) / 2

    @property
    def beats_chance(self) -> bool:
        """Whether the gain is larger than that of all 20 random maps, and a point at least.

        A map of noise is as likely as each of them to be the largest: one in 21. They are ten and their
        opposites, whose gains are theirs with the other sign, so it is one in 22.
        """
        return self.gain > max(self.luck, _LEAST)


@dataclass(frozen=True, eq=False)
class Chance:
    """What the model says of a picture and of what random maps leave of it.

    Attributes:
        whole: (classes,) with nothing hidden.
        ends: (RANDOM_PAIRS, 2, classes) with the most, and with the least marked places hidden.
    """

    whole: Probabilities
    ends: Probabilities


def block_order(values: npt.NDArray[np.floating], shape: tuple[int, int], seed: int = 0) -> Order:
    """Return the blocks of a picture, those that a map marks most first.

    Args:
        values: map of any shape.
        shape: rows and columns of blocks.
        seed: orders the blocks of equal value: most of a map is zero, and the top left is not special.

    >>> marked = np.zeros((14, 14)); marked[2, 3] = 1
    >>> int(block_order(marked, (14, 14))[0]) == 2 * 14 + 3
    True
    """
    rows, columns = shape
    tall, wide = values.shape
    if tall > rows and tall % rows == 0 and wide % columns == 0:
        cells = values.reshape(rows, tall // rows, columns, wide // columns).mean(axis=(1, 3))
    else:
        drawn = Image.fromarray(np.asarray(values, np.float32))
        cells = np.asarray(drawn.resize((columns, rows), Image.Resampling.BILINEAR))
    shuffled = np.random.default_rng(seed).permutation(rows * columns)
    return shuffled[np.argsort(-cells.ravel()[shuffled], kind="stable")]


def blurred(picture: Pixels) -> Pixels:
    """Return the picture with all detail blurred away, in the same shape."""
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(BLOCK)))


def hidings(picture: Pixels, detailless: Pixels, order: Order) -> Pixels:
    """Return the picture with the first blocks of an order hidden.

    Args:
        picture: (H, W, 3).
        detailless: the same, blurred.
        order: the blocks, first hidden first.

    Returns:
        (2 * len(SHARES), H, W, 3): for each share with its blocks blurred, then filled with other blocks.
    """
    shown, behind = _blocks(picture), _blocks(detailless)
    hidden = []
    for share in SHARES:
        count = round(share * len(order))
        out, stays = order[:count], order[count:][::-1]
        for source, places in ((behind, out), (shown, np.resize(stays, count))):
            blocks = shown.copy()
            blocks[out] = source[places]
            hidden.append(_joined(blocks, picture.shape))
    return np.stack(hidden)


def chance_on(predict: Predict, picture: Pixels, shape: tuple[int, int], seed: int = 0) -> Chance:
    """Ask the model about random maps of a picture, once for all maps that are judged on it.

    Args:
        predict: the model.
        picture: its input, (H, W, 3) uint8.
        shape: rows and columns of the random maps: those of the model's coarsest map, since finer noise would
            be easier to beat.
        seed: of the random maps.
    """
    from scipy.ndimage import gaussian_filter

    draw = np.random.default_rng(seed)
    fields = [gaussian_filter(draw.normal(size=shape), _SMOOTH, mode="wrap") for _ in range(RANDOM_PAIRS)]
    ends = _ends(predict, picture, fields, seed)
    return Chance(np.asarray(predict(picture[None])[0]), ends)


def judge(
    predict: Predict,
    picture: Pixels,
    maps: Sequence[npt.NDArray[np.floating]],
    classes: Sequence[int],
    chance: Chance,
    seed: int = 0,
) -> list[Faithfulness]:
    """Judge maps of one picture.

    Args:
        predict: the model.
        picture: its input, (H, W, 3) uint8.
        maps: of any shapes.
        classes: the class that each map explains.
        chance: of this picture, from `chance_on`.
        seed: orders places that a map marks alike.

    Returns:
        One a map, in their order.
    """
    judged = []
    for (most, least), klass in zip(_ends(predict, picture, maps, seed), classes, strict=True):
        random = chance.ends[..., klass]
        judged.append(
            Faithfulness(
                whole=float(chance.whole[klass]),
                deletion=float(most[klass]),
                insertion=float(least[klass]),
                chance=float(random.mean()),
                luck=float(np.abs(random[:, 1] - random[:, 0]).max() / 2),
            )
        )
    return judged


def side_by_side(predictor: Predictor) -> Predict:
    """Return what asks a predictor of one thread, in small batches on all cores side by side."""
    batch = images_at_once(predictor.input_shape)

    def predict(inputs: Pixels) -> Probabilities:
        some = [inputs[at : at + batch] for at in range(0, len(inputs), batch)]
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            return np.concatenate([one.probabilities for one in pool.map(predictor.predict, some)])

    return predict


def _ends(
    predict: Predict, picture: Pixels, maps: Sequence[npt.NDArray[np.floating]], seed: int
) -> Probabilities:
    """Return the mean probabilities with what maps mark most, and least, hidden: (N, 2, classes)."""
    shape = (picture.shape[0] // BLOCK, picture.shape[1] // BLOCK)
    orders = [block_order(values, shape, seed) for values in maps]
    behind = blurred(picture)
    inputs = [hidings(picture, behind, end) for order in orders for end in (order, order[::-1])]
    answers = np.asarray(predict(np.concatenate(inputs)), np.float64)
    ends: Probabilities = answers.reshape(len(maps), 2, 2 * len(SHARES), -1).mean(axis=2)
    return ends


def _blocks(picture: Pixels) -> Pixels:
    """Return the blocks of a picture, (N, BLOCK, BLOCK, 3)."""
    height, width, _ = picture.shape
    rows = picture.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK, 3)
    return rows.swapaxes(1, 2).reshape(-1, BLOCK, BLOCK, 3)


def _joined(blocks: Pixels, shape: tuple[int, ...]) -> Pixels:
    rows = blocks.reshape(shape[0] // BLOCK, shape[1] // BLOCK, BLOCK, BLOCK, 3)
    joined: Pixels = rows.swapaxes(1, 2).reshape(shape)
    return joined
