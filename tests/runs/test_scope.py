from __future__ import annotations

from pathlib import Path

import pandas as pd

from breakhis_core.images import datasets
from breakhis_core.images.catalogue import Catalogue
from breakhis_core.runs import Run
from breakhis_core.runs.scope import scope_of
from breakhis_core.workspace import Workspace
from tests.conftest import paint_pictures, write_fake_run

NO_PROBLEMS = pd.DataFrame(columns=["path", "kind", "reason"])


def catalogued(workspace: Workspace, root: Path, images: pd.DataFrame, phantom: bool) -> int:
    root.mkdir(exist_ok=True)
    return datasets.save_catalogue(workspace, Catalogue(root, images, NO_PROBLEMS, phantom))


def other_images(images: pd.DataFrame) -> pd.DataFrame:
    return images.assign(hash=[image[::-1] for image in images["hash"]])


def test_a_run_is_about_all_images_of_its_data_set(
    workspace: Workspace, pictures: pd.DataFrame, tmp_path: Path
) -> None:
    run = write_fake_run(workspace.models, "part", pictures.iloc[:32])
    catalogued(workspace, tmp_path / "more", other_images(pictures), phantom=True)
    scope = scope_of(workspace, run)
    assert (scope.name, scope.phantom, scope.datasets) == ("pictures", True, (1,))
    assert scope.hashes == set(pictures["hash"]), "also the images that are in no part of the run"


def test_tissue_and_phantoms_are_never_of_one_scope(
    workspace: Workspace, fake_run: Run, pictures: pd.DataFrame, tmp_path: Path
) -> None:
    catalogued(workspace, tmp_path / "tissue", pictures.iloc[:8], phantom=False)
    assert scope_of(workspace, fake_run).datasets == (1,)


def test_of_a_sample_and_the_archive_around_it_the_sample_counts(
    workspace: Workspace, fake_run: Run, pictures: pd.DataFrame, tmp_path: Path
) -> None:
    archive = pd.concat([pictures, other_images(pictures)])
    number = catalogued(workspace, tmp_path / "archive", archive, phantom=True)
    assert scope_of(workspace, fake_run).datasets == (1,)
    run = write_fake_run(workspace.models, "whole", archive)
    assert scope_of(workspace, run).datasets == (number,)


def test_a_split_over_two_data_sets_is_about_both(
    workspace: Workspace, pictures: pd.DataFrame, tmp_path: Path
) -> None:
    other = other_images(pictures)
    number = catalogued(workspace, tmp_path / "more", other, phantom=True)
    run = write_fake_run(workspace.models, "both", pd.concat([pictures.iloc[:40], other.iloc[:30]]))
    assert set(scope_of(workspace, run).datasets) == {1, number}


def test_a_run_from_elsewhere_is_about_its_own_images(workspace: Workspace, tmp_path: Path) -> None:
    images = paint_pictures(tmp_path / "away")
    run = write_fake_run(workspace.models, "copied", images)
    scope = scope_of(workspace, run)
    assert (scope.name, scope.datasets, scope.hashes) == ("copied", (), set(images["hash"]))


def test_a_folder_that_is_catalogued_again_is_read_again(
    workspace: Workspace, fake_run: Run, pictures: pd.DataFrame, tmp_path: Path
) -> None:
    before = scope_of(workspace, fake_run)
    more = pd.concat([pictures, other_images(pictures).iloc[:1]])
    catalogued(workspace, tmp_path / "pictures", more, phantom=True)
    assert scope_of(workspace, fake_run).hashes == before.hashes | set(more["hash"])
