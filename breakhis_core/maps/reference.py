"""Grad-CAM by tf-keras-vis, the reference that every predictor is held against when its run is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from breakhis_core.errors import InputError
from breakhis_core.images.model_inputs import shown
from breakhis_core.images.taxonomy import CODES
from breakhis_core.networks.network import POOL, last_activation
from breakhis_core.runs.predictor import Predicted, Predictor

if TYPE_CHECKING:
    import keras

TOLERANCE = 1e-3
"""Largest difference allowed, as a share of the largest value; float32 sums differ by about 1e-5."""


class PredictorDiffersError(InputError):
    """An exported predictor does not say what its model says; the run must not be published."""


def class_maps(model: keras.Model, inputs: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Compute the raw Grad-CAM maps of all eight classes with tf-keras-vis.

    The linear score is explained, not the probability, and nothing is normalised: tf-keras-vis' own
    normalisation makes every map look equally strong.

    Args:
        model: flat model.
        inputs: (N, H, W, 3) uint8.

    Returns:
        (N, 8, rows, columns) float32, not negative.
    """
    from tf_keras_vis.utils.scores import CategoricalScore

    visualiser, activation = gradcam(model)
    # One image at a time: the gradients keep every activation of the base, half a gigabyte for eight classes.
    maps = [
        visualiser(
            CategoricalScore(list(range(len(CODES)))),
            np.repeat(image[None].astype(np.float32), len(CODES), axis=0),
            penultimate_layer=activation,
            seek_penultimate_conv_layer=False,
            expand_cam=False,
            normalize_cam=False,
        )
        for image in inputs
    ]
    drawn = np.asarray(maps, np.float32)
    return drawn.reshape(len(inputs), len(CODES), *drawn.shape[-2:])


def gradcam(model: keras.Model) -> tuple[Any, str]:
    """Return tf-keras-vis' Grad-CAM of a copy of the model with linear scores, and the layer to look at.

    The layer is the base's last activation: tf-keras-vis' own search would stop before batch normalisation.
    """
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear

    return Gradcam(model, model_modifier=ReplaceToLinear(), clone=True), last_activation(model)


def check_predictor(
    predictor: Predictor, model: keras.Model, inputs: npt.NDArray[np.uint8]
) -> dict[str, float]:
    """Hold a predictor against Keras and tf-keras-vis.

    Args:
        predictor: the exported predictor.
        model: the model it was exported from.
        inputs: a few images, (N, H, W, 3) uint8.

    Returns:
        The largest difference of ``probabilities``, ``embeddings`` and ``class_maps``, each as a share of the
        largest reference value.

    Raises:
        PredictorDiffersError: one of them is above `TOLERANCE`.
    """
    import keras

    parts = keras.Model(model.input, [model.output, model.get_layer(POOL).output])
    probabilities, embeddings = parts.predict_on_batch(inputs.astype(np.float32))
    predicted = predictor.predict(inputs)
    differences = {
        "probabilities": _difference(predicted.probabilities, probabilities),
        "embeddings": _difference(predicted.embeddings, embeddings),
        "class_maps": _difference(np.maximum(predicted.class_maps, 0), class_maps(model, inputs)),
    }
    for name, difference in differences.items():
        if not difference <= TOLERANCE:
            raise PredictorDiffersError(
                f"The exported predictor's {name.replace('_', ' ')} differ from the trained model's by "
                f"{difference:.2g} of their largest value; the run was not kept. Train it again."
            )
    return differences


def check_average(
    predictor: Predictor, plain: Predictor, inputs: npt.NDArray[np.uint8], variants: Sequence[int]
) -> None:
    """Hold a predictor that averages over flips against the one that does not, shown each flip.

    Args:
        predictor: averages over ``variants``; its head is one dense layer, so that scores average too.
        plain: the same without averaging.
        inputs: a few images, (N, H, W, 3) uint8.
        variants: the ways an image is shown, as ``Recipe.variants``.

    Raises:
        PredictorDiffersError: they differ by more than `TOLERANCE`.
    """
    said = [plain.predict(np.ascontiguousarray(shown(inputs, variant))) for variant in variants]
    scores = np.mean([np.log(one.probabilities) for one in said], axis=0)
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    ours = predictor.predict(inputs)
    pairs = {
        "probabilities": (ours.probabilities, shares / shares.sum(axis=1, keepdims=True)),
        "embeddings": (ours.embeddings, np.mean([one.embeddings for one in said], axis=0)),
        "class maps": (ours.class_maps, np.mean(_turned_back(said, variants), axis=0)),
    }
    for name, (averaged, mean) in pairs.items():
        if not _difference(averaged, mean) <= TOLERANCE:
            raise PredictorDiffersError(
                f"The exported predictor's {name} are not the mean over the flips; the run was not kept. "
                "Train it again."
            )


def _turned_back(said: Sequence[Predicted], variants: Sequence[int]) -> list[npt.NDArray[Any]]:
    return [
        np.flip(one.class_maps, axis=tuple(axis for axis, bit in ((-2, 2), (-1, 1)) if variant & bit))
        for one, variant in zip(said, variants, strict=True)
    ]


def _difference(ours: npt.NDArray[np.floating[Any]], theirs: npt.NDArray[np.float32]) -> float:
    largest = float(np.abs(theirs).max())
    apart = float(np.abs(ours - theirs).max())
    return apart / largest if largest > 0 else apart
