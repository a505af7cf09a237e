"""The grid pointing game: its geometry, a model that points well, and one that points nowhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from breakhis_core.images.taxonomy import CODES
from breakhis_core.maps.pointing import MOST, deal, play, share_in_quarter
from breakhis_core.networks.export import enlarged, export_predictor
from breakhis_core.networks.network import build_network
from breakhis_core.runs.pointing import in_words, pointing
from breakhis_core.runs.predictor import Predictor
from tests.training.fixtures_ml import TINY, Small, lively_base, smooth_images


@pytest.mark.parametrize("place", range(4))
def test_all_evidence_in_one_quarter(place: int) -> None:
    rows, columns = divmod(place, 2)
    evidence = np.full((6, 8), -1.0)
    evidence[rows * 3 : rows * 3 + 3, columns * 4 : columns * 4 + 4] = 2
    assert [share_in_quarter(evidence, at) for at in range(4)] == [float(at == place) for at in range(4)]


def test_even_evidence_is_chance_whatever_the_shape() -> None:
    for shape in ((14, 14), (21, 32), (5, 7), (1, 1)):
        assert [share_in_quarter(np.ones(shape), at) for at in range(4)] == pytest.approx([0.25] * 4)
    assert share_in_quarter(np.full((4, 4), -1.0), 0) == 0


def test_mosaics_hold_four_subtypes_and_show_all_images() -> None:
    codes = [code for code, count in zip(CODES, (9, 1, 5, 2, 7, 0, 3, 0), strict=True) for _ in range(count)]
    right = pd.DataFrame({"hash": [f"{at:032x}" for at in range(len(codes))], "subtype": codes})
    mosaics = deal(right)
    of = dict(zip(right["hash"], right["subtype"], strict=True))
    assert mosaics == deal(right)
    assert all(len({of[image] for image in mosaic}) == 4 for mosaic in mosaics)
    assert {image for mosaic in mosaics for image in mosaic} == set(right["hash"])
    assert deal(right[right["subtype"].isin(["A", "F", "PT"])]) == []
    many = pd.DataFrame(
        {"hash": [f"{at:032x}" for at in range(999)], "subtype": [CODES[at % 8] for at in range(999)]}
    )
    assert len(deal(many)) == MOST


@pytest.mark.parametrize("size", [(224, 224), (96, 160)])
def test_a_larger_predictor_says_what_the_network_says_of_larger_pictures(
    size: tuple[int, int], tmp_path: Path
) -> None:
    from breakhis_core.networks.backbone import build_base

    model = build_network(TINY, lively_base()).model if size == (224, 224) else None
    if model is None:
        model = build_network(TINY, build_base("none", size=size)).model
        model.set_weights(build_network(TINY, lively_base()).model.get_weights())
    export_predictor(model, tmp_path / "predictor.onnx")
    twice = build_network(TINY, build_base("none", size=(2 * size[0], 2 * size[1]))).model
    twice.set_weights(model.get_weights())
    export_predictor(twice, tmp_path / "twice.onnx")
    expected = Predictor.load(tmp_path / "twice.onnx")
    ours = Predictor.of(enlarged((tmp_path / "predictor.onnx").read_bytes(), 2), "larger")
    assert ours.input_shape == expected.input_shape
    assert ours.map_shape == expected.map_shape
    pictures = smooth_images(4).reshape(2, 2, 224, 224, 3).transpose(0, 2, 1, 3, 4).reshape(2, 224, 448, 3)
    inputs = np.concatenate([pictures, pictures], axis=1)[:, : 2 * size[0], : 2 * size[1]].copy()
    one, other = ours.predict(inputs), expected.predict(inputs)
    np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-5)
    np.testing.assert_allclose(one.class_maps, other.class_maps, atol=1e-5 * np.abs(other.class_maps).max())


def test_a_run_has_played(small: Small) -> None:
    played = small.run.pointing()
    assert played is not None
    predictions = small.run.predictions()
    right = predictions[
        (predictions["part"] == "test") & (predictions["predicted"] == predictions["subtype"])
    ]
    assert set(played["hash"]) <= set(right["hash"])
    root = small.workspace.root.parent / "pictures"
    files = {
        image: root / path for image, path in zip(small.images["hash"], small.images["path"], strict=True)
    }
    # As if it had been right throughout: who it is that plays is not the point here.
    known = predictions.assign(predicted=predictions["subtype"], part="test")
    again = play(small.run.predictor_file, known, files, small.run.input_form)
    assert len(again) == len(predictions)
    assert again["share"].between(0, 1).all()
    assert again["mosaics"].sum() == 4 * min(MOST, -(-len(predictions) // 2))


def test_the_interval_is_over_cases() -> None:
    draw = np.random.default_rng(0)
    played = pd.DataFrame(
        {"hash": [f"{at:032x}" for at in range(60)], "share": draw.random(60), "mosaics": 2}
    )
    predictions = pd.DataFrame({"hash": played["hash"], "case": [f"case {at % 12}" for at in range(60)]})
    result = pointing(played, predictions, "case")
    assert result is not None
    assert result["value"] == pytest.approx(played["share"].mean(), abs=1e-6)
    assert result["interval"][0] < result["value"] < result["interval"][1]
    assert (result["images"], result["cases"], result["chance"]) == (60, 12, 0.25)
    assert "by chance 0.25 (60 test images of 12 cases" in in_words(result)
    alone = pointing(played, predictions.assign(case="one"), "image")
    assert alone is not None
    assert alone["interval"] is None
    assert pointing(played[:0], predictions, "case") is None
