import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from breakhis_core.errors import InputError
from breakhis_core.images import catalogue, published_counts
from breakhis_core.images.catalogue import IMAGE_COLUMNS, PROBLEM_COLUMNS, PROBLEM_KINDS, scan
from breakhis_core.images.taxonomy import (
    CODES,
    MAGNIFICATIONS,
    PUBLISHED_CASES,
    PUBLISHED_IMAGES,
    PUBLISHED_SLIDES,
    case_of,
    parse_image_name,
    subtype,
)

BREAST = "BreaKHis_v1/histology_slides/breast"


def place(name: str) -> str:
    """Where a file of this name belongs below the root."""
    parsed = parse_image_name(name)
    kind = subtype(parsed.subtype)
    slide = f"SOB_{kind.side[0].upper()}_{kind.code}_{parsed.slide}"
    return f"{BREAST}/{kind.side}/SOB/{kind.folder}/{slide}/{parsed.magnification}X/{name}"


def picture(seed: int, width: int = 700, height: int = 460) -> Image.Image:
    small = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.NEAREST)


def save(image: Image.Image, root: Path, path: str, **options: object) -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    image.save(file, "PNG", **options)
    return file


@pytest.fixture
def root(tmp_path):
    for seed, name in enumerate(
        [
            "SOB_B_A-14-22549AB-40-001.png",
            "SOB_B_A-14-22549CD-100-001.png",
            "SOB_M_DC-14-2523-200-003.png",
            "SOB_M_DC-14-2523-400-003.png",
        ]
    ):
        save(picture(seed), tmp_path, place(name))
    return tmp_path


def problems(found: catalogue.Catalogue) -> dict[str, list[str]]:
    return found.problems.groupby("kind")["path"].apply(lambda paths: [Path(p).name for p in paths]).to_dict()


def test_good_images_are_listed_in_full(root):
    found = scan(root)
    assert tuple(found.images.columns) == IMAGE_COLUMNS
    assert tuple(found.problems.columns) == PROBLEM_COLUMNS
    assert len(found.images) == 4
    assert found.problems.empty
    assert not found.phantom
    first = found.images.set_index("name").loc["SOB_B_A-14-22549AB-40-001.png"]
    assert first.drop("hash").to_dict() == {
        "path": place("SOB_B_A-14-22549AB-40-001.png"),
        "subtype": "A",
        "side": "benign",
        "slide": "14-22549AB",
        "case": "14-22549",
        "magnification": 40,
        "width": 700,
        "height": 460,
        "status": "usable",
    }
    assert (root / first["path"]).is_file()


@pytest.mark.parametrize("folder", ["", "BreaKHis_v1", "BreaKHis_v1/histology_slides", BREAST])
def test_any_folder_at_or_above_the_layout_will_do(root, folder):
    found = scan(root / folder)
    assert len(found.images) == 4
    assert found.problems.empty
    assert all((found.root / path).is_file() for path in found.images["path"])


def test_a_folder_further_above_will_do(root, tmp_path_factory):
    above = tmp_path_factory.mktemp("downloads")
    (root / "BreaKHis_v1").rename(above / "BreaKHis_v1")
    assert len(scan(above).images) == 4
    outer = tmp_path_factory.mktemp("outer")
    above.rename(outer / "downloads")
    assert len(scan(outer).images) == 4


def test_two_scans_are_equal(root):
    assert scan(root).images.equals(scan(root).images)


def test_progress_reaches_the_end(root):
    steps = []
    scan(root, lambda done, of: steps.append((done, of)))
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_progress_can_stop_the_scan(root):
    def stop(done, of):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan(root, stop)


def test_bad_files_are_listed_and_the_others_go_on(root):
    whole = save(picture(20), root, place("SOB_B_F-14-1-40-001.png"))
    whole.write_bytes(whole.read_bytes()[:900])
    text = root / place("SOB_B_F-14-1-40-002.png")
    text.write_text("I am no picture")
    (root / place("SOB_B_F-14-1-40-003.png")).write_bytes(b"")
    save(picture(21), root, f"{BREAST}/benign/SOB/adenosis/holiday.png")
    save(picture(22), root, f"{BREAST}/benign/SOB/adenosis/SOB_M_A-14-1-40-001.png")
    found = scan(root)
    assert problems(found) == {
        "unreadable": [f"SOB_B_F-14-1-40-00{number}.png" for number in (1, 2, 3)],
        "misnamed": ["SOB_M_A-14-1-40-001.png", "holiday.png"],
    }
    assert len(found.images) == 4
    for path, reason in zip(found.problems["path"], found.problems["reason"], strict=True):
        assert Path(path).name in reason
        assert reason.endswith(".")


