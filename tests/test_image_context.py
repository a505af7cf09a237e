from breakhis_core.image_context import (
    CaseImage,
    by_likely_comparison,
    case_in_words,
    images_by_case,
    same_test_set,
)
from tests.conftest import write_fake_run
from tests.prediction_tables import predictions_table


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
    assert case_in_words([right, wrong, right]) == "Right on 2 of 3 trained on."
    assert case_in_words([]) == ""


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
