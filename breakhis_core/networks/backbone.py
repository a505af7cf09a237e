"""The base: MobileNetV3-Large without its top, its weights, and where the trained part begins."""

from __future__ import annotations

import hashlib
import math
import os
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from breakhis_core.errors import InputError
from breakhis_core.recipes import NO_BASE

if TYPE_CHECKING:
    import keras
    import numpy as np
    import numpy.typing as npt

Progress = Callable[[int, int], None]

_MODEL = "large_224_1.0_float"
_HEADERS = {"User-Agent": "Mozilla/5.0 (breakhis-review)"}


class WeightsError(InputError):
    """Weights of the base cannot be had or do not fit; the message says what to do."""


def build_base(
    weights: str | Path = "none",
    folder: Path | None = None,
    progress: Progress | None = None,
    seed: int = 0,
    size: tuple[int, int] = (224, 224),
) -> keras.Model:
    """Build MobileNetV3-Large for images with values 0 to 255, without its top.

    Args:
        weights: ``"imagenet"``, ``"none"`` for random ones, or a file: HDF5 weights of this base, or a
            ``.keras`` model that contains it.
        folder: where downloaded weights are kept; needed with ``"imagenet"``.
        progress: called with bytes done and bytes in all during a download.
        seed: draws random weights.
        size: height and width of the images.

    Returns:
        A model from (N, height, width, 3) to (N, 7, 7, 960) at 224x224, with 2,996,352 parameters.

    Raises:
        WeightsError: a download is impossible, or the file is absent, damaged or of another network.
    """
    import keras

    keras.utils.set_random_seed(seed)
    base = keras.applications.MobileNetV3Large(include_top=False, weights=None, input_shape=(*size, 3))
    if str(weights) == "imagenet":
        if folder is None:
            raise ValueError("folder must be given with weights='imagenet'")
        base.load_weights(imagenet_weights_file(folder, progress))
    elif str(weights) != "none":
        _load_file(base, Path(weights))
    return base


def imagenet_weights_file(folder: Path, progress: Progress | None = None) -> Path:
    """Return the ImageNet weights that Keras offers for this base, downloading them once.

    Args:
        folder: where the file is kept.
        progress: called with bytes done and bytes in all.

    Raises:
        WeightsError: they are not there yet and cannot be downloaded.
    """
    from keras.src.applications import mobilenet_v3

    name = f"weights_mobilenet_v3_{_MODEL}_no_top_v2.h5"
    md5 = mobilenet_v3.WEIGHTS_HASHES[_MODEL][1]
    file = folder / name
    if file.is_file() and _md5(file) == md5:
        return file
    folder.mkdir(parents=True, exist_ok=True)
    _download(mobilenet_v3.BASE_WEIGHT_PATH + name, file, md5, progress)
    return file


def set_boundary(base: keras.Model, boundary: str) -> None:
    """Freeze the layers of the base before a boundary and make the others trainable.

    Args:
        base: the base.
        boundary: name of the first trainable layer; ``"head"`` freezes the whole base.

    >>> from breakhis_core.recipes import BOUNDARIES
    >>> BOUNDARIES[150]
    'expanded_conv_10_depthwise_bn'
    """
    trainable = False
    if boundary != NO_BASE:
        base.get_layer(boundary)
    for layer in base.layers:
        trainable = trainable or layer.name == boundary
        layer.trainable = trainable


def settle_statistics(base: keras.Model, images: npt.NDArray[np.uint8]) -> None:
    """Give the batch normalisation of a random base the means and variances that it meets in images.

    Random weights come with statistics of nothing: without this the signal fades to 1e-12 on its way through
    the base, and no head can learn from it.

    Args:
        base: with random weights.
        images: some dozens of model inputs, (N, H, W, 3) uint8.
    """
    import tensorflow as tf

    layers = [layer for layer in base.layers if hasattr(layer, "moving_mean")]
    before = [(layer.momentum, layer.trainable) for layer in layers]
    for layer in layers:
        layer.momentum, layer.trainable = 0.0, True
    # As a graph: called layer by layer, Keras holds every activation until the end, 4 GB for 64 images.
    tf.function(base)(tf.constant(images, tf.float32), training=True)
    for layer, (momentum, trainable) in zip(layers, before, strict=True):
        layer.momentum, layer.trainable = momentum, trainable


def trainable_parameters(model: keras.Model) -> int:
    """Count the parameters that training changes."""
    return sum(math.prod(variable.shape) for variable in model.trainable_variables)


def weights_hash(layers: list[Any]) -> str:
    """Return the first 16 hexadecimal digits of SHA-256 over the layers' names and weights."""
    import numpy as np

    digest = hashlib.sha256()
    for layer in layers:
        for variable in getattr(layer, "weights", ()):
            value = np.ascontiguousarray(variable.numpy(), dtype=np.float32)
            digest.update(f"{variable.path}|{value.shape}|".encode())
            digest.update(value.data)
    return digest.hexdigest()[:16]


def _load_file(base: keras.Model, file: Path) -> None:
    if not file.is_file():
        raise WeightsError(f"{file}: there is no such weights file; give a file, or choose imagenet or none.")
    try:
        with warnings.catch_warnings():
            # Keras only warns when a file lacks a layer, and leaves that layer random.
            warnings.simplefilter("error", UserWarning)
            if file.suffix == ".keras":
                _copy_layers(base, file)
            else:
                base.load_weights(file)
    except Exception as error:  # Keras and h5py raise whatever a foreign file made them stumble over.
        raise WeightsError(
            f"{file.name}: these are not weights of MobileNetV3-Large without its top; "
            "give HDF5 weights of that network or a .keras model of a run."
        ) from error


def _copy_layers(base: keras.Model, file: Path) -> None:
    import keras

    source = keras.models.load_model(file, compile=False, safe_mode=True)
    for layer in base.layers:
        if layer.weights:
            layer.set_weights(source.get_layer(layer.name).get_weights())


def _download(url: str, file: Path, md5: str, progress: Progress | None) -> None:
    """Download a file whole or not at all, and say how far it is.

    ``keras.utils.get_file`` writes to the file's own name, waits without end, and tells the
    console alone how far it is.
    """
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=_HEADERS), timeout=30) as answer:
            whole, done, told = int(answer.headers.get("Content-Length") or 0), 0, 0.0
            with part.open("wb") as target:
                while block := answer.read(1 << 18):
                    target.write(block)
                    done += len(block)
                    if progress is not None and time.monotonic() - told > 0.2:
                        told = time.monotonic()
                        progress(done, max(whole, done))
        if _md5(part) != md5:
            raise WeightsError(f"{file.name}: the download was cut short or altered; try again.")
        part.replace(file)
    except (OSError, urllib.error.URLError) as error:
        reason = getattr(error, "reason", None) or error
        raise WeightsError(
            f"The ImageNet weights cannot be downloaded from {url.split('/')[2]} ({reason}); connect to the "
            f"internet, put {file.name} into {file.parent}, or choose a weights file or none."
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _md5(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "md5").hexdigest()
