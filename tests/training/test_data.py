"""What a training reads: corrected labels where it learns, published ones where it is tested."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from breakhis_core.images.taxonomy import CODES
from breakhis_core.runs import Run
from breakhis_core.training.data import TrainingData, load_training_data
from breakhis_core.training.fold_data import load_fold_data
from breakhis_core.training.request import TrainRequest
from breakhis_core.workspace import Workspace
from tests.training.fixtures_ml import TINY


def another(code: str) -> str:
    return CODES[(CODES.index(code) + 3) % len(CODES)]


def everything_corrected(pictures: pd.DataFrame) -> dict[str, str]:
    return {image: another(code) for image, code in zip(pictures["hash"], pictures["subtype"], strict=True)}


def learnt_as(data: TrainingData, hashes: list[str]) -> list[str]:
    return [CODES[place] for place in data.labels(hashes)]


def published(pictures: pd.DataFrame, hashes: list[str]) -> list[str]:
    return pictures.set_index("hash")["subtype"].loc[hashes].to_list()


def test_no_test_image_is_ever_corrected(workspace: Workspace, pictures: pd.DataFrame) -> None:
    labels = everything_corrected(pictures)
    data = load_training_data(workspace, None, "case", 0, labels=labels)
    for part in ("train", "validation"):
        assert learnt_as(data, data.hashes(part)) == [labels[image] for image in data.hashes(part)]
    test = data.hashes("test")
    assert len(test) > 0
    assert learnt_as(data, test) == published(pictures, test)
    assert set(data.corrected) == {*data.hashes("train"), *data.hashes("validation")}


def test_the_test_part_of_a_kept_split_counts(
    workspace: Workspace, fake_run: Run, pictures: pd.DataFrame
) -> None:
    split = fake_run.split()
    test = split.loc[split["part"] == "test", "hash"].tolist()
    labels = everything_corrected(pictures)
    data = load_training_data(
        workspace, None, "case", 0, (), "fake", {image: labels[image] for image in test}
    )
    assert data.corrected == {}
    assert learnt_as(data, test) == published(pictures, test)


def test_what_leaves_or_stays_as_it_was_is_not_corrected(
    workspace: Workspace, pictures: pd.DataFrame
) -> None:
    first, second, third = load_training_data(workspace, None, "case", 0).hashes("train")[:3]
    (as_published,) = published(pictures, [second])
    labels = {first: "PC", second: as_published, third: another(*published(pictures, [third])), "gone": "PC"}
    data = load_training_data(workspace, None, "case", 0, (first,), labels=labels)
    assert data.corrected == {third: labels[third]}


def test_a_fold_learns_from_corrections_and_is_tested_on_published_labels(
    workspace: Workspace, pictures: pd.DataFrame, tmp_path: Path
) -> None:
    image, code = pictures["hash"][0], pictures["subtype"][0]
    labels = {image: another(code)}
    request = TrainRequest(recipe=TINY, weights="none", folds=2, labels=labels)
    data = load_fold_data(request, workspace)
    assert data.corrected == labels
    assert learnt_as(data.whole, [image]) == [labels[image]]
    parts = data.folds.frame.set_index("hash").loc[image]
    for fold in (1, 2):
        told = learnt_as(data.of(fold), [image])
        tested = parts[f"fold_{fold}"] == "test"
        assert told == [code if tested else labels[image]]
