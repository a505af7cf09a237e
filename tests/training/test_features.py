"""The kept output of the frozen part: right, computed once, whole or computed again, and bounded."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from breakhis_core.errors import InputError
from breakhis_core.images import datasets, model_inputs
from breakhis_core.images.input_form import InputForm
from breakhis_core.images.pixels import decode
from breakhis_core.networks.network import Network, build_network
from breakhis_core.recipes import RECIPES
from breakhis_core.training import features
from breakhis_core.training.feature_store import FeatureStore, clear_features
from breakhis_core.training.features import frozen_outputs
from tests.training.fixtures_ml import lively_base

ROW = (2, 3)


@pytest.fixture(scope="module")
def network() -> Network:
    return build_network(RECIPES["paper"], lively_base(1))


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many images each forward pass of the frozen part took."""
    seen: list[int] = []
    made = features.frozen_function

    def counted(network: Network) -> Callable[[Any], Any]:
        forward = made(network)

        def call(inputs: Any) -> Any:
            seen.append(len(inputs))
            return forward(inputs)

        return call

    monkeypatch.setattr(features, "frozen_function", counted)
    return seen


@pytest.fixture
def files(small: Any) -> dict[str, Path]:
    images = small.images["hash"].to_list()[:20]
    found = {image: datasets.picture_path(small.workspace, image) for image in images}
    return {image: path for image, path in found.items() if path is not None}


def test_outputs_are_those_of_keras(network: Network, files: dict[str, Path], tmp_path: Path) -> None:
    outputs = frozen_outputs(network, tmp_path, list(files), files, InputForm(), (0, 1, 2, 3))
    assert (outputs.shape, outputs.dtype) == ((20, 4, 14, 14, 80), np.float16)
    inputs = np.stack([InputForm().of(decode(file)) for file in files.values()]).astype(np.float32)
    assert network.frozen is not None
    for variant, images in enumerate([inputs, inputs[:, :, ::-1], inputs[:, ::-1], inputs[:, ::-1, ::-1]]):
        expected = np.asarray(network.frozen(images, training=False))
        # Half precision keeps eleven bits; sums of cancelling terms keep what float32 leaves them.
        np.testing.assert_allclose(outputs[:, variant], expected, rtol=2**-10, atol=1e-5 * expected.max())
    assert not np.array_equal(outputs[:, 0], outputs[:, 1])


def test_large_outputs_are_the_same_and_lie_in_a_file(
    network: Network, files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = list(files)[:4]
    held = frozen_outputs(network, tmp_path, few, files, InputForm(), (0, 1))
    monkeypatch.setattr(features, "_LARGE", 1)
    lying = frozen_outputs(network, tmp_path, few, files, InputForm(), (0, 1))
    assert isinstance(lying, np.memmap)
    assert not isinstance(held, np.memmap)
    np.testing.assert_array_equal(lying, held)
    assert not [file for file in tmp_path.iterdir() if file.is_file()]


def test_nothing_is_computed_twice(
    network: Network, files: dict[str, Path], tmp_path: Path, passes: list[int]
) -> None:
    some = list(files)[:5]
    frozen_outputs(network, tmp_path, some, files, InputForm())
    assert sum(passes) == 5
    first = frozen_outputs(network, tmp_path, list(files), files, InputForm())
    assert sum(passes) == 20
    np.testing.assert_array_equal(frozen_outputs(network, tmp_path, list(files), {}, InputForm()), first)
    assert sum(passes) == 20


def test_a_damaged_shard_is_computed_again(
    network: Network, files: dict[str, Path], tmp_path: Path, passes: list[int]
) -> None:
    first = frozen_outputs(network, tmp_path, list(files), files, InputForm())
    (shard,) = tmp_path.glob("*/*.npz")
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 255
    shard.write_bytes(content)
    np.testing.assert_array_equal(frozen_outputs(network, tmp_path, list(files), files, InputForm()), first)
    assert sum(passes) == 40


def test_a_second_pass_by_other_weights_decodes_nothing(
    network: Network, files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = frozen_outputs(network, tmp_path, list(files), files, InputForm())
    for shard in tmp_path.glob("*/*.npz"):
        shard.unlink()
    monkeypatch.setattr(model_inputs, "decode", None)
    np.testing.assert_array_equal(frozen_outputs(network, tmp_path, list(files), files, InputForm()), first)


def test_what_was_done_before_a_stop_is_kept(
    network: Network, files: dict[str, Path], tmp_path: Path
) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        frozen_outputs(network, tmp_path, list(files), files, InputForm(), progress=stop)
    store = FeatureStore.open(tmp_path, f"{network.frozen_key}-{InputForm().key}")
    assert sum((image, 0) in store for image in files) == 8


def test_a_changed_picture_is_named(network: Network, files: dict[str, Path], tmp_path: Path) -> None:
    first, second = list(files)[:2]
    with pytest.raises(InputError, match=f"{files[second].name}: the picture changed"):
        frozen_outputs(network, tmp_path, [first], {first: files[second]}, InputForm())


def test_rooms_are_kept_apart_and_bounded(tmp_path: Path) -> None:
    outputs = np.zeros((4, *ROW), np.float16)
    for name in ("old", "new"):
        FeatureStore.open(tmp_path, name).add([(f"{at:032x}", False) for at in range(4)], outputs)
    old = FeatureStore.open(tmp_path, "old")
    assert (f"{1:032x}", False) in old
    assert (f"{1:032x}", True) not in old
    os.utime(old.folder, (0, 0))
    FeatureStore.open(tmp_path, "new", limit=1)
    assert not old.folder.exists()
    # The one in use and one used a minute ago stay, whatever the limit.
    FeatureStore.open(tmp_path, "third", limit=1)
    assert len(list(tmp_path.glob("new*/*.npz"))) == 1


def test_clearing_frees_everything(tmp_path: Path) -> None:
    FeatureStore.open(tmp_path, "some").add([("0" * 32, False)], np.zeros((1, *ROW), np.float16))
    size = sum(file.stat().st_size for file in tmp_path.rglob("*.npz"))
    assert clear_features(tmp_path) == size
    assert list(tmp_path.iterdir()) == []
    assert clear_features(tmp_path / "absent") == 0
