import shutil

import pandas as pd
import pytest
from PIL import Image

from breakhis_core.errors import InputError
from breakhis_core.images import datasets, thumbnails
from breakhis_core.images.catalogue import IMAGE_COLUMNS, Catalogue, scan
from tests.conftest import paint_pictures

NO_PROBLEMS = pd.DataFrame(columns=["path", "kind", "reason"])


def test_a_catalogue_comes_back_as_it_was_saved(any_workspace, tmp_path):
    images = paint_pictures(tmp_path / "data")
    problems = pd.DataFrame([{"path": "x.png", "kind": "unreadable", "reason": "x.png: cut off."}])
    number = datasets.save_catalogue(any_workspace, Catalogue(tmp_path / "data", images, problems, False))
    loaded = datasets.load_images(any_workspace, number)
    assert list(loaded.columns) == [*IMAGE_COLUMNS, "dataset"]
    pd.testing.assert_frame_equal(loaded[list(IMAGE_COLUMNS)], images[list(IMAGE_COLUMNS)])
    pd.testing.assert_frame_equal(datasets.load_problems(any_workspace, number), problems)
    (one,) = datasets.datasets(any_workspace)
    assert (one.id, one.root, one.phantom) == (number, (tmp_path / "data").resolve(), False)
    assert (one.images, one.cases, one.problems, one.trouble) == (64, 16, 1, None)


def test_cataloguing_again_replaces_and_keeps_the_number(any_workspace, tmp_path):
    images = paint_pictures(tmp_path / "data")
    first = datasets.save_catalogue(any_workspace, Catalogue(tmp_path / "data", images, NO_PROBLEMS, False))
    paint_pictures(tmp_path / "more", per_slide=1)
    other = datasets.save_catalogue(
        any_workspace, Catalogue(tmp_path / "more", images.head(3), NO_PROBLEMS, True)
    )
    again = datasets.save_catalogue(
        any_workspace, Catalogue(tmp_path / "data", images.head(5), NO_PROBLEMS, False)
    )
    assert (first, first != other) == (again, True)
    assert {one.id: one.images for one in datasets.datasets(any_workspace)} == {first: 5, other: 3}
    assert len(datasets.load_images(any_workspace)) == 8


def test_an_empty_catalogue_is_saved(any_workspace, tmp_path):
    images = pd.DataFrame(columns=list(IMAGE_COLUMNS))
    datasets.save_catalogue(any_workspace, Catalogue(tmp_path, images, NO_PROBLEMS, False))
    assert datasets.datasets(any_workspace)[0].images == 0


def test_a_picture_is_found_by_hash_in_any_data_set_that_still_has_it(any_workspace, tmp_path):
    images = paint_pictures(tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    for name in ("one", "two"):
        datasets.save_catalogue(any_workspace, Catalogue(tmp_path / name, images, NO_PROBLEMS, False))
    image = images["hash"][0]
    assert datasets.picture_path(any_workspace, image).is_relative_to((tmp_path / "one").resolve())
    shutil.rmtree(tmp_path / "one")
    assert datasets.picture_path(any_workspace, image).is_relative_to((tmp_path / "two").resolve())


@pytest.mark.parametrize("image", ["", "0" * 32, "../../etc/passwd", "%", "' OR 1=1 --"])
def test_only_hashes_of_the_catalogue_lead_to_a_file(workspace, pictures, image):
    assert datasets.picture_path(workspace, image) is None
    with pytest.raises(InputError):
        thumbnails.thumbnail_file(workspace, image)


@pytest.mark.parametrize("path", ["../secret.png", "/etc/hostname", "link.png", "linked/secret.png"])
def test_no_row_leads_out_of_the_folder(workspace, tmp_path, path):
    root = tmp_path / "data"
    (root / "inside").mkdir(parents=True)
    Image.new("RGB", (7, 5)).save(tmp_path / "secret.png")
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    (root / "linked").symlink_to(tmp_path)
    images = paint_pictures(tmp_path / "other", per_slide=1).head(1).assign(path=path)
    datasets.save_catalogue(workspace, Catalogue(root, images, NO_PROBLEMS, False))
    image = images["hash"].iloc[0]
    assert datasets.picture_path(workspace, image) is None
    with pytest.raises(InputError, match="leads out of"):
        thumbnails.thumbnail_file(workspace, image)


def test_a_folder_that_moved_gets_a_sentence(workspace, pictures, tmp_path):
    image = pictures["hash"][0]
    (tmp_path / "pictures").rename(tmp_path / "moved")
    trouble = datasets.datasets(workspace)[0].trouble
    assert trouble.endswith("the folder of the images is not there; mount the disk again, "
                            "or catalogue the folder where it lies now.")  # fmt: skip
    assert datasets.picture_trouble(workspace, image) == trouble
    (tmp_path / "pictures").mkdir()
    assert "is its disk mounted?" in datasets.datasets(workspace)[0].trouble


def test_a_file_that_went_gets_a_sentence(workspace, pictures):
    path = datasets.picture_path(workspace, pictures["hash"][0])
    path.unlink()
    assert datasets.picture_path(workspace, pictures["hash"][0]) is None
    assert datasets.picture_trouble(workspace, pictures["hash"][0]).startswith(
        f"{path.name}: the file is gone"
    )


def test_a_thumbnail_is_made_once_and_is_a_small_jpeg(workspace, pictures):
    file = thumbnails.thumbnail_file(workspace, pictures["hash"][0])
    with Image.open(file) as small:
        assert (small.format, small.width <= 240) == ("JPEG", True)
    made = file.stat().st_mtime_ns
    datasets.picture_path(workspace, pictures["hash"][0]).unlink()
    assert thumbnails.thumbnail_file(workspace, pictures["hash"][0]).stat().st_mtime_ns == made


def test_all_thumbnails_are_made_and_what_cannot_be_is_counted(workspace, pictures):
    datasets.picture_path(workspace, pictures["hash"][3]).write_bytes(b"no picture")
    seen = []
    failed = thumbnails.make_all(workspace, list(pictures["hash"]), lambda *step: seen.append(step))
    assert failed == 1
    assert seen == [(done, 64) for done in range(1, 65)]
    assert len(list(workspace.thumbnails.rglob("*.jpg"))) == 63
    assert not [file for file in workspace.thumbnails.rglob("*") if file.name.startswith(".")]


def test_making_thumbnails_stops_when_asked(workspace, pictures):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        thumbnails.make_all(workspace, list(pictures["hash"]), stop)


def test_real_images_are_catalogued_and_shown(workspace, shared_breakhis):
    found = scan(shared_breakhis)
    datasets.save_catalogue(workspace, found)
    (one,) = datasets.datasets(workspace)
    assert one.images == len(found.images) > 0
    image = found.images["hash"].iloc[0]
    assert datasets.picture_path(workspace, image).name == found.images["name"].iloc[0]
    assert thumbnails.thumbnail_file(workspace, image).stat().st_size > 1000


def test_of_several_places_an_image_lies_where_it_was_catalogued_first(any_workspace, tmp_path):
    images = paint_pictures(tmp_path / "data")
    first = images.head(3)
    datasets.save_catalogue(any_workspace, Catalogue(tmp_path / "data", first, NO_PROBLEMS, False))
    datasets.save_catalogue(any_workspace, Catalogue(tmp_path / "copy", images, NO_PROBLEMS, False))
    found = datasets.files(any_workspace)
    assert len(found) == len(images)
    roots = [found[image].relative_to(tmp_path.resolve()).parts[0] for image in images["hash"]]
    assert roots == ["data"] * 3 + ["copy"] * (len(images) - 3)
