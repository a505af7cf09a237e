"""Kept model inputs: the same bits, made once, and forgotten when damaged, outdated or too many."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from breakhis_core.images import model_inputs
from breakhis_core.images.input_form import InputForm
from breakhis_core.images.kept_inputs import KeptInputs, stamp_of
from breakhis_core.images.model_inputs import read_inputs, work_through
from breakhis_core.images.pixels import BadImageError, decode, pixel_hash

FORMS = [InputForm(32, 32), InputForm(48, 32, antialias=False, keep_proportions=True)]


@pytest.fixture
def files(tmp_path):
    found = {}
    for seed in range(20):
        pixels = np.random.default_rng(seed).integers(0, 255, (46, 70, 3), np.uint8)
        file = tmp_path / f"{seed}.png"
        Image.fromarray(pixels).save(file)
        found[pixel_hash(pixels)] = file
    return found


@pytest.fixture
def decoded(monkeypatch):
    """Files that were decoded, in no order."""
    seen = []
    monkeypatch.setattr(model_inputs, "decode", lambda file: seen.append(file) or decode(file))
    return seen


def everything(files, form, kept):
    return np.concatenate([some for _, some in read_inputs(list(files), files, form, 8, kept)])


@pytest.mark.parametrize("form", FORMS)
def test_a_second_pass_gives_the_same_bits_and_decodes_nothing(files, tmp_path, decoded, form):
    expected = np.stack([form.of(decode(file)) for file in files.values()])
    for _ in range(2):
        assert np.array_equal(everything(files, form, tmp_path / "kept"), expected)
        assert sorted(decoded) == sorted(files.values())
    for other in FORMS:
        everything(files, other, tmp_path / "kept")
    assert len(decoded) == 40


def test_work_gets_them_in_order_in_small_batches(files, tmp_path):
    form = InputForm(224, 448)
    expected = everything(files, form, None)
    for _ in range(2):
        told = list(work_through(lambda inputs: inputs.copy(), list(files), files, form, tmp_path / "kept"))
        assert [len(some) for some, _ in told] == [4, 4, 4, 4, 4]
        assert [image for some, _ in told for image in some] == list(files)
        assert np.array_equal(np.concatenate([inputs for _, inputs in told]), expected)


def test_without_a_folder_nothing_is_kept(files, decoded):
    for _ in range(2):
        everything(files, FORMS[0], None)
    assert len(decoded) == 40


@pytest.mark.parametrize("damage", [lambda c: c[:-1], lambda c: b"", lambda c: c[:-9] + b"x" + c[-8:]])
def test_a_damaged_input_is_made_again(files, tmp_path, decoded, damage):
    first = everything(files, FORMS[0], tmp_path / "kept")
    one = next((tmp_path / "kept").glob("*/*.input"))
    one.write_bytes(damage(one.read_bytes()))
    for _ in range(2):
        assert np.array_equal(everything(files, FORMS[0], tmp_path / "kept"), first)
    assert len(decoded) == 21


def test_a_picture_written_anew_is_read_anew(files, tmp_path, decoded):
    everything(files, FORMS[0], tmp_path / "kept")
    first, second, third, *_ = files
    os.utime(files[first], (5, 5))
    assert len(everything(files, FORMS[0], tmp_path / "kept")) == 20
    assert len(decoded) == 21
    files[second].write_bytes(files[first].read_bytes())
    with pytest.raises(BadImageError, match="the picture changed since it was catalogued"):
        everything({second: files[second]}, FORMS[0], tmp_path / "kept")
    files[third].unlink()
    with pytest.raises(BadImageError, match=f"{files[third].name}: the file cannot be read"):
        everything({third: files[third]}, FORMS[0], tmp_path / "kept")


def test_no_more_is_kept_than_there_is_room_for(files, tmp_path):
    kept = KeptInputs(tmp_path / "kept", FORMS[0], limit=10_000)
    for image, file in files.items():
        kept.add(image, stamp_of(file), FORMS[0].of(decode(file)))
    assert len(list(kept.folder.iterdir())) == 3


def test_a_folder_that_cannot_be_written_stops_no_pass(files, tmp_path):
    (tmp_path / "kept").write_text("in the way")
    assert len(everything(files, FORMS[0], tmp_path / "kept")) == 20


def test_many_keep_the_same_inputs_at_once(files, tmp_path):
    expected = everything(files, FORMS[0], None)
    with ThreadPoolExecutor(4) as pool:
        told = pool.map(lambda _: everything(files, FORMS[0], tmp_path / "kept"), range(8))
        assert all(np.array_equal(one, expected) for one in told)
    assert len(list((tmp_path / "kept").glob("*/*"))) == 20


def test_a_clearing_between_passes_is_survived(files, tmp_path):
    kept = KeptInputs(tmp_path / "kept", FORMS[0])
    image, file = next(iter(files.items()))
    made = FORMS[0].of(decode(file))
    kept.add(image, stamp_of(file), made)
    for one in kept.folder.iterdir():
        one.unlink()
    kept.folder.rmdir()
    kept.add(image, stamp_of(file), made)
    assert kept.get(image, stamp_of(file)) is None
