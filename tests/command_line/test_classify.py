import io
import json

import numpy as np
import pytest
from PIL import Image

from breakhis_core.images.input_form import InputForm
from breakhis_core.images.pixels import decode
from breakhis_core.images.taxonomy import CODES, side_of
from breakhis_core.runs import classifying
from breakhis_core.runs.predictor import Predictor
from tests.command_line.test_all_commands import call


@pytest.fixture
def picture(tmp_path):
    """A picture on disk."""
    pixels = np.random.default_rng(1).integers(90, 256, (46, 70, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "good.png")
    return tmp_path / "good.png"


def test_json_has_what_the_predictor_says(tiny_run, picture):
    told = call("classify", picture, "--run", tiny_run.path, "--json")
    assert told.exit_code == 0
    (result,) = json.loads(told.stdout)["results"]
    predicted = Predictor.load(tiny_run.path).predict(InputForm().of(decode(picture))[None])
    assert result["file"] == str(picture)
    assert list(result["probabilities"]) == list(CODES)
    assert list(result["probabilities"].values()) == pytest.approx(predicted.probabilities[0].tolist())
    best = CODES[int(predicted.probabilities[0].argmax())]
    assert (result["subtype"], result["side"]) == (best, side_of(best))
    assert result["confidence"] == pytest.approx(max(result["probabilities"].values()))


def test_a_broken_file_gets_its_sentence_and_the_others_go_on(tiny_run, picture, tmp_path):
    whole = picture.read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("not a picture")
    grey = io.BytesIO()
    Image.open(picture).convert("L").save(grey, "TIFF")
    (tmp_path / "grey.tif").write_bytes(grey.getvalue())
    files = [tmp_path / name for name in ("cut.png", "good.png", "text.png", "gone.png", "grey.tif")]
    told = call("classify", *files, "--run", tiny_run.path, "--json")
    results = json.loads(told.stdout)["results"]
    assert told.exit_code == 1
    assert [result["file"] for result in results] == [str(file) for file in files]
    assert ["error" in result for result in results] == [True, False, True, True, False]
    assert all(
        result["error"].startswith(file.name)
        for result, file in zip(results, files, strict=True)
        if "error" in result
    )


def test_people_get_a_table_the_sentences_and_the_reminder(tiny_run, picture, tmp_path):
    told = call("classify", picture, tmp_path / "gone.png", "--run", tiny_run.path)
    lines = told.stdout.splitlines()
    assert told.exit_code == 1
    assert lines[1].startswith("good.png ")
    assert lines[2].startswith("gone.png: ")
    assert lines[-1].endswith("Research tool, not a medical device.")


def test_a_run_that_is_not_there_is_bad_input(workspace, picture):
    told = call("classify", picture, "--run", "gone", "--json")
    assert told.exit_code == 1
    error = f"There is no run called gone; there is no run in {workspace.models}."
    assert json.loads(told.stdout) == {"error": error}


def test_a_folder_is_walked_in_order_without_what_is_hidden(tiny_run, picture, tmp_path):
    folder = tmp_path / "slides"
    for name in ("b/2.PNG", "a/1.png", ".cache/0.png", ".9.png", "notes.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(picture.read_bytes())
    told = call("classify", folder, "--run", tiny_run.path, "--json")
    answer = json.loads(told.stdout)
    assert told.exit_code == 0
    assert [result["file"] for result in answer["results"]] == [
        str(folder / "a" / "1.png"),
        str(folder / "b" / "2.PNG"),
    ]
    assert answer["folders"] == {str(folder): 2}
    assert (answer["run"], answer["phantom"]) == (tiny_run.name, True)
    assert answer["images_are"] == "Synthetic phantoms, not tissue."


def test_a_folder_without_pictures_is_one_sentence(tiny_run, tmp_path):
    (tmp_path / "empty").mkdir()
    told = call("classify", tmp_path / "empty", "--run", tiny_run.path)
    assert told.exit_code == 1
    assert "there is no PNG, JPEG or TIFF picture in this folder." in told.stdout


def test_the_table_is_that_of_the_screen(tiny_run, picture, tmp_path):
    told = call(
        "classify", picture, tmp_path / "gone.png", "--run", tiny_run.path, "--csv", tmp_path / "c.csv"
    )
    assert told.exit_code == 1
    known = classifying.known_images(tiny_run.predictions())
    predictor = Predictor.load(tiny_run.predictor_file)
    result = classifying.classify(predictor, tiny_run.input_form, str(picture), picture.read_bytes())
    gone = classifying.Classified(
        str(tmp_path / "gone.png"), error="gone.png: the file cannot be read (No such file or directory)."
    )
    expected = classifying.results_csv([result, gone], known, tiny_run.name)
    assert (tmp_path / "c.csv").read_bytes() == expected


def test_a_table_that_cannot_be_written_is_said_before_anything_is_classified(tiny_run, picture, tmp_path):
    told = call("classify", picture, "--run", tiny_run.path, "--csv", tmp_path / "none" / "c.csv")
    assert (told.exit_code, told.stdout) == (1, "")
