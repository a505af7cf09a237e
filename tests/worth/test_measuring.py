import json

import numpy as np
import pytest

from breakhis_core.errors import InputError
from breakhis_core.images.taxonomy import CODES
from breakhis_core.progress import JobStopped
from breakhis_core.runs import open_run
from breakhis_core.runs.folder import FIRST_EMBEDDINGS, UNSEEN
from breakhis_core.runs.writing import add_files
from breakhis_core.suspects.looking import look
from breakhis_core.suspects.reading import suspects_of
from breakhis_core.worth.measuring import measured
from breakhis_core.worth.question import question
from tests.worth.questions import Telling, flagging, planted

SEEDS, PLACEBOS = 3, 19


def test_wrong_labels_are_found_to_help_left_out_and_corrected(tmp_path):
    asked, true = planted(wrong=20)
    asked = flagging(asked, np.arange(160) < 20, true)
    result = measured(asked, SEEDS, PLACEBOS, Telling(tmp_path))
    assert {name: arm["verdict"] for name, arm in result["arms"].items()} == {
        "without": "helps",
        "corrected": "helps",
    }
    without = result["arms"]["without"]["figures"]["accuracy"]
    assert without["p"] == pytest.approx(1 / (PLACEBOS + 1))
    assert without["to_all"]["delta"] > 0.02
    assert "helps" in result["arms"][result["best"]]["sentence"]
    json.dumps(result, allow_nan=False)


def test_good_images_left_out_do_not_help(tmp_path):
    asked, _ = planted()
    result = measured(flagging(asked, np.arange(160) < 16), SEEDS, PLACEBOS, Telling(tmp_path))
    assert result["arms"]["without"]["verdict"] in ("no different", "cannot be told")
    assert "helps:" not in result["arms"]["without"]["sentence"]


def test_where_heads_say_nothing_it_cannot_be_told(tmp_path):
    asked, true = planted(wrong=20, noise=60.0)
    result = measured(flagging(asked, np.arange(160) < 20, true), 2, PLACEBOS, Telling(tmp_path))
    assert not result["heads"]["tell"]
    assert {arm["verdict"] for arm in result["arms"].values()} == {"cannot be told"}
    assert "cannot be told here" in result["arms"]["without"]["sentence"]


def test_the_smallest_effect_is_told_before_any_result_and_hangs_on_no_flag(tmp_path):
    context = Telling(tmp_path)
    asked, true = planted(wrong=20)
    flagged = np.arange(160) < 20
    first = measured(flagging(asked, flagged, true), 2, PLACEBOS, context)
    assert any("could be seen" in message for message, _ in context.told)
    second = measured(flagging(asked, flagged), 2, PLACEBOS, Telling(tmp_path))
    assert first["smallest_effect"] == second["smallest_effect"]


def test_stopped_and_asked_again_it_goes_on_and_says_the_same(tmp_path):
    asked, true = planted(wrong=20)
    asked = flagging(asked, np.arange(160) < 20, true)
    (tmp_path / "whole").mkdir()
    whole = measured(asked, 3, PLACEBOS, Telling(tmp_path / "whole"))
    with pytest.raises(JobStopped):
        measured(asked, 3, PLACEBOS, Telling(tmp_path, stop_after=2))
    kept = {file.name: file.stat().st_mtime_ns for file in tmp_path.glob("seed-*.npy")}
    assert kept
    assert measured(asked, 3, PLACEBOS, Telling(tmp_path)) == whole
    assert all((tmp_path / name).stat().st_mtime_ns == time for name, time in kept.items())


def test_each_reason_has_an_arm_and_placebos_of_its_own(tmp_path):
    asked, _ = planted(wrong=20)
    flagged = np.arange(160) < 30
    asked = flagging(asked, flagged)
    reasons = {"wrong_label": np.arange(160) < 20, "staining": flagged & (np.arange(160) >= 20)}
    asked = type(asked)(asked.images, asked.embeddings, "image", asked.flagged, asked.corrected, reasons)
    result = measured(asked, SEEDS, PLACEBOS, Telling(tmp_path))
    assert result["arms"]["without:wrong_label"]["flagged"] == 20
    assert result["arms"]["without:staining"]["flagged"] == 10
    assert result["arms"]["without:wrong_label"]["verdict"] == "helps"
    assert result["arms"]["without:staining"]["verdict"] != "helps"


@pytest.fixture
def looked_run(fake_run):
    predictions = fake_run.predictions()
    labels = np.array([CODES.index(code) for code in predictions["subtype"]])
    first = np.random.default_rng(0).normal(size=(len(labels), 960)).astype(np.float16)
    first[np.arange(len(labels)), labels] += 9

    def write(folder):
        np.save(folder / FIRST_EMBEDDINGS, first)
        look(predictions, first, labels).to_parquet(folder / UNSEEN, index=False)

    add_files(fake_run.path, write)
    return open_run(fake_run.path)


def test_the_test_part_takes_no_part_whatever_is_said_of_it(looked_run, tmp_path):
    predictions = looked_run.predictions()
    learnt = predictions.loc[predictions["part"] != "test", "hash"].tolist()
    tested = predictions.loc[predictions["part"] == "test", "hash"].tolist()
    flagged = {image: ["wrong_label"] for image in learnt[:6]}
    plain = question(looked_run, flagged)
    assert not set(plain.images["hash"]) & set(tested)
    tried = question(
        looked_run, flagged | {image: ["wrong_label"] for image in tested}, dict.fromkeys(tested, "A")
    )
    assert plain.images.equals(tried.images)
    assert np.array_equal(plain.flagged, tried.flagged)
    assert np.array_equal(plain.corrected, tried.corrected)
    assert measured(plain, 2, PLACEBOS, Telling(tmp_path)) == measured(tried, 2, PLACEBOS, Telling(tmp_path))
    with pytest.raises(InputError, match="nothing to leave out"):
        question(looked_run, {image: ["wrong_label"] for image in tested})


def test_no_suspect_is_a_test_image(looked_run):
    suspects = suspects_of(looked_run)
    assert suspects is not None
    parts = looked_run.predictions()["part"]
    assert suspects.table["score"].isna().equals(parts == "test")
    assert not suspects.table.loc[parts == "test", "suspect"].any()


def test_a_run_of_before_says_what_to_do(fake_run):
    with pytest.raises(InputError, match="suspects fake"):
        question(fake_run, {"a": ["wrong_label"]})
