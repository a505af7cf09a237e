"""The base: its size, where the trained part begins, and the weights that it is given."""

from __future__ import annotations

import csv
import hashlib
import io
import urllib.error
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from breakhis_core.errors import InputError
from breakhis_core.networks import backbone
from breakhis_core.recipes import BOUNDARIES

# Authors' index: trainable parameters of the base from there on, counted in Keras 2 and in Keras 3 alike.
TRAINABLE = {
    60: 2936704, 70: 2923784, 80: 2915712, 90: 2900752, 100: 2862352, 110: 2860152, 120: 2827248,
    130: 2796912, 140: 2794888, 150: 2736328, 160: 2619568, 170: 2488976, 180: 2368520, 190: 2102856,
    200: 2084712, 210: 1750560, 220: 1568800, 230: 1106800, 240: 797360, 250: 309440, 260: 0,
}  # fmt: skip


@pytest.fixture(scope="module")
def base() -> Any:
    return backbone.build_base("none", seed=3)


def test_parameters_of_the_base(base: Any) -> None:
    assert base.count_params() == 2_996_352
    assert base.output.shape == (None, 7, 7, 960)


@pytest.mark.parametrize("index", TRAINABLE)
def test_boundary_by_name(base: Any, index: int) -> None:
    backbone.set_boundary(base, BOUNDARIES[index])
    assert backbone.trainable_parameters(base) == TRAINABLE[index]


def test_boundaries_equal_the_shared_table(shared_weights: Path) -> None:
    with (shared_weights.parent / "boundaries.csv").open() as file:
        rows = {int(row["paper_index"]): row for row in csv.DictReader(file)}
    assert {index: int(row["trainable_base_parameters"]) for index, row in rows.items()} == TRAINABLE
    names = {index: row["keras3_layer"] or "head" for index, row in rows.items()}
    assert names == BOUNDARIES


def test_random_weights_hang_on_the_seed_alone(base: Any) -> None:
    again = backbone.build_base("none", seed=3)
    assert backbone.weights_hash(again.layers) == backbone.weights_hash(base.layers)
    other = backbone.build_base("none", seed=4)
    assert backbone.weights_hash(other.layers) != backbone.weights_hash(base.layers)


def test_weights_from_a_file(base: Any, tmp_path: Path) -> None:
    file = tmp_path / "mine.weights.h5"
    base.save_weights(file)
    loaded = backbone.build_base(file, seed=9)
    np.testing.assert_array_equal(loaded.get_layer("conv").kernel, base.get_layer("conv").kernel)


def test_weights_from_a_run(small: Any) -> None:
    import keras

    loaded = backbone.build_base(small.run.model_file, seed=9)
    trained = keras.models.load_model(small.run.model_file, compile=False)
    for name in ("conv", "conv_1_bn"):
        for one, other in zip(loaded.get_layer(name).weights, trained.get_layer(name).weights, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("content", [b"", b"no weights", None], ids=["empty", "text", "absent"])
def test_unusable_files_are_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "mine.h5"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match="mine.h5"):
        backbone.build_base(file)


def test_weights_of_another_network_do_not_fit(tmp_path: Path) -> None:
    import keras

    file = tmp_path / "other.weights.h5"
    entry = keras.Input((4,))
    keras.Model(entry, keras.layers.Dense(2)(entry)).save_weights(file)
    with pytest.raises(InputError, match="other.weights.h5: these are not weights of MobileNetV3-Large"):
        backbone.build_base(file)


class _Answer(io.BytesIO):
    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.headers = {"Content-Length": str(len(content))}


def test_download_is_verified_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from keras.src.applications import mobilenet_v3

    content, asked, seen = bytes(600_000), [], []
    hashes = {"large_224_1.0_float": ("", hashlib.md5(content).hexdigest())}
    monkeypatch.setattr(mobilenet_v3, "WEIGHTS_HASHES", hashes)

    def answer(request: Any, timeout: float) -> _Answer:
        asked.append(request.full_url)
        return _Answer(content)

    monkeypatch.setattr("urllib.request.urlopen", answer)
    file = backbone.imagenet_weights_file(
        tmp_path / "weights", lambda done, total: seen.append((done, total))
    )
    assert file.read_bytes() == content
    assert asked[0].endswith("/mobilenet_v3/weights_mobilenet_v3_large_224_1.0_float_no_top_v2.h5")
    assert all(done <= total == len(content) for done, total in seen)
    assert seen
    backbone.imagenet_weights_file(tmp_path / "weights")
    assert len(asked) == 1

    hashes["large_224_1.0_float"] = ("", "0" * 32)
    with pytest.raises(InputError, match="cut short or altered"):
        backbone.imagenet_weights_file(tmp_path / "weights")
    assert [path.name for path in (tmp_path / "weights").iterdir()] == [file.name]


def test_no_network_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(request: Any, timeout: float) -> None:
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    with pytest.raises(InputError, match="cannot be downloaded.*choose a weights file or none"):
        backbone.build_base("imagenet", tmp_path)
    assert list(tmp_path.iterdir()) == []
