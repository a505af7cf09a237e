import io
import json
import zipfile

import pytest
from PIL import Image

from breakhis_core import reviews
from breakhis_core.flags import listing
from breakhis_core.flags.archive import archive, safe_names
from breakhis_core.flags.coco import export_coco
from breakhis_core.flags.importing import check_import
from breakhis_core.flags.parsing import read_flags
from breakhis_core.images import datasets
from breakhis_core.reviews.terms import REASON_CODES


@pytest.fixture
def flags(workspace, fake_run):
    """Three flags on two images: one seen with the run, one without any."""
    table = fake_run.predictions()
    first, second = table["hash"][0], table["hash"][1]
    facts = {"run": "fake", "predicted": table["predicted"][0], "confidence": 0.5}
    reviews.flag(workspace, "Ada", first, "staining", "pale", **facts)
    reviews.flag(workspace, "Bob", first, "artefact", run="../../etc")
    reviews.flag(workspace, "Ada", second, "duplicate")
    return listing.listed(workspace)


def _opened(parts):
    return zipfile.ZipFile(io.BytesIO(b"".join(parts)))


def test_the_zip_has_pictures_overlays_and_lists(workspace, fake_run, flags):
    packed = _opened(archive(workspace, flags, None))
    assert packed.testzip() is None
    table = fake_run.predictions()
    first, second = table["name"][0], table["name"][1]
    stem = first.removesuffix(".png")
    overlay = f"overlays/{stem}--fake-{table['predicted'][0]}.jpg"
    assert set(packed.namelist()) == {
        "README.txt", "flags.csv", "labels.json", f"data/{first}", f"data/{second}", overlay,
    }  # fmt: skip
    picture = datasets.picture_path(workspace, table["hash"][0])
    assert packed.read(f"data/{first}") == picture.read_bytes()
    assert Image.open(io.BytesIO(packed.read(overlay))).size == Image.open(picture).size


def test_the_run_on_screen_stands_in_where_a_flag_names_none(workspace, fake_run, flags):
    names = _opened(archive(workspace, flags, fake_run)).namelist()
    assert len([name for name in names if name.startswith("overlays/")]) == 2


def test_its_list_comes_back_and_its_labels_name_its_files(workspace, flags):
    content = b"".join(archive(workspace, flags))
    check = check_import(workspace, read_flags(content, "flags.zip"))
    assert (len(check.new), len(check.known), check.refused) == (0, 3, ())
    packed = _opened([content])
    labels = json.loads(packed.read("labels.json"))
    assert {f"data/{image['file_name']}" for image in labels["images"]} <= set(packed.namelist())


def test_a_picture_that_is_gone_is_named_and_the_rest_goes_on(workspace, fake_run, flags):
    table = fake_run.predictions()
    datasets.picture_path(workspace, table["hash"][1]).unlink()
    packed = _opened(archive(workspace, flags))
    assert packed.read("missing.txt").decode().startswith(f"{table['name'][1]}: ")
    assert f"data/{table['name'][0]}" in packed.namelist()


def test_the_zip_is_written_picture_by_picture(workspace, flags):
    parts = list(archive(workspace, flags))
    assert len(parts) == 3  # One an image, and the directory at the end.


def test_names_lead_nowhere_and_are_told_apart():
    names = safe_names(
        {"a" * 32: "..\\..\\x.png", "b" * 32: "/etc/X.PNG", "c" * 32: "con\u202e:a?.png", "d" * 32: ".."}
    )
    assert list(names.values()) == ["x.png", "X-bbbbbbbb.PNG", "con_a_.png", "image-dddddddd.png"]


def test_coco_has_a_box_around_each_image_and_who_said_it(workspace, fake_run, flags):
    found = json.loads(export_coco(workspace, flags))
    table = datasets.load_images(workspace).set_index("hash")
    categories = {category["id"]: category["name"] for category in found["categories"]}
    assert tuple(categories.values()) == REASON_CODES
    images = {image["id"]: image for image in found["images"]}
    assert len(images) == 2
    assert [(categories[one["category_id"]], one["reviewer"]) for one in found["annotations"]] == list(
        zip(flags["reason"], flags["reviewer"], strict=True)
    )
    for one in found["annotations"]:
        image = images[one["image_id"]]
        row = table.loc[image["hash"]]
        assert (image["file_name"], image["width"], image["height"]) == (
            row["path"],
            row["width"],
            row["height"],
        )
        assert one["bbox"] == [0, 0, row["width"], row["height"]]
        assert one["area"] == row["width"] * row["height"]
    (first,) = [one for one in found["annotations"] if one.get("note") == "pale"]
    assert (first["run"], first["predicted_confidence"]) == ("fake", 0.5)
    assert not any("correction" in one for one in found["annotations"])
    # FiftyOne hands every further key to its Detection, which has fields of its own by these names.
    assert not {"label", "confidence", "index", "mask", "tags", "score"} & set(first)


def test_coco_says_which_sub_type_is_right(workspace, fake_run):
    reviews.flag(workspace, "Ada", fake_run.predictions()["hash"][0], "wrong_label", correction="PC")
    (one,) = json.loads(export_coco(workspace, listing.listed(workspace)))["annotations"]
    assert one["correction"] == "PC"