def test_wrong_sub_type_folder_is_quarantined(root):
    name = "SOB_B_F-14-1-40-001.png"
    save(picture(30), root, f"{BREAST}/malignant/SOB/lobular_carcinoma/SOB_M_LC_14-1/40X/{name}")
    found = scan(root)
    assert problems(found) == {"misplaced": [name]}
    assert found.images.set_index("name").loc[name, "status"] == "quarantined"
    assert len(catalogue.usable(found)) == 4


def test_wrong_magnification_folder_is_listed_and_used(root):
    name = "SOB_M_DC-14-2523-200-009.png"
    save(picture(31), root, str(Path(place("SOB_M_DC-14-2523-400-003.png")).with_name(name)))
    found = scan(root)
    assert problems(found) == {"misplaced": [name]}
    assert len(catalogue.usable(found)) == 5


def test_same_pixels_and_sub_type_count_once(root):
    name = "SOB_M_DC-14-2523-200-004.png"
    save(picture(2), root, place(name), compress_level=0)
    found = scan(root)
    assert problems(found) == {"duplicate": [name]}
    assert "SOB_M_DC-14-2523-200-003.png" in found.problems["reason"][0]
    assert len(found.images) == 4
    assert found.images["hash"].is_unique


def test_same_pixels_under_two_sub_types_are_both_quarantined(root):
    dc, lc = "SOB_M_DC-14-13412-40-001.png", "SOB_M_LC-14-13412-40-001.png"
    one = save(picture(40), root, place(dc), compress_level=1)
    two = save(picture(40), root, place(lc), compress_level=9)
    assert one.read_bytes() != two.read_bytes()
    found = scan(root)
    assert problems(found) == {"conflict": [dc, lc]}
    rows = found.images.set_index("name")
    assert rows.loc[[dc, lc], "status"].tolist() == ["quarantined", "quarantined"]
    assert rows.loc[dc, "hash"] == rows.loc[lc, "hash"]
    assert len(catalogue.usable(found)) == 4
    assert lc in found.problems.set_index("path").loc[place(dc), "reason"]


def test_unusual_pictures_are_used(root):
    grey = Image.fromarray(np.full((456, 700), 40000, np.uint16))
    save(grey, root, place("SOB_B_F-14-1-40-001.png"))
    small = save(picture(50, 70, 46), root, place("SOB_B_F-14-1-40-002.png"))
    # A TIFF in CMYK under the name of a PNG is still a picture.
    cmyk = root / place("SOB_B_F-14-1-40-003.png")
    picture(51).convert("CMYK").save(cmyk, "TIFF")
    found = scan(root)
    assert problems(found) == {"size": [small.name]}
    assert "70 x 46" in found.problems["reason"][0]
    assert len(catalogue.usable(found)) == 7


def test_other_and_hidden_files_are_told_apart(root):
    folder = root / BREAST
    (folder / "README.txt").write_text("about")
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "benign" / "._SOB_B_A-14-22549AB-40-001.png").write_bytes(b"resource fork")
    (folder / ".git").mkdir()
    save(picture(60), folder, ".git/SOB_B_A-14-22549AB-40-007.png")
    found = scan(root)
    assert problems(found) == {"not_png": ["README.txt"], "hidden": [".DS_Store"]}
    assert "and 2 more" in found.problems.set_index("kind").loc["hidden", "reason"]
    assert len(found.images) == 4


def test_upper_case_suffix_is_misnamed_rather_than_lost(root):
    save(picture(70), root, place("SOB_B_F-14-1-40-001.png")).rename(
        root / BREAST / "SOB_B_F-14-1-40-001.PNG"
    )
    assert problems(scan(root)) == {"misnamed": ["SOB_B_F-14-1-40-001.PNG"]}


def test_only_broken_files_make_an_empty_catalogue(tmp_path):
    file = tmp_path / place("SOB_B_F-14-1-40-001.png")
    file.parent.mkdir(parents=True)
    file.write_text("no")
    found = scan(tmp_path)
    assert tuple(found.images.columns) == IMAGE_COLUMNS
    assert published_counts.summary(found)["images"] == 0
    assert catalogue.usable(found).empty


def test_phantoms_are_known_from_any_folder(root):
    (root / "phantoms.csv").write_text("name\n")
    assert scan(root).phantom
    assert scan(root / BREAST).phantom


