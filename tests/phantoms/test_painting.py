import hashlib
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from breakhis_core.errors import InputError
from breakhis_core.images import catalogue, published_counts
from breakhis_core.images.pixels import decode, pixel_hash
from breakhis_core.images.taxonomy import CODES, MAGNIFICATIONS, parse_image_name
from breakhis_core.phantoms import painting
from breakhis_core.phantoms.noise import DIRECTIONS, Dice, box_sum, cloud
from breakhis_core.phantoms.spoiling import KINDS
from breakhis_core.settings import PROJECT

# One of each sub-type, of each way to spoil, and of the slide under two labels. When one of these changes,
# the run that ships with the demo no longer knows its images: raise phantoms.VERSION and train it again.
KNOWN = {
    "SOB_B_A-90-1011-40-001.png": "fd2e3f5b5f3b0897e6e458828714b856",
    "SOB_B_F-90-2011-40-001.png": "e87b6abbdcfa9a275d6034cbc55c76a6",
    "SOB_B_PT-90-3011-40-001.png": "25fb50cc4d6ae88e36e20fa7fb44f857",
    "SOB_B_TA-90-4011-40-001.png": "f0a989a25f3a7644f6cee9f52692dbd8",
    "SOB_M_DC-90-5011-40-001.png": "32cabb038d318c767099e4a9d78652f3",
    "SOB_M_LC-90-6011-40-001.png": "12297a3852168235ea437de5269eeb52",
    "SOB_M_MC-90-7011-40-001.png": "c6449ab1cb27ad938794835c92010b50",
    "SOB_M_PC-90-8011-40-001.png": "96a35e035089347ca12f59fbf106f4dc",
    "SOB_B_A-90-1011-100-002.png": "b69a32d2b4f7ea44963c34c1935dfaf8",
    "SOB_B_A-90-1048-200-002.png": "ac50e3e3e0941093ed5e3d5d9bdb8a9d",
    "SOB_B_A-90-1085-100-001.png": "4cac73dd08b3381e20244663985b0d50",
    "SOB_B_A-90-1122CD-100-002.png": "97864fa4a6da5d99c0ec302082ed1837",
    "SOB_B_A-90-1159-40-002.png": "9ced454759e936b3d63c549d3022e73e",
    "SOB_B_A-90-1196-400-001.png": "e2fc79861fad33042a1adf807f755f07",
    "SOB_M_DC-90-9412-40-001.png": "1acd65ca4ed21ba1fe91b51031bc80b9",
}


@pytest.fixture
def few(monkeypatch):
    """A plan of six phantoms: four of one case, and one image under two labels."""
    whole = painting.plan()
    monkeypatch.setattr(painting, "plan", lambda: whole[:4] + whole[-2:])
    return painting.plan()


def test_pixels_are_those_that_the_shipped_run_knows():
    by_name = {phantom.name: phantom for phantom in painting.plan()}
    assert {name: pixel_hash(painting.picture(by_name[name])) for name in KNOWN} == KNOWN


def test_the_run_that_ships_was_trained_on_them():
    learnt = set(pd.read_parquet(PROJECT / "models" / "demo" / "split.parquet")["hash"])
    quarantined = KNOWN["SOB_M_DC-90-9412-40-001.png"]
    assert set(KNOWN.values()) - learnt == {quarantined}


def test_pixels_do_not_depend_on_the_processor():
    """Paint with plain instructions and compare with whatever this machine has."""
    name = "SOB_M_MC-90-7011-40-001.png"
    code = (
        "from breakhis_core.phantoms import painting; from breakhis_core.images.pixels import pixel_hash;"
        f"print(*(pixel_hash(painting.picture(p)) for p in painting.plan() if p.name == '{name}'))"
    )
    plain = {
        **os.environ,
        "NPY_DISABLE_CPU_FEATURES": "X86_V3,X86_V4,AVX2,FMA3,AVX512F",
        "PYTHONHASHSEED": "7",
    }
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env=plain,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == [KNOWN[name]]


def test_plan_has_all_sub_types_magnifications_and_cases():
    plan = painting.plan()
    single = plan[:640]
    assert Counter(each.subtype for each in single) == dict.fromkeys(CODES, 80)
    assert Counter(each.magnification for each in single) == dict.fromkeys(MAGNIFICATIONS, 160)
    assert len({each.case for each in single}) == 80
    assert len({each.name for each in plan}) == len(plan)


def test_names_and_paths_are_those_of_the_official_layout():
    for each in painting.plan():
        parsed = parse_image_name(each.name)
        assert (parsed.subtype, parsed.slide, parsed.case) == (each.subtype, each.slide, each.case)
        assert (parsed.magnification, parsed.sequence) == (each.magnification, each.sequence)
        assert catalogue._misplaced(each.path, parsed) is None


def test_some_cases_have_two_slides():
    slides = Counter(case for case, _ in {(each.case, each.slide) for each in painting.plan()})
    assert set(slides.values()) == {1, 2}


def test_one_image_of_each_case_is_spoiled_and_every_sub_type_in_every_way():
    spoiled = [each for each in painting.plan()[:640] if each.spoiled]
    assert Counter(each.case for each in spoiled).most_common(1)[0][1] == 1
    assert len(spoiled) == 80
    assert {(each.subtype, each.spoiled) for each in spoiled} == {(c, kind) for c in CODES for kind in KINDS}


