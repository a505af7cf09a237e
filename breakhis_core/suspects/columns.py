"""The columns of what models that never saw an image say of it, and of which images they are asked."""

from __future__ import annotations

from breakhis_core.images.taxonomy import CODES

LEARNT = ("train", "validation", "out_of_fold")
"""Parts of the images that can leave a training; a test image is never predicted or asked here."""
BY_IMAGE: tuple[str, ...] = tuple(f"image_{code}" for code in CODES)
BY_CASE: tuple[str, ...] = tuple(f"case_{code}" for code in CODES)
UNSEEN_COLUMNS: tuple[str, ...] = ("hash", *BY_IMAGE, *BY_CASE, "value", "telling", "x", "y")
"""``image_A`` and so on: probabilities by heads whose folds were drawn by image; ``case_A``: by case.
``value``: as `shapley.image_values`. All are nan where the image is not one of ``LEARNT``. ``telling``: place
among the most telling images, -1 for the others. ``x``, ``y``: its place in `plane.plane`."""
