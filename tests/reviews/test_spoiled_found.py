import pandas as pd

from breakhis_core import reviews
from breakhis_core.images import datasets
from breakhis_core.images.catalogue import Catalogue
from breakhis_core.phantoms import painting
from breakhis_core.phantoms.spoiling import KINDS
from breakhis_core.reviews.spoiled_found import count_found, found_in_words, spoiled_found


def test_each_way_of_spoiling_is_counted_by_itself():
    spoiled = {"a": "out_of_focus", "b": "out_of_focus", "c": "staining", "d": "", "e": ""}
    answers = pd.DataFrame(
        [
            ("a", "flag", "out_of_focus"),
            ("a", "keep", None),
            ("b", "keep", None),
            ("c", "flag", "artefact"),
            ("d", "flag", "staining"),
        ],
        columns=["hash", "action", "reason"],
    )
    found = count_found(spoiled, answers, {"a", "e", "gone"}).set_index("kind")
    assert list(found.index) == [*KINDS, "good"]
    assert found.loc["out_of_focus"].tolist() == [2, 2, 1, 1, 1]
    assert found.loc["staining"].tolist() == [1, 1, 1, 0, 0]
    assert found.loc["good"].tolist() == [2, 1, 1, 0, 1]
    assert found.loc["wrong_label"].tolist() == [0, 0, 0, 0, 0]
    assert found_in_words(found.reset_index()) == (
        "Of 3 phantoms that were spoiled on purpose, reviewers looked at 3 and flagged 2; the quality scores "
        "find 1. Of 2 good ones, reviewers looked at 1 and flagged 1; the quality scores call 1 odd."
    )


def test_the_truth_is_joined_by_path(workspace, tmp_path):
    root = tmp_path / "phantoms"
    root.mkdir()
    some = [each for each in painting.plan() if each.magnification == 40][:40]
    rows = [[getattr(each, column) for column in painting.TRUTH_COLUMNS] for each in some]
    pd.DataFrame(rows, columns=list(painting.TRUTH_COLUMNS)).to_csv(root / painting.TRUTH_FILE, index=False)
    images = pd.DataFrame(
        {
            "hash": f"{number:032x}", "name": each.name, "path": each.path, "subtype": each.subtype,
            "side": "benign", "slide": each.slide, "case": each.case, "magnification": 40, "width": 700,
            "height": 460, "status": "usable",
        }
        for number, each in enumerate(some)
    )  # fmt: skip
    problems = pd.DataFrame(columns=["path", "kind", "reason"])
    assert spoiled_found(workspace, None) is None
    datasets.save_catalogue(workspace, Catalogue(root, images, problems, phantom=True))
    place, first = next((n, each) for n, each in enumerate(some) if each.spoiled)
    reviews.flag(workspace, "Ada", f"{place:032x}", first.spoiled)
    found = spoiled_found(workspace, None).set_index("kind")
    expected = sum(each.spoiled == first.spoiled for each in some)
    assert found.loc[first.spoiled].tolist() == [expected, 1, 1, 1, 0]
    assert found["images"].sum() == 40
    (root / painting.TRUTH_FILE).unlink()
    assert spoiled_found(workspace, None) is None
