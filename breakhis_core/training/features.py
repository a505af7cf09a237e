"""Outputs of the frozen part and first embeddings, computed once per image and flip and kept on disk.

A store is one folder per frozen part (its weights and where it ends). It holds shards: NPZ files of about 64
outputs as float16, each written whole under a temporary name. Trainings in several processes may fill the
same store at once; the worst that happens is that an output is there twice.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from breakhis_core.images.input_form import InputForm
from breakhis_core.images.model_inputs import read_inputs, shown, work_through
from breakhis_core.images.pixels import Pixels
from breakhis_core.networks.backbone import build_base, settle_statistics
from breakhis_core.networks.export import export_part
from breakhis_core.networks.network import EMBEDDING, Network, build_network
from breakhis_core.recipes import NO_BASE, Recipe
from breakhis_core.runs.predictor import load_session
from breakhis_core.training.data import TrainingData
from breakhis_core.training.feature_store import Features, FeatureStore, Key
from breakhis_core.workspace import Workspace

_SHARD = 64
_SETTLED = 64
_AT_ONCE = 4096
_LARGE = 2**29
"""Bytes of kept outputs from which on they lie in a file while they are trained on."""


def frozen_outputs(
    network: Network,
    root: Path,
    hashes: Sequence[str],
    files: Mapping[str, Path],
    form: InputForm,
    variants: Sequence[int] = (0,),
    progress: Callable[[int, int], None] | None = None,
) -> Features:
    """Return the frozen part's output of images, computing what the store has not.

    Args:
        network: gives the frozen part.
        root: folder of all stores, and of the model inputs that are kept.
        hashes: identities of N images.
        files: where the pictures lie.
        form: how a picture becomes a model input.
        variants: how each image is wanted, as ``Recipe.variants``.
        progress: called with images done and images to compute; may raise to stop, what is done is kept.

    Returns:
        (N, variants, ...) float16.

    Raises:
        BadImageError: a picture cannot be read.
    """
    assert network.frozen is not None
    store = FeatureStore.open(root, f"{network.frozen_key}-{form.key}")
    outputs = _room((len(hashes), len(variants), *network.frozen.output.shape[1:]), root)
    rows: dict[Key, tuple[int, ...]] = {
        (image, variant): (at, place)
        for at, image in enumerate(hashes)
        for place, variant in enumerate(variants)
    }
    store.read_into(outputs, rows)
    missing = [image for image in hashes if any((image, variant) not in store for variant in variants)]
    if missing:
        forward = frozen_function(network)

        def work(inputs: Pixels) -> list[Features]:
            return [forward(shown(inputs, variant)).astype(np.float16) for variant in variants]

        answers = work_through(work, missing, files, form, root)
        _keep(answers, store, len(missing), variants, outputs, rows, progress)
    return outputs


def _room(shape: tuple[int, ...], folder: Path) -> Features:
    """Return an array to fill; a large one lies in a nameless file, so that it may leave the memory."""
    if 2 * math.prod(shape) < _LARGE:
        return np.empty(shape, np.float16)
    with tempfile.TemporaryFile(dir=folder) as file:
        return np.memmap(file, np.float16, "w+", shape=shape)


def first_embeddings(
    recipe: Recipe,
    weights: str,
    data: TrainingData,
    form: InputForm,
    workspace: Workspace,
    progress: Callable[[int, int], None] | None = None,
) -> Features:
    """Return the embeddings of a training's images by the weights that it began with, which saw no label.

    Args:
        recipe: gives the seed of random weights, and the flips over which an embedding is the mean.
        weights: as in ``TrainRequest``.
        data: the N images; random weights are settled on some of those that are trained.
        form: how a picture becomes a model input.
        workspace: keeps the outputs.
        progress: called with images done and images to compute; may raise to stop, what is done is kept.

    Returns:
        (N, 960) float16, rows as in ``data.images``.

    Raises:
        WeightsError: the weights cannot be had any more.
        BadImageError: a picture cannot be read.
    """
    base = build_base(weights, workspace.weights, None, recipe.seed, form.shape[:2])
    if weights == "none":
        _, some = next(read_inputs(data.hashes("train"), data.files, form, _SETTLED, workspace.features))
        settle_statistics(base, some)
    network = build_network(recipe.model_copy(update={"boundary": NO_BASE}), base)
    hashes = data.images["hash"].to_list()
    means = np.empty((len(hashes), EMBEDDING), np.float16)
    for at in range(0, len(hashes), _AT_ONCE):
        some_hashes = hashes[at : at + _AT_ONCE]
        outputs = frozen_outputs(
            network, workspace.features, some_hashes, data.files, form, recipe.variants, progress
        )
        means[at : at + _AT_ONCE] = outputs.astype(np.float32).mean(axis=1)
    return means


def _keep(
    answers: Iterable[tuple[Sequence[str], list[Features]]],
    store: FeatureStore,
    total: int,
    variants: Sequence[int],
    outputs: Features,
    rows: Mapping[Key, tuple[int, ...]],
    progress: Callable[[int, int], None] | None,
) -> None:
    keys: list[Key] = []
    fresh: list[Features] = []
    done = 0
    try:
        for some, shown_so in answers:
            for variant, answer in zip(variants, shown_so, strict=True):
                for image, output in zip(some, answer, strict=True):
                    outputs[rows[image, variant]] = output
                keys += [(image, variant) for image in some]
                fresh.append(answer)
            done += len(some)
            if len(keys) >= _SHARD:
                store.add(keys, np.concatenate(fresh))
                keys, fresh = [], []
            if progress is not None:
                progress(done, total)
    finally:
        if keys:
            store.add(keys, np.concatenate(fresh))


def frozen_function(network: Network) -> Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]:
    """Return the fastest exact forward pass of the frozen part: TensorFlow on a GPU, else ONNX Runtime.

    ONNX Runtime computes in the thread that calls; call it in as many as there are cores.
    """
    import tensorflow as tf

    assert network.frozen is not None
    if tf.config.list_physical_devices("GPU"):
        frozen = tf.function(network.frozen, reduce_retracing=True)
        return lambda inputs: np.asarray(frozen(tf.cast(inputs, tf.float32), training=False))
    session: Any = load_session(export_part(network.model, network.cut), "frozen part", threads=1)
    return lambda inputs: np.asarray(session.run(None, {"images": np.ascontiguousarray(inputs)})[0])
