"""The one-pass predictor beside the bare base in ONNX Runtime, and its eight maps beside tf-keras-vis.

The bare base is the same graph without pooling, head and maps. A second reference is the graph that the
general converter tf2onnx writes, where it is installed.

    python -m benchmarks.predictor --weights none
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from breakhis_core.maps import reference as explain
from breakhis_core.networks.backbone import build_base, settle_statistics
from breakhis_core.networks.export import export_part, export_predictor
from breakhis_core.networks.network import build_network
from breakhis_core.recipes import RECIPES
from breakhis_core.runs.predictor import Predictor, load_session

ROUNDS = 25


def paired(first: Callable[[], Any], second: Callable[[], Any], rounds: int = ROUNDS) -> tuple[float, float]:
    """Return the median seconds of two calls, taken in turns so that both meet the same machine."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for call, kept in zip((first, second), seconds, strict=True):
            began = time.perf_counter()
            call()
            kept.append(time.perf_counter() - began)
    return float(np.median(seconds[0])), float(np.median(seconds[1]))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", default="none")
    parser.add_argument("--recipe", default="paper", choices=list(RECIPES))
    given = parser.parse_args()
    base = build_base(given.weights)
    images = np.random.default_rng(0).integers(0, 256, (32, 224, 224, 3), dtype=np.uint8)
    if given.weights == "none":
        settle_statistics(base, images)
    model = build_network(RECIPES[given.recipe], base).model
    names = [layer.name for layer in model.layers]
    bare = load_session(export_part(model, names[names.index("pool") - 1]), "bare base")
    with tempfile.TemporaryDirectory() as folder:
        export_predictor(model, Path(folder) / "predictor.onnx")
        predictor = Predictor.load(Path(folder))
    general = general_session(base)
    for count in (1, 8, 32):
        some = images[:count]
        reference, ours = paired(
            lambda some=some: bare.run(None, {"images": some}), lambda some=some: predictor.predict(some)
        )
        print(
            f"batch {count:2}: bare base {1000 * reference / count:6.2f} ms an image, "
            f"predictor {1000 * ours / count:6.2f} ms, ratio {ours / reference:.2f}"
        )
        if general is not None:
            reference, ours = paired(
                lambda some=some: general.run(None, {"images": some}),
                lambda some=some: predictor.predict(some),
            )
            print(
                f"          base by tf2onnx {1000 * reference / count:6.2f} ms an image, "
                f"predictor {1000 * ours / count:6.2f} ms, ratio {ours / reference:.2f}"
            )
    one, visualiser = images[:1], explain.gradcam(model)
    one_map(visualiser, one)
    reference, ours = paired(lambda: one_map(visualiser, one), lambda: predictor.predict(one), rounds=5)
    print(
        f"maps of one image: tf-keras-vis, one class {1000 * reference:.0f} ms; "
        f"predictor, eight classes {1000 * ours:.1f} ms, {reference / ours:.0f} times faster"
    )


def one_map(visualiser: tuple[Any, str], image: np.ndarray) -> Any:
    """Compute one Grad-CAM map as a user of tf-keras-vis would."""
    from tf_keras_vis.utils.scores import CategoricalScore

    gradcam, activation = visualiser
    return gradcam(
        CategoricalScore([4]),
        image.astype(np.float32),
        penultimate_layer=activation,
        seek_penultimate_conv_layer=False,
    )


def general_session(base: Any) -> Any:
    """Return the base as tf2onnx writes it, or None without tf2onnx."""
    try:
        import tf2onnx
    except ImportError:
        return None
    import tensorflow as tf

    signature = [tf.TensorSpec([None, 224, 224, 3], tf.uint8, name="images")]
    function = tf.function(
        lambda images: base(tf.cast(images, tf.float32), training=False), input_signature=signature
    )
    graph, _ = tf2onnx.convert.from_function(function, signature, opset=17)
    return load_session(graph.SerializeToString(), "base by tf2onnx")


if __name__ == "__main__":
    main()