def test_only_wrong_labels_and_the_second_label_lie():
    for each in painting.plan():
        lies = each.true_subtype != each.subtype
        assert lies == (each.spoiled in ("wrong_label", "duplicate"))


def test_images_of_one_case_share_its_stain_and_cases_differ():
    plan = painting.plan()
    mean = {
        each.name: painting.picture(each).mean(axis=(0, 1)) for each in (plan[1], plan[9], plan[17], plan[25])
    }
    colours = np.array(list(mean.values()))
    assert np.abs(colours[:, None] - colours[None]).max() > 20


def test_blurred_phantom_is_blurred_and_empty_one_is_empty():
    plan = {phantom.name: phantom for phantom in painting.plan()}

    def edges(name):
        grey = painting.picture(plan[name]).mean(axis=2)
        return np.abs(np.diff(grey, axis=1)).mean()

    assert edges("SOB_B_A-90-1011-100-002.png") < 0.25 * edges("SOB_B_A-90-1011-100-001.png")
    empty = painting.picture(plan["SOB_B_A-90-1122CD-100-002.png"])
    # On an empty slide the three channels are all bright.
    assert (empty.min(axis=2) > 200).mean() > 0.85


def test_paint_writes_files_truth_and_a_catalogue(tmp_path, few):
    steps = []
    painting.paint(tmp_path / "phantoms", lambda done, of: steps.append((done, of)))
    root = tmp_path / "phantoms"
    assert steps == [(done, 6) for done in range(7)]
    assert painting.is_complete(root)
    table = painting.truth(root)
    assert tuple(table.columns) == painting.TRUTH_COLUMNS
    assert table["name"].tolist() == [each.name for each in few]
    assert table["spoiled"].tolist() == [each.spoiled for each in few]
    found = catalogue.scan(root)
    assert found.phantom
    assert sorted(found.images["path"]) == sorted(table["path"])
    assert published_counts.summary(found)["problem_counts"] == {"conflict": 2}
    assert set(found.images.set_index("hash").index) == {pixel_hash(painting.picture(each)) for each in few}
    assert not list(root.rglob("*.part"))


def test_slide_under_two_labels_has_equal_pixels_in_unequal_files(tmp_path, few):
    for each in few[-2:]:
        painting.paint_file((tmp_path, each))
    lobular, ductal = (tmp_path / each.path for each in few[-2:])
    assert lobular.read_bytes() != ductal.read_bytes()
    assert np.array_equal(decode(lobular), decode(ductal))


def test_paint_goes_on_where_it_stopped(tmp_path, few, monkeypatch):
    root = tmp_path / "phantoms"
    painting.paint(root)
    kept, lost = root / few[0].path, root / few[1].path
    before = hashlib.sha256(lost.read_bytes()).hexdigest()
    stamp = kept.stat().st_mtime_ns
    lost.unlink()
    (root / ".complete").unlink()
    steps = []
    painting.paint(root, lambda done, of: steps.append((done, of)))
    assert steps == [(5, 6), (6, 6)]
    assert kept.stat().st_mtime_ns == stamp
    assert hashlib.sha256(lost.read_bytes()).hexdigest() == before


def test_complete_phantoms_are_left_alone(tmp_path, few):
    painting.paint(tmp_path)
    painting.paint(tmp_path, lambda done, of: pytest.fail("nothing was to be painted"))


def test_phantoms_of_another_version_are_painted_again(tmp_path, few, monkeypatch):
    painting.paint(tmp_path)
    (tmp_path / ".complete").write_text("0\n")
    (tmp_path / ".version").write_text("0\n")
    steps = []
    painting.paint(tmp_path, lambda done, of: steps.append(done))
    assert steps[0] == 0
    assert painting.is_complete(tmp_path)


def test_progress_can_stop_the_painting(tmp_path, few):
    class Stopped(Exception):
        pass

    def stop(done, of):
        if done:
            raise Stopped

    with pytest.raises(Stopped):
        painting.paint(tmp_path, stop)
    assert not painting.is_complete(tmp_path)


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="holds other files"):
        painting.paint(tmp_path)
    with pytest.raises(InputError, match="no phantoms in this folder"):
        painting.truth(tmp_path)


def test_directions_are_unit_vectors_over_half_a_turn():
    angles = np.pi * np.arange(16) / 16
    assert np.allclose(DIRECTIONS, np.column_stack([np.cos(angles), np.sin(angles)]), atol=1e-6)


def test_box_sum_is_a_ring_of_exact_sums():
    values = np.arange(7)
    expected = [sum(values[(place + step) % 7] for step in (-2, -1, 0, 1, 2)) for place in range(7)]
    assert box_sum(values, 2, 0).tolist() == expected


def test_dice_stay_in_range_and_differ_by_name():
    dice = Dice("a", 1)
    numbers = dice.uniforms(-2, 3, 1000)
    assert numbers.min() >= -2
    assert numbers.max() < 3
    assert set(dice.integers(4, 1000)) == {0, 1, 2, 3}
    assert Dice("a", 1).uniform(0, 1) == Dice("a", 1).uniform(0, 1) != Dice("a", 2).uniform(0, 1)


@pytest.mark.parametrize("grain", [3, 20, 300])
def test_cloud_is_smooth_and_bounded(grain):
    field = cloud(Dice("cloud", grain), grain, (100, 150))
    assert field.shape == (100, 150)
    assert np.abs(field).max() <= 1
    assert np.abs(np.diff(field, axis=0)).max() < 4 / grain
