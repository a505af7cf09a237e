from breakhis_core.runs.image_context import (
    CaseImage,
    by_likely_comparison,
    case_in_words,
    images_by_case,
    labels_in_words,
    mistakes_in_words,
    same_test_set,
)
from tests.conftest import write_fake_run
from tests.prediction_tables import predictions_table

FOREIGN = (("test", "DC"), ("validation", "LC"), ("test", "LC"))


def test_a_case_holds_all_its_images_by_magnification():
    table = predictions_table(images=48, cases=6)
    found = images_by_case(table)
    assert sum(len(images) for images in found.values()) == 48
    for case, images in found.items():
        rows = table[table["case"] == case].sort_values(["magnification", "name"])
        assert [one.hash for one in images] == rows["hash"].tolist()
        assert [one.predicted for one in images] == rows["predicted"].tolist()


def test_the_words_keep_what_was_learnt_apart():
    right = CaseImage("", "", 40, "train", "DC", "DC", 0.9)
    wrong = CaseImage("", "", 40, "train", "DC", "LC", 0.9)
    assert case_in_words([right, wrong, right]) == "Training: 2 of 3 right."
    assert case_in_words([]) == ""
    known = [right] * 9 + [wrong]
    other = [CaseImage("", "", 40, part, "DC", code, 0.9) for part, code in FOREIGN]
    assert case_in_words(known + other) == "Test and validation: 1 of 3 right; training: 9 of 10."


def test_a_case_with_two_labels_is_said_to_have_two():
    case = [CaseImage("", "", 40, "test", code, "F", 0.9) for code in ("PT", "F", "PT")]
    assert labels_in_words(case) == "This case is labelled both fibroadenoma (1) and phyllodes tumor (2)."
    three = [*case, CaseImage("", "", 40, "train", "DC", "DC", 0.9)]
    assert labels_in_words(three) == (
        "This case is labelled fibroadenoma (1), phyllodes tumor (2) and ductal carcinoma (1)."
    )
    assert labels_in_words(case[:1]) == labels_in_words([]) == ""
    assert mistakes_in_words(case, "test", 9) == "2 of the 9 test mistakes are of this case."
    assert mistakes_in_words(case, "train", 9) == ""


def test_the_run_that_was_improved_on_comes_first(workspace, pictures):
    first = write_fake_run(workspace.models, "first", pictures)
    second = write_fake_run(workspace.models, "second", pictures, seed=2)
    retrained = write_fake_run(workspace.models, "retrained", pictures, seed=3, improves="second")
    runs = [retrained, first, second]
    assert [run.name for run in by_likely_comparison(retrained, runs)] == ["second", "first"]
    assert same_test_set(first, retrained)
    elsewhere = write_fake_run(workspace.models, "elsewhere", pictures.iloc[:40], seed=4)
    assert not same_test_set(first, elsewhere)
    assert by_likely_comparison(first, [elsewhere, *runs])[-1].name == "elsewhere"
