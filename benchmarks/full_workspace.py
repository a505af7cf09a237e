"""A workspace as large as all of BreakHis: 7,909 images with made-up pixels, and ten runs.

Names, cases and counts follow the published table; pictures are a few painted files under many names, since
the server never decodes them.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from breakhis_core.images.catalogue import IMAGE_COLUMNS, PROBLEM_COLUMNS, Catalogue, scan
from breakhis_core.images.datasets import save_catalogue
from breakhis_core.images.taxonomy import (
    CODES,
    MAGNIFICATIONS,
    PUBLISHED_CASES,
    PUBLISHED_IMAGES,
    SUBTYPES,
    parse_image_name,
)
from breakhis_core.runs.writing import write_facts, writing_run
from breakhis_core.splits.split import make_split
from breakhis_core.workspace import Workspace

ACCURACY = 0.8
WIDTH, HEIGHT = 700, 460


def fill(workspace: Workspace, folder: Path, runs: int = 10) -> pd.DataFrame:
    """Put all images and the runs into a workspace.

    Args:
        workspace: an empty one.
        folder: where the pictures go.
        runs: how many runs.

    Returns:
        The catalogued images.
    """
    images = _images()
    _write_pictures(images, folder)
    problems = pd.DataFrame(columns=list(PROBLEM_COLUMNS), dtype="str")
    save_catalogue(workspace, Catalogue(folder, images, problems, phantom=True))
    for number in range(runs):
        _write_run(workspace.models, f"run-{number}", images, seed=number)
    return images


def practise(workspace: Workspace, folder: Path, number: int = 400) -> None:
    """Put a few images with pixels of their own into a workspace, to train on."""
    images = _images()
    for row in images.iloc[:: len(images) // number].itertuples():
        file = folder / "breast" / str(row.path)
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(_noise(int(str(row.hash)[:8], 16))).save(file)
    save_catalogue(workspace, scan(folder))


def _noise(seed: int) -> npt.NDArray[np.uint8]:
    pixels = np.random.default_rng(seed).integers(120, 250, (HEIGHT // 4, WIDTH // 4, 3), np.uint8)
    return np.asarray(Image.fromarray(pixels).resize((WIDTH, HEIGHT)))


def _images() -> pd.DataFrame:
    rows = []
    for kind in SUBTYPES:
        for power, count in zip(MAGNIFICATIONS, PUBLISHED_IMAGES[kind.code], strict=True):
            for index in range(count):
                slide = f"14-{1000 + index % PUBLISHED_CASES[kind.code]}{kind.code}"
                side = kind.side[0].upper()
                name = f"SOB_{side}_{kind.code}-{slide}-{power}-{index + 1:03}.png"
                parsed = parse_image_name(name)
                path = f"{kind.side}/SOB/{kind.folder}/SOB_{side}_{kind.code}_{slide}/{power}X/{name}"
                case = f"{parsed.case}{kind.code}"
                image = hashlib.sha256(name.encode()).hexdigest()[:32]
                place = (kind.code, kind.side, slide, case, power)
                rows.append((image, name, path, *place, WIDTH, HEIGHT, "usable"))
    return pd.DataFrame(rows, columns=list(IMAGE_COLUMNS))


def _write_pictures(images: pd.DataFrame, folder: Path) -> None:
    """Paint one noisy picture a sub-type and link it under every name: 4 GB would prove nothing more."""
    masters = {code: folder / f"{code}.png" for code in CODES}
    folder.mkdir(parents=True)
    for seed, file in enumerate(masters.values()):
        Image.fromarray(_noise(seed)).save(file)
    for path, code in zip(images["path"], images["subtype"], strict=True):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        os.link(masters[code], folder / path)


def _write_run(models: Path, name: str, images: pd.DataFrame, seed: int) -> None:
    random = np.random.default_rng(seed)
    split = make_split(images, "case", seed=0)
    truth = images["subtype"].map(CODES.index).to_numpy()
    leading = np.where(random.random(len(truth)) < ACCURACY, truth, random.integers(0, 8, len(truth)))
    logits = random.normal(0, 1, (len(truth), 8))
    logits[np.arange(len(truth)), leading] += 4
    probabilities = np.exp(logits)
    probabilities = (probabilities / probabilities.sum(1, keepdims=True)).astype(np.float32)
    known = ["hash", "name", "subtype", "side", "slide", "case", "magnification"]
    predictions = images[known].merge(split.frame, on="hash", validate="1:1")
    for index, code in enumerate(CODES):
        predictions[f"p_{code}"] = probabilities[:, index]
    predictions["predicted"] = [CODES[index] for index in probabilities.argmax(1)]
    predictions["confidence"] = probabilities.max(1)
    with writing_run(models, name) as folder:
        (folder / "recipe.json").write_text('{"name": "made up for a load test"}')
        split.frame.to_parquet(folder / "split.parquet")
        (folder / "history.csv").write_text("epoch,loss,val_loss\n1,1.0,1.0\n")
        predictions.to_parquet(folder / "predictions.parquet")
        for file, shape in (("class_maps.npy", (8, 7, 7)), ("embeddings.npy", (960,))):
            array = random.random((len(truth), *shape), np.float32)
            np.save(folder / file, array.astype(np.float16))
        (folder / "model.keras").write_bytes(b"none")
        (folder / "predictor.onnx").write_bytes(b"none")
        (folder / "card.md").write_text("Made up for a load test.")
        write_facts(folder, phantom=True, unit="case", split_seed=0, weights="none", seconds=0.0, versions={})
