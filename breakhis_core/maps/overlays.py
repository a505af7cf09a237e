"""Class maps laid over pictures, as files: the same colours and scale that the viewer draws in the browser.

Colours are viridis, perceptually even and readable without red-green vision, as the polynomial of sixth
degree by Matt Zucker that the viewer uses too.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from breakhis_core.images.pixels import Pixels, jpeg
from breakhis_core.images.taxonomy import CODES
from breakhis_core.maps.scale import MapScale
from breakhis_core.runs import Run

OPACITY = 0.7

_VIRIDIS = np.array(
    [
        [0.27773, 0.00541, 0.3341],
        [0.10509, 1.40461, 1.38459],
        [-0.33086, 0.21485, 0.0951],
        [-4.63423, -5.7991, -19.33244],
        [6.22827, 14.17993, 56.69055],
        [4.77638, -13.74515, -65.35303],
        [-5.43546, 4.64585, 26.31244],
    ]
)


class Maps:
    """The maps of a run's predicted sub-types, by image.

    Args:
        run: whose.

    Attributes:
        strong: the peak that one map in twenty passes; the colours' end.
    """

    def __init__(self, run: Run) -> None:
        predictions = run.predictions()
        classes = predictions["predicted"].map(CODES.index).to_numpy(np.intp)
        self._maps = np.asarray(run.class_maps())[np.arange(len(classes)), classes].astype(np.float32)
        self._rows = {image: row for row, image in enumerate(predictions["hash"])}
        self._predicted = dict(zip(predictions["hash"], predictions["predicted"], strict=True))
        self._form = run.input_form
        self.strong = MapScale.of_peaks(self._maps.max(axis=(1, 2))).strong

    def overlay(self, image: str, picture: Pixels) -> bytes | None:
        """Return a JPEG of the picture under the map of what was predicted; ``None`` without a map.

        Args:
            image: its hash.
            picture: (height, width, 3) uint8.
        """
        row = self._rows.get(image)
        if row is None:
            return None
        # A tenth of a PNG's time and size, and an overlay measures nothing.
        height, width, _ = picture.shape
        shown = lay_over(picture, self._maps[row], self.strong, covered=self._form.covered(width, height))
        return jpeg(Image.fromarray(shown), 90)

    def predicted(self, image: str) -> str | None:
        """Return the sub-type whose map it is."""
        return self._predicted.get(image)


def lay_over(
    picture: Pixels,
    class_map: npt.NDArray[np.float32],
    strong: float,
    opacity: float = OPACITY,
    covered: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0),
) -> Pixels:
    """Lay a class map over a picture.

    Args:
        picture: (height, width, 3) uint8.
        class_map: (rows, columns); what is below 0 counts as 0.
        strong: value at the colours' end.
        opacity: of the strongest colour; where the map says little, the tissue stays visible.
        covered: the part of the model input, and so of the map, that the picture covers:
            ``InputForm.covered``.

    Returns:
        The same shape and type.
    """
    height, width = picture.shape[:2]
    rows, columns = class_map.shape
    cells = np.maximum(np.asarray(class_map, np.float32), 0)
    box = tuple(np.multiply(covered, (columns, rows, columns, rows)).tolist())
    fine = Image.fromarray(cells).resize((width, height), Image.Resampling.BICUBIC, box)
    level = np.round(np.clip(np.asarray(fine) * (255 / strong), 0, 255)).astype(np.uint8)
    colour = Image.fromarray(_COLOURS[level])
    cover = Image.fromarray(np.round(opacity * np.minimum(255, 2.0 * np.arange(256))).astype(np.uint8)[level])
    return np.asarray(Image.composite(colour, Image.fromarray(picture), cover))


def viridis(level: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return colours from 0 to 1, shape (..., 3), of levels from 0 to 1.

    >>> np.round(viridis(np.array([0.0, 1.0])), 1).tolist()
    [[0.3, 0.0, 0.3], [1.0, 0.9, 0.1]]
    """
    powers = np.stack([np.asarray(level, float) ** power for power in range(len(_VIRIDIS))], axis=-1)
    colours: npt.NDArray[np.float64] = np.clip(powers @ _VIRIDIS, 0, 1)
    return colours


_COLOURS = np.round(255 * viridis(np.linspace(0, 1, 256))).astype(np.uint8)
