"""The classify screen, run without a browser."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from streamlit.testing.v1 import AppTest

from breakhis_core.images.taxonomy import CODES
from breakhis_core.runs import Run, classifying, open_run
from breakhis_core.runs.classifying import Classified, Known
from breakhis_core.settings import Settings
from breakhis_core.workspace import Workspace
from tests.conftest import write_fake_run
from tests.screens.conftest import PROJECT
from tests.screens.in_app import in_app


def write_predictor(file: Path, height: int = 224, width: int = 224) -> None:
    """Write a graph with a predictor's inputs and outputs that always calls ductal carcinoma.

    Each map says how bright the model input is in each square of 32 pixels.
    """
    logits = np.zeros(len(CODES), np.float32)
    logits[CODES.index("DC")] = 3.0
    zeros = {"mean": np.zeros((3, 8)), "embed": np.zeros((3, 960)), "map": np.full((3, 8), 0.001)}
    constants = [numpy_helper.from_array(value.astype(np.float32), name) for name, value in zeros.items()]
    constants += [numpy_helper.from_array(logits, "bias"), numpy_helper.from_array(np.array([1, 2]), "axes")]
    nodes = [
        helper.make_node("Cast", ["images"], ["x"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["x", "axes"], ["pooled"], keepdims=0),
        helper.make_node("Gemm", ["pooled", "mean", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"]),
        helper.make_node("MatMul", ["pooled", "embed"], ["embeddings"]),
        helper.make_node("MatMul", ["x", "map"], ["fields"]),
        helper.make_node("Transpose", ["fields"], ["turned"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["turned"], ["class_maps"], kernel_shape=[32, 32], strides=[32, 32]),
    ]
    images = helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", height, width, 3])
    map_shape = ["n", 8, height // 32, width // 32]
    shapes = {"probabilities": ["n", 8], "embeddings": ["n", 960], "class_maps": map_shape}
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()
    ]
    graph = helper.make_graph(nodes, "fixed", [images], outputs, constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10), file)


def with_predictor(run: Run, height: int = 224, width: int = 224) -> Run:
    """Put a working predictor into a made-up run."""
    write_predictor(run.path / "predictor.onnx", height, width)
    manifest = json.loads((run.path / "manifest.json").read_text())
    content = (run.path / "predictor.onnx").read_bytes()
    manifest["files"]["predictor.onnx"] = hashlib.sha256(content).hexdigest()
    (run.path / "manifest.json").write_text(json.dumps(manifest))
    return open_run(run.path)


@pytest.fixture
def run(fake_run: Run) -> Run:
    return with_predictor(fake_run)


@pytest.fixture
def seen(workspace: Workspace, run: Run) -> tuple[str, bytes]:
    """Name and file of an image that the run was trained on."""
    table = run.predictions()
    row = table[table["part"] == "train"].iloc[0]
    from breakhis_core.images.datasets import picture_path

    file = picture_path(workspace, row["hash"])
    assert file is not None
    return str(row["name"]), file.read_bytes()


def picture(kind: str = "PNG", mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.effect_noise((90, 60), 40).convert(mode).save(file, kind)
    return file.getvalue()


def drop(screen: AppTest, *files: tuple[str, bytes]) -> AppTest:
    screen.file_uploader[0].set_value([(name, content, "image/png") for name, content in files])
    screen.run()
    assert not screen.exception, screen.exception
    return screen


def said(screen: AppTest) -> str:
    kinds = (screen.markdown, screen.caption, screen.info, screen.warning, screen.error)
    return "\n".join(one.value for kind in kinds for one in kind)


def test_without_a_run_it_says_what_to_do(workspace: Workspace) -> None:
    screen = in_app("classify")
    assert "no run to classify with" in said(screen)
    assert [button.label for button in screen.button] == ["Train a run"]


def test_a_picture_gets_subtype_side_and_confidence(run: Run) -> None:
    confidence = np.exp(3) / (np.exp(3) + 7)
    text = said(drop(in_app("classify"), ("mine.png", picture())))
    assert f"DC ductal carcinoma, malignant: confidence {confidence:.3f}" in text
    assert "mine.png · 90 × 60 pixels" in text


def test_png_jpeg_tiff_grey_and_cmyk_are_all_listed(run: Run) -> None:
    files = [
        ("a.png", picture()),
        ("b.jpg", picture("JPEG")),
        ("c.tif", picture("TIFF", "CMYK")),
        ("d.tiff", picture("TIFF", "L")),
    ]
    listed = drop(in_app("classify"), *files).dataframe[0].value
    assert listed["file"].tolist() == [name for name, _ in files]
    assert set(listed["subtype"]) == {"DC"}


def test_a_broken_file_gets_its_sentence_and_the_others_go_on(run: Run) -> None:
    screen = drop(
        in_app("classify"),
        ("good.png", picture()),
        ("cut.png", picture()[:-400]),
        ("text.png", b"no picture"),
        ("[empty](x).png", b""),
    )
    assert screen.expander[0].label == "3 files could not be used"
    text = said(screen)
    assert "cut.png: the picture is damaged or cut short" in text
    assert "text.png: this is not a PNG, JPEG or TIFF picture." in text
    assert r"\[empty\]\(x\).png" in text
    assert "good.png · 90 × 60 pixels" in text


def test_next_and_previous_walk_the_list(run: Run) -> None:
    screen = drop(in_app("classify"), ("a.png", picture()), ("b.png", picture()))
    assert "a.png · 90" in said(screen)
    next(button for button in screen.button if button.label == "Next").click()
    screen.run()
    assert "b.png · 90" in said(screen)
    assert "2 of 2" in said(screen)


def test_an_image_that_was_trained_on_is_told(run: Run, seen: tuple[str, bytes]) -> None:
    name, content = seen
    text = said(drop(in_app("classify"), ("renamed.png", content)))
    assert f"In this run’s training set as {name}, labelled " in text
    assert "no test" in text


def test_a_run_on_phantoms_says_that_it_knows_nothing_of_tissue(
    run: Run, workspace: Workspace, pictures: pd.DataFrame
) -> None:
    assert "trained on synthetic phantoms" in in_app("classify").warning[0].value
    with_predictor(write_fake_run(workspace.models, "tissue", pictures, phantom=False))
    assert not in_app("classify", run="tissue").warning


def test_more_files_than_fit_are_said_to_be_left(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifying, "MAX_FILES", 2)
    screen = drop(in_app("classify"), *[(f"{n}.png", picture()) for n in range(3)])
    assert "The first 2 of 3 files are classified" in said(screen)
    assert len(screen.dataframe[0].value) == 2


def test_a_run_without_a_working_predictor_is_an_error_in_words(fake_run: Run) -> None:
    screen = drop(in_app("classify"), ("a.png", picture()))
    assert "predictor.onnx: the predictor is damaged or not an ONNX file." in screen.error[0].value


def test_another_run_answers_anew(run: Run, workspace: Workspace, pictures: pd.DataFrame) -> None:
    with_predictor(write_fake_run(workspace.models, "other", pictures))
    screen = drop(in_app("classify", run="fake"), ("a.png", picture()))
    screen.selectbox(key="classify-run").set_value("other")
    screen.run()
    names = [button.proto.label for button in screen.get("download_button")]
    assert names == ["Download CSV", "Download JSON"]
    assert screen.session_state["classified_by"][0] == "other"


RESULTS = [
    Classified("=1+1.png", hash="ab", size=(9, 9), probabilities=(0.0, 0, 0, 0.25, 0.75, 0, 0, 0)),
    Classified("bad.png", error="bad.png: the file is empty; save or copy it again."),
]


def test_the_table_to_download_cannot_attack_a_spreadsheet_and_holds_errors_too() -> None:
    known = {"ab": Known("train", "SOB_x.png", "DC")}
    table = pd.read_csv(io.BytesIO(classifying.results_csv(RESULTS, known, "fake")))
    assert table["file"].tolist() == ["'=1+1.png", "bad.png"]
    assert table.loc[0, ["subtype", "side", "seen_in", "run"]].tolist() == [
        "DC",
        "malignant",
        "train",
        "fake",
    ]
    assert table.loc[0, ["confidence", "p_TA", "malignant"]].tolist() == [0.75, 0.25, 0.75]
    assert table.loc[1, "error"] == RESULTS[1].error


def test_the_json_has_what_the_command_line_gives() -> None:
    first, second = json.loads(classifying.results_json(RESULTS, {}, "fake"))
    assert (first["subtype"], first["side"], first["probabilities"]["DC"]) == ("DC", "malignant", 0.75)
    assert second == {"file": "bad.png", "error": RESULTS[1].error, "run": "fake"}


USED = """
import sys
from streamlit.testing.v1 import AppTest
screen = AppTest.from_file("app.py", default_timeout=120)
screen.switch_page("pages/classify.py").run()
screen.file_uploader[0].set_value([("a.png", open(sys.argv[1], "rb").read(), "image/png")])
screen.run()
assert not screen.exception, screen.exception
assert any("ductal carcinoma" in one.value for one in screen.caption)
print(sorted({name.split(".")[0] for name in sys.modules} & {"tensorflow", "keras", "tf_keras_vis"}))
"""


def test_classifying_does_not_load_tensorflow(run: Run, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(picture())
    command = [sys.executable, "-c", USED, str(tmp_path / "a.png")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    assert done.stdout.strip().endswith("[]"), done.stdout + done.stderr[-2000:]