def test_missing_empty_and_foreign_folders_get_a_sentence(tmp_path):
    with pytest.raises(InputError, match="there is no such folder"):
        scan(tmp_path / "absent")
    with pytest.raises(InputError, match="official layout; expected BreaKHis_v1"):
        scan(tmp_path)
    (tmp_path / BREAST / "benign").mkdir(parents=True)
    with pytest.raises(InputError, match="no PNG file"):
        scan(tmp_path)


def test_a_file_is_no_folder(tmp_path):
    file = tmp_path / "a.png"
    file.write_bytes(b"")
    with pytest.raises(InputError, match="no such folder"):
        scan(file)


def test_counts_stand_beside_the_published_ones(root):
    save(picture(2), root, place("SOB_M_DC-14-2523-200-004.png"), compress_level=0)
    table = published_counts.counts(scan(root)).set_index(["subtype", "magnification"])
    assert len(table) == len(CODES) * len(MAGNIFICATIONS)
    assert table["published"].sum() == 7909
    # The double counts, as it does in the published table.
    assert table.loc[("DC", 200)].to_dict() == {"found": 2, "published": 896, "difference": -894}
    assert table["found"].sum() == 5


def published(tmp_path):
    """A catalogue as large as the published data set, without any picture."""
    rows = []
    for code in CODES:
        side = subtype(code).side
        sequence = 0
        for power, number in zip(MAGNIFICATIONS, PUBLISHED_IMAGES[code], strict=True):
            for _ in range(number):
                # Cases in turn; further slides are blocks of the first cases.
                case = f"14-{1000 + sequence % PUBLISHED_CASES[code]}"
                block = sequence % PUBLISHED_SLIDES[code] >= PUBLISHED_CASES[code]
                slide = (
                    f"14-{1000 + sequence % PUBLISHED_SLIDES[code] - PUBLISHED_CASES[code]}B"
                    if block
                    else case
                )
                case = case_of(slide)
                sequence += 1
                name = f"SOB_{side[0].upper()}_{code}-{slide}-{power}-{sequence:03d}.png"
                place = (code, side, slide, case, power)
                rows.append((f"{code}-{sequence}", name, name, *place, 700, 460, "usable"))
    images = pd.DataFrame(rows, columns=list(IMAGE_COLUMNS))
    return catalogue.Catalogue(tmp_path, images, pd.DataFrame(columns=list(PROBLEM_COLUMNS)), False)


def test_the_published_tables_make_a_catalogue_complete(tmp_path):
    whole = published(tmp_path)
    assert published_counts.summary(whole)["complete"]
    fewer = dataclasses.replace(whole, images=whole.images[1:])
    assert not published_counts.summary(fewer)["complete"]


def test_slides_and_cases_are_compared_too(tmp_path):
    whole = published(tmp_path)
    table = published_counts.groups(whole).set_index("subtype")
    assert table.loc["A"].to_list() == [4, 4, 2, 2]
    assert table.loc["DC"].to_list() == [38, 38, 38, 38]
    merged = whole.images.assign(case=whole.images["case"].where(whole.images["subtype"] != "DC", "14-1000"))
    assert not published_counts.summary(dataclasses.replace(whole, images=merged))["complete"]


def test_every_kind_of_problem_has_its_meaning(root):
    save(picture(80), root, f"{BREAST}/holiday.png")
    found = scan(root)
    assert set(found.problems["kind"]) <= set(PROBLEM_KINDS)
    assert published_counts.summary(found)["problem_counts"] == {"misnamed": 1}


def test_real_images(shared_breakhis):
    found = scan(shared_breakhis)
    manifest = pd.read_csv(shared_breakhis / "manifest.csv")
    assert sorted(found.images["name"]) == sorted(manifest["filename"])
    assert found.problems.empty
    joined = found.images.merge(manifest, left_on="name", right_on="filename", suffixes=("", "_listed"))
    for column in ("subtype", "slide", "magnification", "width", "height"):
        assert (joined[column] == joined[f"{column}_listed"]).all(), column
    told = published_counts.summary(found)
    assert told["images"] == told["usable"] == len(manifest)
    assert told["slides"] == manifest["slide"].nunique()
    assert not told["complete"]


def test_real_names_make_the_published_table(shared_breakhis):
    names = (shared_breakhis / "all_7909_names.txt").read_text().split()
    found = dict.fromkeys(((code, power) for code in CODES for power in MAGNIFICATIONS), 0)
    for name in names:
        parsed = parse_image_name(name)
        found[parsed.subtype, parsed.magnification] += 1
    assert found == {
        (code, power): number
        for code in CODES
        for power, number in zip(MAGNIFICATIONS, PUBLISHED_IMAGES[code], strict=True)
    }
