"""Maps by tf-keras-vis: Grad-CAM++, LayerCAM, Score-CAM and SmoothGrad, raw, for given classes of images.

What tf-keras-vis wants to be told for this network: the model is flat and its scores linear
(``ReplaceToLinear``; Score-CAM applies the softmax itself), the layer is named, because its own search stops
before batch normalisation, and nothing is normalised, because that hides how strong a map is.

Behind global average pooling the gradient is the same at every place of the last layer. There Grad-CAM++ and
LayerCAM are one and the same map; LayerCAM, made for earlier layers, is therefore taken where the base still
has twice the rows and columns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from breakhis_core.images.model_inputs import shown
from breakhis_core.maps.methods import method_of
from breakhis_core.networks.network import last_activation

if TYPE_CHECKING:
    import keras

Maps = npt.NDArray[np.float32]
Maker = Callable[[npt.NDArray[np.uint8], Sequence[int]], Maps]
"""Takes N model inputs (N, H, W, 3) and one class for each; gives maps (N, rows, columns), not negative."""

CHANNELS = 32
SMOOTH_SAMPLES = 8
SMOOTH_NOISE = 0.1


def map_maker(model: keras.Model, code: str) -> Maker:
    """Return the function that draws the maps of a method for a model.

    Args:
        model: flat model as `network.build_network` makes it.
        code: of one of ``methods.METHODS``.

    Raises:
        InputError: there is no such method.
    """
    makers = {
        "gradcam": _gradcam,
        "gradcampp": _gradcampp,
        "layercam": _layercam,
        "scorecam": _scorecam,
        "saliency": _saliency,
    }
    return makers[method_of(code).code](model)


def _gradcam(model: keras.Model) -> Maker:
    from tf_keras_vis.gradcam import Gradcam

    return _cam(Gradcam, model, last_activation(model), _category)


def averaged_gradcam(model: keras.Model, variants: Sequence[int]) -> Maker:
    """Return Grad-CAM averaged over flips, as a predictor that averages draws it.

    Args:
        model: flat model whose head is one dense layer.
        variants: the ways an image is shown, as ``Recipe.averaged``.
    """
    import keras

    layer, kernel = model.get_layer(last_activation(model)), model.layers[-1].get_weights()[0]
    seen, (rows, columns) = keras.Model(model.input, layer.output), _places(layer)

    def make(inputs: npt.NDArray[np.uint8], classes: Sequence[int]) -> Maps:
        weights, evidence = kernel[:, list(classes)], np.zeros((len(inputs), rows, columns), np.float32)
        for variant in variants:
            activation = seen.predict_on_batch(shown(inputs, variant).astype(np.float32))
            evidence += shown(np.einsum("nijk,kn->nij", activation, weights), variant)
        return np.maximum(evidence / (rows * columns * len(variants)), 0)

    return make


def _gradcampp(model: keras.Model) -> Maker:
    from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus

    return _cam(GradcamPlusPlus, model, last_activation(model), _zeroed)


def _layercam(model: keras.Model) -> Maker:
    from tf_keras_vis.layercam import Layercam

    return _cam(Layercam, model, _earlier_layer(model), _category)


def _cam(kind: Any, model: keras.Model, layer: str, score_of: Callable[[Sequence[int]], Any]) -> Maker:
    visualiser = _linear(kind, model)

    def make(inputs: npt.NDArray[np.uint8], classes: Sequence[int]) -> Maps:
        maps = visualiser(
            score_of(classes),
            inputs.astype(np.float32),
            penultimate_layer=layer,
            seek_penultimate_conv_layer=False,
            expand_cam=False,
            normalize_cam=False,
        )
        return np.asarray(maps, np.float32)

    return make


def _scorecam(model: keras.Model) -> Maker:
    from tf_keras_vis.scorecam import Scorecam

    visualiser, layer = _linear(Scorecam, model), last_activation(model)

    def one(picture: npt.NDArray[np.float32], klass: int) -> Maps:
        maps = visualiser(
            _category([klass]),
            picture[None],
            penultimate_layer=layer,
            seek_penultimate_conv_layer=False,
            expand_cam=False,
            normalize_cam=False,
            max_N=CHANNELS,
        )
        drawn: Maps = np.asarray(maps, np.float32)[0]
        return drawn

    def make(inputs: npt.NDArray[np.uint8], classes: Sequence[int]) -> Maps:
        # One at a time: of several images it would take the union of their liveliest channels.
        pictures = inputs.astype(np.float32)
        return np.stack([one(picture, klass) for picture, klass in zip(pictures, classes, strict=True)])

    return make


def _saliency(model: keras.Model) -> Maker:
    from tf_keras_vis.saliency import Saliency

    visualiser, finer = _linear(Saliency, model), method_of("saliency").finer
    rows, columns = (finer * cells for cells in _places(model.get_layer(last_activation(model))))

    def make(inputs: npt.NDArray[np.uint8], classes: Sequence[int]) -> Maps:
        # Its noise comes from numpy's global generator: the same image must give the same map tomorrow.
        before = np.random.get_state()
        np.random.seed(0)
        try:
            fine = visualiser(
                _category(classes),
                inputs.astype(np.float32),
                smooth_samples=SMOOTH_SAMPLES,
                smooth_noise=SMOOTH_NOISE,
                normalize_map=False,
            )
        finally:
            np.random.set_state(before)
        # In change of the score from black to white; a pixel's own gradient is finer than anyone can see.
        return pooled(255.0 * np.asarray(fine, np.float32), rows, columns)

    return make


def pooled(maps: Maps, rows: int, columns: int) -> Maps:
    """Return the means over cells; sides that the cells do not divide are cut into nearly equal ones.

    Args:
        maps: (N, H, W).
        rows: of cells, at most H.
        columns: of cells, at most W.

    >>> pooled(np.arange(16, dtype=np.float32).reshape(1, 4, 4), 2, 2).tolist()
    [[[2.5, 4.5], [10.5, 12.5]]]
    """
    means: Maps = np.asarray(maps, np.float32)
    for axis, cells in ((1, rows), (2, columns)):
        starts = np.arange(cells) * means.shape[axis] // cells
        sizes = np.diff(np.append(starts, means.shape[axis])).astype(np.float32)
        sums = np.add.reduceat(means, starts, axis=axis)
        means = np.asarray(sums / (sizes[:, None] if axis == 1 else sizes), np.float32)
    return means


def _linear(kind: Any, model: keras.Model) -> Any:
    from tf_keras_vis.utils.model_modifiers import ReplaceToLinear

    return kind(model, model_modifier=ReplaceToLinear(), clone=True)


def _category(classes: Sequence[int]) -> Any:
    from tf_keras_vis.utils.scores import CategoricalScore

    return CategoricalScore(list(classes))


def _zeroed(classes: Sequence[int]) -> Any:
    """Return a score whose value is nothing and whose gradient is the class's.

    Grad-CAM++ multiplies its map by exp(score), the same at every place: it says how sure the model is, which
    stands beside the map anyway, makes maps of different images incomparable, and overflows float16.
    """
    import tensorflow as tf

    def score(output: Any) -> Any:
        chosen = tf.gather(output, list(classes), axis=1, batch_dims=0)
        own = tf.linalg.diag_part(chosen)
        return own - tf.stop_gradient(own)

    return score


def _places(layer: Any) -> tuple[int, int]:
    """Return the rows and columns of what a layer gives."""
    rows, columns = layer.output.shape[1:3]
    return int(rows), int(columns)


def _earlier_layer(model: keras.Model) -> str:
    """Return the last activation with twice the rows and columns of the last one.

    Its name hangs on what Keras built before. Where the last has an odd number, of 21 say 11, twice is 21.
    """
    last = _places(model.get_layer(last_activation(model)))
    found = [
        layer.name
        for layer in model.layers
        if type(layer).__name__ == "Activation"
        and len(layer.output.shape) == 4
        and all((many + 1) // 2 == few for many, few in zip(_places(layer), last, strict=True))
        and _places(layer) != last
    ]
    return str(found[-1])
