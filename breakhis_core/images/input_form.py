"""How a picture becomes what a model looks at: its size, its proportions, and how it is made smaller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from breakhis_core.images.pixels import Pixels
from breakhis_core.images.resizing import between_four
from breakhis_core.images.stain_normalisation import StainReference

_ALIKE = 0.02
"""Proportions that differ by less are taken as the same: the picture is stretched by that little."""


@dataclass(frozen=True)
class InputForm:
    """What a model is given of a picture. Two equal forms make equal inputs.

    Attributes:
        width: of the model input, in pixels.
        height: of the model input, in pixels.
        antialias: resize by Pillow's bilinear filter, which widens where it makes smaller; else bilinear
            between the four nearest pixels, as TensorFlow resizes unless told otherwise.
        keep_proportions: do not stretch pictures of other proportions; what they leave free is filled with
            their own mirror image, since nothing else is tissue.
        stain: what the picture's stain is brought to; None leaves it as it is.
    """

    width: int = 224
    height: int = 224
    antialias: bool = True
    keep_proportions: bool = False
    stain: StainReference | None = None

    @classmethod
    def said(cls, recipe: Mapping[str, Any], stain: StainReference | None = None) -> InputForm:
        """Return the form that a recipe's settings say; recipes of before there was a choice say nothing.

        Args:
            recipe: the settings.
            stain: what stains are brought to; None leaves them as they are.

        >>> InputForm.said({"name": "paper"}) == InputForm()
        True
        """
        names = ("width", "height", "antialias", "keep_proportions")
        return cls(**{name: recipe[name] for name in names if name in recipe}, stain=stain)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of a model input: (height, width, 3)."""
        return self.height, self.width, 3

    @property
    def key(self) -> str:
        """What names the form in folders of kept inputs and outputs.

        >>> InputForm().key, InputForm(512, 336, keep_proportions=True).key
        ('224-squash-bilinear', '512x336-fit-bilinear')
        """
        size = str(self.width) if self.width == self.height else f"{self.width}x{self.height}"
        fit = "fit" if self.keep_proportions else "squash"
        stain = "" if self.stain is None else f"-{self.stain.key}"
        return f"{size}-{fit}-{'bilinear' if self.antialias else 'plain'}{stain}"

    def of(self, pixels: Pixels) -> Pixels:
        """Return the model input of a picture.

        Args:
            pixels: array of shape (height, width, 3), uint8.

        Returns:
            Array of ``shape``, uint8, values 0 to 255.

        >>> InputForm(512, 336).of(np.full((460, 700, 3), 7, np.uint8)).shape
        (336, 512, 3)
        """
        tall, wide, _ = pixels.shape
        top, bottom, left, right = self._margins(wide, tall)
        size = (self.width - left - right, self.height - top - bottom)
        if self.antialias:
            inner = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))
        else:
            inner = between_four(pixels, *size)
        if self.stain is not None:
            inner = self.stain.normalised(inner)
        if top or bottom or left or right:
            return np.pad(inner, ((top, bottom), (left, right), (0, 0)), mode="symmetric")
        return inner

    def covered(self, width: int, height: int) -> tuple[float, float, float, float]:
        """Return the part of the model input that a picture of this size covers.

        Args:
            width: of the picture, in pixels.
            height: of the picture, in pixels.

        Returns:
            Left, top, right and bottom as shares of the model input's width and height.

        >>> InputForm(512, 256, keep_proportions=True).covered(100, 100)
        (0.25, 0.0, 0.75, 1.0)
        >>> InputForm().covered(700, 460)
        (0.0, 0.0, 1.0, 1.0)
        """
        top, bottom, left, right = self._margins(width, height)
        return left / self.width, top / self.height, 1 - right / self.width, 1 - bottom / self.height

    def _margins(self, wide: int, tall: int) -> tuple[int, int, int, int]:
        ratio = (wide / tall) / (self.width / self.height)
        if not self.keep_proportions or abs(ratio - 1) <= _ALIKE:
            return 0, 0, 0, 0
        if ratio > 1:
            free = self.height - max(1, round(self.height / ratio))
            return free // 2, free - free // 2, 0, 0
        free = self.width - max(1, round(self.width * ratio))
        return 0, 0, free // 2, free - free // 2
