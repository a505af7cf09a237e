import numpy as np
import pandas as pd
import pytest
from PIL import Image

from breakhis_core.images import datasets, measuring
from breakhis_core.images.catalogue import Catalogue
from breakhis_core.images.datasets import picture_path
from breakhis_core.images.measuring import load_checks, measure_images, quality_in_words
from breakhis_core.images.pixels import decode
from breakhis_core.images.quality import CHECKS, measure
from breakhis_core.progress import JobStopped
from tests.conftest import paint_pictures


def unmeasured(workspace):
    """How many catalogued images a measuring still has to look at."""
    kept = measuring._kept(workspace)
    return len(datasets.load_images(workspace)) - (0 if kept is None else len(kept))


@pytest.fixture
def many(workspace, tmp_path):
    """A hundred and sixty tiny pictures, forty of each magnification; one is grey, one a mirrored other."""
    root = tmp_path / "many"
    images = paint_pictures(root, per_slide=12, size=(96, 64))
    grey, mirrored = root / images["path"].iat[0], root / images["path"].iat[5]
    Image.new("RGB", (96, 64), (200, 200, 200)).save(grey)
    other = decode(root / images["path"].iat[9])
    Image.fromarray(np.flip(other, 1)).save(mirrored)
    problems = pd.DataFrame(columns=["path", "kind", "reason"])
    datasets.save_catalogue(workspace, Catalogue(root, images, problems, phantom=True))
    return images


def test_every_image_is_measured_once_and_kept(workspace, many, monkeypatch):
    assert load_checks(workspace) is None
    assert unmeasured(workspace) == len(many)
    steps = []
    assert measure_images(workspace, lambda done, of: steps.append((done, of))) == 0
    assert steps[-1] == (len(many), len(many))
    assert unmeasured(workspace) == 0
    table = load_checks(workspace).table
    image = many["hash"].iat[7]
    expected = measure(decode(picture_path(workspace, image)))
    assert {check.code: table.loc[image, check.code] for check in CHECKS} == pytest.approx(expected)

    monkeypatch.setattr(measuring, "measure", lambda pixels: pytest.fail("it was measured twice"))
    measure_images(workspace)
    assert load_checks(workspace) is load_checks(workspace)


def test_the_words_compare_within_one_magnification(workspace, many):
    measure_images(workspace)
    checks = load_checks(workspace)
    grey, usual = many["hash"].iat[0], many["hash"].iat[13]
    peers = int((many["magnification"] == 40).sum())
    told = quality_in_words(checks, grey)
    assert f"Sharpness: far below the usual, among the lowest {int(np.ceil(100 / peers))} % at 40×" in told
    assert told[0] == "Place 1 of 192 from the poorest, by sharpness"
    assert checks.worst_check(grey) == "sharpness"
    place = checks.worst_first().index(usual) + 1
    assert quality_in_words(checks, usual)[0].startswith(f"Place {place} of ")
    assert quality_in_words(checks, "f" * 32) == []
    assert "sharpness" in checks.odd()[grey]
    assert checks.worst_first()[0] == grey
    assert sorted(checks.worst_first()) == sorted(many["hash"])


def test_few_images_of_a_magnification_are_said_to_be_few(workspace, pictures):
    measure_images(workspace)
    image = pictures["hash"].iat[0]
    place, few = quality_in_words(load_checks(workspace), image)
    assert place.startswith("Place ")
    assert " of 64 from the poorest, by " in place
    assert few == "16 images at 40×: too few to say what is usual"


def test_a_mirrored_picture_is_a_near_duplicate_of_its_original(workspace, many):
    measure_images(workspace)
    near = load_checks(workspace).near
    mirrored, original = many["hash"].iat[5], many["hash"].iat[9]
    assert near == {mirrored: [(original, "mirrored")], original: [(mirrored, "mirrored")]}


def test_a_picture_that_cannot_be_read_is_counted_and_the_others_are_measured(workspace, many):
    picture_path(workspace, many["hash"].iat[3]).write_text("no picture")
    assert measure_images(workspace) == 1
    assert unmeasured(workspace) == 1
    assert many["hash"].iat[3] not in load_checks(workspace).table.index


def test_what_was_measured_before_a_stop_is_not_measured_again(workspace, many, monkeypatch):
    monkeypatch.setattr(measuring, "_KEEP_EVERY", 10)

    def stop(done, of):
        if done == 25:
            raise JobStopped

    with pytest.raises(JobStopped):
        measure_images(workspace, stop)
    assert unmeasured(workspace) == len(many) - 20
    steps = []
    measure_images(workspace, lambda done, of: steps.append(done))
    assert steps == list(range(21, len(many) + 1))


def test_a_damaged_file_is_measured_anew(workspace, many):
    measure_images(workspace)
    (workspace.root / "checks" / "scores.parquet").write_bytes(b"rubbish")
    assert load_checks(workspace) is None
    assert unmeasured(workspace) == len(many)
    measure_images(workspace)
    assert unmeasured(workspace) == 0
